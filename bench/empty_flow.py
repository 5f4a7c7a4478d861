"""The shape of a response as Prefect saw it, and an empty flow of the same shape.

Imported only after the server's address is set: Prefect reads its settings when it is imported.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from prefect import flow, tags
from prefect.artifacts import acreate_markdown_artifact
from prefect.events import emit_event

from flows.carry import all_shown

Row = dict[str, Any]  # Any: a row of the Prefect API, in JSON
SETTLE_LIMIT_SECONDS = 30


@dataclass(frozen=True)
class Part:
    """One flow run: how many tasks ran one after another and at once, and what it published."""

    name: str
    waves: tuple[int, ...]  # each number is a group of tasks that ran at the same time
    events: tuple[Row, ...]  # their payloads
    pages: tuple[str, ...]  # the texts of its artifacts

    @property
    def size(self) -> tuple[int, int, int]:
        """Tasks, events and artifacts: what has to be equal for two parts to have the same shape.

        Which tasks overlapped is left out, since an empty one may have ended before the next began.
        """
        return sum(self.waves), len(self.events), len(self.pages)


def recorded(api: httpx.Client, tag: str, resource: str, events: int) -> list[Part]:
    """The flow runs under a tag with their tasks, artifacts and events, in order, once the server has all its events.

    The server learns of events, and of tasks by events, a while after they happened. Raises `TimeoutError` if so many
    have not come within half a minute.
    """
    before: list[Part] = []
    limit = time.monotonic() + SETTLE_LIMIT_SECONDS
    while time.monotonic() < limit:
        parts = _recorded(api, tag, resource)
        if parts == before and sum(len(part.events) for part in parts) == events:
            return parts
        before = parts
        time.sleep(1)
    raise TimeoutError(f"the server has not recorded all of {tag} yet; run this again on a quieter machine")


def longest(api: httpx.Client, tag: str, count: int) -> list[tuple[str, float]]:
    """The tasks under a tag that took longest, with their seconds."""
    tasks = _rows(api, "task_runs", {"flow_runs": {"tags": {"all_": [tag]}}})
    taken = [(str(task["name"]), float(task["total_run_time"])) for task in tasks]
    return sorted(taken, key=lambda task: -task[1])[:count]


def _recorded(api: httpx.Client, tag: str, resource: str) -> list[Part]:
    return _parts(api, {"tags": {"all_": [tag]}}, _events(api, resource))


def courses(api: httpx.Client, tag: str, resource: str) -> list[list[Part]]:
    """The same, a list for each run that a worker took up, once the server seems to have heard of everything."""
    before: list[list[Part]] = []
    limit = time.monotonic() + SETTLE_LIMIT_SECONDS
    while time.monotonic() < limit:
        time.sleep(3)
        taken_up = _rows(
            api, "flow_runs", {"flow_runs": {"tags": {"all_": [tag]}, "parent_task_run_id": {"is_null_": True}}}
        )
        responses = [run for run in taken_up if run["start_time"] and run["name"].startswith("response")]
        begun = [run["id"] for run in sorted(responses, key=lambda run: str(run["start_time"]))]
        events = _events(api, resource)
        found = [_parts(api, {"parent_flow_run_id": {"any_": [run]}}, events) for run in begun]
        if found == before and any(found):
            return found
        before = found
    raise TimeoutError(f"the server still hears of {tag}; run this again on a quieter machine")


def _parts(api: httpx.Client, wanted: Row, events: Sequence[Row]) -> list[Part]:
    """The flow runs that fit, in order, with their tasks, artifacts and events."""
    runs = _rows(api, "flow_runs", {"flow_runs": wanted})
    tasks = _rows(api, "task_runs", {"flow_runs": wanted})
    pages = _rows(api, "artifacts", {"flow_runs": wanted})
    return [
        Part(
            run["name"].split(":")[0],
            _waves([task for task in tasks if task["flow_run_id"] == run["id"]]),
            tuple(event["payload"] for event in events if _came_from(event, run["id"])),
            tuple(page["data"] for page in pages if page["flow_run_id"] == run["id"]),
        )
        for run in sorted(runs, key=lambda run: str(run["start_time"]))
    ]


def _rows(api: httpx.Client, kind: str, wanted: Row) -> list[Row]:
    answer = api.post(f"/{kind}/filter", json={**wanted, "limit": 200})
    rows: list[Row] = answer.raise_for_status().json()
    return rows


def _events(api: httpx.Client, resource: str) -> list[Row]:
    wanted = {"event": {"prefix": ["tocsin."]}, "resource": {"id": [resource]}, "order": "ASC"}
    page: Row = api.post("/events/filter", json={"filter": wanted, "limit": 50}).raise_for_status().json()
    events: list[Row] = page["events"]
    while page["next_page"]:
        page = api.get(page["next_page"]).raise_for_status().json()
        events += page["events"]
    return events


def _came_from(event: Row, run: str) -> bool:
    return any(related["prefect.resource.id"] == f"prefect.flow-run.{run}" for related in event["related"])


def _waves(tasks: Sequence[Row]) -> tuple[int, ...]:
    """How many tasks overlapped, group after group, in the order of their start."""
    waves: list[int] = []
    until = ""
    for task in sorted(tasks, key=lambda task: str(task["start_time"])):
        start, end = str(task["start_time"]), str(task["end_time"])
        if start < until:
            waves[-1] += 1
        else:
            waves.append(1)
        until = max(until, end)
    return tuple(waves)


def empty_response(parts: Sequence[Part]) -> Callable[[str], Awaitable[None]]:
    """A flow of the same shape whose tasks do nothing: the same subflows, tasks, events and artifacts under one tag."""

    @flow(name="empty response", flow_run_name="empty response: {number}")
    async def respond(number: str) -> None:
        await walk(parts, number)

    return respond


async def walk(parts: Sequence[Part], number: str) -> None:
    """Run an empty flow for each part, one after the other."""
    with tags(number):
        for part in parts:
            await _empty_part(part)(number)


def _empty_part(part: Part) -> Callable[[str], Awaitable[None]]:
    @flow(name=f"empty {part.name}", flow_run_name=f"{part.name}: {{number}}")
    async def empty(number: str) -> None:
        for width in part.waves:
            await all_shown((f"Nothing {index} of {width}", _nothing) for index in range(1, width + 1))
        for payload in part.events:
            emit_event(
                event="tocsin.nothing", resource={"prefect.resource.id": empty_resource(number)}, payload=payload
            )
        for page in part.pages:
            await acreate_markdown_artifact(key=f"empty-{number.lower()}", markdown=page, description=number)

    return empty


def empty_resource(number: str) -> str:
    """The one resource of an empty run's events."""
    return f"tocsin.empty.{number}"


def _nothing() -> None:
    """What a task of the floor does."""
