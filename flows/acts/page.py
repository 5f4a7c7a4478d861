"""Pages of the on-call: one for each clock at risk, which ends when the clock does."""

from sqlmodel import Session, col, func, or_, select

from flows.acts.deliver import new_delivery, queue
from flows.acts.ladder import runs
from flows.desk import Desk
from models.incident import identity
from models.store import reading, writing
from models.tables import Alert, DutyRecord, Incident

PAGED = (Alert.state == "fired", col(Alert.ended_at).is_(None), col(Alert.ways).contains("page"))


def page_of(incident: Incident, duty: DutyRecord) -> str:
    """How the paging service knows the page of one clock."""
    return f"{incident.number}.duty.{identity(duty)}"


def stand_down(desk: Desk) -> None:
    """Queue the end of the pages whose clocks run no more; each time that a clock ended, once."""
    if desk.channels.pager is None:
        return
    with reading(desk.engine) as session:
        ended = or_(col(DutyRecord.state).not_in(("open", "undecided")), col(DutyRecord.due_at).is_(None))
        query = select(Alert.incident_id).join(DutyRecord, col(DutyRecord.id) == col(Alert.duty_id))
        found = sorted(set(session.exec(query.where(*PAGED, ended))))
    for incident_id in found:
        with writing(desk.engine) as session:
            _stand_down(desk, session, session.get_one(Incident, incident_id, with_for_update=True))


def _stand_down(desk: Desk, session: Session, incident: Incident) -> None:
    paged = session.exec(select(Alert).where(Alert.incident_id == incident.id, *PAGED)).all()
    for duty_id in dict.fromkeys(alert.duty_id for alert in paged):
        duty = session.get_one(DutyRecord, duty_id)
        if runs(duty):
            continue
        for alert in paged:
            if alert.duty_id == duty_id:
                alert.ended_at = desk.clock()
                session.add(alert)
        fired = select(func.count(col(Alert.id))).where(Alert.duty_id == duty_id, Alert.state == "fired")
        _end(desk, session, incident, duty, session.exec(fired).one())


def _end(desk: Desk, session: Session, incident: Incident, duty: DutyRecord, fired: int) -> None:
    channel, to = desk.channels.for_page(incident.number)
    page = page_of(incident, duty)
    subject = f"{incident.number}: {duty.provision} ({duty.stage}) is {duty.state}"
    message = {
        "subject": subject,
        "what": f"page ended: {duty.provision} ({duty.stage})",
        "text": f"{subject}; its clock runs no more.",
        "about": {"page": page, "page_ends": duty.state, "provision": duty.provision, "stage": duty.stage},
    }
    now = desk.clock()
    delivery = new_delivery(incident, f"{page}.ended.{fired}", "alert", channel, to, message, now)
    delivery.next_try_at = now  # by the watch, as the page itself was
    queue(session, desk, incident, delivery)
