"""That the watch ran: one row for each stretch of time without a gap, so that it can be proved afterwards."""

import socket
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from flows.desk import Desk
from models.store import reading, writing
from models.tables import WatchRun

KEPT_EVERY = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=2)  # between two passes of one stretch


def seen(desk: Desk) -> None:
    """Note that a pass was made now; a clock that was set back begins a new stretch."""
    now = desk.clock()
    with reading(desk.engine) as session:
        last = _last(session)
    if last is not None and last.seen_at <= now < last.seen_at + KEPT_EVERY:
        return
    with writing(desk.engine) as session:
        goes_on = last is not None and last.seen_at <= now <= last.seen_at + LONGEST_PAUSE
        row = session.get(WatchRun, last.id) if last is not None and goes_on else None
        row = row or WatchRun(watcher=socket.gethostname(), started_at=now, seen_at=now)
        row.seen_at = max(row.seen_at, now)
        session.add(row)


def _last(session: Session) -> WatchRun | None:
    query = select(WatchRun).where(WatchRun.watcher == socket.gethostname()).order_by(col(WatchRun.id).desc())
    return session.exec(query.limit(1)).first()


def last_seen(session: Session) -> datetime | None:
    """When any watcher last made a pass."""
    return session.exec(select(WatchRun.seen_at).order_by(col(WatchRun.seen_at).desc()).limit(1)).first()
