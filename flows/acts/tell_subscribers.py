"""Telling subscribers of events: a row for each before the act, the answer after it, and back-off for those that do not answer.

A subscriber that failed rests as a whole, so that one that is down costs one try at a time. Whoever sends it may die: the row
is taken up again after a while, under the same key.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
from sqlmodel import Session, and_, col, func, or_, select

from flows.acts import audit
from flows.acts.deliver import PRESUMED_ALIVE, new_delivery, queue
from flows.acts.event_kinds import TEST, event_of
from flows.acts.subscriptions import EventShown, Target, event_shown, running, running_numbers, target_of
from flows.desk import Desk
from integrations.guarded import Resolve, TargetRefusedError, guarded_client, looked_up
from integrations.webhook import Webhook
from models.clock import rfc3339
from models.errors import DeliveryError, TemporaryDeliveryError
from models.incident import identity
from models.store import reading, writing
from models.tables import EventCursor, EventDelivery, Incident, LedgerEntry, Subscription

FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
MOST_IN_A_PASS = 50  # of one subscriber
ENTRIES_AT_ONCE = 500
SUBSCRIBERS_AT_ONCE = 8
TIMEOUT, LONGEST = 10.0, 20.0  # seconds: for each wait, and for a whole exchange
LONGEST_ANSWER = 300


def tell_subscribers(desk: Desk, resolve: Resolve = looked_up) -> int:
    """Make rows of what happened since, and send what is due; gives how many events were taken."""
    numbers = running_numbers(desk)
    if not numbers:
        return 0
    note_events(desk)
    with guarded_client(desk.settings.targets, resolve) as http, ThreadPoolExecutor(SUBSCRIBERS_AT_ONCE) as pool:
        return sum(pool.map(lambda number: _tell_one(desk, http, number), numbers))


def note_events(desk: Desk) -> None:
    """A row for each event and each subscription that is to be told of it, once."""
    with reading(desk.engine) as session:
        seen = func.coalesce(EventCursor.seq, 0)
        behind = session.exec(
            select(Incident.id)
            .join(EventCursor, col(EventCursor.incident_id) == col(Incident.id), isouter=True)
            .where(col(Incident.ledger_count) > seen)
            .order_by(col(Incident.id))
        ).all()
    for incident_id in behind:
        while incident_id is not None and _note_some(desk, incident_id):
            pass


def _note_some(desk: Desk, incident_id: int) -> bool:
    """The next entries of one incident; False where there are no more, or another process is at it."""
    with writing(desk.engine) as session:
        locked = select(Incident).where(Incident.id == incident_id)
        incident = session.exec(locked.with_for_update(skip_locked=True, key_share=True)).first()
        if incident is None:
            return False
        cursor = session.get(EventCursor, incident_id) or EventCursor(incident_id=incident_id, seq=0)
        entries = session.exec(
            select(LedgerEntry)
            .where(LedgerEntry.incident_id == incident_id, col(LedgerEntry.seq) > cursor.seq)
            .order_by(col(LedgerEntry.seq))
            .limit(ENTRIES_AT_ONCE)
        ).all()
        told = _told(session, incident)
        for entry in entries if told else ():
            session.add_all(_rows(desk, session, incident, entry, told))
        cursor.seq = entries[-1].seq if entries else cursor.seq
        session.add(cursor)
        return len(entries) == ENTRIES_AT_ONCE


def _told(session: Session, incident: Incident) -> Sequence[Subscription]:
    """Who is told of what happens in the incident: of a private one only those made for that, of a rehearsal nobody."""
    if incident.rehearsal:
        return ()
    query = select(Subscription).where(col(Subscription.ended_at).is_(None))
    query = query.where(col(Subscription.everything).is_(True)) if incident.private else query
    return session.exec(query).all()


def _rows(
    desk: Desk, session: Session, incident: Incident, entry: LedgerEntry, told: Sequence[Subscription]
) -> list[EventDelivery]:
    kind = event_of(session, entry)
    if kind is None:
        return []
    return [
        EventDelivery(
            key=f"event-{one.id}-{incident.number}-{entry.seq}",
            subscription_id=identity(one),
            incident_id=incident.id,
            seq=entry.seq,
            kind=kind.value,
            at=entry.at,
            made_at=desk.clock(),
        )
        for one in told
        if entry.at >= one.made_at and (not one.kinds or kind.value in one.kinds)
    ]


def _tell_one(desk: Desk, http: httpx.Client, number: int) -> int:
    """Send what is due to one subscriber, in order, until one fails; gives how many were taken."""
    for taken in range(MOST_IN_A_PASS):
        claimed = _claimed(desk, number)
        if claimed is None or not _sent(desk, http, *claimed):
            return taken
    return MOST_IN_A_PASS


def _claimed(desk: Desk, number: int) -> tuple[EventDelivery, str | None, Target] | None:
    """The next row, marked as being sent; None where nothing is due or the subscriber rests."""
    now, real = desk.clock(), datetime.now(UTC)  # a process dies in real time, also in a rehearsal
    with writing(desk.engine) as session:
        subscriber = session.get(Subscription, number, with_for_update=True)
        if subscriber is None or subscriber.ended_at is not None:
            return None
        if subscriber.rests_until is not None and now < subscriber.rests_until <= now + 2 * LONGEST_REST + timedelta(1):
            return None
        due = or_(col(EventDelivery.next_try_at).is_(None), col(EventDelivery.next_try_at) <= now)
        row = session.exec(
            select(EventDelivery)
            .where(
                EventDelivery.subscription_id == number,
                or_(
                    and_(EventDelivery.state == "pending", due),
                    and_(EventDelivery.state == "sending", col(EventDelivery.next_try_at) <= real),
                ),
            )
            .order_by(col(EventDelivery.id))
            .limit(1)
        ).first()
        return None if row is None else _marked(desk, session, subscriber, row)


def _marked(
    desk: Desk, session: Session, subscriber: Subscription, row: EventDelivery
) -> tuple[EventDelivery, str | None, Target]:
    row.state, row.attempts, row.tried_at = "sending", row.attempts + 1, desk.clock()
    row.next_try_at = datetime.now(UTC) + PRESUMED_ALIVE
    session.add(row)
    incident = session.get_one(Incident, row.incident_id) if row.incident_id is not None else None
    return row, incident.number if incident else None, target_of(desk, subscriber)


def _sent(desk: Desk, http: httpx.Client, row: EventDelivery, number: str | None, target: Target) -> bool:
    """Send one event and keep what came of it; a refusal may be mended on the other side, so that it is tried again too."""
    try:
        webhook = Webhook(http, target.url, desk.clock, target.secret, timeout=TIMEOUT, longest=LONGEST)
        taken = webhook.post(row.key, payload(desk, row, number))
    except DeliveryError as error:
        if isinstance(error, TargetRefusedError):
            audit.note(desk, "refused.target", who=None, subscription=row.subscription_id, why=str(error))
        _failed(desk, identity(row), error)
        return False
    with writing(desk.engine) as session:
        kept, subscriber = _both(session, identity(row))
        kept.state, kept.sent_at, kept.next_try_at = "sent", desk.clock(), None
        kept.answer = taken.detail[:LONGEST_ANSWER]
        subscriber.failures, subscriber.rests_until, subscriber.told_at = 0, None, None
        session.add_all([kept, subscriber])
    return True


def payload(desk: Desk, row: EventDelivery, number: str | None) -> dict[str, object]:
    """What a subscriber is told: that it happened, when and where to read on; nothing of what it says, nobody's name."""
    console = desk.settings.console()
    return {
        "id": row.key,
        "kind": row.kind,
        "number": number,
        "entry": row.seq,
        "at": rfc3339(row.at),
        "link": f"{console}/incidents/{number}" if number else console,
    }


def _both(session: Session, delivery: int) -> tuple[EventDelivery, Subscription]:
    row = session.get_one(EventDelivery, delivery)
    return row, session.get_one(Subscription, row.subscription_id, with_for_update=True)


def _failed(desk: Desk, delivery: int, error: DeliveryError) -> None:
    now = desk.clock()
    with writing(desk.engine) as session:
        row, subscriber = _both(session, delivery)
        subscriber.failures += 1
        wish = error.retry_after if isinstance(error, TemporaryDeliveryError) else None
        subscriber.rests_until = now + (wish or _rest(subscriber.failures))
        row.answer, row.next_try_at = str(error)[:LONGEST_ANSWER], now + (wish or _rest(row.attempts))
        given_up = row.incident_id is None or now - row.made_at >= GIVEN_UP_AFTER
        row.state = "given_up" if given_up else "pending"
        session.add_all([row, subscriber])
        if given_up and row.incident_id is not None and subscriber.told_at is None:
            subscriber.told_at = now
            _alert(desk, session, session.get_one(Incident, row.incident_id), subscriber, row)


def _rest(failures: int) -> timedelta:
    rest: timedelta = min(FIRST_REST * float(2 ** min(failures - 1, 10)), LONGEST_REST)
    return rest


def _alert(desk: Desk, session: Session, incident: Incident, subscriber: Subscription, row: EventDelivery) -> None:
    """Tell the responders that a subscriber hears nothing any more; once, until it answers again."""
    days = GIVEN_UP_AFTER.days
    subject = f"Subscription {subscriber.id} to {subscriber.host} hears nothing"
    text = (
        f"{subject}: events are given up after {days} days, from {row.kind} of {incident.number} on. "
        f"Its last answer: {row.answer}. `tocsin subscriptions deliveries {subscriber.id}` shows them."
    )
    message = {"subject": subject, "what": subject, "text": text}
    channel, to = desk.channels.for_chat()
    key = f"{incident.number}.subscription.{subscriber.id}.{row.seq}"
    delivery = new_delivery(incident, key, "alert", channel, to, message, desk.clock())
    delivery.next_try_at = desk.clock()  # by the watch
    queue(session, desk, incident, delivery)


def send_test(desk: Desk, number: int, resolve: Resolve = looked_up) -> EventShown:
    """Send a subscriber an event of the kind "test" now, also one that rests; gives what came of it."""
    now = desk.clock()
    with writing(desk.engine) as session:
        target = target_of(desk, running(session, number))
        row = EventDelivery(
            key=f"event-{number}-test-{uuid4().hex}", subscription_id=number, kind=TEST, at=now, made_at=now
        )
        row.state, row.attempts, row.tried_at, row.next_try_at = "sending", 1, now, datetime.now(UTC) + PRESUMED_ALIVE
        session.add(row)
    with guarded_client(desk.settings.targets, resolve) as http:
        _sent(desk, http, row, None, target)
    with reading(desk.engine) as session:
        return event_shown(session.get_one(EventDelivery, identity(row)), None)
