"""Taking in what came back: delivered, bounced, complained; whoever bounced for good goes to their next channel."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from sqlmodel import Session, col, select

from flows.acts.people import key_file, roster_folder
from flows.acts.people_follow import follow_failures
from flows.acts.team import roles_of
from flows.desk import Desk
from integrations.returned_mail import Returned, returned_in
from models.incident import find
from models.ledger import record
from models.store import reading, writing
from models.tables import Incident, PersonDelivery
from people.roster import open_roster

BATCH = 500
WENT = ("sent", "delivered", "uncertain", "sending", "delayed", "pending")


@dataclass
class TakenIn:
    """What came back: by what it says, how many fit no message of ours, and how many people have a next channel."""

    said: Counter[str] = field(default_factory=Counter)
    not_ours: int = 0
    moved_on: int = 0
    replies: list[tuple[str, str]] = field(default_factory=list)  # person, key


def take_in(desk: Desk, number: str, files: Sequence[Path], *, by: str) -> TakenIn:
    """Read what came back and move on whoever bounced; the same file again changes nothing."""
    with reading(desk.engine) as session:
        find(session, number)
        roles_of(session, by)
    taken = TakenIn()
    found = (each for file in files for each in returned_in(file))
    while batch := list(islice(found, BATCH)):
        _kept(desk, number, batch, taken)
    with open_roster(roster_folder(desk.settings, number), key_file(desk.settings, number), read_only=True) as roster:
        taken.moved_on = follow_failures(desk, number, roster)
    with writing(desk.engine) as session:
        incident = find(session, number)
        payload = {"said": dict(taken.said), "not_ours": taken.not_ours, "moved_on": taken.moved_on}
        record(session, incident, "people.returned", payload, actor=by, at=desk.clock(), zone=incident.zone)
    return taken


def _kept(desk: Desk, number: str, batch: Iterable[Returned], taken: TakenIn) -> None:
    with writing(desk.engine) as session:
        incident = find(session, number)
        for returned in batch:
            row = _row(session, incident, returned.keys)
            if row is None:
                taken.not_ours += 1
                continue
            taken.said[returned.said] += 1
            if returned.said == "replied":
                taken.replies.append((row.person, row.key))
            _applied(desk, row, returned)
            session.add(row)


def _row(session: Session, incident: Incident, keys: Sequence[str]) -> PersonDelivery | None:
    if not keys:
        return None
    return session.exec(
        select(PersonDelivery)
        .where(PersonDelivery.incident_id == incident.id, col(PersonDelivery.key).in_(keys))
        .with_for_update()
    ).first()


def _applied(desk: Desk, row: PersonDelivery, returned: Returned) -> None:
    """A bounce for good counts whatever we believed before; a delivery report ends a doubt."""
    if returned.said == "bounced" and row.state in WENT:
        row.state, row.returned_at, row.answer = "bounced", desk.clock(), returned.status or "bounced"
        row.sent_at = row.sent_at or desk.clock()
        row.holder = row.lease_until = row.next_try_at = None
    elif returned.said == "delivered" and row.state in ("sent", "uncertain"):
        row.state, row.returned_at = "delivered", desk.clock()
        row.sent_at, row.next_try_at = row.sent_at or desk.clock(), None
    elif returned.said == "complained":
        row.returned_at, row.answer = desk.clock(), "complained of"
