"""Bringing a database to the tables of this version."""

from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from models.errors import StoreUnavailableError

HEAD = "0023"
LOCK = 7_405_133  # any number that nobody else takes an advisory lock on
_ONE_AT_A_TIME = Lock()


def version_of(engine: Engine) -> str | None:
    """The migration that the database stands at, or None for an empty one."""
    with engine.execution_options(reading=True).connect() as connection:
        return _version_in(connection)


def _version_in(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    row = connection.execute(text("select version_num from alembic_version")).fetchone()
    return str(row[0]) if row else None


def ensure_tables(engine: Engine) -> bool:
    """Migrate the database forward if it is not at `HEAD`; tell whether anything was done.

    Raises `StoreUnavailableError` when it cannot be reached or written, and for a database of a newer version.
    """
    try:
        with _ONE_AT_A_TIME:  # Alembic keeps its context in a module
            return version_of(engine) != HEAD and _migrate(engine)
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise StoreUnavailableError(
            f"database {where}: {' '.join(str(error.orig).split())}; check that it runs and may be written"
        ) from error


def _check_references(connection: Connection) -> None:
    """On SQLite, where they are not enforced while tables are put in each other's places, see that none leads nowhere."""
    if connection.dialect.name == "sqlite":
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if lost:
            raise StoreUnavailableError(
                f"rows of {lost[0][0]} point at rows of {lost[0][2]} that are not there; nothing was changed, "
                "restore a back-up from before"
            )


def _migrate(engine: Engine) -> bool:
    """Run the migrations, unless another process did so while this one waited for its turn."""
    from alembic import command  # slow to import, and seldom needed
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    try:
        with engine.execution_options(
            migrating=True
        ).connect() as connection:  # on SQLite this takes the database's one lock for writers
            if connection.dialect.name == "postgresql":
                connection.execute(text("set local lock_timeout = 0"))  # another process's migration may take long
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
            if _version_in(connection) == HEAD:
                return False
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _check_references(connection)
            connection.commit()
            return True
    except CommandError as error:
        raise StoreUnavailableError(
            f"the database was written by another version of Tocsin ({error}); use that version or restore a back-up"
        ) from error
