"""That the watch ran: one row for each stretch of time without a gap, so that it can be proved afterwards."""

import socket
from datetime import timedelta

from sqlmodel import Session, col, select

from flows.desk import Desk
from models.store import reading, writing
from models.tables import WatchRun

KEPT_EVERY = timedelta(seconds=15)
LONGEST_PAUSE = timedelta(minutes=2)  # between two passes of one stretch


STAND_IN = " (stand-in)"  # a pass that a worker makes while no watch runs


def seen(desk: Desk, *, stand_in: bool = False) -> None:
    """Note that a pass was made now; a clock that was set back begins a new stretch."""
    now, watcher = desk.clock(), socket.gethostname() + (STAND_IN if stand_in else "")
    with reading(desk.engine) as session:
        last = _last(session, watcher)
    if last is not None and last.seen_at <= now < last.seen_at + KEPT_EVERY:
        return
    with writing(desk.engine) as session:
        goes_on = last is not None and last.seen_at <= now <= last.seen_at + LONGEST_PAUSE
        row = session.get(WatchRun, last.id) if last is not None and goes_on else None
        row = row or WatchRun(watcher=watcher, started_at=now, seen_at=now)
        row.seen_at = max(row.seen_at, now)
        session.add(row)


def _last(session: Session, watcher: str) -> WatchRun | None:
    query = select(WatchRun).where(WatchRun.watcher == watcher).order_by(col(WatchRun.id).desc())
    return session.exec(query.limit(1)).first()


def last_watch(session: Session) -> WatchRun | None:
    """The stretch of the watch, of whatever machine, that was seen last; stand-ins do not count."""
    query = select(WatchRun).where(col(WatchRun.watcher).not_like(f"%{STAND_IN}"))
    return session.exec(query.order_by(col(WatchRun.seen_at).desc()).limit(1)).first()
