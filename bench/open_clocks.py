"""Many running clocks at once, put into the database in bulk: one duty and its next rung each, a hundred to an incident."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, Integer, String, cast, insert, literal, null, select
from sqlmodel import SQLModel

from models.tables import Alert, DutyRecord, Incident

TO_AN_INCIDENT = 100
AT_ONCE = 50_000


def add_incidents(engine: Engine, first: int, last: int, now: datetime) -> None:
    """Open incidents with these ids, whose facts nobody asks for."""
    row = Incident(number="", title="bench", opened_at=now, opened_by="bench")
    _copies(engine, row, first, last, lambda i: {"id": i, "number": literal("INC-2026-") + cast(i, String)})


def add_clocks(engine: Engine, first: int, last: int, now: datetime) -> None:
    """Duties with these ids, a hundred to an incident, in the middle of their 72 hours."""
    row = DutyRecord(
        incident_id=0,
        provision="",
        stage="initial",
        recipient="authority",
        jurisdiction="EU",
        audience="authority",
        verdict="required",
        state="open",
        clock_state="running",
        starts_at=now - timedelta(hours=36),
        due_at=now + timedelta(hours=36),
        body={"citation": "bench"},
        facts_version=1,
    )
    _copies(
        engine,
        row,
        first,
        last,
        lambda i: {"id": i, "incident_id": _incident_of(i), "provision": literal("bench-") + cast(i, String)},
    )


def add_rungs(engine: Engine, first: int, last: int, due: datetime, name: str, *, every: int = 1) -> None:
    """A pending rung of every so many of the duties with these ids, all due at one time."""
    row = Alert(key="", incident_id=0, duty_id=0, rung=name, role="legal", due_at=due, fires_at=due)
    _copies(
        engine,
        row,
        first,
        last,
        lambda i: {"key": cast(i, String) + f"/{name}", "incident_id": _incident_of(i), "duty_id": i},
        every=every,
    )


def settle(engine: Engine) -> None:
    """Let PostgreSQL learn how its tables look now, as it does by itself before long; SQLite never does."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _incident_of(duty: ColumnElement[int]) -> ColumnElement[int]:
    return literal(1) + (duty - 1) // TO_AN_INCIDENT


def _copies(engine: Engine, row: SQLModel, first: int, last: int, varied: Any, *, every: int = 1) -> None:
    """The row as often as there are numbers, made by the database itself; `varied` says what a number changes."""
    for start in range(first, last + 1, AT_ONCE):
        numbers = select(literal(start, Integer).label("i")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < min(start + AT_ONCE - 1, last)))
        values = _values(engine, row, varied(numbers.c.i))
        chosen = select(*values.values()).select_from(numbers).where(numbers.c.i % every == 0)
        with engine.begin() as connection:
            connection.execute(insert(type(row)).from_select(list(values), chosen))


def _values(engine: Engine, row: SQLModel, varied: Mapping[str, ColumnElement[Any]]) -> dict[str, ColumnElement[Any]]:
    columns = {column.name: column for column in type(row).__table__.columns}  # type: ignore[attr-defined]
    found: dict[str, ColumnElement[Any]] = {}
    for name, value in row.model_dump().items():
        if name in varied:
            found[name] = varied[name]
        elif value is None and name != "id":
            found[name] = null()
        elif value is not None:
            kept = literal(value, columns[name].type)
            found[name] = cast(kept, columns[name].type) if engine.dialect.name == "postgresql" else kept
    return found
