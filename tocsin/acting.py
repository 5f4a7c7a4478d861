"""Who is acting, when the command is used."""

import getpass

from flows.settings import Settings


def actor(given: str | None, settings: Settings) -> str:
    """The name to put on the ledger: the one given, the one set, or the login name."""
    return given or settings.actor or getpass.getuser()
