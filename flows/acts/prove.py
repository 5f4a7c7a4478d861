"""The proof of the watch for a period: every warning, when it was due, when it fired and reached its channel, and when nobody watched."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, cast
from sqlalchemy.orm import load_only
from sqlmodel import Session, col, func, select

from flows.acts.pulse import LONGEST_PAUSE
from flows.desk import Desk
from models.errors import BadInputError
from models.store import reading
from models.tables import Alert, Delivery, DutyRecord, Incident, WatchRun

LATE_AFTER = timedelta(minutes=1)
DEFAULT_PERIOD = timedelta(days=7)
AT_ONCE = 1_000


@dataclass(frozen=True)
class Warned:
    """One warning and what became of it. `ought_at` is when it was to come: when due, known, and not snoozed."""

    number: str
    provision: str
    stage: str
    rung: str
    role: str
    due_at: datetime
    ought_at: datetime
    fired_at: datetime | None
    sent_at: datetime | None
    outcome: str  # in time, late, missed, not sent, overtaken
    why: str | None

    @property
    def lateness(self) -> timedelta | None:
        """How long after it was to come it fired."""
        return self.fired_at - self.ought_at if self.fired_at else None

    @property
    def is_flaw(self) -> bool:
        """Whether the watch, or the way out, failed here."""
        return self.outcome in ("late", "missed", "not sent")


@dataclass(frozen=True)
class Gap:
    """A time in which no watcher made a pass."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Proof:
    """What the watch did in a period, by the limit that makes an alert late."""

    since: datetime
    until: datetime
    late_after: timedelta
    warned: tuple[Warned, ...]
    gaps: tuple[Gap, ...]

    @property
    def flaws(self) -> tuple[Warned, ...]:
        """What was missed, late or not sent."""
        return tuple(one for one in self.warned if one.is_flaw)


def prove(
    desk: Desk, since: datetime | None = None, until: datetime | None = None, late_after: timedelta = LATE_AFTER
) -> Proof:
    """Every warning that was due in the period, and the gaps; by default the last week, from the first incident on."""
    now = desk.clock()
    with reading(desk.engine) as session:
        end = min(until or now, now)
        start = since or _start(session, end)
        if start > end:
            raise BadInputError(f"the period begins {start.isoformat()} and ends {end.isoformat()}; turn it round")
        found = sorted(_warned(session, start, end, now, late_after), key=lambda one: (one.ought_at, one.number))
        return Proof(start, end, late_after, tuple(found), tuple(_gaps(session, start, end)))


def _start(session: Session, end: datetime) -> datetime:
    first = session.exec(select(func.min(Incident.opened_at))).one()
    return min(end, max(end - DEFAULT_PERIOD, first or end))


def _warned(session: Session, start: datetime, end: datetime, now: datetime, late_after: timedelta) -> Iterator[Warned]:
    query = (
        select(Alert, DutyRecord, Incident.number, Delivery.sent_at)
        .options(load_only(DutyRecord.provision, DutyRecord.stage))  # type: ignore[arg-type]  # columns, to SQLAlchemy
        .join(DutyRecord, col(Alert.duty_id) == col(DutyRecord.id))
        .join(Incident, col(Alert.incident_id) == col(Incident.id))
        .join(
            Delivery,
            col(Delivery.key) == col(Incident.number) + ".alert." + cast(col(Alert.id), String),
            isouter=True,
        )
        .where(Alert.due_at >= start, Alert.due_at <= end)
        .execution_options(yield_per=AT_ONCE)
    )
    for alert, duty, number, sent_at in session.exec(query):
        ought = max(alert.due_at, alert.made_at or alert.due_at, alert.snoozed_until or alert.due_at)
        outcome = _outcome(alert, ought, sent_at, now, late_after)
        if outcome is not None:
            yield Warned(
                number,
                duty.provision,
                duty.stage,
                alert.rung,
                alert.role,
                alert.due_at,
                ought,
                alert.fired_at,
                sent_at,
                outcome,
                alert.why,
            )


def _outcome(
    alert: Alert, ought: datetime, sent_at: datetime | None, now: datetime, late_after: timedelta
) -> str | None:
    """What became of a warning; None for one that did not have to come, since its clock ended or moved before."""
    if alert.fired_at is not None:
        if sent_at is None and now - alert.fired_at > late_after:
            return "not sent"
        return "late" if max(alert.fired_at, sent_at or alert.fired_at) - ought > late_after else "in time"
    if alert.state in ("missed", "overtaken"):
        return alert.state
    ended = alert.ended_at or now
    return "missed" if ended - ought > late_after else None


def _gaps(session: Session, start: datetime, end: datetime) -> Iterator[Gap]:
    stretches = session.exec(
        select(WatchRun.started_at, WatchRun.seen_at)
        .where(WatchRun.seen_at >= start, WatchRun.started_at <= end)
        .order_by(col(WatchRun.started_at))
    )
    watched_until = start
    for began, seen in stretches:
        if began - watched_until > LONGEST_PAUSE:
            yield Gap(watched_until, began)
        watched_until = max(watched_until, seen)
    if end - watched_until > LONGEST_PAUSE:
        yield Gap(watched_until, end)
