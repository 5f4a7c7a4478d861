import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.acts.evaluate import evaluate
from flows.acts.report import open_incident
from flows.desk import Desk, open_desk
from flows.server import free_port, running
from flows.settings import Settings
from models.clock import VirtualClock
from models.report import read_report
from tests.conftest import DEMO, START
from tests.flows.meridia import REPORTER, contain, draft, join_team
from tests.flows.server import PrefectServer


@pytest.fixture
def team(desk: Desk) -> Desk:
    """The desk with a person for each role."""
    join_team(desk)
    return desk


@pytest.fixture(scope="session")
def drafted_home(tmp_path_factory: pytest.TempPathFactory, law_cache: Path) -> Path:
    """A home folder in which one incident was reported, contained as far as it goes, evaluated and drafted."""
    home = tmp_path_factory.mktemp("drafted")
    (home / "cache").symlink_to(law_cache)
    clock = VirtualClock(home / "clock")
    clock.set(START)
    desk = open_desk(Settings(home=home, clock=clock.path, organisation=DEMO / "organisation.yaml"))
    join_team(desk)
    number = open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by=REPORTER)
    contain(desk, number)
    evaluate(desk, number)
    draft(desk, number)
    desk.engine.dispose()
    return home


@pytest.fixture
def drafted(drafted_home: Path, home: Path, clock: VirtualClock) -> Iterator[Desk]:
    """A desk with the team and the incident `INC-2026-0001`, all of whose texts are drafted and none is signed."""
    shutil.copytree(drafted_home, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("cache", "clock"))
    desk = open_desk(Settings(home=home, clock=clock.path, organisation=DEMO / "organisation.yaml"))
    yield desk
    desk.engine.dispose()


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A Prefect server of the module's own: what one leaves on it (deployments, runs of the same number) is not another's."""
    home, port = tmp_path_factory.mktemp("prefect-server"), free_port()
    with running(home, port):
        yield PrefectServer(home, port)
