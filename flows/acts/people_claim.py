"""Taking delivery rows in hand, batch by batch, so that any number of senders share them and none is left with the dead.

A row in hand bears its sender's name and a lease. What a sender that died had in hand is settled by its journal; without
one to be believed, all of it may have been taken, and is sent again under the same Message-ID.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import bindparam, func, update
from sqlmodel import Session, col, select

from flows.acts.people_plan import sending_of, waves_until
from flows.acts.people_texts import PersonText, signed_text
from flows.desk import Desk
from integrations.outcome import Outcome
from models.clock import system_clock
from models.incident import find, identity
from models.lease import is_dead
from models.ledger import record
from models.store import reading, writing
from models.tables import Incident, PeopleSending, PersonDelivery, SendingSlot
from people.journal import forget, told

LEASE = timedelta(seconds=150)  # longer than one exchange may take, with room for the renewals between
FIRST_DELAY, LONGEST_DELAY = timedelta(seconds=30), timedelta(hours=1)
MOST_TRIES = 30  # of a message that is put off again and again: more than a day

ROW = PersonDelivery.__table__  # type: ignore[attr-defined]  # SQLModel adds it
_WANTED = (
    "id",
    "key",
    "person",
    "seq",
    "notice_id",
    "notice_version",
    "channel",
    "attempts",
    "doubtful",
    "dated_at",
)
_WISH = "{} is held off"
Versions = dict[tuple[int, int], PersonText]


@dataclass(frozen=True)
class InHand:
    """One message that a sender has taken in hand."""

    id: int
    key: str
    person: str
    seq: int
    channel: str
    attempts: int
    dated_at: datetime
    text: PersonText


def may_go(session: Session, incident: Incident) -> str | None:
    """The furthest wave that may go now, or None while nothing may."""
    sending = sending_of(session, incident)
    if sending is None or sending.state != "running" or incident.state != "open" or incident.halted_at is not None:
        return None
    return sending.wave


def claim(desk: Desk, number: str, holder: str, channels: Sequence[str], most: int, known: Versions) -> list[InHand]:
    """Take up to `most` messages in hand, of the earliest wave first; none where nothing may go or nothing is left.

    A text that may not go any more, such as one whose facts changed, pauses the sending. `known` keeps texts already read.
    """
    with writing(desk.engine) as session:
        incident, now = find(session, number), desk.clock()
        wave = may_go(session, incident)
        if wave is None:
            return []
        _wake(session, incident, now)
        found = _next(
            session, incident, wave, [each for each in channels if not held_off(session, incident, each, now)], most
        )
        texts = _texts(desk, session, incident, found, known)
        if texts is None:
            return []
        taken = [_in_hand(row, texts, now) for row in found]
        _mark(session, holder, taken, now)
        return taken


def _texts(
    desk: Desk, session: Session, incident: Incident, found: Sequence["Found[Any]"], known: Versions
) -> dict[tuple[int, int | None], PersonText] | None:
    """The text of each message: that of the notice now, but of one that may have been taken the same as before."""
    texts: dict[tuple[int, int | None], PersonText] = {}
    for notice_id, version in {(row.notice_id, _version(row)) for row in found}:
        text, why = signed_text(session, incident, notice_id, version)
        if text is None:
            pause_because(desk, session, incident, f"notice {notice_id} may not go any more: {why}")
            return None
        texts[notice_id, version] = known.setdefault((notice_id, text.version), text)
    return texts


def _version(row: "Found[Any]") -> int | None:
    return row.notice_version if row.doubtful else None


def _in_hand(row: "Found[Any]", texts: dict[tuple[int, int | None], PersonText], now: datetime) -> InHand:
    return InHand(
        id=row.id,
        key=row.key,
        person=row.person,
        seq=row.seq,
        channel=row.channel,
        attempts=row.attempts + 1,
        dated_at=row.dated_at or now,
        text=texts[row.notice_id, _version(row)],
    )


def _mark(session: Session, holder: str, taken: Sequence[InHand], now: datetime) -> None:
    for text in {(each.text.notice_id, each.text.version): each.text for each in taken}.values():
        session.execute(
            update(ROW)
            .where(ROW.c.id.in_([each.id for each in taken if each.text is text]))
            .values(
                state="sending",
                holder=holder,
                lease_until=system_clock() + LEASE,
                attempts=ROW.c.attempts + 1,
                dated_at=func.coalesce(ROW.c.dated_at, now),
                notice_version=text.version,
                text_sha256=text.sha256,
            )
        )


def _wake(session: Session, incident: Incident, now: datetime) -> None:
    """What was put off waits again among the others once its time has come."""
    due = session.execute(
        select(ROW.c.id)
        .where(ROW.c.incident_id == incident.id, ROW.c.state.in_(("delayed", "uncertain")), ROW.c.next_try_at <= now)
        .with_for_update(skip_locked=True)
    )
    ids = list(due.scalars())
    if ids:
        session.execute(update(ROW).where(ROW.c.id.in_(ids)).values(state="pending", next_try_at=None))


def _next(
    session: Session, incident: Incident, wave: str, channels: Sequence[str], most: int
) -> Sequence["Found[Any]"]:
    wanted = [ROW.c[name] for name in _WANTED]
    for each in waves_until(wave):
        for channel in channels:
            rows = session.execute(
                select(*wanted)
                .where(
                    ROW.c.incident_id == incident.id,
                    ROW.c.state == "pending",
                    ROW.c.channel == channel,
                    ROW.c.wave == each,
                )
                .order_by(ROW.c.id)
                .limit(most)
                .with_for_update(skip_locked=True)
            ).all()
            if rows:
                return rows
    return []


def hold_off(session: Session, incident: Incident, channel: str, until: datetime) -> None:
    """Let nothing leave by a channel before the other side wants it."""
    slot = _wish(session, incident, channel) or SendingSlot(
        incident_id=identity(incident), name=_WISH.format(channel), free_at=until
    )
    slot.free_at = max(slot.free_at, until)
    session.add(slot)


def held_off(session: Session, incident: Incident, channel: str, now: datetime) -> bool:
    """Whether the other side asked to wait."""
    slot = _wish(session, incident, channel)
    return slot is not None and slot.free_at > now


def _wish(session: Session, incident: Incident, channel: str) -> SendingSlot | None:
    return session.exec(
        select(SendingSlot).where(SendingSlot.incident_id == incident.id, SendingSlot.name == _WISH.format(channel))
    ).first()


def pause_because(desk: Desk, session: Session, incident: Incident, why: str) -> None:
    """Let nothing more leave until a person has looked at it."""
    sending = sending_of(session, incident, lock=True)
    if sending is None or sending.state != "running":
        return
    set_state(desk, session, incident, sending, "paused", "tocsin", why)


def set_state(
    desk: Desk, session: Session, incident: Incident, sending: PeopleSending, state: str, by: str, why: str | None
) -> None:
    """Pause, resume or stop; senders look at it once a second."""
    sending.state, sending.why, sending.changed_at, sending.changed_by = state, why, desk.clock(), by
    session.add(sending)
    payload = {"state": state, "wave": sending.wave} | ({"why": why} if why else {})
    record(session, incident, "people.sending_state", payload, actor=by, at=desk.clock(), zone=incident.zone)


def keep(desk: Desk, number: str, holder: str, settled: Iterable["Settled"], *, renew: bool = True) -> bool:
    """Write down what became of messages and `renew` the lease on the others; whether sending may go on."""
    with writing(desk.engine) as session:
        settle_in_hand(session, holder, settled)
        if renew:
            session.execute(update(ROW).where(ROW.c.holder == holder).values(lease_until=system_clock() + LEASE))
        return may_go(session, find(session, number)) is not None


@dataclass(frozen=True)
class Settled:
    """What became of one message in hand, and when."""

    row: InHand
    outcome: Outcome
    at: datetime


def settle_in_hand(session: Session, holder: str, settled: Iterable[Settled]) -> None:
    """Write down what became of messages; those that another sender has taken over meanwhile are left to it.

    Those that were sent and answered alike are one statement, and were sent when the last of them was: at most a second late.
    """
    sent: defaultdict[str, list[Settled]] = defaultdict(list)
    others = []
    for each in settled:
        if each.outcome.state == "sent":
            sent[each.outcome.answer].append(each)
        else:
            others.append(each)
    for answer, alike in sorted(sent.items()):
        session.execute(
            update(ROW)
            .where(ROW.c.id.in_([each.row.id for each in alike]), ROW.c.holder == holder)
            .values(
                state="sent", answer=answer, sent_at=max(each.at for each in alike), next_try_at=None, holder=None,
                lease_until=None,
            )
        )  # fmt: skip
    if others:
        _settle_each(session, holder, others)


def _settle_each(session: Session, holder: str, settled: Iterable[Settled]) -> None:
    values = [_values(each) | {"row": each.row.id, "by": holder} for each in settled]
    new: dict[str, Any] = {name: bindparam(name) for name in ("state", "answer", "next_try_at")}
    statement = (
        update(ROW)
        .where(ROW.c.id == bindparam("row"), ROW.c.holder == bindparam("by"))
        .values(new | {"holder": None, "lease_until": None, "doubtful": ROW.c.doubtful + bindparam("doubt")})
    )
    session.connection().execute(statement, values)


def _values(settled: Settled) -> dict[str, Any]:
    outcome, attempts = settled.outcome, settled.row.attempts
    state = "refused" if outcome.state == "delayed" and attempts >= MOST_TRIES else outcome.state
    waits = state in ("delayed", "uncertain")
    return {
        "state": state,
        "answer": outcome.answer,
        "next_try_at": settled.at + (outcome.retry_after or delay(attempts)) if waits else None,
        "doubt": int(state == "uncertain"),
    }


def delay(attempts: int) -> timedelta:
    """Twice as long after each try, up to an hour, give or take a fifth so that many do not come at once."""
    longest: timedelta = min(FIRST_DELAY * float(2 ** min(max(attempts - 1, 0), 10)), LONGEST_DELAY)
    return longest * random.uniform(0.8, 1.2)


def put_back(desk: Desk, holder: str, settled: Iterable[Settled], untouched: Iterable[InHand]) -> None:
    """Write down what became of messages; those that were not begun wait again, as if nobody had taken them in hand."""
    with writing(desk.engine) as session:
        settle_in_hand(session, holder, settled)
        ids = [row.id for row in untouched]
        if ids:
            session.execute(
                update(ROW)
                .where(ROW.c.id.in_(ids), ROW.c.holder == holder)
                .values(state="pending", holder=None, lease_until=None, attempts=ROW.c.attempts - 1)
            )


def recover(desk: Desk, number: str, folder: Path) -> int:
    """Settle what senders that are no more had in hand; gives how many messages may have been taken."""
    return sum(_recovered(desk, number, folder, holder) for holder in _gone(desk, number))


def _gone(desk: Desk, number: str) -> list[str]:
    with reading(desk.engine) as session:
        rows = session.execute(
            select(ROW.c.holder, func.max(ROW.c.lease_until))
            .where(ROW.c.incident_id == identity(find(session, number)), ROW.c.state == "sending")
            .group_by(ROW.c.holder)
        ).all()
    now = system_clock()
    return [holder for holder, until in rows if until < now or is_dead(holder)]


def _recovered(desk: Desk, number: str, folder: Path, holder: str) -> int:
    with writing(desk.engine) as session:
        incident, now = find(session, number), desk.clock()
        rows = session.exec(
            select(PersonDelivery)
            .where(
                PersonDelivery.incident_id == incident.id,
                PersonDelivery.holder == holder,
                PersonDelivery.state == "sending",
            )
            .order_by(col(PersonDelivery.id))
            .with_for_update()
        ).all()
        said = told(folder, holder)
        for row in rows:
            if said is not None and identity(row) in said.settled:
                row.state, row.answer = said.settled[identity(row)]
                row.sent_at = now if row.state == "sent" else None
            elif row.channel == "post" or (said is not None and identity(row) not in said.begun):
                row.state, row.attempts = "pending", row.attempts - 1
            else:
                row.state, row.answer = "uncertain", "its sender ended in the act"
            row.doubtful += int(row.state == "uncertain")
            row.next_try_at = now if row.state in ("uncertain", "delayed") else None
            row.holder = row.lease_until = None
            session.add(row)
    forget(folder, holder)
    return sum(row.state == "uncertain" for row in rows)


def goes_on(desk: Desk, number: str) -> bool:
    """Whether sending may go on."""
    with reading(desk.engine) as session:
        return may_go(session, find(session, number)) is not None
