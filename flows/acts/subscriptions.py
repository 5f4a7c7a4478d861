"""Subscriptions: which address outside is told of which events, and what became of each."""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx
from sqlalchemy import delete
from sqlmodel import Session, col, insert, select
from sqlmodel.sql.expression import SelectOfScalar

from flows.acts import audit
from flows.acts.event_kinds import EventKind
from flows.acts.target_secret import seal, unseal
from flows.desk import Desk
from integrations.guarded import Resolve, looked_up, require_reachable
from models.errors import BadInputError, OvertakenError, UnknownNameError
from models.incident import identity
from models.store import reading, writing
from models.tables import EventCursor, EventDelivery, Incident, Subscription

LONGEST_URL = 2_000
SECRET_BYTES = 32


@dataclass(frozen=True)
class SubscriptionShown:
    """One subscription, without its secret; the address may be one, so that only its host is shown."""

    subscription: int
    host: str
    kinds: tuple[str, ...]
    everything: bool
    made_by: str
    made_at: datetime
    failures: int
    rests_until: datetime | None


@dataclass(frozen=True)
class Subscribed:
    """A new subscription, and the secret that its requests are signed with, which is shown this once."""

    subscription: int
    host: str
    secret: str


@dataclass(frozen=True)
class EventShown:
    """What became of one event for one subscription."""

    delivery: int
    key: str
    number: str | None
    kind: str
    at: datetime
    state: str
    attempts: int
    tried_at: datetime | None
    next_try_at: datetime | None
    answer: str | None


@dataclass(frozen=True)
class Target:
    """Where a subscription's events go, and what they are signed with."""

    url: str
    secret: bytes


def subscribe(
    desk: Desk,
    url: str,
    kinds: Iterable[str] = (),
    *,
    by: str,
    everything: bool = False,
    resolve: Resolve = looked_up,
) -> Subscribed:
    """Tell an address of events from now on; no kind means every kind, and `everything` also private incidents.

    Raises `BadInputError` for an address that may not be reached, which stands on the audit stream.
    """
    wanted = sorted({_kind(kind).value for kind in kinds})
    _check(desk, url, by, resolve)
    host, secret = httpx.URL(url).host, secrets.token_urlsafe(SECRET_BYTES)
    with writing(desk.engine) as session:
        if not session.exec(_running().limit(1)).all():
            _begin_now(session)
        row = Subscription(host=host, sealed="", kinds=wanted, everything=everything, made_by=by, made_at=desk.clock())
        session.add(row)
        session.flush()
        row.sealed = seal(desk, json.dumps({"url": url, "secret": secret}), of=_name(row))
    audit.note(desk, "subscription.made", who=by, subscription=identity(row), host=host, everything=everything)
    return Subscribed(identity(row), host, secret)


def unsubscribe(desk: Desk, number: int, *, by: str) -> SubscriptionShown:
    """Tell it of nothing more, also not of what waits; raises `UnknownNameError` for one that is not there."""
    with writing(desk.engine) as session:
        row = running(session, number)
        row.ended_at, row.ended_by, row.sealed = desk.clock(), by, ""
        session.add(row)
    audit.note(desk, "subscription.ended", who=by, subscription=number, host=row.host)
    return _shown(row)


def subscriptions(desk: Desk) -> list[SubscriptionShown]:
    """Those that are told, the newest first."""
    with reading(desk.engine) as session:
        return [_shown(row) for row in session.exec(_running().order_by(col(Subscription.id).desc()))]


def event_deliveries(desk: Desk, number: int, *, limit: int = 50, before: int | None = None) -> list[EventShown]:
    """What became of a subscription's events, the latest first; `before` is the last one that was shown."""
    with reading(desk.engine) as session:
        running(session, number)
        query = (
            select(EventDelivery, Incident.number)
            .join(Incident, col(Incident.id) == col(EventDelivery.incident_id), isouter=True)
            .where(EventDelivery.subscription_id == number)
        )
        query = query if before is None else query.where(col(EventDelivery.id) < before)
        rows = session.exec(query.order_by(col(EventDelivery.id).desc()).limit(limit))
        return [event_shown(row, incident) for row, incident in rows]


def tell_again(desk: Desk, number: int, delivery: int, *, by: str) -> None:
    """Put one event back in the queue, whatever became of it: its key tells the receiver that it is the same.

    Raises `UnknownNameError` for one that is not there, `OvertakenError` for one that is being sent just now.
    """
    with writing(desk.engine) as session:
        subscription = running(session, number)
        row = session.get(EventDelivery, delivery)
        if row is None or row.subscription_id != number:
            raise UnknownNameError(f"subscription {number} has no delivery {delivery}")
        if row.state == "sending":
            raise OvertakenError(f"delivery {delivery} is being sent just now")
        row.state, row.next_try_at, row.made_at = "pending", None, desk.clock()
        subscription.rests_until = None
        session.add_all([row, subscription])
    audit.note(desk, "subscription.told_again", who=by, subscription=number, delivery=delivery)


def running(session: Session, number: int) -> Subscription:
    """The subscription with this number; raises `UnknownNameError` where there is none or it has ended."""
    row = session.get(Subscription, number)
    if row is None or row.ended_at is not None:
        raise UnknownNameError(f"no subscription has the number {number}; `tocsin subscriptions list` shows them")
    return row


def target_of(desk: Desk, row: Subscription) -> Target:
    """Where its events go; raises `NotAllowedError` where the key of the secret is gone."""
    found = json.loads(unseal(desk, row.sealed, of=_name(row)))
    return Target(found["url"], found["secret"].encode())


def must_be_readable(desk: Desk) -> None:
    """Raise `NotAllowedError` where the key of the secrets is another one or gone."""
    with reading(desk.engine) as session:
        for row in session.exec(_running()):
            target_of(desk, row)


def running_numbers(desk: Desk) -> Sequence[int]:
    """The numbers of those that are told."""
    with reading(desk.engine) as session:
        return [identity(row) for row in session.exec(_running())]


def event_shown(row: EventDelivery, number: str | None) -> EventShown:
    """What is shown of an event's row; `number` is the incident's."""
    return EventShown(
        identity(row),
        row.key,
        number,
        row.kind,
        row.at,
        row.state,
        row.attempts,
        row.tried_at,
        row.next_try_at if row.state == "pending" else None,
        row.answer,
    )


def _check(desk: Desk, url: str, by: str, resolve: Resolve) -> None:
    if len(url) > LONGEST_URL:
        raise BadInputError(f"the address is longer than {LONGEST_URL} signs")
    try:
        require_reachable(url, desk.settings.targets, resolve)
    except BadInputError as refused:
        audit.note(desk, "refused.target", who=by, why=str(refused))
        raise


def _kind(word: str) -> EventKind:
    try:
        return EventKind(word)
    except ValueError as error:
        raise BadInputError(f"{word!r} is no kind of event; there are {', '.join(EventKind)}") from error


def _running() -> SelectOfScalar[Subscription]:
    return select(Subscription).where(col(Subscription.ended_at).is_(None))


def _begin_now(session: Session) -> None:
    """The first one hears of what happens from now on, not of every incident that ever was."""
    session.execute(delete(EventCursor))
    counts = select(Incident.id, Incident.ledger_count)
    session.execute(insert(EventCursor).from_select(["incident_id", "seq"], counts))


def _name(row: Subscription) -> str:
    return f"subscription {identity(row)}"


def _shown(row: Subscription) -> SubscriptionShown:
    return SubscriptionShown(
        identity(row),
        row.host,
        tuple(row.kinds),
        row.everything,
        row.made_by,
        row.made_at,
        row.failures,
        row.rests_until,
    )
