"""Bringing a database to the tables of this version."""

from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from models.errors import StoreUnavailableError

HEAD = "0001"


def version_of(engine: Engine) -> str | None:
    """The migration that the database stands at, or None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        row = connection.execute(text("select version_num from alembic_version")).fetchone()
        return str(row[0]) if row else None


def ensure_tables(engine: Engine) -> bool:
    """Migrate the database forward if it is not at `HEAD`; tell whether anything was done.

    Raises `StoreUnavailableError` when it cannot be reached or written, and for a database of a newer version.
    """
    try:
        if version_of(engine) == HEAD:
            return False
        _migrate(engine)
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise StoreUnavailableError(
            f"database {where}: {' '.join(str(error.orig).split())}; check that it runs and may be written"
        ) from error
    return True


def _migrate(engine: Engine) -> None:
    from alembic import command  # slow to import, and seldom needed
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    except CommandError as error:
        raise StoreUnavailableError(
            f"the database was written by another version of Tocsin ({error}); use that version or restore a back-up"
        ) from error
