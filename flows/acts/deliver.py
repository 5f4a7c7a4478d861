"""Sending: a row first, then the act, then the receipt, so that a death at any instant is seen and settled by the next run."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, and_, col, or_, select

from flows.acts.paper import as_pdf, put_on_paper
from flows.acts.playbook import not_called_for
from flows.acts.sign import unfit
from flows.acts.team import roles_of
from flows.acts.way import way_of
from flows.desk import Desk
from integrations.channel import Channel
from models.errors import (
    BadInputError,
    NotAllowedError,
    OvertakenError,
    RefusedDeliveryError,
    TemporaryDeliveryError,
    UncertainDeliveryError,
    UnknownNameError,
)
from models.incident import find, identity
from models.ledger import record
from models.message import Attachment, Message, Taken
from models.store import reading, writing
from models.tables import Delivery, Incident, Notice, Receipt

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=15)
BY_HAND = ("notice", "step")  # what somebody else is to be told; alerts and announcements are for the team itself
PRESUMED_ALIVE = timedelta(minutes=2)  # longer than any channel waits for its answer


@dataclass(frozen=True)
class Attempt:
    """What became of one delivery just now."""

    key: str
    what: str
    channel: str
    state: str
    detail: str


def queue(session: Session, desk: Desk, incident: Incident, delivery: Delivery) -> bool:
    """Write the row that must stand before the act; the same key again changes nothing and gives False.

    One that was withdrawn is put back in the queue: the same words are wanted after all.
    """
    known = session.exec(select(Delivery).where(Delivery.key == delivery.key)).first()
    if known is not None and known.state != "withdrawn":
        return False
    if known is not None:
        known.state, known.last_error, known.next_try_at = "pending", None, None
    delivery = known or delivery
    session.add(delivery)
    _note(session, desk, incident, "delivery.queued", delivery)
    return True


def new_delivery(
    incident: Incident, key: str, purpose: str, channel: Channel, to: str, message: Mapping[str, Any], now: datetime
) -> Delivery:
    """A row for one message by one channel; `message` holds subject, text, and what else the channel shows."""
    return Delivery(
        key=key,
        incident_id=identity(incident),
        purpose=purpose,
        channel=channel.name,
        recipient=to,
        subject=str(message["subject"]),
        body=dict(message),
        created_at=now,
        zone=incident.zone,
    )


def falls_to_a_person(incident: Incident, channel: str, purpose: str) -> bool:
    """Whether what goes this way is only put down for a person to carry, since no way out is set for it.

    In a rehearsal the outbox is where everything goes, so that there it counts as sent.
    """
    return channel == "outbox" and purpose in BY_HAND and not incident.rehearsal


def waiting(desk: Desk, number: str, purpose: str | None = None) -> list[str]:
    """The keys of the deliveries that may be tried now, oldest first."""
    with reading(desk.engine) as session:
        query = select(Delivery.key).where(
            Delivery.incident_id == find(session, number).id,
            may_be_tried(desk.clock()),
        )
        if purpose:
            query = query.where(Delivery.purpose == purpose)
        return list(session.exec(query.order_by(col(Delivery.id))))


def may_be_tried(now: datetime) -> ColumnElement[bool]:
    """Which rows' time has come; one that is being sent is left to whoever sends it for as long as that may live.

    A process dies in real time, also in a rehearsal, so that this part goes by the machine's clock.
    """
    due, real = col(Delivery.next_try_at), datetime.now(UTC)
    # A last try that lies ahead, or a wait longer than any: the clock was set back, and nothing waits that hour again.
    set_back = col(Delivery.tried_at) > now
    return or_(
        and_(col(Delivery.state).in_(("pending", "uncertain")), or_(due.is_(None), due <= now, set_back)),
        and_(Delivery.state == "sending", or_(due.is_(None), due <= real, due > real + 2 * PRESUMED_ALIVE)),
    )


def attempt(desk: Desk, number: str, key: str) -> Attempt:
    """Try one delivery once and keep what came of it; a failure is kept too and raises nothing."""
    try:
        channel = _channel(desk, key)
    except BadInputError as error:
        return _without_channel(desk, number, key, str(error))
    attachments, without = _papers(desk, number, key)
    message, settled = _begin(desk, number, key, channel)
    if settled is not None:
        return settled
    try:
        taken = channel.send(replace(message, attachments=attachments))
    except TemporaryDeliveryError as error:
        return _postponed(desk, number, key, "pending", "delivery.delayed", str(error), error.retry_after)
    except UncertainDeliveryError as error:
        return _postponed(desk, number, key, "uncertain", "delivery.uncertain", str(error), None)
    except RefusedDeliveryError as error:
        return _postponed(desk, number, key, "refused", "delivery.refused", str(error), None)
    return _sent(desk, number, key, taken, **without)


def _papers(desk: Desk, number: str, key: str) -> tuple[tuple[Attachment, ...], dict[str, str]]:
    """The signed text as a PDF, where the row asks for it; else why it goes without one, for a clock does not wait for a font.

    It is made before the row is marked as being sent: that it takes a second leaves nothing in doubt.
    """
    with reading(desk.engine) as session:
        row = _row(session, key)
    if not row.body.get("with_pdf") or row.notice_id is None or row.state == "sent":
        return (), {}
    try:
        [one] = put_on_paper(desk, number, [row.notice_id])
        return (Attachment(f"{one.name}.pdf", "application/pdf", as_pdf(one.paper)),), {}
    except BadInputError as error:
        return (), {"without_pdf": str(error)}


def _channel(desk: Desk, key: str) -> Channel:
    with reading(desk.engine) as session:
        return desk.channels.named(_row(session, key).channel)


def _without_channel(desk: Desk, number: str, key: str, why: str) -> Attempt:
    """The row's channel is not configured any more: it waits, and says so, and holds up no other one."""
    with writing(desk.engine) as session:
        incident, row = find(session, number), _row(session, key, lock=True)
        state = row.state
        if state == "sent" or _in_other_hands(desk, row):
            return _as_it_is(row, why)
        unwanted = _unwanted(desk, session, incident, row)
        if unwanted is not None:
            return _withdrawn(desk, session, incident, row, unwanted)
    if state == "pending":
        return _postponed(desk, number, key, state, "delivery.delayed", why, None)
    return _postponed(desk, number, key, "uncertain", "delivery.uncertain", why, None)


def _begin(desk: Desk, number: str, key: str, channel: Channel) -> tuple[Message, Attempt | None]:
    """Mark the row as being sent; one that a dead run left in the act is settled by its channel's own rule first."""
    with reading(desk.engine) as session:
        row = _row(session, key)
        message, state = message_of(row, number), row.state
    if state in ("sent", "to_hand_over"):
        return message, _as_it_is(row, "sent before" if state == "sent" else "waits for a person")
    if _in_other_hands(desk, row):
        return message, _as_it_is(row, "another run is sending it")
    how = "sent again under the same identity" if channel.settles == "same_identity" else None
    if state in ("sending", "uncertain") and channel.settles == "lookup":
        try:
            found = channel.was_taken(message)
        except TemporaryDeliveryError as error:
            why, wish = str(error), error.retry_after
            return message, _postponed(desk, number, key, "uncertain", "delivery.uncertain", why, wish)
        if found:
            there = found if isinstance(found, Taken) else Taken(key, "found there after an interruption")
            return message, _sent(desk, number, key, there)
        if found is None:
            how = "it cannot be looked up there; sent again under the same key"
    with writing(desk.engine) as session:
        incident, row = find(session, number), _row(session, key, lock=True)
        if row.state != state or _in_other_hands(desk, row):
            return message, _as_it_is(row, "another run is sending it")
        unwanted = _unwanted(desk, session, incident, row)
        if unwanted is not None:
            return message, _withdrawn(desk, session, incident, row, unwanted)
        if state == "sending" and how is not None:
            _note(session, desk, incident, "delivery.uncertain", row, why=f"the run that sent it died; {how}")
        row.state, row.attempts, row.tried_at = "sending", row.attempts + 1, desk.clock()
        # Whoever holds the lease next knows that this run is dead; of the watch, which takes none, only time can tell.
        by_the_lease = desk.held is not None and row.purpose != "alert"
        row.next_try_at = None if by_the_lease else datetime.now(UTC) + PRESUMED_ALIVE
        session.add(row)
    return message, None


def _in_other_hands(desk: Desk, row: Delivery) -> bool:
    if row.state != "sending":
        return False
    if row.next_try_at is None:
        return desk.held is None
    now = datetime.now(UTC)
    return now < row.next_try_at <= now + 2 * PRESUMED_ALIVE


def _as_it_is(row: Delivery, detail: str) -> Attempt:
    return Attempt(row.key, row.body.get("what", row.purpose), row.channel, row.state, detail)


def _unwanted(desk: Desk, session: Session, incident: Incident, row: Delivery) -> str | None:
    """Why what was queued is not to be sent any more, or None: facts, texts and steps may have changed since."""
    if row.notice_id is not None:
        notice = session.get_one(Notice, row.notice_id)
        if notice.state == "withdrawn":
            return "it is called for no more"
        if notice.state != "approved" or notice.version != row.notice_version:
            return "its text was changed or sent back after it was queued"
        return unfit(session, incident, notice)
    return not_called_for(desk, session, incident, row.step_key) if row.step_key is not None else None


def withdraw_unwanted(desk: Desk, session: Session, incident: Incident) -> None:
    """Take back what waits for a person and is not to be sent any more, so that nobody files an old text."""
    rows = session.exec(
        select(Delivery)
        .where(Delivery.incident_id == incident.id, Delivery.state == "to_hand_over")
        .order_by(col(Delivery.id))
    ).all()
    for row in rows:
        why = _unwanted(desk, session, incident, row)
        if why is not None:
            _withdrawn(desk, session, incident, row, why)


def _withdrawn(desk: Desk, session: Session, incident: Incident, row: Delivery, why: str) -> Attempt:
    if row.state in ("sending", "uncertain"):
        why = f"{why}; whether an earlier try arrived is not known"
    row.state, row.last_error, row.next_try_at = "withdrawn", why, None
    session.add(row)
    _note(session, desk, incident, "delivery.withdrawn", row, why=why)
    return _as_it_is(row, why)


def message_of(row: Delivery, number: str) -> Message:
    """The message of a row, as its channel takes it."""
    body = row.body
    return Message(
        key=row.key,
        to=row.recipient,
        subject=row.subject,
        text=body["text"],
        html=body.get("html"),
        language=body.get("language", "en"),
        number=number,
        about=body.get("about", {}),
        blocks=body.get("blocks", ()),
        written_at=row.created_at,
        tried_at=row.tried_at,
    )


def _sent(desk: Desk, number: str, key: str, taken: Taken, **more: str) -> Attempt:
    """Keep the receipt, also of a run that lost its lease while it waited for the answer: that it was taken stays true,
    and whoever carries the incident now need not send it again."""
    with writing(desk.engine, past_the_fence=True) as session:
        incident, row = find(session, number), _row(session, key, lock=True)
        if row.state == "sent":
            return _as_it_is(row, "sent before")
        if falls_to_a_person(incident, row.channel, row.purpose):
            return _put_down(desk, session, incident, row, taken)
        now = desk.clock()
        row.state, row.sent_at, row.last_error, row.next_try_at = "sent", now, None, None
        session.add(row)
        session.add(
            Receipt(
                delivery_id=identity(row), reference=taken.reference, detail=taken.detail, at=now, zone=incident.zone
            )
        )
        _note(session, desk, incident, "delivery.sent", row, reference=taken.reference, **more)
        return Attempt(key, row.body.get("what", row.purpose), row.channel, "sent", taken.reference)


def _put_down(desk: Desk, session: Session, incident: Incident, row: Delivery, taken: Taken) -> Attempt:
    """It stands in the outbox and has reached nobody: it waits for a person to carry it and to say so."""
    where = str(Path(taken.reference).with_suffix(".html"))
    row.state, row.last_error, row.next_try_at = "to_hand_over", None, None
    row.body = {**row.body, "where": where}
    session.add(row)
    _note(session, desk, incident, "delivery.to_hand_over", row, where=where)
    return _as_it_is(row, f"waits for somebody to file it: {where}")


def _postponed(
    desk: Desk, number: str, key: str, state: str, kind: str, why: str, retry_after: timedelta | None
) -> Attempt:
    with writing(desk.engine) as session:
        incident, row = find(session, number), _row(session, key, lock=True)
        if row.state == "sent":
            return _as_it_is(row, "sent before")
        row.state, row.last_error = state, why
        row.next_try_at = None if state == "refused" else desk.clock() + (retry_after or _delay(row.attempts))
        session.add(row)
        _note(session, desk, incident, kind, row, why=why)
        return Attempt(key, row.body.get("what", row.purpose), row.channel, state, why)


def give_up(desk: Desk, number: str, key: str, why: str) -> None:
    """An attempt that hung is waited for no longer: whether it arrived is not known, and its channel's rule settles it."""
    with reading(desk.engine) as session:
        state = _row(session, key).state
    if state == "sending":
        _postponed(desk, number, key, "uncertain", "delivery.uncertain", why, None)


def _delay(attempts: int) -> timedelta:
    """Twice as long after each attempt, up to a quarter of an hour, give or take a fifth so that many do not come at once."""
    longest: timedelta = min(FIRST_DELAY * float(2 ** min(max(attempts - 1, 0), 10)), LONGEST_DELAY)
    return longest * random.uniform(0.8, 1.2)


def send_again(desk: Desk, number: str, key: str, *, by: str) -> None:
    """Put a refused or postponed delivery back in the queue for now; raises `NotAllowedError` for one that was sent.

    One that waits for a person is taken back from them where a way was set meanwhile, so that the next run sends it.
    """
    with writing(desk.engine) as session:
        incident = find(session, number)
        row = _known_row(session, incident, key)
        roles_of(session, by)
        if row.state == "sent":
            raise OvertakenError(f"{key} was sent already; a second copy needs a correction of its own")
        if row.state in ("sending", "withdrawn"):
            raise OvertakenError(f"{key} is {row.state}; what is to be sent is queued by the next run")
        if row.state == "to_hand_over":
            _taken_back(desk, session, incident, row, by)
            return
        row.state, row.next_try_at = ("pending" if row.state == "refused" else row.state), None
        session.add(row)
        _note(session, desk, incident, "delivery.queued", row, actor=by)


def _taken_back(desk: Desk, session: Session, incident: Incident, row: Delivery, by: str) -> None:
    notice = session.get(Notice, row.notice_id) if row.notice_id else None
    if notice is None or way_of(desk, session, notice)[0].name == row.channel:
        raise NotAllowedError(
            f"no way is set that reaches {row.recipient}: file it by hand, or set an address and a mail server"
        )
    row.state, row.last_error = "withdrawn", "another way is set now"
    session.add(row)
    _note(session, desk, incident, "delivery.withdrawn", row, actor=by, why=row.last_error)


def _known_row(session: Session, incident: Incident, key: str) -> Delivery:
    query = select(Delivery).where(Delivery.key == key, Delivery.incident_id == incident.id)
    row = session.exec(query.with_for_update()).first()
    if row is None:
        raise UnknownNameError(
            f"no delivery of {incident.number} has the key {key!r}; `tocsin status {incident.number}` lists those that wait"
        )
    return row


def _row(session: Session, key: str, *, lock: bool = False) -> Delivery:
    query = select(Delivery).where(Delivery.key == key)
    return session.exec(query.with_for_update() if lock else query).one()


def _note(
    session: Session, desk: Desk, incident: Incident, kind: str, row: Delivery, *, actor: str = "tocsin", **more: str
) -> None:
    payload = {
        "key": row.key,
        "what": row.body.get("what", row.purpose),
        "channel": row.channel,
        "to": row.recipient,
        "attempt": row.attempts,
        **more,
    }
    record(session, incident, kind, payload, actor=actor, at=desk.clock(), zone=incident.zone)
