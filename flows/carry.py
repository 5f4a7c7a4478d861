"""Carrying an incident: the lease is held while a run acts, and every act is shown as a task of that run."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

from prefect import tags, task
from prefect.cache_policies import NO_CACHE

from flows.desk import Desk, open_desk
from flows.settings import read_settings
from models import lease
from models.incident import find, identity, refuse_halted
from models.store import writing
from models.tables import Incident

T = TypeVar("T")
RENEW_SECONDS = 15

_desk: ContextVar[Desk | None] = ContextVar("desk", default=None)


@cache
def _process_desk(settings: str) -> Desk:  # noqa: ARG001 - the settings' own JSON, so that a test's desk is not another's
    desk = open_desk()
    desk.read_files()
    return desk


def process_desk() -> Desk:
    """The desk of this process, opened once for the settings as they are."""
    return _process_desk(read_settings().model_dump_json())


@asynccontextmanager
async def carried(number: str) -> AsyncIterator[Desk]:
    """The desk with the incident's lease held; within a run that holds it already, that run's own.

    Raises `LeaseHeldError` while another run carries the incident.
    """
    mine = _desk.get()
    if mine is not None:
        yield mine
        return
    desk = await asyncio.to_thread(process_desk)
    held = await asyncio.to_thread(_take, desk, number)
    mine = desk.carrying(held)
    token = _desk.set(mine)
    keeper = asyncio.create_task(_keep(desk, held))
    failed = True
    try:
        with tags(number):
            yield mine
        failed = False
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper
        _desk.reset(token)
        await asyncio.to_thread(_give_back, desk, held, failed=failed)


def _take(desk: Desk, number: str) -> lease.Held:
    with writing(desk.engine) as session:
        incident: Incident = find(session, number)
        refuse_halted(incident)
        # The lease first: every run locks the lease before the incident, so that two cannot wait for each other.
        held = lease.take(session, identity(incident), lease.this_run(), datetime.now(UTC), lease.is_dead)
        incident.passes += 1
        session.add(incident)
        return held


def _renew(desk: Desk, held: lease.Held) -> None:
    with writing(desk.engine) as session:
        lease.renew(session, held, datetime.now(UTC))


def _give_back(desk: Desk, held: lease.Held, *, failed: bool) -> None:
    with writing(desk.engine) as session:
        lease.give_back(session, held, datetime.now(UTC), failed=failed)


async def _keep(desk: Desk, held: lease.Held) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        await asyncio.to_thread(_renew, desk, held)


async def shown(name: str, act: Callable[[], T]) -> T:
    """Do one act as a task that a person sees in the run's graph; nothing of it is kept by Prefect but its name and state."""

    @task(
        name=name, task_run_name=name.replace("{", "(").replace("}", ")"), cache_policy=NO_CACHE, persist_result=False
    )
    async def act_shown() -> T:
        return await asyncio.to_thread(act)

    return await act_shown()


async def all_shown(named: Iterable[tuple[str, Callable[[], T]]]) -> list[T]:
    """Do several acts at the same time, each shown; their results in the order given."""
    return list(await asyncio.gather(*(shown(name, act) for name, act in named)))
