from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.desk import Desk
from flows.server import free_port, running
from models.clock import VirtualClock
from tests.conftest import START
from tests.flows.affected import assign_people, copied, french, send, sign_texts, sink_and_desk
from tests.flows.meridia import join_team
from tests.flows.server import PrefectServer
from tests.integrations.sinks import HttpSink
from tests.slack_office import office, slack

__all__ = ["office", "slack"]


@pytest.fixture
def team(desk: Desk) -> Desk:
    """The desk with a person for each role."""
    join_team(desk)
    return desk


@pytest.fixture(scope="session")
def signed_home(drafted_home: Path, tmp_path_factory: pytest.TempPathFactory, law_cache: Path) -> Path:
    """The same home with the French texts to people signed."""
    home = tmp_path_factory.mktemp("signed")
    (home / "cache").symlink_to(law_cache)
    clock = VirtualClock(home / "clock")
    clock.set(START)
    desk = copied(drafted_home, home, clock.path)
    sign_texts(desk)
    desk.engine.dispose()
    return home


@pytest.fixture
def signed(signed_home: Path, home: Path, clock: VirtualClock) -> Iterator[Desk]:
    """A desk with the team and the incident `INC-2026-0001`, whose French texts to people are signed."""
    desk = copied(signed_home, home, clock.path)
    yield desk
    desk.engine.dispose()


@pytest.fixture(scope="session")
def told_home(signed_home: Path, tmp_path_factory: pytest.TempPathFactory, law_cache: Path) -> Path:
    """The same home with six people who have a postal address each, all written to by mail."""
    home = tmp_path_factory.mktemp("told")
    (home / "cache").symlink_to(law_cache)
    clock = VirtualClock(home / "clock")
    clock.set(START)
    signed = copied(signed_home, home, clock.path)
    assign_people(signed, french(6, post=True))
    with sink_and_desk(signed) as (_, desk):
        send(desk)
    signed.engine.dispose()
    return home


@pytest.fixture(scope="session")
def forty_home(signed_home: Path, tmp_path_factory: pytest.TempPathFactory, law_cache: Path) -> Path:
    """The same home with a roster of forty people in France, who are to be written to by mail."""
    home = tmp_path_factory.mktemp("forty")
    (home / "cache").symlink_to(law_cache)
    clock = VirtualClock(home / "clock")
    clock.set(START)
    signed = copied(signed_home, home, clock.path)
    assign_people(signed, french(40))
    signed.engine.dispose()
    return home


@pytest.fixture
def forty(forty_home: Path, home: Path, clock: VirtualClock) -> Iterator[Desk]:
    """A desk with the incident `INC-2026-0001` and forty people in France."""
    desk = copied(forty_home, home, clock.path)
    yield desk
    desk.engine.dispose()


@pytest.fixture
def told(told_home: Path, home: Path, clock: VirtualClock) -> Iterator[Desk]:
    """A desk with the incident `INC-2026-0001`, six of whose people were written to."""
    desk = copied(told_home, home, clock.path)
    yield desk
    desk.engine.dispose()


@pytest.fixture
def http_sink() -> Iterator[HttpSink]:
    """A web server that answers as the test says."""
    sink = HttpSink()
    yield sink
    sink.close()


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A Prefect server of the module's own: what one leaves on it (deployments, runs of the same number) is not another's."""
    home, port = tmp_path_factory.mktemp("prefect-server"), free_port()
    with running(home, port):
        yield PrefectServer(home, port)
