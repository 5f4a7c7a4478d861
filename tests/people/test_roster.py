from pathlib import Path

from people.roster import encrypts_by_openssl, open_roster


def test_the_cipher_of_a_store_is_openssls_only_where_openssl_is_loaded(tmp_path: Path) -> None:
    with open_roster(tmp_path / "INC-2026-0001", tmp_path / "keys" / "INC-2026-0001.key") as roster:
        [loaded] = roster.connection.execute(
            "SELECT count(*) > 0 FROM duckdb_extensions() WHERE extension_name = 'httpfs' AND loaded"
        ).fetchone() or (None,)

    assert encrypts_by_openssl() is loaded
