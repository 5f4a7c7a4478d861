"""Starting a run: in this process against the running Prefect server, with that server's address set before Prefect loads."""

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from flows.server import ServerMissingError, answers, environment, local_address
from flows.settings import Settings

ROOT = Path(__file__).parents[1]
POOL = "tocsin"
CREATED = 201
DEPLOYMENT = "response/incident"


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
    address = prefect_ready(settings)
    # Imported only now that the address is set: Prefect reads its settings when it is imported.
    tags = importlib.import_module("prefect").tags
    flow: Callable[[str], Awaitable[None]] = getattr(importlib.import_module(f"flows.{name}"), name)

    async def run() -> None:
        with tags(number):  # one tag an incident, on every run of its
            await flow(number)

    try:
        asyncio.run(run())
    except (RuntimeError, httpx.HTTPError) as error:  # what Prefect raises when its server goes away
        if answers(address):
            raise
        raise ServerMissingError(
            f"the Prefect server at {address} went away; nothing is lost: start it again and repeat the command"
        ) from error


def nudge(settings: Settings, number: str, passes: int) -> bool:
    """Ask the workers to carry an incident on; tells whether that started a new run.

    The same incident and pass asked twice start one run; without a server or deployment none is started.
    """
    address = os.environ.get("PREFECT_API_URL", f"{local_address(settings.server_port)}/api")
    try:
        with httpx.Client(base_url=address, timeout=10) as api:
            found = api.get(f"/deployments/name/{DEPLOYMENT}")
            if not found.is_success:
                return False
            run = {"parameters": {"number": number}, "tags": [number], "idempotency_key": f"{number}:{passes}"}
            return api.post(f"/deployments/{found.json()['id']}/create_flow_run", json=run).status_code == CREATED
    except httpx.HTTPError:
        return False


async def deploy() -> None:
    """Make the work pool, and the deployment whose runs its workers take up."""
    client = importlib.import_module("prefect.client.orchestration")
    actions = importlib.import_module("prefect.client.schemas.actions")
    respond = importlib.import_module("flows.respond").respond
    async with client.get_client() as api:
        pool = actions.WorkPoolCreate(name=POOL, type="process", description="Carries incidents.")
        await api.create_work_pool(pool, overwrite=True)
    source = await respond.from_source(source=str(ROOT), entrypoint="flows/respond.py:respond")
    # Not `deploy`: that ends by looking for workers in a way that its own server refuses.
    deployment = await source.to_deployment(name=DEPLOYMENT.partition("/")[2], work_pool_name=POOL)
    await deployment.apply()
