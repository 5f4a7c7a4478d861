from collections.abc import Callable
from pathlib import Path

from fastapi.testclient import TestClient

from console.app import create_app
from flows.desk import open_desk
from flows.settings import Settings
from tests.postgres import PostgresServer


def test_a_living_console_with_its_tables_is_ready_and_tells_nothing_more(browser: Callable[[], TestClient]) -> None:
    page = browser()

    assert (page.get("/health").status_code, page.get("/health").json()) == (200, {"status": "alive"})
    assert (page.get("/ready").status_code, page.get("/ready").json()) == (200, {"status": "ready"})


def test_a_console_without_its_database_lives_but_is_not_ready(postgres_server: PostgresServer, home: Path) -> None:
    address = postgres_server.new_database()
    desk = open_desk(Settings(home=home, database_url=address))
    page = TestClient(create_app(desk))

    postgres_server.drop_database(address)

    assert page.get("/health").status_code == 200
    assert (page.get("/ready").status_code, page.get("/ready").json()) == (503, {"status": "not ready"})
