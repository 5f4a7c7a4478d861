from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import StoreUnavailableError
from people.roster import encrypts_by_openssl, open_roster
from tests.people.conftest import HEAD, Store

ANN = "Ann,Lee,1980-02-03,ann@x.example,+12125550101,1 Main St,New York,10001,US\n"
AS_0_1 = """
ALTER TABLE record ALTER id TYPE VARCHAR USING format('{:016x}', id);
ALTER TABLE record ALTER phones TYPE VARCHAR[] USING list_transform(phones, lambda phone: concat('+', phone));
ALTER TABLE merge ALTER kept TYPE VARCHAR USING format('{:016x}', kept);
ALTER TABLE merge ALTER merged TYPE VARCHAR USING format('{:016x}', merged);
"""


def test_the_cipher_of_a_store_is_openssls_only_where_openssl_is_loaded(tmp_path: Path) -> None:
    with open_roster(tmp_path / "INC-2026-0001", tmp_path / "keys" / "INC-2026-0001.key") as roster:
        [loaded] = roster.connection.execute(
            "SELECT count(*) > 0 FROM duckdb_extensions() WHERE extension_name = 'httpfs' AND loaded"
        ).fetchone() or (None,)

    assert encrypts_by_openssl() is loaded


def test_a_roster_that_is_being_loaded_is_in_use_for_everybody_else_of_the_same_process(tmp_path: Path) -> None:
    folder, key = tmp_path / "INC-2026-0001", tmp_path / "keys" / "INC-2026-0001.key"

    with (
        open_roster(folder, key),
        pytest.raises(StoreUnavailableError, match="wait for it and try again"),
        open_roster(folder, key, read_only=True),
    ):
        pass


@pytest.mark.parametrize("first", ["read", "load"])
def test_a_store_of_version_0_1_is_brought_up_to_date_with_the_same_people(
    store: Store, written: Callable[[str, str], Path], first: str
) -> None:
    store.load(written("a.csv", HEAD + ANN + ANN))
    [before], merges = store.rows("SELECT * FROM person"), store.merges()
    with open_roster(store.folder, store.key) as roster:
        roster.connection.execute(AS_0_1)

    if first == "load":
        assert store.load(written("b.csv", HEAD + ANN.replace("Ann", "Bo"))).kept == 2

    assert before in store.rows("SELECT * FROM person")
    assert store.merges() == merges
