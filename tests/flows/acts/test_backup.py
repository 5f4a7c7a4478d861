"""A back-up of a live installation, and what may and may not happen after it was restored."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from flows.acts.backup import MANIFEST, back_up, check_backup, restore
from flows.acts.evaluate import evaluate
from flows.acts.report import open_incident
from flows.acts.standing import standing
from flows.acts.unfinished import unfinished
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.errors import BadInputError, NotAllowedError
from models.report import read_report
from models.tables import Delivery, Evidence, Incident
from tests.conftest import DEMO
from tests.flows.meridia import REPORTER, add, contain, every, join_team, ledger, notices, one, payloads, queue, sign
from tests.postgres import PostgresServer

NUMBER = "INC-2026-0001"


@pytest.fixture
def elsewhere(tmp_path: Path, law_cache: Path, clock: VirtualClock) -> Settings:
    """The settings of an empty installation."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "cache").symlink_to(law_cache)
    return Settings(home=home, clock=clock.path, organisation=DEMO / "organisation.yaml")


@pytest.fixture
def saved(drafted: Desk, tmp_path: Path) -> Path:
    """A back-up of the drafted incident with one filing signed and queued."""
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)
    back_up(drafted, tmp_path / "saved")
    return tmp_path / "saved"


@pytest.fixture
def restored(saved: Path, elsewhere: Settings) -> Iterator[Desk]:
    restore(elsewhere, saved)
    desk = open_desk(elsewhere)
    yield desk
    desk.engine.dispose()


def test_everything_comes_back_and_every_ledger_verifies(drafted: Desk, saved: Path, elsewhere: Settings) -> None:
    found = restore(elsewhere, saved)

    desk = open_desk(elsewhere)
    assert (found.incidents, found.ledger_entries, found.halted) == (1, len(ledger(drafted, NUMBER)), (NUMBER,))
    assert ledger(desk, NUMBER)[: found.ledger_entries] == ledger(drafted, NUMBER)
    kept = {path.name for path in (drafted.settings.home / "outbox").iterdir()}
    assert kept == {path.name for path in (elsewhere.home / "outbox").iterdir()}
    assert all(Path(row.path).is_relative_to(elsewhere.home) for row in every(desk, Evidence))
    assert all(Path(row.path).is_file() for row in every(desk, Evidence))
    desk.engine.dispose()


def test_after_restoring_nothing_that_was_on_its_way_goes_out_by_itself(restored: Desk) -> None:
    [row] = every(restored, Delivery, purpose="notice")
    assert (row.state, row.attempts) == ("uncertain", 0)
    assert "it may have gone out since" in str(row.last_error)

    watch_once(restored)

    assert unfinished(restored) == []
    assert every(restored, Delivery, purpose="notice") == [row]
    assert one(restored, Incident).halted_at is not None
    assert row.key in {wait.reference for wait in standing(restored, NUMBER).waits if wait.kind == "delivery"}
    assert row.key in payloads(restored, NUMBER, "incident.restored")[0]["uncertain"]
    assert {one.state for one in every(restored, Delivery)} <= {"sent", "to_hand_over", "uncertain"}


def test_after_restoring_alerts_go_on(restored: Desk, clock: VirtualClock) -> None:
    clock.set(clock().replace(day=27))

    assert watch_once(restored)
    assert {row.state for row in every(restored, Delivery, purpose="alert")} == {"sent"}


def test_nothing_is_overwritten(drafted: Desk, saved: Path, elsewhere: Settings) -> None:
    with pytest.raises(NotAllowedError, match="is not empty; name a new folder"):
        back_up(drafted, saved)
    with pytest.raises(NotAllowedError, match="is there already"):
        restore(drafted.settings, saved)
    (elsewhere.home / "evidence").mkdir()
    (elsewhere.home / "evidence" / "something").write_text("of another")
    with pytest.raises(NotAllowedError, match="evidence is not empty"):
        restore(elsewhere, saved)
    assert not (elsewhere.home / "tocsin.db").exists()


@pytest.mark.parametrize("harm", ["altered", "missing", "unfinished", "of another kind", "leading out"])
def test_a_back_up_that_is_not_whole_is_refused_and_nothing_is_restored(
    saved: Path, elsewhere: Settings, harm: str
) -> None:
    manifest = json.loads((saved / MANIFEST).read_text())
    some = next(kept for kept in manifest["files"] if kept["path"].startswith("outbox/"))
    match harm:
        case "altered":
            (saved / some["path"]).write_text("another text")
        case "missing":
            (saved / some["path"]).unlink()
        case "unfinished":
            (saved / MANIFEST).unlink()
        case "of another kind":
            (saved / MANIFEST).write_text(json.dumps({**manifest, "format": "tocsin-backup-9"}))
        case "leading out":
            manifest["files"][0]["path"] = "../../etc/passwd"
            (saved / MANIFEST).write_text(json.dumps(manifest))

    with pytest.raises(BadInputError):
        restore(elsewhere, saved)
    assert not (elsewhere.home / "tocsin.db").exists()


def test_a_back_up_of_a_database_that_is_being_written_is_one_instant_of_it(drafted: Desk, tmp_path: Path) -> None:
    over = Event()

    def write_on() -> None:
        count = 0
        while not over.is_set():
            count += 1
            add(drafted, NUMBER, f"records: {count}")

    writer = Thread(target=write_on)
    writer.start()
    try:
        for turn in range(3):
            back_up(drafted, tmp_path / f"saved-{turn}")
    finally:
        over.set()
        writer.join()

    for turn in range(3):
        check_backup(tmp_path / f"saved-{turn}")
        copied = sqlite3.connect(tmp_path / f"saved-{turn}" / "database")
        [(count, head)] = copied.execute("select ledger_count, ledger_head from incident").fetchall()
        [(last,)] = copied.execute("select sha256 from ledger_entry where seq = ?", (count,)).fetchall()
        assert last == head
        copied.close()


@pytest.mark.postgres
def test_a_postgresql_database_comes_back_into_an_empty_one_and_into_no_other(
    home: Path, clock: VirtualClock, elsewhere: Settings, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    organisation = DEMO / "organisation.yaml"
    url = postgres_server.new_database()
    desk = open_desk(Settings(home=home, clock=clock.path, organisation=organisation, database_url=url))
    join_team(desk)
    number = open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by=REPORTER)
    contain(desk, number)
    evaluate(desk, number)
    back_up(desk, tmp_path / "saved")
    empty = elsewhere.model_copy(update={"database_url": postgres_server.new_database()})

    found = restore(empty, tmp_path / "saved")

    again = open_desk(empty)
    assert ledger(again, number)[: found.ledger_entries] == ledger(desk, number)
    with pytest.raises(NotAllowedError, match="is there already"):
        restore(empty.model_copy(update={"home": tmp_path / "third"}), tmp_path / "saved")
    with pytest.raises(BadInputError, match="the back-up is of postgresql"):
        restore(elsewhere, tmp_path / "saved")
    for one_desk in (desk, again):
        one_desk.engine.dispose()
