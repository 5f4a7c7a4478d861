"""Releasing everything that is ready: who asked for it, what left in which order, and what keeps the rest."""

from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from flows.acts.draft import title
from flows.acts.read_notice import waits_for
from flows.acts.team import roles_of
from flows.desk import Desk
from models.incident import find, identity, refuse_halted
from models.ledger import record
from models.store import reading, writing
from models.tables import Delivery, Incident, Notice, Receipt

FLOWS = ("notify_authorities", "notify_people", "brief_press")  # in the order in which they are told


@dataclass(frozen=True)
class Left:
    """A text that left, by which way and under which reference."""

    notice: int
    what: str
    channel: str
    reference: str


@dataclass(frozen=True)
class Kept:
    """A text that did not leave, and why."""

    notice: int
    what: str
    why: str


@dataclass(frozen=True)
class Released:
    """What one release sent, in the order in which it left, and what is kept."""

    left: tuple[Left, ...]
    kept: tuple[Kept, ...]


def ask_for_release(desk: Desk, number: str, *, by: str) -> int:
    """Put on the ledger who releases everything that is ready; gives the mark from which `released` counts."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        refuse_halted(incident)
        roles_of(session, by)
        kept = _kept(desk, session, incident)
        ready = [identity(row) for row in _unsent(session, incident) if row.id not in {one.notice for one in kept}]
        payload = {"ready": ready, "kept": [{"notice": one.notice, "why": one.why} for one in kept]}
        record(session, incident, "notices.released", payload, actor=by, at=desk.clock(), zone=incident.zone)
        return session.exec(select(func.max(Receipt.id))).one() or 0


def released(desk: Desk, number: str, mark: int) -> Released:
    """What was sent since the mark, and what did not leave."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        rows = session.exec(
            select(Notice, Delivery, Receipt)
            .join(Delivery, col(Delivery.notice_id) == col(Notice.id))
            .join(Receipt, col(Receipt.delivery_id) == col(Delivery.id))
            .where(Notice.incident_id == incident.id, col(Receipt.id) > mark)
            .order_by(col(Receipt.id))
        ).all()
        left = tuple(
            Left(identity(notice), title(notice), delivery.channel, receipt.reference)
            for notice, delivery, receipt in rows
        )
        return Released(left, tuple(_kept(desk, session, incident)))


def _unsent(session: Session, incident: Incident) -> list[Notice]:
    query = select(Notice).where(Notice.incident_id == incident.id, col(Notice.state).in_(("draft", "approved")))
    return list(session.exec(query.order_by(col(Notice.id))))


def _kept(desk: Desk, session: Session, incident: Incident) -> list[Kept]:
    found = ((row, waits_for(session, incident, row, desk.clock())) for row in _unsent(session, incident))
    return [Kept(identity(row), title(row), why) for row, why in found if why is not None]
