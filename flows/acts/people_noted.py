"""What is known of an incident's people without opening the roster: what the ledger noted, and what came back, by reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from flows.desk import Desk
from models.incident import find
from models.store import reading
from models.tables import Incident, LedgerEntry, PersonDelivery

NOT_DELIVERED = ("bounced", "refused")
MOST_REASONS = 20
CHANGES_ROSTER = ("people.loaded", "people.merge_undone")


@dataclass(frozen=True)
class Noted:
    """One entry of the ledger about the roster: counts, never a name."""

    at: datetime
    zone: str
    by: str
    counts: dict[str, Any]


@dataclass(frozen=True)
class RosterNoted:
    """How the roster was loaded and assigned last; `is_stale` where people came or went after that assignment."""

    loaded: Noted | None
    assigned: Noted | None
    is_stale: bool
    is_forgotten: bool


@dataclass(frozen=True)
class Undelivered:
    """Messages that did not arrive by one channel, for one reason."""

    channel: str
    state: str
    answer: str
    messages: int


def roster_noted(desk: Desk, number: str) -> RosterNoted:
    """What the ledger says of the incident's roster."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        loaded, assigned = (_last(session, incident, kind) for kind in ("people.loaded", "people.cohorts"))
        changed = max(_seq(_last(session, incident, kind)) for kind in CHANGES_ROSTER)
        forgotten = _seq(_last(session, incident, "people.forgotten"))
        return RosterNoted(_noted(loaded), _noted(assigned), changed > _seq(assigned) > 0, forgotten > max(changed, 0))


def undelivered(desk: Desk, number: str) -> list[Undelivered]:
    """What did not arrive, the most frequent reason first; the reasons are codes and our own words."""
    with reading(desk.engine) as session:
        count = func.count(col(PersonDelivery.id))
        rows = session.exec(
            select(PersonDelivery.channel, PersonDelivery.state, PersonDelivery.answer, count)
            .where(
                PersonDelivery.incident_id == find(session, number).id,
                col(PersonDelivery.state).in_(NOT_DELIVERED),
                PersonDelivery.seq > 0,
            )
            .group_by(col(PersonDelivery.channel), col(PersonDelivery.state), col(PersonDelivery.answer))
            .order_by(count.desc())
            .limit(MOST_REASONS)
        ).all()
        return [Undelivered(channel, state, answer or "", messages) for channel, state, answer, messages in rows]


def _last(session: Session, incident: Incident, kind: str) -> LedgerEntry | None:
    return session.exec(
        select(LedgerEntry)
        .where(LedgerEntry.incident_id == incident.id, LedgerEntry.kind == kind)
        .order_by(col(LedgerEntry.seq).desc())
        .limit(1)
    ).first()


def _seq(entry: LedgerEntry | None) -> int:
    return 0 if entry is None else entry.seq


def _noted(entry: LedgerEntry | None) -> Noted | None:
    return None if entry is None else Noted(entry.at, entry.zone, entry.actor, entry.payload)
