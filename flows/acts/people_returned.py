"""Taking in what came back: delivered, bounced, complained; whoever bounced for good goes to their next channel."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import update
from sqlmodel import Session, col, func, select

from flows.acts.people import key_file, roster_folder
from flows.acts.people_claim import ROW
from flows.acts.people_follow import follow_failures
from flows.acts.people_replies import take_reply
from flows.acts.team import roles_of
from flows.desk import Desk
from integrations.maildir import Mail
from integrations.relays.relay import Relay, events_in, known_relays
from integrations.returned_mail import Returned, read_returned, returned_in
from models.errors import NotAllowedError
from models.incident import find
from models.ledger import record
from models.store import reading, writing
from models.tables import Incident, LedgerEntry, PersonDelivery
from people.roster import open_roster

BATCH = 500
NOTED_EVERY = timedelta(hours=1)  # on the ledger, of what relays tell: the rows themselves know it at once
WENT = ("sent", "delivered", "uncertain", "sending", "delayed", "pending")
CAME_BACK = ("delivered", "bounced")


@dataclass
class TakenIn:
    """What came back: by what it says, how many fit no message of ours, and how many people have a next channel."""

    said: Counter[str] = field(default_factory=Counter)
    not_ours: int = 0
    moved_on: int = 0
    replies: list[tuple[str, str]] = field(default_factory=list)  # person, key
    cases: int = 0  # that replies opened


def take_in(desk: Desk, number: str, files: Sequence[Path], *, by: str, relay: Relay | None = None) -> TakenIn:
    """Read what came back and move on whoever bounced; the same file again changes nothing.

    JSON Lines are the events of a `relay`, by default of an endpoint of one's own; every other file holds mails.
    """
    with reading(desk.engine) as session:
        find(session, number)
        roles_of(session, by)
    taken = TakenIn()
    found = (each for file in files for each in _found_in(file, relay or known_relays()["tocsin"]))
    while batch := list(islice(found, BATCH)):
        _kept(desk, number, batch, taken, by)
    with open_roster(roster_folder(desk.settings, number), key_file(desk.settings, number), read_only=True) as roster:
        taken.moved_on = follow_failures(desk, number, roster)
    with writing(desk.engine) as session:
        incident = find(session, number)
        payload = {"said": dict(taken.said), "not_ours": taken.not_ours, "moved_on": taken.moved_on}
        record(session, incident, "people.returned", payload, actor=by, at=desk.clock(), zone=incident.zone)
    return taken


def _found_in(file: Path, relay: Relay) -> Iterator[Returned]:
    if file.is_file() and file.suffix in (".jsonl", ".ndjson"):
        return events_in(relay, file)
    return returned_in(file)


def take_events(desk: Desk, events: Sequence[Returned]) -> list[str]:
    """Keep what a relay tells, of whichever incidents; gives what each said, or `not_ours`.

    The same again changes nothing. Whoever bounced is moved on by the next share of the sending, which `serve` starts.
    """
    said: list[str] = []
    for start in range(0, len(events), BATCH):
        with writing(desk.engine) as session:
            batch = events[start : start + BATCH]
            rows = _rows(session, batch)
            for event in batch:
                row = next((rows[key] for key in event.keys if key in rows), None)
                if row is not None:
                    _applied(session, row, event, desk.clock())
                said.append(event.said if row is not None else "not_ours")
            _note(session, {row.incident_id for row in rows.values()}, desk.clock())
    return said


def take_mails(desk: Desk, mails: Sequence[Mail]) -> list[str]:
    """Keep what the mails of a mailbox say, of whichever incidents; gives what became of each.

    That is what it said, `case` or `added` or `known` for a reply, `not_ours` for one that is about no mail to people, and
    `no_key` for a reply whose words cannot be kept any more.
    """
    became: list[str] = []
    for start in range(0, len(mails), BATCH):
        with writing(desk.engine) as session:
            batch = [(mail, read_returned(mail.content)) for mail in mails[start : start + BATCH]]
            rows = _rows(session, [returned for _, returned in batch])
            for mail, returned in batch:
                row = next((rows[key] for key in returned.keys if key in rows), None)
                became.append(_of_mail(desk, session, row, returned, mail.came_at))
            _note(session, {row.incident_id for row in rows.values()}, desk.clock())
    return became


def _of_mail(desk: Desk, session: Session, row: PersonDelivery | None, returned: Returned, came_at: datetime) -> str:
    if row is None or (returned.reply is not None and row.seq <= 0):  # what reviewers answer is for whoever sent
        return "not_ours"
    if returned.reply is None:
        _applied(session, row, returned, desk.clock())
        return returned.said
    try:
        return take_reply(desk, session, row, returned.reply, came_at, by="tocsin")
    except NotAllowedError:
        return "no_key"


def _rows(session: Session, batch: Iterable[Returned], incident: Incident | None = None) -> dict[str, PersonDelivery]:
    """The rows that a batch is about, by key, locked in their order, as everybody locks them."""
    keys = {key for returned in batch for key in returned.keys}
    query = select(PersonDelivery).where(col(PersonDelivery.key).in_(keys)).order_by(col(PersonDelivery.id))
    if incident is not None:
        query = query.where(PersonDelivery.incident_id == incident.id)
    return {row.key: row for row in session.exec(query.with_for_update())} if keys else {}


def _kept(desk: Desk, number: str, batch: Sequence[Returned], taken: TakenIn, by: str) -> None:
    with writing(desk.engine) as session:
        rows = _rows(session, batch, find(session, number))
        for returned in batch:
            row = next((rows[key] for key in returned.keys if key in rows), None)
            if row is None:
                taken.not_ours += 1
                continue
            taken.said[returned.said] += 1
            if returned.reply is not None and row.seq > 0:
                taken.replies.append((row.person, row.key))
                taken.cases += take_reply(desk, session, row, returned.reply, desk.clock(), by=by) == "case"
            _applied(session, row, returned, desk.clock())


def _applied(session: Session, row: PersonDelivery, returned: Returned, now: datetime) -> None:
    """A bounce for good counts whatever we believed before; a delivery report ends a doubt."""
    if returned.said == "bounced" and row.state in WENT:
        row.state, row.returned_at, row.answer = "bounced", now, returned.status or "bounced"
        row.sent_at = row.sent_at or now
        row.holder = row.lease_until = row.next_try_at = None
    elif returned.said == "delivered" and row.state in ("sent", "sending", "uncertain"):
        row.state, row.returned_at = "delivered", now
        row.sent_at = row.sent_at or now
        row.holder = row.lease_until = row.next_try_at = None
    elif returned.said == "complained" and row.answer != "complained of":
        row.returned_at, row.answer = now, "complained of"
    elif returned.said == "opted_out" and row.answer != "opted out":
        row.returned_at, row.answer = now, "opted out"
        _spared(session, row)
    session.add(row)


def _spared(session: Session, row: PersonDelivery) -> None:
    """Whoever wants no mail gets what else is due to them by their next channel."""
    session.execute(
        update(ROW)
        .where(
            ROW.c.incident_id == row.incident_id,
            ROW.c.person == row.person,
            ROW.c.channel == row.channel,
            ROW.c.state.in_(("pending", "delayed")),
        )
        .values(state="refused", answer="opted out", next_try_at=None)
    )


def _note(session: Session, incidents: Iterable[int], now: datetime) -> None:
    """Put on the ledger how many messages came back in all, at most once an hour for each incident."""
    for incident_id in sorted(incidents):
        before = session.exec(
            select(func.max(LedgerEntry.at)).where(
                LedgerEntry.incident_id == incident_id, LedgerEntry.kind == "people.returned"
            )
        ).one()
        if before is not None and now - before < NOTED_EVERY:
            continue
        session.flush()
        counts = session.exec(
            select(PersonDelivery.state, func.count(col(PersonDelivery.id)))
            .where(PersonDelivery.incident_id == incident_id, col(PersonDelivery.state).in_(CAME_BACK))
            .group_by(PersonDelivery.state)
        ).all()
        incident = session.get_one(Incident, incident_id)
        payload = {"said": dict(counts), "in_all": True}
        record(session, incident, "people.returned", payload, actor="tocsin", at=now, zone=incident.zone)
