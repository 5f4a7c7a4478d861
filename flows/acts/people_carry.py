"""Carrying a sending as far as it goes: a worker's share, what failed moved on, the duties settled, the alarm given."""

from functools import partial

from flows.acts.people_progress import warn_if_too_slow
from flows.acts.people_send import CONNECTIONS, MEANWHILE_EVERY, Tally, send_share
from flows.acts.people_told import settle_told
from flows.desk import Desk


def carry_sending(
    desk: Desk, number: str, *, connections: int = CONNECTIONS, judged_every: float = MEANWHILE_EVERY
) -> Tally:
    """Send whatever may go, sharing it with every other worker, and settle what follows from it.

    Whether the limit will be missed is judged again and again meanwhile, every so many seconds.
    """
    judge = partial(warn_if_too_slow, desk, number)
    tally = send_share(desk, number, connections=connections, meanwhile=judge, every=judged_every)
    judge()
    settle_told(desk, number)
    return tally
