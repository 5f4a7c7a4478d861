"""A whole copy of the database while it is in use, and back: SQLite by its own online back-up, PostgreSQL by pg_dump."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, make_url

from models.errors import BadInputError, StoreUnavailableError

PAGES_AT_ONCE = 1_000  # between which writers get their turn


def dump(url: str, file: Path) -> None:
    """Copy the database as it is at one instant into `file`; raises `StoreUnavailableError` where that cannot be done."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        _copy_sqlite(Path(str(parsed.database)), file)
    else:
        _run("pg_dump", parsed, ["--format=custom", "--no-owner", "--no-privileges", "--file", str(file)])


def load(url: str, file: Path) -> None:
    """Fill the empty database from a copy; raises `StoreUnavailableError` where that cannot be done."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        target = Path(str(parsed.database))
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _copy_sqlite(file, target)
    else:
        _run(
            "pg_restore",
            parsed,
            ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", str(file)],
        )


def _copy_sqlite(source: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as old,
            closing(sqlite3.connect(target)) as new,
        ):
            old.backup(new, pages=PAGES_AT_ONCE)
            [(said,)] = new.execute("PRAGMA integrity_check(1)").fetchall()
            new.execute("PRAGMA journal_mode = DELETE")  # one file alone
        target.chmod(0o600)
    except sqlite3.Error as error:
        target.unlink(missing_ok=True)
        raise StoreUnavailableError(f"{source} cannot be copied to {target}: {error}") from error
    if said != "ok":
        raise StoreUnavailableError(f"the copy of {source} is damaged: {said}; restore an earlier back-up")


def _run(program: str, url: URL, options: Sequence[str]) -> None:
    """Run one of PostgreSQL's programs against the database; the password stands in no argument that others may read."""
    found = shutil.which(program)
    if found is None:
        raise BadInputError(f"{program} is not installed; on Debian: apt-get install postgresql-client")
    bare = url.set(drivername="postgresql", password=None).render_as_string()
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    done = subprocess.run(
        [found, "--dbname", bare, *options], env={**os.environ, **secret}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = " ".join(done.stderr.split()[:60])
        raise StoreUnavailableError(f"{program}: {said}; check that the server runs and is no newer than {program}")
