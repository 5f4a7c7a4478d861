"""What the three notifying flows share: draft what is to be said, queue what is signed, send what is queued."""

import asyncio
from collections.abc import Sequence
from functools import partial

from flows.acts.announce import announce_sent, ask_for_signatures, tell_signers
from flows.acts.close_loop import settle
from flows.acts.deliver import attempt, waiting
from flows.acts.draft import draft_texts
from flows.acts.phases import texts_said
from flows.acts.release import queue_signed
from flows.carry import all_shown, shown
from flows.desk import Desk
from models.vocabulary import Audience


async def say(desk: Desk, number: str, audiences: Sequence[Audience], words: str) -> str:
    """Draft every text for these audiences that is missing or stale, ask for signatures, and send what is signed.

    Gives how far the texts have come, in a few words.
    """
    drafted = await shown(f"Draft {words}", lambda: draft_texts(desk, number, audiences))
    if drafted:
        await shown("Ask for signatures", lambda: ask_for_signatures(desk, number, [text.notice for text in drafted]))
    queued = True
    while queued:  # what was just sent may be what another text waited for, such as the staff before the press
        queued = await shown("Queue what is signed", lambda: _queue(desk, number, audiences)) > 0
        await send(desk, number)
    return await asyncio.to_thread(texts_said, desk, number, audiences, len(drafted))


def _queue(desk: Desk, number: str, audiences: Sequence[Audience]) -> int:
    tell_signers(desk, number)
    return queue_signed(desk, number, audiences)


def _tell(desk: Desk, number: str) -> None:
    if announce_sent(desk, number):
        for key in waiting(desk, number, "announcement"):
            attempt(desk, number, key)


async def send(desk: Desk, number: str) -> None:
    """Try every delivery whose time has come, each on its own, so that none holds up another."""
    keys = waiting(desk, number)
    tries = [(f"Send {index} of {len(keys)}", partial(attempt, desk, number, key)) for index, key in enumerate(keys, 1)]
    if tries:
        await all_shown(tries)
        await shown("Tell the responders what was sent", lambda: _tell(desk, number))
    # Also when nothing was sent just now: a run that died after sending left this to do.
    await shown("Settle what was sent, and start the clocks that follow", lambda: settle(desk, number))
