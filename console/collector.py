"""What arrives at the same time is kept in one transaction, by one thread, so that a flood leaves the rest of the console free."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from starlette.datastructures import State

from flows.desk import Desk
from models.errors import StoreUnavailableError

MOST_WAITING = 20_000

Told = TypeVar("Told")
Kept = TypeVar("Kept")
Keeping = Callable[[Desk, Sequence[Told]], list[Kept]]


class Collector(Generic[Told, Kept]):
    """Takes what many requests tell and answers each once its own is kept."""

    def __init__(self, desk: Desk, keep: Keeping[Told, Kept]) -> None:
        self.desk, self._keep = desk, keep
        self._waiting: list[tuple[Sequence[Told], asyncio.Future[list[Kept]]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def take(self, told: Sequence[Told]) -> list[Kept]:
        """Keep it; raises `StoreUnavailableError` when more waits than can be kept soon."""
        waiting = sum(len(each) for each, _ in self._waiting)
        if waiting and waiting + len(told) > MOST_WAITING:
            raise StoreUnavailableError("too much waits to be kept; send this again in a few seconds")
        answer: asyncio.Future[list[Kept]] = asyncio.get_running_loop().create_future()
        self._waiting.append((told, answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await answer

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                kept = await asyncio.to_thread(self._keep, self.desk, [one for told, _ in batch for one in told])
            except Exception as error:  # noqa: BLE001 - each request raises it as its own
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for told, answer in batch:
                mine, kept = kept[: len(told)], kept[len(told) :]
                if not answer.done():  # whoever asked may have hung up
                    answer.set_result(mine)


def collector_of(state: State, name: str, keep: Keeping[Told, Kept]) -> Collector[Told, Kept]:
    """The one collector of that name which the application has."""
    kept = f"collector_of_{name}"
    if not hasattr(state, kept):
        setattr(state, kept, Collector(state.desk, keep))
    collector: Collector[Told, Kept] = getattr(state, kept)
    return collector
