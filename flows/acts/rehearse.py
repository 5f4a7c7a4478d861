"""A rehearsal: an incident carried through its hours on a clock that jumps from one moment at which something happens to the next.

It acts through the same acts as a real response, without Prefect, at a desk of its own from which nothing leaves.
People are played: whoever is not absent does what is asked of their role some time after it was asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from flows.acts.acknowledge import acknowledge
from flows.acts.announce import announce_opening
from flows.acts.close_loop import settle
from flows.acts.contain import perform, ready_steps
from flows.acts.deliver import attempt, waiting
from flows.acts.draft import AUTHORITIES, PEOPLE, PUBLIC, draft_texts
from flows.acts.evaluate import evaluate
from flows.acts.evidence import preserve_file
from flows.acts.playbook import planned
from flows.acts.read_notice import NoticeLine, notice_list
from flows.acts.release import queue_signed
from flows.acts.report import add_facts
from flows.acts.sign import approve
from flows.acts.stale import refresh_stale
from flows.acts.team import add_member
from flows.acts.watch import watch_once
from flows.acts.work import approve_step, finish_step
from flows.desk import Desk
from models.clock import VirtualClock
from models.document import Document
from models.errors import NotAllowedError
from models.incident import find
from models.store import reading
from models.tables import Alert, Delivery, DutyRecord, Incident, Notice
from models.vocabulary import PersonRole
from playbooks.plan import PlannedStep, StepState
from playbooks.step import Step

AFTER_ASKED = timedelta(hours=1)  # where a step names no time of its own; half of its time where it does
AFTER_DRAFTED = timedelta(hours=2)
NOTE = "a rehearsal: the warnings were read"


@dataclass
class Rehearsal:
    """One incident rehearsed until `ends`: who does not answer, what is answered, and which facts are found when."""

    desk: Desk
    clock: VirtualClock
    number: str
    ends: datetime
    absent: frozenset[PersonRole] = frozenset()
    answers: Mapping[str, str] = field(default_factory=dict)
    findings: list[tuple[datetime, Document]] = field(default_factory=list)
    drafted: dict[tuple[int, int], datetime] = field(default_factory=dict)  # when each text was first seen

    def run(self) -> None:
        """Go through it, from moment to moment, until its end or until nothing more can happen."""
        for role in PersonRole:
            add_member(self.desk, player(role), [role])
        evaluate(self.desk, self.number)
        announce_opening(self.desk, self.number)
        while True:
            self._carry_on()
            moment = min(self._moments(), default=None)
            if moment is None or moment > self.ends:
                break
            self.clock.set(max(moment, self.clock()))
            self._happen()
        self.clock.set(self.ends)
        self._watch()
        ready_steps(self.desk, self.number)

    # What the programme does ------------------------------------------------------------------------------------------

    def _carry_on(self) -> None:
        """Everything that needs no person, in the order of a real run."""
        desk, number = self.desk, self.number
        tried: set[str] = set()
        while ready := [key for key, _ in ready_steps(desk, number) if key not in tried]:
            for key in ready:
                perform(desk, number, key)
            tried.update(ready)
        for audiences in (AUTHORITIES, PEOPLE, PUBLIC):
            draft_texts(desk, number, audiences)
            queue_signed(desk, number, audiences)
        keys = waiting(desk, number)
        for key in keys:
            attempt(desk, number, key)
        if keys and settle(desk, number):  # what was sent may start a further duty
            self._carry_on()
            return
        self._watch()

    def _watch(self) -> None:
        """Fire what is due; whoever is there has seen it at once."""
        watch_once(self.desk)
        with reading(self.desk.engine) as session:
            fired = session.exec(
                select(DutyRecord.provision, Alert.role)
                .join(Alert, col(Alert.duty_id) == col(DutyRecord.id))
                .where(
                    Alert.incident_id == find(session, self.number).id,
                    Alert.state == "fired",
                    col(Alert.acknowledged_at).is_(None),
                )
            ).all()
        seen = {provision: PersonRole(role) for provision, role in fired if PersonRole(role) not in self.absent}
        for provision, role in seen.items():
            acknowledge(self.desk, self.number, provision, by=player(role))

    # When something happens next --------------------------------------------------------------------------------------

    def _moments(self) -> Iterator[datetime]:
        """The moments at which a person answers, a fact is found, or time alone has something to say."""
        now = self.clock()
        yield from (at for at, _ in self._answerable())
        yield from (at for at, _ in self._signable())
        yield from (at for at, _ in self.findings)
        with reading(self.desk.engine) as session:
            for moment in self._timers(session, find(session, self.number)):
                if moment is not None and moment > now:
                    yield moment

    def _timers(self, session: Session, incident: Incident) -> Iterator[datetime | None]:
        yield incident.wake_at
        yield session.exec(
            select(func.min(Alert.fires_at)).where(Alert.incident_id == incident.id, Alert.state == "pending")
        ).one()
        yield session.exec(
            select(func.min(Notice.sign_until)).where(
                Notice.incident_id == incident.id, Notice.state == "draft", col(Notice.held).is_(False)
            )
        ).one()
        yield session.exec(
            select(func.min(Delivery.next_try_at)).where(
                Delivery.incident_id == incident.id, col(Delivery.state).in_(("pending", "uncertain"))
            )
        ).one()

    def _answerable(self) -> list[tuple[datetime, PlannedStep]]:
        with reading(self.desk.engine) as session:
            plan = planned(self.desk, session, find(session, self.number))
        found = []
        for step in plan.steps if plan else ():
            asked = step.state in (StepState.WAITING_FOR_PERSON, StepState.WAITING_FOR_APPROVAL)
            if asked and self._who(step.asked) is not None:
                found.append((self._answered_at(step), step))
        return found

    def _answered_at(self, step: PlannedStep) -> datetime:
        ready = step.ready_at or self.clock()
        takes = step.step.within / 2 if step.step.within else AFTER_ASKED
        if step.overdue and step.due_at is not None:  # it fell to the stand-in, who begins now
            return step.due_at + takes
        return ready + takes

    def _signable(self) -> list[tuple[datetime, NoticeLine]]:
        found = []
        for line in notice_list(self.desk, self.number):
            if line.state != "draft" or line.errors or self._who(line.still_needed) is None:
                continue
            since = self.drafted.setdefault((line.notice, line.version), self.clock())
            found.append((since + AFTER_DRAFTED, line))
        return found

    def _who(self, roles: tuple[str, ...]) -> PersonRole | None:
        return next((PersonRole(role) for role in roles if PersonRole(role) not in self.absent), None)

    # What happens -----------------------------------------------------------------------------------------------------

    def _happen(self) -> None:
        now = self.clock()
        for at, document in [one for one in self.findings if one[0] <= now]:
            self.findings.remove((at, document))
            add_facts(self.desk, self.number, document, by=player(PersonRole.RESPONDER))
            evaluate(self.desk, self.number)
            refresh_stale(self.desk, self.number)
        for at, step in self._answerable():
            if at <= now:
                self._do(step)
        for at, line in self._signable():
            if at <= now:
                self._sign(line)

    def _do(self, step: PlannedStep) -> None:
        role = self._who(step.asked)
        assert role is not None, "only steps that somebody answers are done"
        if step.state is StepState.WAITING_FOR_APPROVAL:
            approve_step(self.desk, self.number, step.key, by=player(role))
            return
        for name in _evidence(step.step):
            self._preserve(step.key, name, player(role))
        answers = step.step.possible_answers
        outcome = self.answers.get(step.key) or (answers[0] if answers else None)
        finish_step(self.desk, self.number, step.key, by=player(role), outcome=outcome)

    def _preserve(self, key: str, name: str, who: str) -> None:
        file = self.desk.settings.home / "sample-evidence" / f"{key}-{name}.txt".replace("/", ".").replace(" ", "-")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"Sample evidence of a rehearsal: {name}, step {key} of {self.number}.\n", encoding="utf-8")
        preserve_file(self.desk, self.number, key, file, by=who, name=name)

    def _sign(self, line: NoticeLine) -> None:
        needed = line.still_needed
        while (role := self._who(needed)) is not None:
            try:
                needed = approve(
                    self.desk, self.number, line.notice, by=player(role), sha256=line.sha256, note=NOTE
                ).still_needed
            except NotAllowedError:  # the facts changed since it was drafted: it is drafted again and signed later
                return


def player(role: PersonRole) -> str:
    """The name under which a role is played."""
    return f"{role.value.replace('_', ' ').capitalize()} (rehearsed)"


def _evidence(step: Step) -> tuple[str, ...]:
    if step.evidence == "required":
        return ("evidence",)
    return step.evidence or ()
