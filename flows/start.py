"""Starting a run: in this process against the running Prefect server, with that server's address set before Prefect loads."""

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable

from flows.server import ServerMissingError, answers, environment, local_address
from flows.settings import Settings


def prefect_ready(settings: Settings) -> str:
    """Point Prefect at our server; gives the UI's address. Raises `ServerMissingError`, which says how to start one."""
    given = os.environ.get("PREFECT_API_URL")
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")  # the command says what went wrong
    if given is None:
        os.environ.update(environment(settings.home, settings.server_port))
    address = (given or f"{local_address(settings.server_port)}/api").removesuffix("/api")
    if not answers(address):
        raise ServerMissingError(
            f"no Prefect server answers at {address}; start one with `tocsin serve` in another terminal (facts can be reported without it)"
        )
    return address


def run_now(settings: Settings, name: str, number: str) -> None:
    """Run one of the flows (`respond`, `evaluate`, ...) for an incident in this process, until it ends."""
    prefect_ready(settings)
    # Imported only now that the address is set: Prefect reads its settings when it is imported.
    tags = importlib.import_module("prefect").tags
    flow: Callable[[str], Awaitable[None]] = getattr(importlib.import_module(f"flows.{name}"), name)

    async def run() -> None:
        with tags(number):  # one tag an incident, on every run of its
            await flow(number)

    asyncio.run(run())
