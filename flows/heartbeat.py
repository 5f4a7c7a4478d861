"""Telling those who watch the watch that it runs: Prefect's server by an event, and a monitor outside if one is set.

It is told by a thread of its own, so that a slow answer never holds up a pass; and only when a pass was made since.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import httpx

from flows.server import api_client
from flows.settings import Settings
from integrations.guarded import operators_client
from integrations.heartbeat import Heartbeat
from models.clock import rfc3339
from models.errors import DeliveryError

EVENT, RESOURCE = "tocsin.watch.passed", "tocsin.watch"
LONGEST_BEAT_SECONDS = 30.0


class Pulse:
    """Whether a pass was made since the last beat."""

    def __init__(self) -> None:
        self._passed = threading.Event()
        self._ended = threading.Event()

    def passed(self) -> None:
        """A pass was made."""
        self._passed.set()

    def end(self) -> None:
        """No more beats."""
        self._ended.set()
        self._passed.set()

    def next_beat(self, pause: float) -> bool:
        """Wait for `pause` seconds and then for a pass; False once it has ended."""
        self._ended.wait(pause)
        self._passed.wait()
        self._passed.clear()
        return not self._ended.is_set()


@contextmanager
def beating(settings: Settings, say: Callable[[str], None]) -> Iterator[Pulse]:
    """Beats for as long as the block runs and passes are made; what goes wrong is said once and stops nothing.

    Raises `BadInputError` for an address that cannot be used.
    """
    pulse = Pulse()
    outside = Heartbeat(operators_client(), settings.heartbeat_url) if settings.heartbeat_url else None
    thread = threading.Thread(target=_beat, args=(pulse, settings, outside, say), daemon=True)
    thread.start()
    try:
        yield pulse
    finally:
        pulse.end()


def _beat(pulse: Pulse, settings: Settings, outside: Heartbeat | None, say: Callable[[str], None]) -> None:
    trouble, pause = "", 0.0
    while pulse.next_beat(pause):
        found = "; ".join(_told(settings, outside))
        if found and found != trouble:
            say(f"{found}; watching goes on")
        trouble, pause = found, min(LONGEST_BEAT_SECONDS, settings.watch_silence / 4)


def _told(settings: Settings, outside: Heartbeat | None) -> Iterator[str]:
    """Tell both; gives what went wrong. That no Prefect server runs here is no trouble of the watch's."""
    _tell_prefect(settings)
    try:
        if outside is not None:
            outside.beat()
    except DeliveryError as error:
        yield f"heartbeat: {error}"


def _tell_prefect(settings: Settings) -> None:
    event = {
        "id": str(uuid.uuid4()),
        "occurred": rfc3339(datetime.now(UTC)),
        "event": EVENT,
        "resource": {"prefect.resource.id": RESOURCE, "prefect.resource.name": "watch"},
        "payload": {},
    }
    with suppress(httpx.HTTPError), api_client(settings.server_port) as api:
        api.post("/events", json=[event])
