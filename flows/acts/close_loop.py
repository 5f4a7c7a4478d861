"""After sending: a notice that arrived is sent, a duty whose every notice is sent is met, and the clocks after it may start."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from flows.acts.draft import title
from flows.acts.evaluate import evaluated
from flows.desk import Desk
from models.clock import rfc3339
from models.incident import find, identity
from models.ledger import record
from models.store import writing
from models.tables import Delivery, DutyChange, DutyRecord, Incident, Notice


def settle(desk: Desk, number: str) -> int:
    """Mark what was sent and what is met; gives how many duties were met."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        return settled(desk, session, incident)


def settled(desk: Desk, session: Session, incident: Incident) -> int:
    """The same within the caller's transaction, with the clocks that start from what was met."""
    arrived = session.exec(
        select(Notice)
        .join(Delivery, col(Delivery.notice_id) == col(Notice.id))
        .where(
            Notice.incident_id == incident.id,
            Notice.state != "sent",
            Delivery.state == "sent",
            Delivery.notice_version == Notice.version,
        )
    ).all()
    for notice in arrived:
        notice.state = "sent"
        session.add(notice)
    session.flush()
    duties = {notice.duty_id for notice in arrived if notice.duty_id is not None}
    met = sum(_met(desk, session, incident, duty_id) for duty_id in sorted(duties))
    if met:  # in the same transaction: a death between the two would leave a clock unstarted that nobody looks for
        session.flush()
        evaluated(desk, session, incident)
    return met


def _met(desk: Desk, session: Session, incident: Incident, duty_id: int) -> bool:
    """A duty is met when the last of its notices is sent, at the time it was."""
    duty = session.get_one(DutyRecord, duty_id)
    notices = session.exec(select(Notice).where(Notice.duty_id == duty_id, Notice.state != "withdrawn")).all()
    if duty.state == "met" or any(notice.state != "sent" for notice in notices):
        return False
    sent = session.exec(
        select(Delivery.sent_at).where(col(Delivery.notice_id).in_([notice.id for notice in notices]))
    ).all()
    at = max((at for at in sent if at), default=desk.clock())
    met_at(desk, session, incident, duty, at, [title(notice) for notice in notices])
    return True


def met_at(
    desk: Desk, session: Session, incident: Incident, duty: DutyRecord, at: datetime, notices: Sequence[str]
) -> None:
    """Mark a duty as met at a time, by these notices."""
    before = {"state": duty.state}
    duty.state, duty.met_at = "met", at
    session.add(duty)
    late = duty.due_at is not None and duty.met_at > duty.due_at
    after = {"state": "met", "met_at": rfc3339(duty.met_at), "late": late}
    change = DutyChange(
        duty_id=identity(duty),
        facts_version=incident.facts_version,
        change="met",
        before=before,
        after=after,
        at=desk.clock(),
        zone=incident.zone,
        by="tocsin",
    )
    session.add(change)
    payload = {
        "provision": duty.provision,
        "stage": duty.stage,
        "recipient": duty.recipient,
        "from": before,
        "to": after,
        "notices": list(notices),
    }
    record(session, incident, "duty.met", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)
