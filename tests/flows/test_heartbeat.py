import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.heartbeat import beating
from flows.server import free_port
from flows.settings import Settings
from models.errors import BadInputError
from tests.integrations.sinks import HttpSink, Reply

LIMIT = 20


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    sink = HttpSink()
    yield sink
    sink.close()


@pytest.fixture
def settings(home: Path, sink: HttpSink) -> Settings:
    return Settings(home=home, heartbeat_url=sink.url, server_port=free_port())


def heard(sink: HttpSink, count: int) -> bool:
    waiting = threading.Event()
    for _ in range(LIMIT * 50):
        if len(sink.received) >= count:
            return True
        waiting.wait(0.02)
    return False


def test_a_pass_is_heard_of_outside_and_without_one_nothing_is(settings: Settings, sink: HttpSink) -> None:
    with beating(settings, print) as pulse:
        assert sink.received == []
        pulse.passed()
        assert heard(sink, 1)


def test_a_monitor_that_fails_is_named_once_and_holds_nothing_up(settings: Settings, sink: HttpSink) -> None:
    sink.replies = [Reply(500)]
    said: list[str] = []
    spoken = threading.Event()

    def say(words: str) -> None:
        said.append(words)
        spoken.set()

    with beating(settings, say) as pulse:
        pulse.passed()
        assert spoken.wait(LIMIT)

    assert said == ["heartbeat: 127.0.0.1 answered 500 to the heartbeat; check the address; watching goes on"]


def test_a_monitor_that_never_answers_does_not_keep_the_watch_from_ending(settings: Settings, sink: HttpSink) -> None:
    sink.replies = [Reply(hold=True)]
    with beating(settings, print) as pulse:
        pulse.passed()
        assert heard(sink, 1)


def test_an_address_in_the_clear_is_refused_at_once(home: Path) -> None:
    with (
        pytest.raises(BadInputError, match="use https"),
        beating(Settings(home=home, heartbeat_url="http://monitor.example/x"), print),
    ):
        pass


def test_a_monitor_among_the_clouds_own_metadata_is_not_connected_to(home: Path) -> None:
    said: list[str] = []
    spoken = threading.Event()

    def say(words: str) -> None:
        said.append(words)
        spoken.set()

    given = Settings(home=home, heartbeat_url="https://169.254.169.254/latest", server_port=free_port())
    with beating(given, say) as pulse:
        pulse.passed()
        assert spoken.wait(LIMIT)

    [words] = said
    assert words.startswith("heartbeat: 169.254.169.254 is not connected to: ")
