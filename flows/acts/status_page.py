"""The incident on the status page, once this one is closed. Its words are signed notices; this adds none."""

from sqlmodel import Session, col, func, select

from flows.acts.deliver import new_delivery, queue
from flows.desk import Desk
from models.tables import Delivery, Incident


def resolve_on_page(desk: Desk, session: Session, incident: Incident) -> None:
    """Queue that the page's incident is resolved, where one of our texts was put there."""
    page = desk.channels.status_page
    if page is None:
        return
    there = select(func.count(col(Delivery.id))).where(
        Delivery.incident_id == incident.id, Delivery.channel == page.name, col(Delivery.state) == "sent"
    )
    count = session.exec(there).one()
    if count == 0:
        return
    message = {
        "subject": f"{incident.number}: resolved on the status page",
        "what": "status page: resolved",
        "text": "resolved",
        "about": {"act": "resolve"},
    }
    key = f"{incident.number}.statuspage.resolved.{count}"  # another one after the incident was opened again
    delivery = new_delivery(incident, key, "status", page, page.page, message, desk.clock())
    delivery.next_try_at = desk.clock()  # by the watch: no run carries a closed incident
    queue(session, desk, incident, delivery)
