"""Applying the law to the latest facts, and keeping what changed: duties gained, withdrawn, decided, clocks moved."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from flows.acts.ladder import climb
from flows.acts.team import roles_of
from flows.desk import Desk
from laws.assess import assess
from models.clock import rfc3339
from models.document import nearest
from models.duty import Assessment, Duty
from models.errors import BadInputError, NotAllowedError, OvertakenError, UnknownNameError
from models.incident import facts_of, find, identity
from models.ledger import record
from models.report import Report
from models.store import reading, writing
from models.tables import DutyChange, DutyRecord, FactsVersion, Incident
from models.vocabulary import Circumstance, PersonRole, Verdict

DUTY = TypeAdapter(Duty)


@dataclass(frozen=True)
class Moved:
    """One duty whose answer or clock is not what it was."""

    provision: str
    stage: str
    recipient: str
    change: str
    before: dict[str, Any]
    after: dict[str, Any]
    row: DutyRecord = field(repr=False, compare=False)


@dataclass(frozen=True)
class Evaluated:
    """An assessment as kept, and what it changed."""

    assessment: Assessment
    moved: tuple[Moved, ...]


def assess_incident(desk: Desk, number: str, day: date | None = None) -> Assessment:
    """What the law of a day (default: today) says to the incident's latest facts; keeps nothing."""
    with reading(desk.engine) as session:
        return _assessed(desk, session, find(session, number), day)


def _assessed(
    desk: Desk, session: Session, incident: Incident, day: date | None = None, report: Report | None = None
) -> Assessment:
    found = assess(
        report or facts_of(session, incident),
        desk.laws,
        day or desk.clock().date(),
        events=events_of(session, incident),
        number=incident.number,
        facts_version=incident.facts_version,
    )
    decided = {(row.provision, row.stage, row.recipient): row for row in _rows(session, incident) if row.decided_by}
    return replace(found, duties=tuple(_with_decision(duty, decided.get(duty.key)) for duty in found.duties))


def _with_decision(duty: Duty, row: DutyRecord | None) -> Duty:
    """An undecided duty takes the answer that a person gave; one that the facts decide does not need it any more."""
    if row is None or duty.verdict is not Verdict.UNDECIDED or not row.body.get("decided"):
        return duty
    reason = f"decided by {row.decided_by}: {row.decision_reason}"
    return replace(duty, verdict=Verdict(row.body["decided"]), reasons=(reason, *duty.reasons), missing_facts=())


def events_of(session: Session, incident: Incident) -> dict[str, datetime]:
    """What the record itself knows to have happened, for the clocks that start from it."""
    events: dict[str, datetime] = {}
    for row in _rows(session, incident):
        if row.met_at:
            name = f"sent:{row.provision}:{row.stage}"
            events[name] = min(row.met_at, events.get(name, row.met_at))
    if incident.closed_at:
        events["handling_completed"] = incident.closed_at
    return events | _hold(session, incident)


def _hold(session: Session, incident: Incident) -> dict[str, datetime]:
    """Since when law enforcement has asked to wait, and until when, by the versions of the facts that first said so."""
    rows = session.exec(
        select(FactsVersion).where(FactsVersion.incident_id == incident.id).order_by(col(FactsVersion.version))
    )
    events: dict[str, datetime] = {}
    for row in rows:
        held = Circumstance.LAW_ENFORCEMENT_HOLD in row.report.get("circumstances", ())
        if held and ("law_enforcement_hold" not in events or "law_enforcement_hold_ended" in events):
            events = {"law_enforcement_hold": row.added_at}
        elif not held and "law_enforcement_hold" in events:
            events.setdefault("law_enforcement_hold_ended", row.added_at)
    return events


def _rows(session: Session, incident: Incident) -> list[DutyRecord]:
    return list(
        session.exec(select(DutyRecord).where(DutyRecord.incident_id == incident.id).order_by(col(DutyRecord.id)))
    )


def evaluate(desk: Desk, number: str) -> Evaluated:
    """Derive every duty again from the latest facts and keep the difference, on the ledger too."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        return evaluated(desk, session, incident)


def evaluated(desk: Desk, session: Session, incident: Incident) -> Evaluated:
    """The same within the caller's transaction."""
    found = _assessed(desk, session, incident)
    incident.severity = found.severity.level.value
    session.add(incident)
    known = {(row.provision, row.stage, row.recipient): row for row in _rows(session, incident)}
    first_time = not known
    moved = [change for duty in found.duties if (change := _kept(session, incident, known.pop(duty.key, None), duty))]
    moved += [_withdrawn(session, row) for row in known.values() if row.state in ("open", "undecided")]
    for row in known.values():
        if row.state == "met":  # what was done stays done, and is asked for no more
            row.verdict = Verdict.NOT_REQUIRED.value
    session.flush()
    session.add_all(_history(desk, incident, change) for change in moved)
    climb(desk, session, incident, _rows(session, incident))
    _record(desk, session, incident, found, moved, first_time=first_time)
    return Evaluated(found, tuple(moved))


@dataclass(frozen=True)
class Foreseen:
    """One duty whose answer or clock would not be what it is."""

    duty: Duty
    change: str
    due_before: datetime | None


def foreseen(desk: Desk, session: Session, incident: Incident, report: Report) -> list[Foreseen]:
    """What `evaluate` would change if these were the facts; keeps nothing."""
    known = {(row.provision, row.stage, row.recipient): row for row in _rows(session, incident)}
    found: list[Foreseen] = []
    for duty in _assessed(desk, session, incident, report=report).duties:
        row = known.pop(duty.key, None)
        change = _change_foreseen(row, duty)
        if change:
            found.append(Foreseen(duty, change, row.due_at if row else None))
    withdrawn = [row for row in known.values() if row.state in ("open", "undecided")]
    return [*found, *(Foreseen(duty_of(row), "withdrawn", row.due_at) for row in withdrawn)]


def _change_foreseen(row: DutyRecord | None, duty: Duty) -> str | None:
    state = row.state if row and row.state == "met" else _state(duty)
    if row is None:
        return "gained" if state == "open" else None
    due = rfc3339(duty.due_at) if duty.due_at else None
    return _change_between(_essence(row), {"state": state, "due_at": due})


def _kept(session: Session, incident: Incident, row: DutyRecord | None, duty: Duty) -> Moved | None:
    body = DUTY.dump_python(duty, mode="json", fallback=list)
    if row is None:
        row = DutyRecord(
            incident_id=identity(incident),
            provision=duty.provision,
            stage=duty.stage,
            recipient=duty.recipient,
            jurisdiction=duty.jurisdiction,
            audience=duty.audience.value,
            verdict=duty.verdict.value,
            state=_state(duty),
            clock_state=duty.clock_state,
            starts_at=duty.starts_at,
            due_at=duty.due_at,
            zone=duty.zone,
            body=body,
            facts_version=incident.facts_version,
        )
        session.add(row)
        return _moved(row, "gained", {}) if row.state == "open" else None
    before = _essence(row)
    if row.state != "met":
        row.state = _state(duty)
    row.verdict, row.clock_state = duty.verdict.value, duty.clock_state
    row.starts_at, row.due_at, row.zone = duty.starts_at, duty.due_at, duty.zone
    row.body = {**body, **({"decided": row.body["decided"]} if row.body.get("decided") else {})}
    row.facts_version = incident.facts_version
    session.add(row)
    change = _change_between(before, _essence(row))
    return _moved(row, change, before) if change else None


def duty_of(row: DutyRecord) -> Duty:
    """The duty as it was last worked out."""
    return DUTY.validate_python({key: value for key, value in row.body.items() if key != "decided"})


def _state(duty: Duty) -> str:
    if duty.advice or duty.verdict is Verdict.NOT_REQUIRED:
        return "closed"
    return "open" if duty.verdict is Verdict.REQUIRED else "undecided"


def _essence(row: DutyRecord) -> dict[str, Any]:
    due = rfc3339(row.due_at) if row.due_at else None
    return {"state": row.state, "verdict": row.verdict, "clock_state": row.clock_state, "due_at": due}


def _change_between(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    if before["state"] != after["state"]:
        return {"open": "gained", "undecided": "reopened", "closed": "withdrawn"}.get(after["state"], "met")
    if after["state"] == "closed" or before["due_at"] == after["due_at"]:
        return None
    return "clock_started" if before["due_at"] is None else "clock_moved"


def _withdrawn(session: Session, row: DutyRecord) -> Moved:
    before = _essence(row)
    row.state = "closed"
    session.add(row)
    return _moved(row, "withdrawn", before)


def _moved(row: DutyRecord, change: str, before: dict[str, Any]) -> Moved:
    return Moved(row.provision, row.stage, row.recipient, change, before, _essence(row), row)


def _history(desk: Desk, incident: Incident, moved: Moved) -> DutyChange:
    return DutyChange(
        duty_id=identity(moved.row),
        facts_version=incident.facts_version,
        change=moved.change,
        before=moved.before,
        after=moved.after,
        at=desk.clock(),
        zone=incident.zone,
        by="tocsin",
    )


def _record(
    desk: Desk, session: Session, incident: Incident, found: Assessment, moved: Iterable[Moved], *, first_time: bool
) -> None:
    """One entry for the evaluation; one more for each duty that changed, since a clock never moves silently."""
    changed = list(moved)
    if not changed and not first_time:
        return
    by_verdict = {verdict.value: sum(duty.verdict is verdict for duty in found.duties) for verdict in Verdict}
    summary = {
        "facts_version": found.facts_version,
        "severity": found.severity.level.value,
        "law_of": found.as_of.isoformat(),
        **by_verdict,
    }
    record(session, incident, "duties.evaluated", summary, actor="tocsin", at=desk.clock(), zone=incident.zone)
    for change in changed:
        payload = {
            "provision": change.provision,
            "stage": change.stage,
            "recipient": change.recipient,
            "from": change.before,
            "to": change.after,
            "why": f"facts version {found.facts_version}",
        }
        record(session, incident, f"duty.{change.change}", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)


def decide(desk: Desk, number: str, provision: str, verdict: Verdict, *, reason: str, by: str) -> None:
    """A person answers what the facts leave undecided, with a reason, on the ledger; holds until the facts decide it."""
    if verdict is Verdict.UNDECIDED:
        raise BadInputError("a decision is required or not_required")
    with writing(desk.engine) as session:
        incident = find(session, number)
        roles = roles_of(session, by)
        if not {PersonRole.LEGAL, PersonRole.COMMANDER} & set(roles):
            raise NotAllowedError(f"{by} is {', '.join(roles)}; a duty is decided by legal or the commander")
        rows = [row for row in _rows(session, incident) if row.provision == provision]
        if not rows:
            known = [row.provision for row in _rows(session, incident)]
            raise UnknownNameError(f"{number} has no duty {provision!r}{nearest(provision, known)}")
        open_ones = [row for row in rows if row.state == "undecided" or row.body.get("decided")]
        if not open_ones:
            raise OvertakenError(
                f"{provision} is {rows[0].verdict} on the facts; add or correct facts instead of deciding it"
            )
        for row in open_ones:
            row.decided_by, row.decision_reason = by, reason
            row.body = {**row.body, "decided": verdict.value}
            session.add(row)
        payload = {"provision": provision, "verdict": verdict.value, "reason": reason}
        record(session, incident, "duty.decided", payload, actor=by, at=desk.clock(), zone=incident.zone)
    evaluate(desk, number)
