"""Tickets of steps: opened when a task waits for people, closed when it is over; each once, and nothing personal in them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from flows.acts.deliver import new_delivery, queue
from flows.acts.playbook import kept_playbook, step_rows
from flows.desk import Desk
from integrations.ticket import TicketSystem
from models.clock import rfc3339
from models.errors import BadInputError
from models.incident import find, identity
from models.store import reading
from models.tables import Delivery, Incident, Receipt, Step, Ticket
from models.vocabulary import PersonRole

OVER = ("done", "skipped", "not_needed")  # states of a step whose ticket has nothing more to say
NEVER_OPENED = ("pending", "refused", "withdrawn")  # deliveries of which the ticket system holds nothing


@dataclass(frozen=True)
class TicketLine:
    """The ticket of one step as people see it; `reference` is None until it is opened."""

    system: str
    reference: str | None
    link: str | None
    state: str
    status: str | None
    closed_by: str | None
    why: str | None

    @property
    def words(self) -> str:
        """In one line, for a list."""
        if self.reference is None:
            return f"to be opened in {self.system}"
        ended = f": {self.status}" if self.state in ("done", "dropped") else ""
        gone = ": removed there" if self.state == "removed" else ""
        return self.reference + ended + gone + (f" by {self.closed_by}" if ended and self.closed_by else "")


def tickets_of(desk: Desk, number: str) -> dict[str, TicketLine]:
    """The tickets of an incident's steps, by the step's key."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        rows = session.exec(
            select(Ticket, Receipt.reference)
            .join(Receipt, col(Receipt.delivery_id) == col(Ticket.delivery_id), isouter=True)
            .where(Ticket.incident_id == incident.id)
        ).all()
    if not rows:
        return {}
    system = _system(desk)
    return {row.step_key: _line(system, row, reference) for row, reference in rows}


def _system(desk: Desk) -> TicketSystem | None:
    try:
        return desk.channels.tickets
    except BadInputError:  # what is shown does not hang on the settings of the way out
        return None


def _line(system: TicketSystem | None, row: Ticket, reference: str | None) -> TicketLine:
    linked = system is not None and system.name == row.system and reference is not None
    link = system.link(reference) if system is not None and reference is not None and linked else None
    title = system.title if system is not None and system.name == row.system else row.system
    return TicketLine(title, reference, link, row.state, row.status, row.closed_by, row.why)


def settle_tickets(desk: Desk, session: Session, incident: Incident) -> None:
    """Queue the tickets that are to be opened for tasks that wait, and closed for those that are over."""
    system, playbook = desk.channels.tickets, kept_playbook(incident)
    if system is None or playbook is None or incident.state != "open":
        return
    tickets, tasks = tickets_in(session, incident), {step.key for step in playbook.steps if step.task}
    for row in step_rows(session, incident).values():
        ticket = tickets.get(row.key)
        if row.state == "waiting_for_person" and row.key.split("[")[0] in tasks and _is_wanted(desk, row):
            if ticket is None or ticket.state == "closed":
                _open(desk, session, incident, system, row, ticket)
        elif ticket is not None and ticket.of_task and row.state in OVER:
            close_ticket(desk, session, incident, ticket, row.title, *_end_of(row))


def tickets_in(session: Session, incident: Incident) -> dict[str, Ticket]:
    """The ticket rows of an incident, by the step's key."""
    rows = session.exec(select(Ticket).where(Ticket.incident_id == incident.id).order_by(col(Ticket.id)))
    return {row.step_key: row for row in rows}


def _is_wanted(desk: Desk, row: Step) -> bool:
    roles = desk.settings.ticket_roles
    return not roles or bool(set(roles) & set(_roles(row.role)))


def _roles(words: str | None) -> Iterable[PersonRole]:
    return [PersonRole(word) for word in (words or "").split(" or ") if word]


def _open(
    desk: Desk, session: Session, incident: Incident, system: TicketSystem, row: Step, ticket: Ticket | None
) -> None:
    key = _opening_key(session, incident, row, ticket)
    delivery = new_delivery(incident, key, "ticket", system, system.place, _opening(desk, incident, row), desk.clock())
    delivery.step_key, delivery.next_try_at = row.key, desk.clock()  # by the watch too, where no run carries it
    if not queue(session, desk, incident, delivery):
        return
    session.flush()
    delivery = session.exec(select(Delivery).where(Delivery.key == key)).one()
    add_ticket(session, incident, row.key, delivery, system, of_task=True, known=ticket)


def _opening_key(session: Session, incident: Incident, row: Step, ticket: Ticket | None) -> str:
    """The same for a ticket that never came to be; a step that is wanted again after its ticket was closed gets another."""
    base = f"{incident.number}.ticket.{row.key.replace('/', '.').replace('[', '.').replace(']', '')}"
    before = session.get(Delivery, ticket.delivery_id) if ticket is not None else None
    if before is None or before.state in NEVER_OPENED:
        return before.key if before is not None else base
    opened = select(func.count(col(Delivery.id))).where(
        Delivery.incident_id == incident.id, Delivery.step_key == row.key, Delivery.purpose == "ticket"
    )
    return f"{base}.{session.exec(opened).one() + 1}"


def _opening(desk: Desk, incident: Incident, row: Step) -> dict[str, object]:
    text = [f"A step of the response to {incident.number}, for: {row.role}."]
    if row.due_at is not None:
        text.append(f"Due: {rfc3339(row.due_at)}")
    text.append("What is to be done, and its evidence, stand in Tocsin. Done here, it is proposed as done there.")
    return {
        "subject": f"{incident.number}: {row.title}",
        "what": f"ticket: {row.title}",
        "text": "\n".join(text),
        "about": {"act": "open", "step": row.key, "link": link_of(desk, incident, row.key)},
    }


def link_of(desk: Desk, incident: Incident, step: str) -> str:
    """The step's own place in the console."""
    return f"{desk.settings.console()}/incidents/{incident.number}/steps#step-{step}"


def add_ticket(
    session: Session,
    incident: Incident,
    step: str,
    delivery: Delivery,
    system: TicketSystem,
    *,
    of_task: bool,
    known: Ticket | None = None,
) -> None:
    """The row that ties a step to the delivery which opens its ticket."""
    row = known or Ticket(
        incident_id=identity(incident), step_key=step, delivery_id=identity(delivery), system="", of_task=of_task
    )
    row.delivery_id, row.system, row.of_task, row.zone = identity(delivery), system.name, of_task, incident.zone
    row.state, row.status, row.closed_by, row.closed_at, row.why = "open", None, None, None, None
    session.add(row)


def _end_of(row: Step) -> tuple[str, str]:
    """How a step ended, and in words for its ticket; a reason that somebody typed stays here."""
    if row.state == "done":
        return "done", f"Done in Tocsin by {row.done_by or 'tocsin'}."
    if row.state == "skipped":
        return "dropped", f"{'Refused' if row.outcome == 'refused' else 'Skipped'} in Tocsin by {row.done_by}."
    return "dropped", "Not needed any more, by the facts that Tocsin has."


def close_ticket(
    desk: Desk, session: Session, incident: Incident, ticket: Ticket, title: str, outcome: str, text: str
) -> None:
    """Queue the closing of a ticket that is open there; one that was never opened is let go, one in doubt is left for later."""
    if ticket.state in ("closed", "removed"):
        return
    opening = session.get_one(Delivery, ticket.delivery_id)
    if opening.state in ("sending", "uncertain"):
        return
    reference = session.exec(select(Receipt.reference).where(Receipt.delivery_id == opening.id)).first()
    system = desk.channels.tickets
    if ticket.state == "open" and reference is not None and system is not None and system.name == ticket.system:
        message = {
            "subject": f"{incident.number}: {reference}",
            "what": f"ticket {reference} closed: {title}",
            "text": text,
            "about": {"act": "close", "ticket": reference, "outcome": outcome},
        }
        closing = new_delivery(incident, f"{opening.key}.close", "ticket", system, reference, message, desk.clock())
        closing.next_try_at = desk.clock()
        queue(session, desk, incident, closing)
    ticket.state = "closed"
    session.add(ticket)


def close_tickets(desk: Desk, session: Session, incident: Incident) -> None:
    """Queue the closing of every ticket that is open still, since the incident is closed."""
    titles = {key: row.title for key, row in step_rows(session, incident).items()}
    for key, ticket in tickets_in(session, incident).items():
        words = f"{incident.number} was closed in Tocsin."
        close_ticket(desk, session, incident, ticket, titles.get(key, key), "done", words)
