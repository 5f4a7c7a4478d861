"""What tests of every folder share: both databases, and a desk on a clock that stands still."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine

from flows.acts.evaluate import evaluate
from flows.acts.report import open_incident
from flows.desk import Desk, open_desk
from flows.settings import Settings
from migrations.upgrade import ensure_tables
from models.clock import VirtualClock
from models.report import read_report
from models.store import open_store
from tests.flows.meridia import REPORTER, carry, contain, draft, join_team
from tests.postgres import PostgresMissingError, PostgresServer, postgres_running

# A database waits for the disk at each commit; in memory, where there is room, thousands of tests wait for nothing.
MEMORY, ROOM = Path("/dev/shm"), 3 << 30
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))  # where pytest makes its folders

signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that a run that is told to stop ends its servers too

hypothesis.settings.register_profile("no duration is asserted", deadline=None)
hypothesis.settings.load_profile("no duration is asserted")

DEMO = Path(__file__).parents[1] / "tocsin" / "demo" / "data"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # an hour and a half after the demo's organisation became aware

BOTH_DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL; without one the test is skipped, or fails where TOCSIN_TESTS_COMPLETE=1 asks for every test."""
    try:
        with postgres_running() as server:
            yield server
    except PostgresMissingError as missing:
        if os.environ.get("TOCSIN_TESTS_COMPLETE") == "1":
            pytest.fail(f"TOCSIN_TESTS_COMPLETE=1, but {missing}")
        pytest.skip(str(missing))


@pytest.fixture(params=BOTH_DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database, once SQLite and once PostgreSQL."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """The address of an empty database, of each kind."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path / 'tocsin.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database()


@pytest.fixture
def tables_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """The address of a database with its tables and no rows, of each kind."""
    if database == "sqlite":
        shutil.copy(request.getfixturevalue("tables"), tmp_path / "tocsin.db")
        return f"sqlite:///{tmp_path / 'tocsin.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.copy_of(request.getfixturevalue("postgres_tables"))


@pytest.fixture
def empty_store(database_url: str) -> Iterator[Engine]:
    """An engine on an empty database, of each kind."""
    engine = open_store(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(tables_url: str) -> Iterator[Engine]:
    """An engine on a database with its tables, of each kind."""
    engine = open_store(tables_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: PostgresServer) -> str:
    """The address of a PostgreSQL database with its tables and no rows, to be copied."""
    address = postgres_server.new_database()
    engine = open_store(address)
    ensure_tables(engine)
    engine.dispose()
    return address


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with its tables and no rows: a copy costs a hundredth of the migrations that make it."""
    path = tmp_path_factory.mktemp("tables") / "tocsin.db"
    engine = open_store(f"sqlite:///{path}")
    ensure_tables(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def law_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the parsed law files are kept for the whole test run."""
    return tmp_path_factory.mktemp("laws")


@pytest.fixture
def home(tmp_path: Path, law_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, with nothing set in the environment but itself."""
    for name in [name for name in os.environ if name.startswith("TOCSIN_") and name != "TOCSIN_TESTS_COMPLETE"]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "cache").symlink_to(law_cache)
    monkeypatch.setenv("TOCSIN_HOME", str(folder))
    return folder


@pytest.fixture
def clock(tmp_path: Path) -> VirtualClock:
    """A clock that stands at `START` until a test moves it."""
    clock = VirtualClock(tmp_path / "clock")
    clock.set(START)
    return clock


@pytest.fixture
def desk(home: Path, clock: VirtualClock, tables: Path) -> Iterator[Desk]:
    """A desk on SQLite with the demo's organisation, whose only way out is the outbox folder."""
    shutil.copy(tables, home / "tocsin.db")
    desk = open_desk(Settings(home=home, clock=clock.path, organisation=DEMO / "organisation.yaml"))
    yield desk
    desk.engine.dispose()


@pytest.fixture
def open_demo_incident(desk: Desk) -> Callable[[], str]:
    """Opens an incident from the demo's first facts, as Nadia Roux; gives its number."""
    return lambda: open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by="Nadia Roux")


@pytest.fixture
def number(open_demo_incident: Callable[[], str]) -> str:
    """The number of one incident opened from the demo's first facts."""
    return open_demo_incident()


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


@pytest.fixture(scope="session")
def carried_home(tmp_path_factory: pytest.TempPathFactory, law_cache: Path) -> Path:
    """A home folder in which one incident went as far as it goes without a person, what needs no signature sent."""
    home = tmp_path_factory.mktemp("carried")
    (home / "cache").symlink_to(law_cache)
    clock = VirtualClock(home / "clock")
    clock.set(START)
    desk = open_desk(Settings(home=home, clock=clock.path, organisation=DEMO / "organisation.yaml"))
    join_team(desk)
    carry(desk, open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by=REPORTER))
    desk.engine.dispose()
    return home


def taken_over(carried_home: Path, desk: Desk) -> str:
    """Put the incident of `carried_home` in place of everything on the desk; gives its number."""
    for folder in ("outbox", "evidence"):
        if (carried_home / folder).exists():
            shutil.copytree(carried_home / folder, desk.settings.home / folder, dirs_exist_ok=True)
    with (
        closing(sqlite3.connect(carried_home / "tocsin.db")) as known,
        closing(sqlite3.connect(desk.settings.home / "tocsin.db")) as mine,
    ):
        known.backup(mine)
    return "INC-2026-0001"
