from pathlib import Path

import pytest

from models.errors import StoreUnavailableError
from people.roster import encrypts_by_openssl, open_roster


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
