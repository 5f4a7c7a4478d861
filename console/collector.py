"""Alerts that arrive at the same time are kept in one transaction, by one thread, so that a flood leaves the rest of the console free."""

import asyncio
from collections.abc import Sequence

from flows.acts.intake import Taken, open_by_rule, take_alerts
from flows.desk import Desk
from integrations.intake.source import IncomingAlert
from models.errors import StoreUnavailableError

MOST_WAITING = 20_000

_Waiting = tuple[Sequence[IncomingAlert], "asyncio.Future[list[Taken]]"]


class Collector:
    """Takes alerts from many requests and answers each once its own are kept."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None

    async def take(self, alerts: Sequence[IncomingAlert]) -> list[Taken]:
        """Keep them; raises `StoreUnavailableError` when more wait than can be kept soon."""
        if sum(len(each) for each, _ in self._waiting) + len(alerts) > MOST_WAITING:
            raise StoreUnavailableError("too many alerts wait to be kept; send this one again in a few seconds")
        answer: asyncio.Future[list[Taken]] = asyncio.get_running_loop().create_future()
        self._waiting.append((alerts, answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await answer

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                taken = await asyncio.to_thread(self._keep, [alert for alerts, _ in batch for alert in alerts])
            except Exception as error:  # noqa: BLE001 - each request raises it as its own
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for alerts, answer in batch:
                mine, taken = taken[: len(alerts)], taken[len(alerts) :]
                if not answer.done():  # whoever asked may have hung up
                    answer.set_result(mine)

    def _keep(self, alerts: Sequence[IncomingAlert]) -> list[Taken]:
        taken = take_alerts(self.desk, self.desk.intake, alerts)
        if any(each.what == "new" for each in taken):
            open_by_rule(self.desk)
        return taken
