"""One run at a time for each incident: a lease in the database with a fencing number.

Leases run on the machine's time, also in a rehearsal: they end when a process dies, and a process dies in real time.
"""

import itertools
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, or_, select

from models.errors import LeaseHeldError
from models.tables import Lease

LENGTH = timedelta(seconds=45)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=10)  # between runs that fail
_runs = itertools.count(1)


@dataclass(frozen=True)
class Held:
    """Proof of having taken a lease: writes made under an older `fence` are refused."""

    incident_id: int
    holder: str
    fence: int


def this_run() -> str:
    """The name of a new run of this process, by which another may look whether it lives: host, process, and a count."""
    return f"{socket.gethostname()}/{os.getpid()}/{next(_runs)}"


def is_dead(holder: str) -> bool:
    """Whether the holder was a process of this host that is no more."""
    host, process, _ = holder.split("/")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False  # it lives, as somebody else's
    return False


def take(session: Session, incident_id: int, holder: str, now: datetime, is_dead: Callable[[str], bool]) -> Held:
    """Take the incident's lease if nobody alive holds it; raises `LeaseHeldError` otherwise.

    `is_dead` tells whether a holder is known to have died, so that what it held need not run out first.
    """
    lease = _locked(session, incident_id, now)
    if lease.expires_at > now and not is_dead(lease.holder):
        left = int((lease.expires_at - now).total_seconds())
        raise LeaseHeldError(
            f"another run ({lease.holder}) carries this incident; it ends, or its lease of {left} s more does"
        )
    lease.holder, lease.fence, lease.expires_at = holder, lease.fence + 1, now + LENGTH
    session.add(lease)
    session.flush()
    return Held(incident_id, holder, lease.fence)


def _locked(session: Session, incident_id: int, now: datetime) -> Lease:
    """The incident's lease, locked; where there was none, one that has run out."""
    lease = session.get(Lease, incident_id, with_for_update=True)
    if lease is None:
        with suppress(IntegrityError), session.begin_nested():  # another run may make it in the same instant
            session.add(Lease(incident_id=incident_id, holder="", fence=0, expires_at=now))
        lease = session.get_one(Lease, incident_id, with_for_update=True)
    return lease


def renew(session: Session, held: Held, now: datetime) -> None:
    """Keep the lease for another while; raises `LeaseHeldError` when it was lost to another run."""
    lease = session.get(Lease, held.incident_id, with_for_update=True)
    if lease is None or lease.fence != held.fence:
        raise LeaseHeldError("the lease was lost to another run; this one stops before it acts again")
    lease.expires_at = now + LENGTH
    session.add(lease)


def give_back(session: Session, held: Held, now: datetime, *, failed: bool = False) -> None:
    """End the lease, if it is still this run's; after a run that failed the next one waits, longer each time."""
    lease = session.get(Lease, held.incident_id, with_for_update=True)
    if lease is not None and lease.fence == held.fence:
        lease.expires_at = now
        lease.failures = lease.failures + 1 if failed else 0
        wait = min(FIRST_WAIT * 2 ** min(lease.failures - 1, 10), LONGEST_WAIT) if failed else None
        lease.not_before = now + wait if wait else None
        session.add(lease)


def shorten(session: Session, now: datetime) -> int:
    """Let leases and waits end in time again after the machine's clock was set back; gives how many stood too far ahead.

    Whoever lives renews within the new length, so that only a dead run's lease runs out.
    """
    ahead = session.exec(select(Lease).where(too_far_ahead(now)).with_for_update()).all()
    for lease in ahead:
        lease.expires_at = min(lease.expires_at, now + LENGTH)
        lease.not_before = min(lease.not_before, now + LONGEST_WAIT) if lease.not_before else None
        session.add(lease)
    return len(ahead)


def too_far_ahead(now: datetime) -> ColumnElement[bool]:
    """Which leases end, or wait, later than any that was taken at `now` or before."""
    return or_(col(Lease.expires_at) > now + 2 * LENGTH, col(Lease.not_before) > now + 2 * LONGEST_WAIT)
