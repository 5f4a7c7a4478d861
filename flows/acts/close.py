"""Closing an incident once nothing of it is open, and opening it again."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session, col, select

from flows.acts.evaluate import evaluated
from flows.acts.status_page import resolve_on_page
from flows.acts.team import roles_of
from flows.acts.tickets import close_tickets
from flows.desk import Desk
from models.clock import rfc3339
from models.errors import BadInputError, NotAllowedError, OvertakenError
from models.incident import find
from models.ledger import record
from models.store import writing
from models.tables import Alert, Delivery, DutyRecord, Incident, Step
from models.vocabulary import PersonRole
from playbooks.plan import CLOSED, StepState

MAY_CLOSE = {PersonRole.COMMANDER, PersonRole.LEGAL, PersonRole.EXECUTIVE}
ON_ITS_WAY = ("pending", "sending", "uncertain", "to_hand_over")


@dataclass(frozen=True)
class Closing:
    """How far it came: closed, or open still for what follows from the end of its handling; and what was left open."""

    state: str
    follows: tuple[str, ...]
    left: tuple[str, ...]


def close(desk: Desk, number: str, *, by: str, reason: str, despite: bool = False) -> Closing:
    """Close an incident whose duties are met or decided, whose steps are done and whose messages have arrived.

    Where the end of the handling starts a clock of its own, such as that of a final report, the incident stays open for
    it. Raises `NotAllowedError` that names what is open; `despite` closes over it, and the record says over what.
    """
    with writing(desk.engine) as session:
        incident = _of(session, number, by, reason)
        if incident.state != "open":
            raise OvertakenError(f"{number} is closed already")
        evaluated(desk, session, incident)
        left = list(_open_parts(session, incident))
        if left and not despite:
            more = f" and {len(left) - 3} more" if len(left) > 3 else ""
            raise OvertakenError(
                f"{number} cannot be closed: {', '.join(left[:3])}{more} still open; meet, decide, do or skip them first"
            )
        handled_before = incident.closed_at is not None
        incident.closed_at = incident.closed_at or desk.clock()
        session.add(incident)
        session.flush()
        if not handled_before:
            evaluated(desk, session, incident)
        follows = [part for part in _open_parts(session, incident) if part not in left]
        if follows and not despite:
            _note(desk, session, incident, "incident.handled", by, reason=reason, follows=follows)
            return Closing("open", tuple(follows), ())
        _end_alerts(desk, session, incident)
        close_tickets(desk, session, incident)
        resolve_on_page(desk, session, incident)
        incident.state = "closed"
        session.add(incident)
        _note(desk, session, incident, "incident.closed", by, reason=reason, left=[*left, *follows])
        return Closing("closed", (), (*left, *follows))


def reopen(desk: Desk, number: str, *, by: str, reason: str) -> None:
    """Open a closed incident again, its clocks and alerts too; raises `NotAllowedError` once its texts are removed."""
    with writing(desk.engine) as session:
        incident = _of(session, number, by, reason)
        if incident.state == "open" and incident.closed_at is None:
            raise OvertakenError(f"{number} is open")
        if incident.purged_at is not None:
            raise OvertakenError(f"the texts of {number} were removed {rfc3339(incident.purged_at)}; report it anew")
        closed_at = incident.closed_at
        incident.state, incident.closed_at = "open", None
        session.add(incident)
        session.flush()
        _note(
            desk,
            session,
            incident,
            "incident.reopened",
            by,
            reason=reason,
            closed_at=rfc3339(closed_at or desk.clock()),
        )
        evaluated(desk, session, incident)


def _of(session: Session, number: str, by: str, reason: str) -> Incident:
    incident, roles = find(session, number), roles_of(session, by)
    if not MAY_CLOSE & set(roles):
        raise NotAllowedError(f"{by} is {', '.join(roles)}; an incident is closed by {', '.join(sorted(MAY_CLOSE))}")
    if not reason.strip():
        raise BadInputError("closing and opening again need a reason")
    return incident


def _open_parts(session: Session, incident: Incident) -> Iterator[str]:
    """What is open, in words: duties, steps, messages. A duty whose clock starts with the end of the handling is not yet."""
    for duty in session.exec(
        select(DutyRecord)
        .where(DutyRecord.incident_id == incident.id, col(DutyRecord.state).in_(("open", "undecided")))
        .order_by(col(DutyRecord.due_at).is_(None), col(DutyRecord.due_at), col(DutyRecord.id))
    ):
        if duty.clock_state != "not_started":
            yield f"{duty.provision} ({duty.stage})"
    settled = [*CLOSED, StepState.FAILED]
    for step in session.exec(
        select(Step).where(Step.incident_id == incident.id, col(Step.state).not_in(settled)).order_by(col(Step.id))
    ):
        yield f"step {step.key}"
    for row in session.exec(
        select(Delivery)
        .where(
            Delivery.incident_id == incident.id,
            col(Delivery.state).in_(ON_ITS_WAY),
            col(Delivery.purpose).not_in(("alert", "ticket")),
        )
        .order_by(col(Delivery.id))
    ):
        yield f"delivery {row.key}"


def _end_alerts(desk: Desk, session: Session, incident: Incident) -> None:
    pending = select(Alert).where(Alert.incident_id == incident.id, Alert.state == "pending")
    for alert in session.exec(pending):
        alert.state, alert.why, alert.ended_at = "cancelled", "the incident was closed", desk.clock()
        session.add(alert)


def _note(desk: Desk, session: Session, incident: Incident, kind: str, by: str, **payload: object) -> None:
    record(session, incident, kind, payload, actor=by, at=desk.clock(), zone=incident.zone)
