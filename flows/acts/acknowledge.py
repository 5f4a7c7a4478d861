"""Answering the alarm: somebody has seen it, so that nobody further up is told; or it is put off with a reason, never past the limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlmodel import Session, col, select

from flows.acts.ladder import runs
from flows.acts.team import roles_of
from flows.desk import Desk
from models.clock import rfc3339
from models.document import nearest
from models.errors import BadInputError, NotAllowedError, OvertakenError, UnknownNameError
from models.incident import find
from models.ledger import record
from models.store import writing
from models.tables import Alert, DutyRecord, Incident
from models.vocabulary import PersonRole

MAY_SNOOZE = {PersonRole.LEGAL, PersonRole.COMMANDER, PersonRole.EXECUTIVE}


@dataclass(frozen=True)
class Acknowledged:
    """The alerts of one duty that somebody has seen."""

    provision: str
    stage: str
    rungs: tuple[str, ...]


@dataclass(frozen=True)
class Snoozed:
    """The alerts of one duty that come later than they would have."""

    provision: str
    stage: str
    until: datetime
    rungs: tuple[str, ...]


def acknowledge(
    desk: Desk, number: str, provision: str | None = None, *, by: str, note: str | None = None
) -> list[Acknowledged]:
    """Say that alerts were seen, of one provision or all: nobody further up is told. The next rung comes all the same.

    Raises `NotAllowedError` where there is nothing to acknowledge, and for somebody who is not in the team.
    """
    with writing(desk.engine) as session:
        incident, duties = _found(session, number, provision, by)
        fired = _unanswered(session, incident, duties)
        if not fired:
            raise OvertakenError(f"no alert of {provision or number} waits to be acknowledged")
        for alert in fired:
            alert.acknowledged_at, alert.acknowledged_by = desk.clock(), by
            session.add(alert)
        _end_escalations(desk, session, fired, by)
        grouped = [(duties[duty], list(alerts)) for duty, alerts in groupby(fired, key=lambda alert: alert.duty_id)]
        found = [Acknowledged(duty.provision, duty.stage, _names(alerts)) for duty, alerts in grouped]
        for one in found:
            payload = {"provision": one.provision, "stage": one.stage, "rungs": list(one.rungs), "note": note}
            record(session, incident, "alert.acknowledged", payload, actor=by, at=desk.clock(), zone=incident.zone)
        return found


def snooze(
    desk: Desk, number: str, provision: str, *, until: datetime, reason: str, by: str, stage: str | None = None
) -> list[Snoozed]:
    """Put off the alerts of one provision that would come before `until`; the highest of them comes then.

    Raises `NotAllowedError` for an end past the limit, without a running clock, or for a role that may not.
    """
    now = desk.clock()
    if until <= now:
        raise BadInputError(f"--until {rfc3339(until)} is not after now, {rfc3339(now)}; name a later time")
    if not reason.strip():
        raise BadInputError("a snooze needs a reason")
    with writing(desk.engine) as session:
        incident, duties = _found(session, number, provision, by)
        if not MAY_SNOOZE & set(roles_of(session, by)):
            raise NotAllowedError(
                f"{by} is {', '.join(roles_of(session, by))}; an alarm is put off by {', '.join(sorted(MAY_SNOOZE))}"
            )
        running = [duty for duty in duties.values() if runs(duty) and stage in (None, duty.stage)]
        if not running:
            raise OvertakenError(f"no clock of {provision} runs; there is nothing to put off")
        return [_snooze_one(desk, session, incident, duty, until, reason, by) for duty in running]


def _snooze_one(
    desk: Desk, session: Session, incident: Incident, duty: DutyRecord, until: datetime, reason: str, by: str
) -> Snoozed:
    assert duty.due_at is not None, "a clock that runs has a limit"
    if until > duty.due_at:
        limit = rfc3339(duty.due_at)
        raise NotAllowedError(
            f"{duty.provision} ({duty.stage}) is due {limit}; an alarm is never put off past the limit"
        )
    pending = session.exec(select(Alert).where(Alert.duty_id == duty.id, Alert.state == "pending")).all()
    for alert in pending:
        later = alert.due_at < until
        alert.fires_at = until if later else alert.due_at
        alert.snoozed_until, alert.snoozed_by = (until, by) if later else (None, None)
        session.add(alert)
    rungs = _names([alert for alert in pending if alert.snoozed_until])
    payload = {
        "provision": duty.provision,
        "stage": duty.stage,
        "until": rfc3339(until),
        "rungs": list(rungs),
        "reason": reason,
    }
    record(session, incident, "alert.snoozed", payload, actor=by, at=desk.clock(), zone=incident.zone)
    return Snoozed(duty.provision, duty.stage, until, rungs)


def _found(
    session: Session, number: str, provision: str | None, by: str
) -> tuple[Incident, dict[int | None, DutyRecord]]:
    incident = find(session, number)
    roles_of(session, by)  # a stranger answers no alarm
    rows = session.exec(select(DutyRecord).where(DutyRecord.incident_id == incident.id)).all()
    found = {row.id: row for row in rows if provision in (None, row.provision)}
    if not found and provision is not None:
        raise UnknownNameError(
            f"{number} has no duty {provision!r}{nearest(provision, [row.provision for row in rows])}"
        )
    return incident, found


def _unanswered(session: Session, incident: Incident, duties: dict[int | None, DutyRecord]) -> list[Alert]:
    rows = session.exec(
        select(Alert)
        .where(Alert.incident_id == incident.id, Alert.state == "fired", col(Alert.acknowledged_at).is_(None))
        .order_by(col(Alert.duty_id), col(Alert.id))
    )
    return [alert for alert in rows if alert.duty_id in duties]


def _names(alerts: Sequence[Alert]) -> tuple[str, ...]:
    return tuple(alert.rung for alert in sorted(alerts, key=lambda alert: alert.due_at))


def _end_escalations(desk: Desk, session: Session, acknowledged: Sequence[Alert], by: str) -> None:
    waiting = session.exec(
        select(Alert).where(
            Alert.state == "pending",
            Alert.kind == "escalation",
            col(Alert.duty_id).in_({alert.duty_id for alert in acknowledged}),
        )
    )
    for alert in waiting:
        alert.state, alert.why, alert.ended_at = "cancelled", f"acknowledged by {by}", desk.clock()
        session.add(alert)
