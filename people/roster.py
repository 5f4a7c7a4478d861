"""The roster of one incident: an encrypted DuckDB file of its own, whose key lies apart from it."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from models.errors import BadInputError, NotAllowedError, StoreUnavailableError

STORE = "roster.duckdb"
MEMORY = "1GB"
THREADS = 2

TABLES = """
CREATE OR REPLACE MACRO each_once(l) AS list_filter(l, lambda x, i: list_position(l, x) = i);
CREATE OR REPLACE MACRO opaque(number) AS format('{:016x}', number);
CREATE OR REPLACE MACRO numbered(id) AS CASE WHEN regexp_full_match(id, '[0-9a-f]{16}') THEN concat('0x', id)::UBIGINT END;
CREATE OR REPLACE MACRO dialled(numbers) AS list_transform(numbers, lambda n: concat('+', n));
CREATE TABLE IF NOT EXISTS file (
    number INTEGER, name VARCHAR, sha256 VARCHAR, first_row BIGINT, rows BIGINT, header BIGINT, read BIGINT);
CREATE TABLE IF NOT EXISTS record (
    id UBIGINT, file INTEGER, line BIGINT, given_name VARCHAR, family_name VARCHAR, full_name VARCHAR, birth_date DATE,
    emails VARCHAR[], phones UBIGINT[], street VARCHAR, city VARCHAR, postcode VARCHAR, country VARCHAR,
    subdivision VARCHAR, language VARCHAR, relationship VARCHAR, minor BOOLEAN, categories VARCHAR[],
    extra MAP(VARCHAR, VARCHAR), identifier VARCHAR, phone_as_given VARCHAR,
    by_identifier UBIGINT, by_email UBIGINT, by_birth UBIGINT, by_address UBIGINT, reason VARCHAR, cells VARCHAR[]);
CREATE TABLE IF NOT EXISTS refused (file INTEGER, line BIGINT, reason VARCHAR, text VARCHAR);
CREATE TABLE IF NOT EXISTS merge (kept UBIGINT, merged UBIGINT, rule VARCHAR, explanation VARCHAR, undone BOOLEAN);
CREATE OR REPLACE VIEW row_source AS
    SELECT f.name AS file, coalesce(r.line, r.rowid - f.first_row + f.header + 1) AS line, opaque(r.id) AS person
    FROM record r JOIN file f ON r.file = f.number WHERE r.reason IS NULL;
CREATE OR REPLACE VIEW person AS
    WITH touched AS (SELECT kept AS id FROM merge WHERE NOT undone UNION ALL SELECT merged FROM merge WHERE NOT undone),
    gone AS (SELECT merged FROM merge WHERE NOT undone),
    more AS (
        SELECT m.kept, list_distinct(flatten(list(r.emails))) AS emails, list_distinct(flatten(list(r.phones))) AS phones,
            list_distinct(flatten(list(r.categories))) AS categories, max(r.birth_date) AS birth_date,
            arg_max(r.street, r.street IS NOT NULL) AS street, arg_max(r.city, r.street IS NOT NULL) AS city,
            arg_max(r.postcode, r.street IS NOT NULL) AS postcode, max(r.country) AS country,
            max(r.subdivision) AS subdivision, max(r.language) AS language, max(r.relationship) AS relationship,
            max(r.minor) AS minor, max(r.identifier) AS identifier
        FROM merge m JOIN record r ON r.id = m.merged WHERE NOT m.undone GROUP BY m.kept),
    whole AS (
        SELECT r.id, r.given_name, r.family_name, r.full_name, r.birth_date, r.emails, r.phones, r.street, r.city, r.postcode,
            r.country, r.subdivision, r.language, r.relationship, r.minor, r.categories, r.extra, r.identifier,
            len(r.emails) > 0 AS has_email, len(r.phones) > 0 AS has_phone
        FROM record r ANTI JOIN touched ON touched.id = r.id WHERE r.reason IS NULL
        UNION ALL
        SELECT r.id, r.given_name, r.family_name, r.full_name, coalesce(r.birth_date, m.birth_date),
            each_once(list_concat(r.emails, m.emails)), each_once(list_concat(r.phones, m.phones)),
            CASE WHEN r.street IS NULL THEN m.street ELSE r.street END,
            CASE WHEN r.street IS NULL THEN coalesce(m.city, r.city) ELSE r.city END,
            CASE WHEN r.street IS NULL THEN coalesce(m.postcode, r.postcode) ELSE r.postcode END,
            coalesce(r.country, m.country), coalesce(r.subdivision, m.subdivision), coalesce(r.language, m.language),
            coalesce(r.relationship, m.relationship), coalesce(r.minor, m.minor),
            each_once(list_concat(r.categories, m.categories)), r.extra, coalesce(r.identifier, m.identifier),
            len(r.emails) > 0 OR len(m.emails) > 0, len(r.phones) > 0 OR len(m.phones) > 0
        FROM more m JOIN record r ON r.id = m.kept ANTI JOIN gone ON gone.merged = r.id WHERE r.reason IS NULL)
    SELECT opaque(id) AS id, given_name, family_name,
        coalesce(full_name, nullif(concat_ws(' ', given_name, family_name), '')) AS full_name, birth_date, emails,
        dialled(phones) AS phones, street, city, postcode, country, subdivision, language, relationship, minor, categories,
        extra, identifier, has_email, has_phone
    FROM whole;
"""

FROM_0_1 = """
ALTER TABLE record ALTER id TYPE UBIGINT USING concat('0x', id)::UBIGINT;
ALTER TABLE record ALTER phones TYPE UBIGINT[] USING list_transform(phones, lambda phone: phone[2:]::UBIGINT);
ALTER TABLE merge ALTER kept TYPE UBIGINT USING concat('0x', kept)::UBIGINT;
ALTER TABLE merge ALTER merged TYPE UBIGINT USING concat('0x', merged)::UBIGINT;
"""


@dataclass(frozen=True)
class Roster:
    """An open roster: its folder, and the connection whose default schema is the encrypted store."""

    folder: Path
    connection: duckdb.DuckDBPyConnection


@contextmanager
def open_roster(folder: Path, key_file: Path, *, read_only: bool = False, make: bool = True) -> Iterator[Roster]:
    """Open an incident's roster; one that is opened for writing is made, with a new key, unless `make` is false.

    Spill files are encrypted, and removed afterwards.

    Raises `BadInputError` for a roster that is not there, `NotAllowedError` for one whose key was destroyed.
    """
    path = folder / STORE
    if (read_only or not make) and not path.exists():
        raise BadInputError(
            f"{folder.name}: no roster is loaded; load one with `tocsin people load {folder.name} FILE`"
        )
    key = _key(key_file, path)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    spill = Path(tempfile.mkdtemp(prefix="spill-", dir=folder))
    connection = duckdb.connect(config={"memory_limit": MEMORY, "threads": THREADS, "temp_directory": str(spill)})
    try:
        _attach(connection, path, key, read_only=read_only)
        yield Roster(folder, connection)
    finally:
        connection.close()
        shutil.rmtree(spill, ignore_errors=True)


def destroy_key(key_file: Path) -> bool:
    """Overwrite and remove a key, after which nobody reads its roster again; whether there was one."""
    if not key_file.exists():
        return False
    with key_file.open("r+b") as file:
        file.write(b"0" * key_file.stat().st_size)
        file.flush()
        os.fsync(file.fileno())
    key_file.unlink()
    return True


def _key(key_file: Path, roster: Path) -> str:
    if key_file.exists():
        return key_file.read_text().strip()
    if roster.exists():
        raise NotAllowedError(
            f"{roster.parent.name}: the key of this roster is gone, so nobody can read it; the counts are in the facts"
        )
    key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_hex(32)
    with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key)
    return key


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, key: str, *, read_only: bool) -> None:
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET temp_file_encryption = true")
    connection.execute("SET disabled_compression_methods = 'fsst,zstd'")  # they took longer than the encryption
    _choose_cipher(connection)
    _attach_store(connection, path, key, read_only=read_only)
    if _is_of_0_1(connection):
        _bring_up_to_date(connection, path, key, read_only=read_only)
    if not read_only:
        connection.execute(TABLES)


def _bring_up_to_date(connection: duckdb.DuckDBPyConnection, path: Path, key: str, *, read_only: bool) -> None:
    connection.execute("USE memory; DETACH roster")
    _attach_store(connection, path, key, read_only=False)
    connection.execute(FROM_0_1 + TABLES)
    if read_only:
        connection.execute("CHECKPOINT roster; USE memory; DETACH roster")
        _attach_store(connection, path, key, read_only=True)


def _is_of_0_1(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the store was made by version 0.1, which kept ids and telephone numbers as text."""
    found = connection.execute(
        "SELECT 1 FROM duckdb_columns() WHERE database_name = 'roster' AND table_name = 'record' AND column_name = 'id' "
        "AND data_type = 'VARCHAR'"
    )
    return bool(found.fetchall())


def _attach_store(connection: duckdb.DuckDBPyConnection, path: Path, key: str, *, read_only: bool) -> None:
    mode = ", READ_ONLY" if read_only else ""
    try:
        connection.execute(f"ATTACH '{_quoted(path)}' AS roster (ENCRYPTION_KEY '{key}'{mode})")
    except (duckdb.IOException, duckdb.ResourceInUseException) as error:  # elsewhere, or in this process
        raise StoreUnavailableError(
            f"{path.parent.name}: the roster is in use just now; wait for it and try again"
        ) from error
    path.chmod(0o600)
    connection.execute("USE roster")


def _choose_cipher(connection: duckdb.DuckDBPyConnection) -> None:
    """OpenSSL where the httpfs extension is installed; else DuckDB's own AES (docs/decisions/0014)."""
    if not _loads_openssl(connection):
        connection.execute("SET force_mbedtls_unsafe = true")


def encrypts_by_openssl() -> bool:
    """Whether rosters are encrypted by OpenSSL here; if not, by DuckDB's own AES, whose nonces are weaker."""
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        return _loads_openssl(connection)


def _loads_openssl(connection: duckdb.DuckDBPyConnection) -> bool:
    try:
        connection.execute("LOAD httpfs")
    except duckdb.Error:
        return False
    return True


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
