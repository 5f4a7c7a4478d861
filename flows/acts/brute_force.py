"""Guessing from one place: an address from which too many sign-ins failed of late has to wait, for whatever account."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlmodel import col, delete, func, select

from flows.desk import Desk
from models.errors import TooManyTriesError
from models.store import reading, writing
from models.tables import FailedSignIn

WITHIN, MOST = timedelta(minutes=15), 30  # an office behind one address mistypes less often than that
KEPT = timedelta(days=1)


def refuse_flood(desk: Desk, address: str) -> None:
    """Raise `TooManyTriesError` while too many sign-ins failed from the address within a quarter of an hour."""
    since = datetime.now(UTC) - WITHIN
    with reading(desk.engine) as session:
        found = select(func.count()).where(FailedSignIn.address == _network(address), col(FailedSignIn.at) > since)
        if session.exec(found).one() >= MOST:
            raise TooManyTriesError("too many sign-ins failed from this address; wait a quarter of an hour")


def failed(desk: Desk, address: str) -> None:
    """Count a failed sign-in, and forget those of more than a day ago."""
    now = datetime.now(UTC)
    with writing(desk.engine) as session:
        session.add(FailedSignIn(address=_network(address), at=now))
        session.execute(delete(FailedSignIn).where(col(FailedSignIn.at) < now - KEPT))


def _network(address: str) -> str:
    """What one guesser holds: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ip_address(address)
    except ValueError:
        return address[:100]
    return str(ip_network(f"{address}/64", strict=False)) if found.version == 6 else str(found)
