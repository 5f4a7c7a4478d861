"""Telling subscribers of events beside the watch, in a thread of its own: one that does not answer never holds up an alert."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flows.acts.tell_subscribers import tell_subscribers
from flows.desk import Desk
from models.errors import NotAllowedError, StoreUnavailableError

PAUSE_SECONDS = 2.0


@contextmanager
def telling(desk: Desk, say: Callable[[str], None]) -> Iterator[None]:
    """Tells for as long as the block runs; what goes wrong is said once and ends nothing."""
    _ = desk.channels  # made before there are threads that would each make their own
    over = threading.Event()
    threading.Thread(target=_tell, args=(desk, over, say), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _tell(desk: Desk, over: threading.Event, say: Callable[[str], None]) -> None:
    trouble = ""
    while not over.wait(PAUSE_SECONDS):
        try:
            tell_subscribers(desk)
            trouble = ""
        except (StoreUnavailableError, NotAllowedError) as error:
            if str(error) != trouble:
                say(f"subscriptions: {error}; it is tried again")
            trouble = str(error)
