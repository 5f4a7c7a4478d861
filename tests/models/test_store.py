import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Engine, event, text
from sqlmodel import func, select

from migrations.upgrade import ensure_tables
from models.errors import BadInputError, StoreUnavailableError
from models.store import open_store, reading, writing
from models.tables import Incident, Person

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def incident(number: str, title: str = "x") -> Incident:
    return Incident(number=number, title=title, opened_at=AT, opened_by="Lea Martin")


def stored(engine: Engine) -> list[str]:
    with reading(engine) as session:
        return list(session.exec(select(Incident.number).order_by(Incident.number)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tocsin.db"


@pytest.fixture
def sqlite(path: Path, tables: Path) -> Iterator[Engine]:
    """A SQLite store with one incident in it."""
    shutil.copy(tables, path)
    engine = open_store(f"sqlite:///{path}")
    with writing(engine) as session:
        session.add(incident("INC-2026-0001"))
    yield engine
    engine.dispose()


def impatient(engine: Engine) -> None:
    """Give up on a lock at once, so that the test need not wait as long as a person may."""

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 20")


def test_what_is_written_is_kept_whole(store: Engine) -> None:
    with writing(store) as session:
        session.add_all([incident("INC-2026-0001"), incident("INC-2026-0002")])

    assert stored(store) == ["INC-2026-0001", "INC-2026-0002"]


def test_an_error_in_the_middle_leaves_nothing_behind(store: Engine) -> None:
    def report() -> None:
        with writing(store) as session:
            session.add(incident("INC-2026-0001"))
            session.flush()
            raise ValueError("the pen broke")

    with pytest.raises(ValueError, match="the pen broke"):
        report()

    assert stored(store) == []


def test_reading_keeps_nothing_that_was_changed(store: Engine) -> None:
    with reading(store) as session:
        session.add(incident("INC-2026-0001"))
        session.flush()

    assert stored(store) == []


def test_a_reader_waits_for_no_writer_and_sees_what_was_there_before(store: Engine) -> None:
    with writing(store) as session:
        session.add(incident("INC-2026-0001"))
        session.flush()
        assert stored(store) == []
    assert stored(store) == ["INC-2026-0001"]


def test_two_writers_take_turns(sqlite: Engine) -> None:
    begun, finished = Event(), []

    def second() -> None:
        begun.wait()
        with writing(sqlite) as session:
            count = session.exec(select(func.count()).select_from(Incident)).one()
            session.add(incident(f"INC-2026-{count + 1:04d}"))
        finished.append(count)

    thread = Thread(target=second)
    with writing(sqlite) as session:
        session.add(incident("INC-2026-0002"))
        session.flush()
        thread.start()
        begun.set()
        thread.join(0.1)
        assert thread.is_alive(), "the second one waits"
    thread.join(5)

    assert finished == [2]
    assert stored(sqlite) == ["INC-2026-0001", "INC-2026-0002", "INC-2026-0003"]


def test_a_receipt_survives_the_plug_being_pulled(sqlite: Engine) -> None:
    with sqlite.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def refused(engine: Engine, number: str = "INC-2026-0002", title: str = "x") -> str:
    """What the person is told when an incident cannot be written."""
    with pytest.raises(StoreUnavailableError) as caught, writing(engine) as session:
        session.add(incident(number, title))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_locked_database_is_a_clear_error_and_nothing_is_half_written(path: Path, sqlite: Engine) -> None:
    engine = open_store(f"sqlite:///{path}")
    impatient(engine)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "locked; another process is writing; try again in a moment" in refused(engine)
        assert stored(engine) == ["INC-2026-0001"], "reading goes on"
        other.execute("ROLLBACK")

    assert stored(engine) == ["INC-2026-0001"]
    with writing(engine) as session:
        session.add(incident("INC-2026-0002"))
    engine.dispose()


def test_a_read_only_database_is_a_clear_error_and_can_still_be_read(path: Path, sqlite: Engine) -> None:
    engine = open_store(f"sqlite:///file:{path}?mode=ro&uri=true")

    assert "make it writable" in refused(engine)
    assert stored(engine) == ["INC-2026-0001"]
    engine.dispose()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write whatever the permissions say")
def test_a_file_without_write_permission_is_a_clear_error(path: Path, sqlite: Engine) -> None:
    sqlite.dispose()
    path.chmod(stat.S_IRUSR)
    path.parent.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        assert "make it writable" in refused(open_store(f"sqlite:///{path}"))
    finally:
        path.parent.chmod(stat.S_IRWXU)


def test_a_full_database_is_a_clear_error_and_nothing_is_half_written(path: Path, sqlite: Engine) -> None:
    engine = open_store(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    said = refused(engine, title="x" * 100_000)

    assert "full; the disk is full; free some space, nothing was half-written" in said
    assert stored(engine) == ["INC-2026-0001"]
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()


def test_missing_tables_are_named_with_what_makes_them(empty_store: Engine) -> None:
    assert "run `tocsin doctor`" in refused(empty_store)


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_postgresql_that_may_only_be_read_is_a_clear_error(store: Engine) -> None:
    with store.connect() as connection:
        connection.execute(text(f"alter database {store.url.database} set default_transaction_read_only = on"))
        connection.commit()
    store.dispose()

    assert "make it writable" in refused(store)


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    said = refused(open_store("postgresql://tocsin:hunter2@127.0.0.1:1/tocsin"))

    assert "the server cannot be reached; check that it runs and the address" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("mysql://localhost/tocsin", "names 'mysql'; use sqlite:///FILE or postgresql://..."),
        ("tocsin.db", "'tocsin.db' cannot be read; write sqlite:///FILE or postgresql://..."),
        ("", "cannot be read; write sqlite:///FILE or postgresql://..."),
        ("nosuch://x", "names 'nosuch'; use sqlite:///FILE"),
    ],
)
def test_an_address_of_another_kind_is_refused(url: str, complaint: str) -> None:
    with pytest.raises(BadInputError) as caught:
        open_store(url)

    assert complaint in str(caught.value)


def test_an_address_that_cannot_be_read_is_not_printed_with_its_password() -> None:
    with pytest.raises(BadInputError) as caught:
        open_store("postgresql//tocsin:hunter2@db/tocsin")

    assert "hunter2" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file, not a folder")

    with pytest.raises(StoreUnavailableError, match=r"cannot be made .*; check TOCSIN_HOME"):
        open_store(f"sqlite:///{tmp_path / 'home' / 'deep' / 'tocsin.db'}")


def test_the_folder_of_the_database_is_made(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path / 'deep' / 'home' / 'tocsin.db'}")

    assert ensure_tables(engine) is True
    engine.dispose()


def test_of_many_writers_at_once_none_starves(store: Engine) -> None:
    def written(index: int) -> None:
        with writing(store) as session:
            session.add(Person(name=f"Signer {index}"))

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(written, index) for index in range(200)]:
            done.result()

    with reading(store) as session:
        assert len(session.exec(select(Person.id)).all()) == 200
