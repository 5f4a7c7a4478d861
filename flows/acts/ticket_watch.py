"""What became of tickets: the ticket system is asked once a minute about those that changed, and at once when it says so.

What it sends is never taken as said: the ticket is read back under our own account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from flows.acts.evidence import preserve_bytes
from flows.acts.membership import is_visible
from flows.acts.tickets import OVER, settle_tickets
from flows.acts.work import finish_step
from flows.desk import Desk
from integrations.json_api import NotThereError
from integrations.ticket import TicketNow, TicketSystem
from models.errors import BadInputError, DeliveryError, NotAllowedError, TemporaryDeliveryError
from models.incident import identity
from models.ledger import canonical, record
from models.store import reading, writing
from models.tables import Delivery, Incident, Person, Receipt, Step, Ticket, TicketWatch

EVERY = timedelta(minutes=1)
EVERY_ONE_EVERY = timedelta(hours=1)  # then those that were removed are found too
OVERLAP = timedelta(minutes=2)  # of what is asked about, for clocks that differ and searches that lag
AFTER_FAILURE = timedelta(minutes=5)
WATCHED = ("open", "done", "dropped")


@dataclass(frozen=True)
class _Known:
    """A ticket of ours that the ticket system is asked about."""

    id: int
    number: str
    step_key: str
    reference: str
    mark: str


@dataclass(frozen=True)
class _Turn:
    """One question: about all of `known`, or about those that changed in the last `within`."""

    known: Sequence[_Known]
    within: timedelta | None


def watch_tickets(desk: Desk) -> list[str]:
    """Ask what became of our tickets, where it is time to; gives the incidents in which something changed."""
    system = desk.channels.tickets
    turn = _turn(desk, system) if system is not None else None
    if system is None or turn is None:
        return []
    try:
        found = system.changed(turn.within)
        by_mark = {mark: now for now in found for mark in now.marks}
        changed = [
            one.number for one in turn.known if one.mark in by_mark and _took(desk, system, one, by_mark[one.mark])
        ]
        if turn.within is None:
            changed += [one.number for one in turn.known if one.mark not in by_mark and _looked_at(desk, system, one)]
    except DeliveryError as error:
        _failed(desk, system, error)
        return []
    _asked(desk, system, everything=turn.within is None)
    return sorted({*changed, *_settled(desk, turn.known)})


def ticket_told(desk: Desk, reference: str) -> str | None:
    """Look at one ticket of which its system says that it changed; gives the incident's number where something did.

    Raises `TemporaryDeliveryError`, or another `DeliveryError`, where it cannot be read back.
    """
    system = desk.channels.tickets
    if system is None:
        return None
    with reading(desk.engine) as session:
        known = next((one for one in _known(session, system) if one.reference == reference), None)
    return known.number if known is not None and _looked_at(desk, system, known) else None


def _turn(desk: Desk, system: TicketSystem) -> _Turn | None:
    """Whose turn it is to ask, taken so that of two watchers one does; None where nothing is open or it is too early."""
    now = desk.clock()
    with reading(desk.engine) as session:
        state, known = session.get(TicketWatch, system.name), _known(session, system)
    if not known or (state is not None and state.next_at is not None and now < state.next_at <= now + EVERY_ONE_EVERY):
        return None
    with writing(desk.engine) as session:
        query = select(TicketWatch).where(TicketWatch.system == system.name).with_for_update()
        row = session.exec(query).first() or TicketWatch(system=system.name)
        if state is not None and row.next_at != state.next_at:
            return None
        row.next_at = now + EVERY
        session.add(row)
        whole = row.asked_at is None or row.asked_all_at is None or now - row.asked_all_at >= EVERY_ONE_EVERY
        return _Turn(known, None if whole or row.asked_at is None else max(now - row.asked_at, EVERY) + OVERLAP)


def _known(session: Session, system: TicketSystem) -> list[_Known]:
    rows = session.exec(
        select(Ticket, Incident.number, Receipt.reference, Delivery.key)
        .join(Incident, col(Incident.id) == col(Ticket.incident_id))
        .join(Delivery, col(Delivery.id) == col(Ticket.delivery_id))
        .join(Receipt, col(Receipt.delivery_id) == col(Ticket.delivery_id))
        .where(col(Ticket.state).in_(WATCHED), Ticket.system == system.name, Incident.state == "open")
        .order_by(col(Ticket.id))
    ).all()
    return [
        _Known(identity(row), number, row.step_key, reference, system.mark(key)) for row, number, reference, key in rows
    ]


def _failed(desk: Desk, system: TicketSystem, error: DeliveryError) -> None:
    wish = error.retry_after if isinstance(error, TemporaryDeliveryError) else None
    with writing(desk.engine) as session:
        row = session.get_one(TicketWatch, system.name)
        row.last_error, row.next_at = str(error), desk.clock() + max(wish or AFTER_FAILURE, EVERY)
        session.add(row)


def _asked(desk: Desk, system: TicketSystem, *, everything: bool) -> None:
    now = desk.clock()
    with writing(desk.engine) as session:
        row = session.get_one(TicketWatch, system.name)
        row.asked_at, row.last_error = now, None
        row.asked_all_at = now if everything else row.asked_all_at
        session.add(row)


def _settled(desk: Desk, known: Sequence[_Known]) -> list[str]:
    """Close the tickets whose steps were over before it was known whether they had been opened."""
    with reading(desk.engine) as session:
        left = session.exec(
            select(Incident.number)
            .join(Ticket, col(Ticket.incident_id) == col(Incident.id))
            .join(Step, (col(Step.incident_id) == col(Ticket.incident_id)) & (col(Step.key) == col(Ticket.step_key)))
            .where(
                col(Ticket.id).in_([one.id for one in known]),
                col(Ticket.of_task).is_(True),
                col(Ticket.state).in_(WATCHED),
                col(Step.state).in_(OVER),
            )
            .distinct()
        ).all()
    for number in left:
        with writing(desk.engine) as session:
            incident = session.exec(select(Incident).where(Incident.number == number).with_for_update()).one()
            settle_tickets(desk, session, incident)
    return list(left)


def _looked_at(desk: Desk, system: TicketSystem, known: _Known) -> bool:
    try:
        return _took(desk, system, known, system.look(known.reference))
    except NotThereError:
        return _became(desk, system, known, "removed", None)


def _took(desk: Desk, system: TicketSystem, known: _Known, now: TicketNow) -> bool:
    """Keep how a ticket stands; where it was done there, its step is done too if whoever did it may say so."""
    with reading(desk.engine) as session:
        row = session.get_one(Ticket, known.id)
        if (row.state, row.status) == (now.progress, now.status) or row.state not in WATCHED:
            return False
        news = row.state != now.progress
    if news and now.progress != "open":
        now = system.look(now.reference)  # who closed it is known only of one
    if not _became(desk, system, known, now.progress, now):
        return False
    if now.progress == "done":
        _do_step(desk, system, known, now)
    return True


def _became(desk: Desk, system: TicketSystem, known: _Known, state: str, now: TicketNow | None) -> bool:
    """Write down a new state; tells whether it was news for people."""
    with writing(desk.engine) as session:
        row = session.get_one(Ticket, known.id, with_for_update=True)
        before, row.state = row.state, state
        row.status, row.closed_by = (now.status, now.closed_by) if now is not None else (row.status, None)
        row.closed_at, row.why = (now.closed_at if now is not None else None), None
        session.add(row)
        if before == state or before not in WATCHED:
            return False
        incident = session.get_one(Incident, row.incident_id, with_for_update=True)
        step = session.exec(select(Step).where(Step.incident_id == incident.id, Step.key == row.step_key)).first()
        payload = {
            "step": row.step_key,
            "title": step.title if step is not None else row.step_key,
            "ticket": known.reference,
            "system": system.title,
            "status": row.status,
            "closed_by": row.closed_by,
        }
        kind = "ticket.reopened" if state == "open" else f"ticket.{state}"
        record(session, incident, kind, payload, actor="watch", at=desk.clock(), zone=incident.zone)
        incident.wake_at = desk.clock()  # a step may wait for it
        session.add(incident)
        return True


def _do_step(desk: Desk, system: TicketSystem, known: _Known, now: TicketNow) -> None:
    """Finish the step in the name of whoever closed its ticket, where they are of the team and may; else say why not."""
    with reading(desk.engine) as session:
        row = session.get_one(Ticket, known.id)
        person = _person(session, row, now)
    if not row.of_task:
        return
    who = now.closed_by or "somebody"
    why = None if person else f"no member who sees the incident has the e-mail address of {who} in {system.title}"
    if person is not None:
        try:
            finish_step(desk, known.number, known.step_key, by=person, note=f"{known.reference}: {now.status}")
            _keep(desk, system, known, now, person)
        except (NotAllowedError, BadInputError) as error:
            why = str(error)
    with writing(desk.engine) as session:
        row = session.get_one(Ticket, known.id)
        row.why = why
        session.add(row)


def _person(session: Session, row: Ticket, now: TicketNow) -> str | None:
    """The one active member with that address who may know of the incident."""
    if not now.closed_by_email:
        return None
    people = session.exec(
        select(Person).where(func.lower(Person.email) == now.closed_by_email.lower(), col(Person.active).is_(True))
    ).all()
    incident = session.get_one(Incident, row.incident_id)
    allowed = [one for one in people if is_visible(session, incident, identity(one))]
    return allowed[0].name if len(allowed) == 1 else None


def _keep(desk: Desk, system: TicketSystem, known: _Known, now: TicketNow, person: str) -> None:
    """The ticket as it was read, as evidence of the step; after the step, so that it stands in for none that is asked for."""
    said = {
        "ticket": known.reference,
        "link": system.link(known.reference),
        "status": now.status,
        "closed_by": now.closed_by,
        "closed_at": now.closed_at.isoformat() if isinstance(now.closed_at, datetime) else None,
    }
    preserve_bytes(desk, known.number, known.step_key, f"{known.reference}.json", canonical(said), by=person)
