"""The demo: one real-shaped breach carried from its report to sent notices on this machine, on a rehearsal's clock.

Every chapter looks at the record first and does only what is not done yet, so that it can be stopped at any moment and
run again. It acts through the same functions as the command, under the names of an invented team.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import col, select

from flows.acts.answer import answer
from flows.acts.contain import ready_steps
from flows.acts.evaluate import evaluate
from flows.acts.evidence import preserve_file
from flows.acts.playbook import step_rows
from flows.acts.read_notice import notice_list, notice_text
from flows.acts.report import add_facts, open_incident
from flows.acts.review import reviewed
from flows.acts.sign import approve
from flows.acts.stale import refresh_stale
from flows.acts.standing import ClockLine, Standing, standing
from flows.acts.team import add_member
from flows.acts.work import approve_step, finish_step
from flows.desk import Desk
from flows.start import run_now
from integrations.veris import reports_from_veris
from models.clock import VirtualClock, zone
from models.document import read_document
from models.errors import BadInputError
from models.incident import find
from models.ledger import exported, verify_exported
from models.store import reading
from models.tables import Alert, Incident
from models.vocabulary import PersonRole
from playbooks.playbook import playbook_of
from tocsin.demo.telling import Teller

DATA = Path(__file__).parent / "data"
STARTS = datetime(2026, 11, 23, 8, 40, tzinfo=UTC)
HELD_BACK = "uk-gdpr-33"  # nobody signs this filing in time, so that its clock comes to be at risk

TEAM: dict[str, tuple[PersonRole, ...]] = {
    "Sam Okoro": (PersonRole.RESPONDER,),
    "Ines Duarte": (PersonRole.COMMANDER,),
    "Lea Martin": (PersonRole.LEGAL,),
    "Noor Haddad": (PersonRole.PR,),
    "Claire Aubry": (PersonRole.EXECUTIVE,),
    "Ben Fischer": (PersonRole.CUSTOMER_CARE,),
}
ANSWERS = {"decide_on_ransom": "refuse"}
ANSWERS_TO_QUESTIONS = {
    "measures_planned": {
        "en": "Multi-factor sign-in for every account by the end of the year, and an outside test of the booking platform.",
        "zh": "年底前对所有账户启用多因素认证，并委托外部机构对预订平台进行安全测试。",
        "fr": "Double authentification pour tous les comptes d’ici la fin de l’année, et un test de la plateforme par un tiers.",
        "de": "Anmeldung mit zweitem Faktor für alle Konten bis zum Jahresende und eine Prüfung der Buchungsplattform durch Dritte.",
    },
    "monitoring_offer": {
        "en": "Twelve months of identity theft protection at no cost; the enclosed code enrolls you at www.meridia.example/protection.",
        "zh": "免费提供十二个月的身份盗用防护服务，可凭随函代码在 www.meridia.example/protection 开通。",
    },
    "exemption_reliance": {
        "en": "No exception is relied on; authorities and people are told.",
        "zh": "未援引任何例外，已通知主管部门和个人。",
    },
}


@dataclass
class Demo:
    """One telling of the story: where it acts, whom it tells, and which incident it is about."""

    desk: Desk
    clock: VirtualClock
    tell: Teller
    number: str = ""

    def run(self) -> None:
        """Tell the story from wherever it stands to its end."""
        self.team()
        self.report()
        self.contain()
        self.evaluate()
        self.second_facts()
        self.sign()
        self.clock_at_risk()
        self.finish()

    # The chapters -----------------------------------------------------------------------------------------------------

    def team(self) -> None:
        """The people who may act."""
        for name, roles in TEAM.items():
            add_member(self.desk, name, roles, zone="Europe/Paris")

    def report(self) -> None:
        """A record in VERIS becomes an incident, and the first facts are added."""
        self.tell.chapter("The report")
        left_open = _open_demo(self.desk)
        if left_open:
            self.number = left_open
            self.tell.line(f"Going on with {self.number}, which an earlier demo left open.")
        else:
            self.clock.set(STARTS)
            [record] = reports_from_veris([(DATA / "veris_intrusion.json").read_text()], "veris_intrusion.json")
            self.number = open_incident(self.desk, record.report, by="Sam Okoro")
            self.tell.line(f"A real incident record in VERIS (names changed) was imported as {self.number}.")
        if self._incident().facts_version == 1:
            self.add("first_facts.yaml", "Sam Okoro")
        people = standing(self.desk, self.number).people
        self.tell.line(
            f"{people:,} customers in France, Germany, the UK, California, New York, Texas, China and Singapore."
        )

    def contain(self) -> None:
        """The playbook is worked: machines do their steps, people theirs, evidence before destruction."""
        self.tell.chapter("Containment")
        self.respond()
        while self._work_what_waits():
            self.clock.set(self.clock() + timedelta(minutes=40))
            self.tell.busy("the playbook goes on", lambda: run_now(self.desk.settings, "contain", self.number))
        incident = self._incident()
        for step in self._done_steps():
            self.tell.line(f"  {step}")
        self.tell.line(f"Playbook {incident.playbook!r}: nothing was destroyed before it was preserved and hashed.")

    def evaluate(self) -> None:
        """The law of the world, applied to the facts."""
        self.tell.chapter("Which laws apply, and by when")
        self._show_duties()

    def second_facts(self) -> None:
        """What the forensic team finds changes the counts: duties are gained, texts go stale."""
        self.tell.chapter("A second set of facts")
        if self._incident().facts_version < 3:
            if self.clock() < STARTS + timedelta(hours=26):
                self.clock.set(STARTS + timedelta(hours=26))
            self.add("second_facts.yaml", "Sam Okoro")
        else:
            self.tell.line("They were added before.")
        for key, words in ANSWERS_TO_QUESTIONS.items():
            for language, text in words.items():
                answer(self.desk, self.number, key, text, language, by="Lea Martin")
        self.tell.line(
            f"{len(ANSWERS_TO_QUESTIONS)} questions that no fact answers are answered by legal, in the languages of the texts that ask them."
        )
        self.respond()

    def add(self, file: str, by: str) -> None:
        """Add facts from a file, and tell what that changed."""
        added = add_facts(self.desk, self.number, read_document(DATA / file), by=by)
        moved = evaluate(self.desk, self.number).moved
        stale = refresh_stale(self.desk, self.number)
        if added.version == 2:
            self.tell.line(f"Facts version 2: {len(added.changed)} facts.")
            return
        for path, old, new in [change for change in added.changed if "count" in change[0]]:
            self.tell.line(f"  {path}: {old} -> {new}")
        for change in [
            change for change in moved if change.change in ("gained", "withdrawn", "clock_started", "clock_moved")
        ]:
            due = f", due {change.after['due_at']}" if change.after.get("due_at") else ""
            self.tell.line(f"  {change.change.replace('_', ' ')}: {change.provision} ({change.stage}){due}")
        texts = sorted({text.notice for text in stale})
        if texts:
            example = stale[0]
            self.tell.line(
                f"  {len(texts)} texts went stale, such as notice {example.notice}: {example.path} was {example.old}, is {example.new}."
            )

    def sign(self) -> None:
        """The exact texts are signed by the roles that the playbook asks for, and what is signed is sent."""
        self.tell.chapter("Drafts, signatures, sending")
        self._show_texts()
        while self._sign_all(leave=HELD_BACK):
            self.respond()
        now = standing(self.desk, self.number)
        self.tell.line(
            f"{now.notices.get('sent', 0)} notices sent to the local outbox; each stands there as .eml, .html and .json:"
        )
        self.tell.line(f"  {self.desk.settings.home / 'outbox'}")

    def clock_at_risk(self) -> None:
        """One filing is left lying until its clock is at risk; the alarm has it signed and sent in time."""
        self.tell.chapter("A clock at risk")
        late = self._held_back()
        if late is not None and late.due_at is not None and late.starts_at is not None:
            tenth_left = late.due_at - (late.due_at - late.starts_at) * 0.1
            if self.clock() < tenth_left:
                self.clock.set(tenth_left + timedelta(minutes=1))
            self.tell.line(
                f"The rehearsal's clock moves on to {self._local(self.clock())}; nobody has signed {late.provision}."
            )
            run_now(self.desk.settings, "watch", self.number)
        for alert in self._fired():
            self.tell.line(f"  ALERT to {alert.role}: {alert.rung} ({self._local(alert.fired_at or alert.due_at)})")
        # What was just sent can start a further duty, such as Singapore's notice to people after its filing, and once the
        # press has been told, what it is told next is drafted.
        while self._sign_all():
            self.respond()
        self.tell.line(f"{HELD_BACK} was signed and sent in time.")

    def finish(self) -> None:
        """The review, and the proof."""
        self.tell.chapter("Review and proof")
        run_now(self.desk.settings, "review", self.number)
        review = reviewed(self.desk, self.number)
        self.tell.line(review.summary + ".")
        for name, hours in review.hours.items():
            if hours is not None:
                self.tell.line(f"  {name}: {hours:g} h")
        self._show_clocks()
        path = self.desk.settings.home / f"{self.number}.ledger.jsonl"
        with reading(self.desk.engine) as session:
            incident = find(session, self.number)
            path.write_text("".join(f"{entry}\n" for entry in exported(session, incident)), encoding="utf-8")
            head = incident.ledger_head
        count = verify_exported(path.read_text(encoding="utf-8").split("\n"), head=head)
        self.tell.line(f"Ledger: {count} entries, each follows from the one before it; head {head[:16]}...")
        self.tell.line(f"  exported to {path}")
        _set_done(self.desk, self.number)

    # What the chapters share ------------------------------------------------------------------------------------------

    def respond(self) -> None:
        """One run carries the incident as far as it goes; it shows in the Prefect UI."""
        self.tell.busy(
            "a run carries the incident as far as it goes", lambda: run_now(self.desk.settings, "respond", self.number)
        )

    def _incident(self) -> Incident:
        with reading(self.desk.engine) as session:
            return find(session, self.number)

    def _work_what_waits(self) -> bool:
        """Do what waits for the team's people in the playbook; False when nothing does, or only the review is left."""
        ready_steps(self.desk, self.number)
        with reading(self.desk.engine) as session:
            incident = find(session, self.number)
            rows = [
                row
                for row in step_rows(session, incident).values()
                if row.state in ("waiting_for_person", "waiting_for_approval")
            ]
            playbook = playbook_of(incident.playbook_body or {})
        worked = False
        for row in [row for row in rows if row.key != "review"]:
            who = _person_with((row.role or "").split(" or "))
            if row.state == "waiting_for_approval":
                approve_step(self.desk, self.number, row.key, by=who)
            else:
                asked = playbook.step(row.key.split("[")[0]).evidence
                for name in ("evidence",) if asked == "required" else asked or ():
                    self._preserve(row.key, name, who)
                finish_step(self.desk, self.number, row.key, by=who, outcome=ANSWERS.get(row.key))
            worked = True
        return worked

    def _preserve(self, step: str, name: str, who: str) -> None:
        sample = self.desk.settings.home / "sample-evidence" / f"{step}-{name.replace(' ', '-')}.txt"
        sample.parent.mkdir(parents=True, exist_ok=True)
        sample.write_text(
            f"Sample evidence of the rehearsal: {name}, taken in step {step} of {self.number}.\n", encoding="utf-8"
        )
        preserve_file(self.desk, self.number, step, sample, by=who, name=name)

    def _done_steps(self) -> Iterable[str]:
        with reading(self.desk.engine) as session:
            rows = step_rows(session, find(session, self.number)).values()
            done = sorted((row for row in rows if row.finished_at), key=lambda row: row.finished_at or STARTS)
            return [
                f"{self._local(row.finished_at or STARTS)}  {row.title} ({row.done_by})"
                for row in done
                if row.record == "done"
            ]

    def _sign_all(self, *, leave: str = "") -> int:
        """Sign every draft with as many people as its rule asks for, but for one provision; gives how many signatures."""
        signed = 0
        for line in notice_list(self.desk, self.number):
            roles = line.still_needed
            if line.state != "draft" or line.provision == leave or line.errors:
                continue
            while roles:
                note = "read with the warnings in mind" if line.warnings else None
                who = _person_with(roles)
                one = approve(self.desk, self.number, line.notice, by=who, sha256=line.sha256, note=note)
                roles, signed = one.still_needed, signed + 1
        if signed:
            self.tell.line(
                f"{signed} signature{'' if signed == 1 else 's'}, each bound to the SHA-256 of the text that was read."
            )
        return signed

    def _held_back(self) -> ClockLine | None:
        clocks = standing(self.desk, self.number).clocks
        return next((c for c in clocks if c.provision == HELD_BACK and c.state == "open" and c.due_at), None)

    def _fired(self) -> list[Alert]:
        with reading(self.desk.engine) as session:
            incident = find(session, self.number)
            query = (
                select(Alert).where(Alert.incident_id == incident.id, Alert.state == "fired").order_by(col(Alert.id))
            )
            return list(session.exec(query))

    def _local(self, moment: datetime) -> str:
        return moment.astimezone(zone("Europe/Paris")).strftime("%a %d %b %H:%M %Z")

    # Tables -----------------------------------------------------------------------------------------------------------

    def _show_duties(self) -> None:
        found = evaluate(self.desk, self.number).assessment
        required = [duty for duty in found.duties if duty.verdict.value == "required"]
        self.tell.table(
            ("provision", "tells", "by", "citation"),
            (
                (
                    duty.provision + ("" if duty.stage == "initial" else f" ({duty.stage})"),
                    duty.recipient,
                    self._local(duty.due_at) if duty.due_at else _words(duty.clock_state, duty.standard),
                    duty.citation,
                )
                for duty in required
            ),
        )
        gdpr = next(duty for duty in required if duty.provision == "eu-gdpr-33")
        self.tell.line(f"Why {gdpr.provision}: {'; '.join(gdpr.reasons[:3])}.")
        refused = [duty for duty in found.duties if duty.verdict.value == "not_required"]
        example = next((duty for duty in refused if duty.provision == "us-tx-ag"), refused[0])
        laws = {duty.citation for duty in required}
        self.tell.line(
            f"{len(required)} duties under {len(laws)} citations; {len(refused)} more were checked and do not arise, each with its reason,"
        )
        self.tell.line(f"  such as {example.provision}: {'; '.join(example.reasons[:2])}.")
        self.tell.line(
            f"Severity {found.severity.level.value.replace('_', ' ')} ({found.severity.score:g}, ENISA 2013). Not legal advice."
        )

    def _show_texts(self) -> None:
        lines = notice_list(self.desk, self.number)
        languages = sorted({line.language for line in lines})
        self.tell.line(f"{len(lines)} texts drafted in {', '.join(languages)}:")
        self.tell.table(
            ("notice", "for", "version", "SHA-256", "state"),
            (
                (line.what, line.provision or line.audience, line.version, line.sha256[:12], line.state)
                for line in lines
            ),
        )
        for language in ("en", "zh"):
            one = next((line for line in lines if line.audience == "individuals" and line.language == language), None)
            if one:
                self.tell.excerpt(
                    f"From notice {one.notice} ({language})", notice_text(self.desk, self.number, one.notice).text
                )

    def _show_clocks(self) -> None:
        now: Standing = standing(self.desk, self.number)
        self.tell.table(
            ("duty", "state", "limit", "met"),
            (
                (
                    f"{c.provision}" + ("" if c.stage == "initial" else f" ({c.stage})"),
                    c.state,
                    self._local(c.due_at) if c.due_at else _words(c.clock_state, c.standard),
                    self._local(c.met_at) if c.met_at else "",
                )
                for c in now.clocks
            ),
        )


def _words(clock_state: str, standard: str | None) -> str:
    return "starts later" if clock_state == "not_started" else (standard or "no number").replace("_", " ")


def _person_with(roles: Iterable[str]) -> str:
    wanted = list(roles)
    for name, held in TEAM.items():
        if any(role in held for role in wanted):
            return name
    raise BadInputError(f"nobody in the demo's team is {' or '.join(wanted)}")


def _state_file(desk: Desk) -> Path:
    return desk.settings.home / "demo.json"


def _open_demo(desk: Desk) -> str | None:
    """The number of the incident that an earlier demo opened and did not finish."""
    done: list[str] = json.loads(_state_file(desk).read_text()) if _state_file(desk).exists() else []
    with reading(desk.engine) as session:
        open_ones = session.exec(
            select(Incident.number).where(Incident.state == "open").order_by(col(Incident.id))
        ).all()
    return next((number for number in open_ones if number not in done), None)


def _set_done(desk: Desk, number: str) -> None:
    file = _state_file(desk)
    done = json.loads(file.read_text()) if file.exists() else []
    file.write_text(json.dumps([*done, number]))
