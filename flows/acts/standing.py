"""Where an incident stands: its clocks, what waits for whom, what is done; one reading for the command and the Prefect UI."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from flows.acts.embargo import embargo
from flows.acts.playbook import notice_rules
from flows.acts.question import questions_of
from flows.acts.severity import severity_in
from flows.acts.sign import asked_to_sign
from flows.desk import Desk
from models.incident import facts_of, find
from models.report import Times
from models.store import reading
from models.tables import Alert, Delivery, DutyRecord, Incident, Lease, LedgerEntry, Notice, Step
from models.vocabulary import Audience


@dataclass(frozen=True)
class ClockLine:
    """One duty with its clock."""

    provision: str
    stage: str
    audience: str
    recipient: str
    state: str
    clock_state: str
    standard: str | None
    starts_at: datetime | None
    due_at: datetime | None
    met_at: datetime | None
    zone: str
    citation: str
    missing_facts: tuple[str, ...]
    confidence: str = "high"

    @property
    def label(self) -> str:
        """Provision and stage, and that the law behind it is weakly supported where it is."""
        stage = "" if self.stage == "initial" else f" ({self.stage})"
        return self.provision + stage + (", low confidence" if self.confidence == "low" else "")


@dataclass(frozen=True)
class Wait:
    """Something that waits for somebody; `reference` is what the command takes."""

    kind: str  # signature, question, embargo, filing, step, fact, delivery, release, acknowledgement, snooze
    what: str
    who: str
    reference: str
    due_at: datetime | None = None
    said: str = ""  # what a person typed about it, which is not for the Prefect UI


@dataclass(frozen=True)
class Standing:
    """The whole of it, as of `now`."""

    number: str
    title: str
    kind: str | None
    state: str
    rehearsal: bool
    zone: str
    facts_version: int
    opened_at: datetime
    now: datetime
    severity: str | None
    people: int | None
    clocks: tuple[ClockLine, ...]
    waits: tuple[Wait, ...]
    steps: dict[str, int]
    notices: dict[str, int]
    deliveries: dict[str, int]
    alerts: dict[str, int]
    halted_at: datetime | None = None
    halted_by: str | None = None
    overrides: tuple[str, ...] = ()

    @property
    def first(self) -> ClockLine | None:
        """The clock that runs out first of the duties that are decided; where none runs, of the others still to come."""
        running = (c for c in self.clocks if c.due_at and c.state == "open")
        return min(running, key=lambda clock: clock.due_at or self.now, default=None) or self.first_undecided

    @property
    def first_undecided(self) -> ClockLine | None:
        """The clock still to run out that comes first of the duties that nobody has decided."""
        to_come = (c for c in self.clocks if c.due_at and c.state == "undecided" and c.due_at >= self.now)
        return min(to_come, key=lambda clock: clock.due_at or self.now, default=None)

    @property
    def next_due(self) -> datetime | None:
        """The limit that comes first: one that is over and hangs on an unknown fact outranks none that runs."""
        return self.first.due_at if self.first else None

    @property
    def overdue(self) -> tuple[ClockLine, ...]:
        """Open duties whose time has run out."""
        return tuple(c for c in self.clocks if c.state == "open" and c.due_at and c.due_at < self.now)


def colour_of(clock: ClockLine, now: datetime) -> str:
    """In which colour a clock stands: met, open, at risk (a quarter of its time or less is left), late, or undecided."""
    if clock.state == "met":
        return "met"
    if clock.due_at is None or clock.starts_at is None:
        return "undecided" if clock.state == "undecided" else "open"
    if clock.due_at < now:
        return "undecided" if clock.state == "undecided" else "late"
    if clock.due_at - now <= (clock.due_at - clock.starts_at) * 0.25:
        return "risk"
    return "undecided" if clock.state == "undecided" else "open"


def standing(desk: Desk, number: str) -> Standing:
    """Where one incident stands now."""
    with reading(desk.engine) as session:
        return _standing(desk, session, find(session, number))


def all_standing(desk: Desk, *, closed: bool = False) -> list[Standing]:
    """Every open incident (or the closed ones too), the one whose clock runs out first at the top."""
    with reading(desk.engine) as session:
        query = select(Incident).order_by(col(Incident.id))
        rows = session.exec(query if closed else query.where(Incident.state == "open")).all()
        found = [_standing(desk, session, incident) for incident in rows]
    return sorted(found, key=lambda one: (one.next_due is None, one.next_due or one.opened_at))


def _standing(desk: Desk, session: Session, incident: Incident) -> Standing:
    report = facts_of(session, incident)
    duties = session.exec(
        select(DutyRecord)
        .where(DutyRecord.incident_id == incident.id, DutyRecord.state != "closed")
        .order_by(
            col(DutyRecord.state) == "undecided",
            col(DutyRecord.due_at).is_(None),
            col(DutyRecord.due_at),
            col(DutyRecord.id),
        )
    ).all()
    return Standing(
        number=incident.number,
        title=incident.title,
        kind=report.kind.value if report.kind else None,
        state=incident.state,
        rehearsal=incident.rehearsal,
        zone=incident.zone,
        facts_version=incident.facts_version,
        opened_at=incident.opened_at,
        now=desk.clock(),
        severity=severity_in(desk, report).level.value if duties else None,
        people=report.people_total,
        clocks=tuple(_clock_line(row) for row in duties),
        waits=(
            *_filing_waits(session, incident),
            *_question_waits(desk, session, incident),
            *_signature_waits(session, incident, desk.clock()),
            *_step_waits(session, incident),
            *_delivery_waits(session, incident),
            *_fact_waits(duties),
            *_alert_waits(session, incident, duties),
            *_run_waits(session, incident),
        ),
        steps=_counted(session, incident, Step),
        notices=_counted(session, incident, Notice),
        deliveries=_counted(session, incident, Delivery),
        alerts=_counted(session, incident, Alert),
        halted_at=incident.halted_at,
        halted_by=incident.halted_by,
        overrides=_overrides(session, incident),
    )


def _counted(session: Session, incident: Incident, table: type[Step | Notice | Delivery | Alert]) -> dict[str, int]:
    rows = session.exec(select(table.state).where(table.incident_id == incident.id))
    return dict(Counter(rows))


def _overrides(session: Session, incident: Incident) -> tuple[str, ...]:
    """Every text that was let go without its signatures or in spite of findings, by whom and why."""
    rows = session.exec(
        select(LedgerEntry)
        .where(LedgerEntry.incident_id == incident.id, LedgerEntry.kind == "notice.overridden")
        .order_by(col(LedgerEntry.seq))
    )
    return tuple(f"{row.payload['what']}, by {row.actor} as the second person: {row.payload['reason']}" for row in rows)


def _clock_line(row: DutyRecord) -> ClockLine:
    return ClockLine(
        row.provision,
        row.stage,
        row.audience,
        row.recipient,
        row.state,
        row.clock_state,
        row.body.get("standard"),
        row.starts_at,
        row.due_at,
        row.met_at,
        row.zone,
        str(row.body.get("citation")),
        tuple(row.body.get("missing_facts", ())),
        str(row.body.get("confidence", "high")),
    )


def _signature_waits(session: Session, incident: Incident, now: datetime) -> list[Wait]:
    rows = session.exec(
        select(Notice, DutyRecord.due_at)
        .join(DutyRecord, col(Notice.duty_id) == col(DutyRecord.id), isouter=True)
        .where(Notice.incident_id == incident.id, col(Notice.state).in_(("draft", "approved")))
        .order_by(col(DutyRecord.due_at).is_(None), col(DutyRecord.due_at), col(Notice.id))
    ).all()
    waits = []
    for notice, due_at in rows:
        what = f"{notice.form.replace('_', ' ')} to {notice.recipient} ({notice.language})"
        if notice.held:
            said = notice.held_reason or ""
            waits.append(Wait("release", what, notice.held_by or "", f"notice {notice.id}", due_at, said))
        elif notice.state == "draft":
            asked = asked_to_sign(session, incident, notice, now)
            late = asked.due_at is not None and asked.due_at < now
            who = " and ".join(asked.roles) + (f", or {' or '.join(asked.stand_ins)}" if asked.stand_ins else "")
            words = f"{what}: the signature is overdue" if late else what
            waits.append(Wait("signature", words, who, f"notice {notice.id}", due_at or asked.due_at))
        elif why_not := embargo(session, incident, notice, now):
            waits.append(Wait("embargo", f"{what}: {why_not}", "", f"notice {notice.id}", due_at))
    return waits


def _question_waits(desk: Desk, session: Session, incident: Incident) -> list[Wait]:
    """What texts leave open, each question with how many texts wait for it."""
    return [
        Wait(
            "question",
            f"{one.question} ({len(one.notices)} {'text waits' if len(one.notices) == 1 else 'texts wait'})",
            "legal",
            f"question {one.key}",
        )
        for one in questions_of(desk, session, incident)
    ]


def _filing_waits(session: Session, incident: Incident) -> list[Wait]:
    """What stands in the outbox for somebody to file, unless its text was held, changed or sent back meanwhile."""
    rows = session.exec(
        select(Delivery, Notice, DutyRecord.due_at)
        .join(Notice, col(Delivery.notice_id) == col(Notice.id))
        .join(DutyRecord, col(Notice.duty_id) == col(DutyRecord.id), isouter=True)
        .where(
            Delivery.incident_id == incident.id,
            Delivery.state == "to_hand_over",
            Notice.state == "approved",
            col(Notice.held).is_(False),
            Delivery.notice_version == Notice.version,
        )
        .order_by(col(DutyRecord.due_at).is_(None), col(DutyRecord.due_at), col(Delivery.id))
    ).all()
    rules = notice_rules(incident)
    return [
        Wait(
            "filing",
            f"{row.body.get('what', row.subject)}: waits for somebody to file it; it is in the outbox at {row.body['where']}",
            " or ".join(role.value for role in rules.approval_for(Audience(notice.audience)).roles),
            f"notice {notice.id}",
            due_at,
        )
        for row, notice, due_at in rows
    ]


def _step_waits(session: Session, incident: Incident) -> list[Wait]:
    rows = session.exec(
        select(Step)
        .where(Step.incident_id == incident.id, col(Step.state).startswith("waiting_for"))
        .order_by(col(Step.id))
    ).all()
    return [Wait("step", row.title, row.assigned_to or row.role or "", f"step {row.key}", row.due_at) for row in rows]


def _fact_waits(duties: Sequence[DutyRecord]) -> list[Wait]:
    """The events that a clock starts from and that the facts do not give yet, each with the duties that hang on it."""
    asked: dict[str, list[str]] = {}
    for row in duties:
        field = str(row.body.get("clock_from"))
        if row.state in ("open", "undecided") and row.clock_state == "not_started" and field in Times.model_fields:
            asked.setdefault(field, []).append(row.provision)
    return [
        Wait(
            "fact",
            f"times.{field} starts the clock of {', '.join(dict.fromkeys(provisions))}",
            "legal",
            f"times.{field}",
        )
        for field, provisions in asked.items()
    ]


def _alert_waits(session: Session, incident: Incident, duties: Sequence[DutyRecord]) -> list[Wait]:
    """The latest alert of each running clock that nobody has acknowledged, and who put off what until when."""
    running = {row.id: row for row in duties if row.state in ("open", "undecided")}
    rows = session.exec(
        select(Alert)
        .where(Alert.incident_id == incident.id, col(Alert.state).in_(("fired", "pending")))
        .order_by(col(Alert.fired_at), col(Alert.id))
    ).all()
    fired = {row.duty_id: row for row in rows if row.state == "fired" and row.duty_id in running}
    put_off = {row.duty_id: row for row in rows if row.snoozed_until and row.state == "pending"}
    return [
        *(
            _alert_wait("acknowledgement", row.rung, row.role, running[row.duty_id])
            for row in fired.values()
            if row.acknowledged_at is None
        ),
        *(
            _alert_wait("snooze", "alerts put off", row.snoozed_by or "", running[duty], row.snoozed_until)
            for duty, row in put_off.items()
            if duty in running
        ),
    ]


def _alert_wait(kind: str, what: str, who: str, duty: DutyRecord, until: datetime | None = None) -> Wait:
    stage = "" if duty.stage == "initial" else f" ({duty.stage})"
    return Wait(kind, f"{what}: {duty.provision}{stage}", who, f"alert {duty.provision}", until or duty.due_at)


def _run_waits(session: Session, incident: Incident) -> list[Wait]:
    """A run that failed, and keeps failing: somebody has to look why."""
    lease = session.get(Lease, incident.id)
    if lease is None or not lease.failures:
        return []
    what = f"the run that carries it failed ({lease.failures} in a row); the Prefect UI says why"
    return [Wait("run", what, "administrator", incident.number, lease.not_before)]


def _delivery_waits(session: Session, incident: Incident) -> list[Wait]:
    rows = session.exec(
        select(Delivery)
        .where(
            Delivery.incident_id == incident.id,
            col(Delivery.state).in_(("pending", "uncertain", "refused")),
            or_(Delivery.attempts > 0, Delivery.state == "uncertain"),
        )
        .order_by(col(Delivery.id))
    ).all()
    return [
        Wait("delivery", f"{row.body.get('what', row.subject)}: {row.state}", row.channel, row.key, row.next_try_at)
        for row in rows
    ]
