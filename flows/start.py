"""Starting a run: in this process against the running Prefect server, with that server's address set before Prefect loads."""

import asyncio
import importlib
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from flows.dead_runs import bury, is_dead
from flows.heartbeat import EVENT, RESOURCE
from flows.server import ServerMissingError, answers, api_client, environment, local_address
from flows.settings import Settings
from models.document import read_document

ROOT = Path(__file__).parents[1]
POOL = "tocsin"
CREATED = 201
DEPLOYMENT = "response/incident"
DEAD_MAN = "tocsin: the watch is not heard of"


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
    flow: Callable[[str], Awaitable[object]] = getattr(importlib.import_module(f"flows.{name}"), name)

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


def nudge(settings: Settings, passes: Mapping[str, int], now: datetime) -> list[str]:
    """Ask the workers to carry incidents on that no run carries, each by its number and pass; gives those for which a new
    run was started.

    The same incident and pass asked twice start one run, and one more for each that died before it took the lease. Those
    that died are shown as crashed. Without a server or deployment none is started.
    """
    started: list[str] = []
    with suppress(httpx.HTTPError), api_client(settings.server_port) as api:
        found = api.get(f"/deployments/name/{DEPLOYMENT}")
        if found.is_success:
            deployment = found.json()["id"]
            for number, passed in passes.items():
                if _started(api, deployment, number, f"{number}:{passed}", now):
                    started.append(number)
    return started


def _started(api: httpx.Client, deployment: str, number: str, key: str, now: datetime) -> bool:
    """Create a run under the key; where that one is dead, the next under a key that everybody derives from it alike."""
    run = {"parameters": {"number": number}, "tags": [number], "idempotency_key": key}
    answer = api.post(f"/deployments/{deployment}/create_flow_run", json=run).raise_for_status()
    if answer.status_code == CREATED:
        bury(api, number, now)
        return True
    known = answer.json()
    return is_dead(known, now) and _started(api, deployment, number, f"{number}:{known['id']}", now)


async def deploy(silence: int) -> None:
    """Make the work pool, the deployments of `prefect.yaml`, and the automation that misses the watch; again and again alike.

    `silence` is for how many seconds nothing may be heard of the watch.
    """
    client = importlib.import_module("prefect.client.orchestration")
    actions = importlib.import_module("prefect.client.schemas.actions")
    async with client.get_client() as api:
        pool = actions.WorkPoolCreate(name=POOL, type="process", description="Carries incidents.")
        await api.create_work_pool(pool, overwrite=True)
    made = {wanted["name"]: await deployed(wanted) for wanted in wishes()}
    async with client.get_client() as api:
        await _arm(api, made["dead-man"], silence)


def wishes() -> Any:  # Any: Prefect's own format
    """The deployments that `prefect.yaml` lists."""
    return read_document(ROOT / "prefect.yaml").data["deployments"]  # type: ignore[index]  # a mapping, as we wrote it


async def deployed(wanted: Any) -> Any:  # Any: as above; a UUID, of a package that is loaded late
    """Make one deployment, or bring the one of that name up to date; gives its id."""
    module, _, name = wanted["entrypoint"].partition(":")
    flow = getattr(importlib.import_module(module.removesuffix(".py").replace("/", ".")), name)
    source = await flow.from_source(source=str(ROOT), entrypoint=wanted["entrypoint"])
    # Not `deploy`: that ends by looking for workers in a way that its own server refuses.
    deployment = await source.to_deployment(
        name=wanted["name"],
        description=wanted["description"],
        work_pool_name=wanted["work_pool"]["name"],
        job_variables=wanted["work_pool"]["job_variables"],
    )
    return await deployment.apply()


async def _arm(api: Any, switch: Any, silence: int) -> None:  # Any: Prefect's client and a UUID, loaded late
    """The dead man's switch: when no pass of the watch is heard of for so long, the deployment is run."""
    automations = importlib.import_module("prefect.automations")
    wanted = automations.AutomationCore(
        name=DEAD_MAN,
        description="Nothing was heard of the deadline watch: the responders are told, and one pass is made.",
        trigger=automations.EventTrigger(
            posture="Proactive",
            match={"prefect.resource.id": RESOURCE},
            expect={EVENT},
            threshold=1,
            within=timedelta(seconds=silence),
        ),
        actions=[automations.RunDeployment(source="selected", deployment_id=switch)],
    )
    known = await api.read_automations_by_name(DEAD_MAN)
    for spare in known[1:]:
        await api.delete_automation(spare.id)
    if known:
        await api.update_automation(known[0].id, wanted)
    else:
        await api.create_automation(wanted)
