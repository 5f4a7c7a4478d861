"""Carrying a sending as far as it goes: a worker's share, what failed moved on, the duties settled, the alarm given."""

from flows.acts.people_progress import warn_if_too_slow
from flows.acts.people_send import CONNECTIONS, Tally, send_share
from flows.acts.people_told import settle_told
from flows.desk import Desk


def carry_sending(desk: Desk, number: str, *, connections: int = CONNECTIONS) -> Tally:
    """Send whatever may go, sharing it with every other worker, and settle what follows from it."""
    tally = send_share(desk, number, connections=connections)
    warn_if_too_slow(desk, number)
    settle_told(desk, number)
    return tally
