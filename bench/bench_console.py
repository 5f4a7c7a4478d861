"""The console's first page with 1,000 open incidents and 100,000 ledger entries, against a bare route that reads one row."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Integer, cast, insert, literal, select, text, update

from bench.machine import spread, verdict
from bench.open_clocks import TO_AN_INCIDENT, add_clocks, add_incidents, settle
from console.app import create_app
from flows.acts.accounts import accept, invite
from flows.acts.team import add_member
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.store import reading
from models.tables import Incident, LedgerEntry
from models.vocabulary import PersonRole
from tests.postgres import PostgresMissingError, postgres_running

INCIDENTS, ENTRIES = 1_000, 100_000
REQUESTS = 15
AIM_SECONDS = 0.1
PASSWORD = "correct horse battery"


def main() -> None:
    """Both databases."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        os.environ["TOCSIN_HOME"] = folder
        measure("SQLite", f"sqlite:///{Path(folder) / 'console.db'}")
        try:
            with postgres_running() as server:
                measure("PostgreSQL", server.new_database())
        except PostgresMissingError as missing:
            print(f"PostgreSQL is left out: {missing}")


def measure(name: str, url: str) -> None:
    desk = open_desk(Settings(database_url=url))
    fill(desk)
    with page_of(desk) as page, TestClient(bare(desk)) as floor:
        seconds: dict[str, list[float]] = {}
        for turn in range(REQUESTS + 1):  # alternating, so that other load meets all; the first is left out
            for what, ask in (
                ("bare route, one row", lambda: floor.get("/")),
                ("first page", lambda: page.get("/")),
                ("GET /api/v1/incidents", lambda: page.get("/api/v1/incidents")),
            ):
                taken, processor = timed(ask)
                if turn:
                    seconds.setdefault(what, []).append(taken)
                    seconds.setdefault(f"{what}, processor", []).append(processor)
    print(
        f"-- {name}: {INCIDENTS:,} open incidents, {INCIDENTS * TO_AN_INCIDENT:,} open clocks, {ENTRIES:,} ledger entries"
    )
    for what, found in seconds.items():
        said = (
            ""
            if what.startswith("bare")
            else f"  aim {AIM_SECONDS * 1000:.0f} ms: {verdict(median(found), AIM_SECONDS)}"
        )
        print(f"{what:34} {spread(found)}{said}", flush=True)
    desk.engine.dispose()


def timed(ask: Callable[[], object]) -> tuple[float, float]:
    """The seconds of one request, by the clock and of this process's processor (in which a PostgreSQL server has no part)."""
    began, worked = time.perf_counter(), time.process_time()
    answer = ask()
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    assert getattr(answer, "status_code", 0) == 200, answer
    return seconds, processor


def fill(desk: Desk) -> None:
    now = datetime.now(UTC)
    add_incidents(desk.engine, 1, INCIDENTS, now)
    add_clocks(desk.engine, 1, INCIDENTS * TO_AN_INCIDENT, now)
    with desk.engine.begin() as connection:
        connection.execute(update(Incident).values(private=False, severity="high"))
        numbers = select(literal(1, Integer).label("i")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.i + 1).where(numbers.c.i < ENTRIES))
        i = numbers.c.i
        values = {
            "incident_id": 1 + i % INCIDENTS,
            "seq": 1 + cast(i / INCIDENTS, Integer),
            "at": literal(now, LedgerEntry.__table__.c.at.type),  # type: ignore[attr-defined]
            "zone": literal("UTC"),
            "actor": literal("bench"),
            "kind": literal("duty.gained"),
            "payload": cast(literal("{}"), LedgerEntry.__table__.c.payload.type)  # type: ignore[attr-defined]
            if desk.engine.dialect.name == "postgresql"
            else text("'{}'"),
            "previous": literal(""),
            "sha256": literal(""),
        }
        connection.execute(insert(LedgerEntry).from_select(list(values), select(*values.values()).select_from(numbers)))
    settle(desk.engine)


@contextmanager
def page_of(desk: Desk) -> Iterator[TestClient]:
    """The browser of somebody who is signed in."""
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    accept(desk, invite(desk, "Lea Martin", by="bench"), login="lea", password=PASSWORD)
    with TestClient(create_app(desk), base_url="http://testserver") as page:
        answer = page.post("/sign-in", data={"login": "lea", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        yield page


def bare(desk: Desk) -> FastAPI:
    """The floor: FastAPI alone, which reads one row."""
    app = FastAPI()

    @app.get("/")
    def one() -> dict[str, str]:
        with reading(desk.engine) as session:
            return {"number": session.get_one(Incident, 1).number}

    return app


if __name__ == "__main__":
    main()
