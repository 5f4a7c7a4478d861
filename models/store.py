"""The database: SQLite (WAL) on one machine, PostgreSQL beyond; one way to open it and one way to write."""

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlmodel import Session

from models.errors import BadInputError, StoreUnavailableError

BUSY_TIMEOUT_MS = 5_000
LONGEST_TURN_SECONDS = 20
_TURNS: defaultdict[str, Lock] = defaultdict(Lock)
# At most, for each connection; with its own 2,000 SQLite reads the disk again in a pass over a million clocks.
CACHE_KIB = 32_768
FIRST_OPENING_MS = 60_000  # while another process makes or migrates the tables
FIRST_OPENING_STEP_S = 0.05
CONNECT_TIMEOUT_S = 10
LOCK_TIMEOUT = "30s"  # no transaction of ours takes so long: whoever still holds the row then hangs


def open_store(url: str) -> Engine:
    """An engine for `url`, such as `sqlite:///tocsin.db` or `postgresql+psycopg://...`; raises `BadInputError` for other kinds."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(url, parsed.database)
        if parsed.get_backend_name() == "postgresql":
            return _postgresql(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadInputError(
            f"TOCSIN_DATABASE_URL {_without_secret(url)!r} cannot be read; write sqlite:///FILE or postgresql://..."
        ) from error
    raise BadInputError(
        f"TOCSIN_DATABASE_URL names {parsed.get_backend_name()!r}; use sqlite:///FILE or postgresql://..."
    )


def _without_secret(url: str) -> str:
    """What of an address that cannot be parsed may be shown: nothing before the host, where a password would stand."""
    return "".join(["***@" if "@" in url else "", url.rpartition("@")[2]])


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let readers and one writer work side by side; a file keeps that, so only its first openers do anything here.

    Of several that change it at once, SQLite turns all but one away without the wait it was told to make.
    """
    give_up = time.monotonic() + FIRST_OPENING_MS / 1000
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(FIRST_OPENING_STEP_S)


def _postgresql(url: URL) -> Engine:
    """Waits for a server and for a row that somebody else has locked no longer than is said here or in the address."""
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    engine = create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args=patience)
    if "options" not in url.query:

        @event.listens_for(engine, "connect")
        def prepare(connection: PoolProxiedConnection, _record: object) -> None:
            connection.cursor().execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            connection.commit()

    return engine


def _sqlite(url: str, path: str | None) -> Engine:
    if path and path != ":memory:" and not path.startswith("file:"):
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailableError(
                f"{Path(path).parent} cannot be made ({error.strerror}); check TOCSIN_HOME"
            ) from error
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute("PRAGMA synchronous = FULL")  # a receipt that was written survives the plug being pulled
        _write_ahead(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that began as a reader cannot wait for the lock; so every transaction starts as a writer.
        options = connection.get_execution_options()
        migrating = options.get("migrating", False)  # which is waited for, and puts tables in others' places
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {FIRST_OPENING_MS if migrating else BUSY_TIMEOUT_MS}")
        connection.exec_driver_sql(f"PRAGMA foreign_keys = {'OFF' if migrating else 'ON'}")
        connection.exec_driver_sql("BEGIN" if options.get("reading", False) else "BEGIN IMMEDIATE")

    return engine


def fenced(engine: Engine, fence: Callable[[Session], None]) -> Engine:
    """The same database, each of whose transactions that write begins with `fence`, which raises to refuse it.

    What the fence locks stays locked until the transaction ends, so that nothing of it can be written after it fell.
    """
    return engine.execution_options(fence=fence)


@contextmanager
def writing(engine: Engine, *, past_the_fence: bool = False) -> Iterator[Session]:
    """One transaction that is kept whole or not at all; raises `StoreUnavailableError` when the database cannot be written."""
    with _translated(engine), _turn(engine), Session(engine, expire_on_commit=False) as session:
        fence: Callable[[Session], None] | None = engine.get_execution_options().get("fence")
        if fence is not None and not past_the_fence:
            fence(session)
        yield session
        session.commit()


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """One writer of this process after the other on SQLite, whose own waiting lets an unlucky one starve.

    Who waits too long goes on, and hears from the database itself that it is locked.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    turn = _TURNS[engine.url.render_as_string()]
    got = turn.acquire(timeout=LONGEST_TURN_SECONDS)
    try:
        yield
    finally:
        if got:
            turn.release()


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A consistent view that changes nothing and waits for no writer."""
    with _translated(engine), Session(engine.execution_options(reading=True), expire_on_commit=False) as session:
        yield session


def forget(engine: Engine) -> None:
    """Write a SQLite file anew without what was deleted in it; PostgreSQL's own vacuum does so by itself."""
    if engine.dialect.name == "sqlite":
        with _translated(engine), closing(engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM")
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise StoreUnavailableError(_advice(engine, error)) from error


def _advice(engine: Engine, error: DBAPIError) -> str:
    where = engine.url.render_as_string(hide_password=True)
    said = " ".join(str(error.orig).split())
    for sign, mend in (
        ("locked", "another process is writing; try again in a moment"),
        ("lock timeout", "another process is writing; try again in a moment"),
        ("readonly", "the file or its folder is read-only; make it writable"),
        ("read-only", "the file or its folder is read-only; make it writable"),
        ("full", "the disk is full; free some space, nothing was half-written"),
        ("unable to open", "check that the folder exists and may be written"),
        ("no such table", "the tables are missing; run `tocsin doctor`"),
        ("does not exist", "the tables or the database are missing; run `tocsin doctor`"),
        ("connection", "the server cannot be reached; check that it runs and the address"),
    ):
        if sign in said.lower():
            return f"database {where}: {said}; {mend}"
    return f"database {where}: {said}; nothing was half-written, run `tocsin doctor`"
