from collections.abc import Iterator

import psycopg
import pytest

from models.errors import BadInputError
from people.columns import Mapping
from people.loading import load
from people.roster import open_roster
from tests.people.conftest import TODAY, Store
from tests.postgres import PostgresServer


@pytest.fixture
def database(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database with 45 000 members, one of them twice, and the environment that leads to it."""
    address = postgres_server.new_database()
    with psycopg.connect(address) as connection:
        connection.execute(
            "CREATE TABLE member AS SELECT n AS id, 'Ann ' || chr(97 + n % 26) || chr(97 + n / 26 % 26) || chr(97 + n / 676) AS name, "
            "'a' || n || '@x.example' AS email, DATE '1980-02-03' + n % 9000 AS born, n % 2 = 0 AS minor, NULL AS phone FROM generate_series(1, 44999) n"
        )
        connection.execute("INSERT INTO member SELECT * FROM member WHERE id = 7")
    for name, value in psycopg.conninfo.conninfo_to_dict(address).items():
        monkeypatch.setenv({"dbname": "PGDATABASE"}.get(name, f"PG{name.upper()}"), str(value))
    yield address
    postgres_server.drop_database(address)


def ask(store: Store, query: str) -> tuple[int, int, int, int]:
    with open_roster(store.folder, store.key) as roster:
        loaded = load(roster, [f"postgres:{query}"], Mapping(), TODAY)
    return loaded.read, loaded.kept, loaded.duplicates, loaded.set_aside


def test_a_query_of_postgresql_is_read_in_batches(store: Store, database: str) -> None:
    assert ask(store, "SELECT * FROM member ORDER BY id") == (45_000, 44_999, 1, 0)
    assert store.rows(
        "SELECT full_name, emails, birth_date::VARCHAR, minor, phones FROM person WHERE identifier = '2'"
    ) == [("Ann caa", ["a2@x.example"], "1980-02-05", True, [])]


def test_the_same_query_may_be_asked_again_since_its_rows_may_be_others(store: Store, database: str) -> None:
    query = "SELECT id, name, email FROM member WHERE id < 100"
    ask(store, query)
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE member SET id = 50 WHERE id = 44999")

    assert ask(store, query) == (201, 100, 101, 0)


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("SELECT * FROM nobody", 'postgres: relation "nobody" does not exist'),
        ("DELETE FROM member RETURNING *", "postgres: "),
        ("SELECT 1 AS one", "no column says who a person is"),
    ],
)
def test_a_query_that_cannot_be_used_is_told_in_one_line_and_changes_nothing(
    store: Store, database: str, query: str, complaint: str
) -> None:
    with pytest.raises(BadInputError, match=complaint) as told:
        ask(store, query)

    assert "\n" not in str(told.value)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM member").fetchone() == (45_000,)


def test_a_server_that_does_not_answer_is_told_in_one_line(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", "1")

    with pytest.raises(BadInputError, match=r"postgres: .*check the query, PGHOST, PGDATABASE and PGUSER"):
        ask(store, "SELECT 1")
