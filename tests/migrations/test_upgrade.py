import subprocess
import sys
from pathlib import Path
from subprocess import PIPE

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, UniqueConstraint, inspect, text
from sqlmodel import Session, select

import migrations.upgrade
from migrations.upgrade import HEAD, ensure_tables, version_of
from models.errors import StoreUnavailableError
from models.store import open_store
from models.tables import Alert, DutyRecord, Incident, metadata

FOLDER = Path(migrations.upgrade.__file__).parent
ROOT = FOLDER.parent


def config() -> Config:
    found = Config()
    found.set_main_option("script_location", str(FOLDER))
    return found


def migrate(engine: Engine, target: str) -> None:
    settings = config()
    with engine.connect() as connection:
        settings.attributes["connection"] = connection
        (command.downgrade if target == "base" else command.upgrade)(settings, target)
        connection.commit()


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))


def test_the_migrations_make_exactly_the_tables_that_the_models_describe(empty_store: Engine) -> None:
    ensure_tables(empty_store)

    assert differences(empty_store) == []


def test_every_unique_constraint_of_the_models_stands_in_the_database(store: Engine) -> None:
    found = inspect(store)
    for table in metadata.sorted_tables:
        wanted = {
            tuple(sorted(column.name for column in constraint.columns))
            for constraint in table.constraints
            if isinstance(constraint, UniqueConstraint)
        }
        made = {tuple(sorted(each["column_names"])) for each in found.get_unique_constraints(table.name)}
        assert made == wanted, table.name


def test_the_head_that_the_code_expects_is_the_head_of_the_migrations() -> None:
    assert ScriptDirectory.from_config(config()).get_heads() == [HEAD]


def test_a_database_can_go_down_to_nothing_and_up_again(store: Engine) -> None:
    migrate(store, "base")
    assert set(inspect(store).get_table_names()) == {"alembic_version"}

    migrate(store, "head")
    assert version_of(store) == HEAD
    assert differences(store) == []


def test_opening_an_empty_database_makes_the_tables_and_opening_it_again_does_nothing(empty_store: Engine) -> None:
    assert version_of(empty_store) is None
    assert ensure_tables(empty_store) is True
    assert ensure_tables(empty_store) is False


def test_processes_that_open_an_empty_database_at_once_all_find_its_tables(database_url: str) -> None:
    opening = (
        "import sys, alembic.command; from models.store import open_store; from migrations.upgrade import ensure_tables, version_of\n"
        "engine = open_store(sys.argv[1]); print('ready', flush=True); sys.stdin.readline(); ensure_tables(engine); print(version_of(engine))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", opening, database_url], cwd=ROOT, text=True, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        for _ in range(3)
    ]
    assert [process.stdout.readline() for process in processes if process.stdout] == ["ready\n"] * 3
    for process in processes:
        assert process.stdin
        process.stdin.write("now\n")
        process.stdin.flush()
    said = [process.communicate(timeout=30) for process in processes]

    assert said == [(f"{HEAD}\n", "")] * 3


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(store: Engine) -> None:
    with store.begin() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))

    with pytest.raises(StoreUnavailableError, match="another version of Tocsin"):
        ensure_tables(store)
    assert version_of(store) == "9999"


def test_a_server_that_does_not_run_is_named_without_its_password() -> None:
    engine = open_store("postgresql://tocsin:hunter2@127.0.0.1:1/tocsin")

    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1:1/tocsin") as caught:
        ensure_tables(engine)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    path.write_bytes(b"this is a letter and not a database, however long it may go on being one" * 40)

    with pytest.raises(StoreUnavailableError, match=r"tocsin\.db.*not a database"):
        ensure_tables(open_store(f"sqlite:///{path}"))


def test_incidents_in_flight_come_forward_from_the_first_tables_with_their_alerts_still_to_fire(
    empty_store: Engine,
) -> None:
    migrate(empty_store, "0001")
    rows = {
        "incident": "id, number, title, state, rehearsal, opened_at, zone, opened_by, facts_version, published, passes, "
        "ledger_count, ledger_head",
        "duty": "id, incident_id, provision, stage, recipient, jurisdiction, audience, verdict, state, clock_state, "
        "zone, body, facts_version",
        "alert": "id, key, incident_id, duty_id, rung, role, due_at, state, zone",
    }
    values = {
        "incident": "1, 'INC-2026-0001', 'Old', 'open', :no, '2026-11-23 09:00:00.000000', 'UTC', 'Ada', 1, 0, 0, 0, ''",
        "duty": "1, 1, 'eu-gdpr-33', 'initial', 'CNIL', 'FR', 'authority', 'required', 'open', 'running', 'UTC', '{}', 1",
        "alert": "1, 'k', 1, 1, 'the limit', 'executive', '2026-11-26 09:00:00.000000', 'pending', 'UTC'",
    }
    with empty_store.begin() as connection:
        for table, columns in rows.items():
            connection.execute(
                text(f"INSERT INTO {table} ({columns}) VALUES ({values[table]})"),
                {"no": False} if table == "incident" else {},
            )

    ensure_tables(empty_store)

    with Session(empty_store) as session:
        [alert] = session.exec(select(Alert)).all()
        assert (alert.state, alert.kind, alert.ways, alert.fires_at) == ("pending", "rung", "chat", alert.due_at)
        assert session.get_one(Incident, 1).purged_at is None
        assert session.get_one(DutyRecord, 1).state == "open"
