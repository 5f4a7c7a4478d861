import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from flows.acts.report import open_incident
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.report import read_report
from models.vocabulary import PersonRole
from tests.conftest import DEMO, START
from tests.console.conftest import SignInAs, csrf
from tests.flows.meridia import LEGAL, REPORTER, carry, join_team

ApiAs = Callable[..., TestClient]
V1 = "/api/v1"


@pytest.fixture
def api_as(signed_in_as: SignInAs) -> ApiAs:
    """Opens a browser of somebody with the given roles, which sends what our own pages know with every request."""

    def opened(name: str, *roles: PersonRole) -> TestClient:
        page = signed_in_as(name, *roles)
        page.headers["x-csrf"] = csrf(page.get("/").text)
        return page

    return opened


@pytest.fixture
def legal(request: pytest.FixtureRequest, api_as: ApiAs) -> TestClient:
    """Lea Martin, who decides on duties and signs, at the API; with the drafted incident where the test asks for it."""
    if "drafted" in request.fixturenames:
        request.getfixturevalue("drafted")  # first: it takes the place of everything in the database
    return api_as(LEGAL, PersonRole.LEGAL)


@pytest.fixture(scope="session")
def carried(tmp_path_factory: pytest.TempPathFactory, law_cache: Path) -> Path:
    """A home folder with the demo's incident as far as it goes without a person."""
    home = tmp_path_factory.mktemp("carried")
    (home / "cache").symlink_to(law_cache)
    clock = VirtualClock(home / "clock")
    clock.set(START)
    desk = open_desk(Settings(home=home, clock=clock.path, organisation=DEMO / "organisation.yaml"))
    join_team(desk)
    carry(desk, open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by=REPORTER))
    desk.engine.dispose()
    return home


@pytest.fixture
def drafted(desk: Desk, carried: Path) -> str:
    """An incident of which Lea Martin is a member, as far as it goes without a person: its texts are drafted."""
    for folder in ("outbox", "evidence"):
        if (carried / folder).exists():
            shutil.copytree(carried / folder, desk.settings.home / folder, dirs_exist_ok=True)
    with (
        closing(sqlite3.connect(carried / "tocsin.db")) as known,
        closing(sqlite3.connect(desk.settings.home / "tocsin.db")) as mine,
    ):
        known.backup(mine)
    return "INC-2026-0001"
