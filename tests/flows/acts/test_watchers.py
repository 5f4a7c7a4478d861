"""Many clocks and several watchers: the index is used, and real processes at once fire each alert once."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from subprocess import PIPE

import pytest
from sqlalchemy import Engine, event

from bench.open_clocks import TO_AN_INCIDENT, add_clocks, add_incidents, add_rungs, settle
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.tables import Alert, Delivery, LedgerEntry
from tests.flows.meridia import every

ROOT = Path(__file__).parents[3]
OPEN, DUE, WATCHERS = 4_000, 40, 4
RUNG = "half the time left"
WATCH = (
    "import sys; from flows.acts.watch import watch_once; from flows.desk import open_desk; "
    "desk = open_desk(); print('ready', flush=True); sys.stdin.readline(); "
    "print(*(one.delivery for one in watch_once(desk)))"
)


@pytest.fixture
def many(home: Path, clock: VirtualClock, tables_url: str) -> Iterator[Desk]:
    """A desk with four thousand clocks that run, of which forty, each of another incident, have a rung that is due."""
    desk = open_desk(Settings(home=home, clock=clock.path, database_url=tables_url))
    now = clock()
    add_incidents(desk.engine, 1, OPEN // TO_AN_INCIDENT, now)
    add_clocks(desk.engine, 1, OPEN, now)
    add_rungs(desk.engine, 1, OPEN, now + timedelta(hours=18), "a quarter of the time left")
    add_rungs(desk.engine, 1, OPEN, now, RUNG, every=TO_AN_INCIDENT)
    settle(desk.engine)
    yield desk
    desk.engine.dispose()


def plans(engine: Engine, desk: Desk, sign: str) -> list[str]:
    """How the database goes about each statement with this sign that one pass of the watch makes."""
    made: list[tuple[str, object]] = []

    def keep(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        if sign in statement and statement.startswith("SELECT"):
            made.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", keep)
    watch_once(desk)
    event.remove(engine, "before_cursor_execute", keep)
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        return [
            "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters))  # type: ignore[arg-type]
            for statement, parameters in made
        ]


def test_what_is_due_is_found_by_the_index_and_by_nothing_else(many: Desk, clock: VirtualClock) -> None:
    watch_once(many)  # now nothing is due, as nearly always
    settle(many.engine)

    [plan] = plans(many.engine, many, "alert.fires_at <=")

    assert "ix_alert_state_fires_at" in plan
    assert "Seq Scan" not in plan
    assert "SCAN alert" not in plan


def test_what_one_alert_asks_for_has_an_index_of_its_own(many: Desk, clock: VirtualClock) -> None:
    found = "\n".join(plans(many.engine, many, "FROM alert"))

    assert "ix_alert_duty_id_state" in found
    assert "Seq Scan on alert" not in found
    assert "SCAN alert" not in found
    assert "ix_alert_state_fires_at (state=?)" not in found, "that would be a walk over every open clock"


def test_watchers_in_processes_of_their_own_fire_each_alert_once_and_no_other(many: Desk, clock: VirtualClock) -> None:
    environment = {
        "TOCSIN_HOME": str(many.settings.home),
        "TOCSIN_CLOCK": str(clock.path),
        "TOCSIN_DATABASE_URL": str(many.settings.database_url),
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WATCH], cwd=ROOT, env=environment, text=True, stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        for _ in range(WATCHERS)
    ]
    assert [process.stdout.readline() for process in processes if process.stdout] == ["ready\n"] * WATCHERS
    for process in processes:
        assert process.stdin
        process.stdin.write("now\n")
        process.stdin.flush()
    said = [process.communicate(timeout=120) for process in processes]

    assert [error for _, error in said] == [""] * WATCHERS
    fired = [key for out, _ in said for key in out.split()]
    assert len(fired) == len(set(fired)) == DUE
    assert Counter(row.state for row in every(many, Alert, rung=RUNG)) == {"fired": DUE}
    assert Counter(row.attempts for row in every(many, Delivery)) == {1: DUE}
    assert len(every(many, LedgerEntry, kind="alert.fired")) == DUE
