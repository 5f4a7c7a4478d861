"""From report to all drafts through Prefect, against the floor: the same flow shape with empty tasks on the same server.

Run with `python -m bench.bench_response`. It starts a Prefect server of its own in a temporary home. The floor has as
many flow runs, tasks (as many at a time), events and artifacts of the same length, counted from the real run by asking
the server; real and empty runs alternate in one process. Then the memory of the server, and of one response in a
process of its own.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import httpx

from bench.machine import described, memory, processor_seconds, spread, verdict
from flows.acts.read_notice import notice_list
from flows.acts.report import open_incident
from flows.desk import Desk, open_desk
from flows.server import environment, free_port, running
from flows.settings import read_settings
from models.clock import VirtualClock
from models.incident import find
from models.report import read_report
from models.store import reading
from tocsin.demo.story import STARTS

if TYPE_CHECKING:
    from bench.empty_flow import Part

ROUNDS = 9
REPORTER = "Nadia Roux"
AIM = 1.25
DATA = Path(__file__).parents[1] / "tocsin" / "demo" / "data"
Response = Callable[[str], Awaitable[object]]


def prepared(home: Path, port: int) -> Desk:
    """A desk in a home of its own, on a rehearsal's clock, with nothing else set."""
    for name in [name for name in os.environ if name.startswith(("TOCSIN_", "PREFECT_"))]:
        del os.environ[name]
    clock = VirtualClock(home / "clock")
    clock.set(STARTS)
    os.environ.update(
        {
            "TOCSIN_HOME": str(home),
            "TOCSIN_CLOCK": str(clock.path),
            "TOCSIN_ORGANISATION": str(DATA / "organisation.yaml"),
            "TOCSIN_SERVER_PORT": str(port),
            **environment(home, port),
        }
    )
    return open_desk(read_settings())


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds on the clock, and processor seconds of this process and the server together."""

    seconds: float
    processor: float


@dataclass(frozen=True)
class Course:
    """Where runs are measured: the desk, and the server's process."""

    desk: Desk
    server: int

    def real(self, respond: Response) -> tuple[str, Cost]:
        """A report opened and responded to until all is drafted: the incident's number, and what it took."""
        with self._measuring() as costs:
            number = open_incident(self.desk, read_report(str(DATA / "first_facts.yaml")), by=REPORTER)
            asyncio.run(_run(respond, number))
        return number, costs[0]

    def empty(self, respond: Response, number: str) -> Cost:
        """What one empty run took."""
        with self._measuring() as costs:
            asyncio.run(_run(respond, number))
        return costs[0]

    @contextmanager
    def _measuring(self) -> Iterator[list[Cost]]:
        costs: list[Cost] = []
        started, used = time.perf_counter(), self._used()
        yield costs
        costs.append(Cost(time.perf_counter() - started, self._used() - used))

    def _used(self) -> float:
        return processor_seconds(os.getpid()) + processor_seconds(self.server)


async def _run(respond: Response, number: str) -> None:
    await respond(number)


def measured(course: Course, api: httpx.Client) -> None:
    """Print the response against its floor; raises `ValueError` if the floor turns out to have another shape."""
    # Imported only now that the server's address is set: Prefect reads its settings when it is imported.
    from bench.empty_flow import empty_resource, empty_response, longest, recorded
    from flows.board import resource
    from flows.respond import respond

    course.real(respond)  # the first run reads laws, templates and playbooks
    number, _ = course.real(respond)
    events = published(course.desk, number)
    shape = recorded(api, number, resource(number)["prefect.resource.id"], events)
    respond_empty = empty_response(shape)
    course.empty(respond_empty, "EMPTY-0")
    of_empty = recorded(api, "EMPTY-0", empty_resource("EMPTY-0"), events)
    if [part.size for part in of_empty] != [part.size for part in shape]:
        raise ValueError("the empty flow has another shape than the response; the ratio would mean nothing")
    taken: list[Cost] = []
    floor: list[Cost] = []
    for turn in range(1, ROUNDS + 1):
        floor.append(course.empty(respond_empty, f"EMPTY-{turn}"))
        number, cost = course.real(respond)
        taken.append(cost)
    show(shape, len(notice_list(course.desk, number)), taken, floor)
    print(
        "longest tasks of one response: " + ", ".join(f"{name} {took:.2f} s" for name, took in longest(api, number, 5))
    )


def published(desk: Desk, number: str) -> int:
    """How many events the incident's run has published: one for each entry of the ledger."""
    with reading(desk.engine) as session:
        return find(session, number).published


def show(shape: "Sequence[Part]", drafts: int, taken: Sequence[Cost], floor: Sequence[Cost]) -> None:
    """Print shape, medians and ratio."""
    tasks, events, pages = (sum(column) for column in zip(*(part.size for part in shape), strict=True))
    print(f"shape: {1 + len(shape)} flow runs, {tasks} tasks, {events} events, {pages} artifact versions")
    for part in shape:
        print(f"  {part.name:12} tasks at a time {'+'.join(map(str, part.waves))}, {len(part.events)} events")
    for name, costs in {"floor, empty tasks": floor, f"report to {drafts} drafts": taken}.items():
        print(f"{name:24}{spread([cost.seconds for cost in costs])}")
        print(f"{'  processor time':24}{spread([cost.processor for cost in costs])}")
    ratio = median(cost.seconds for cost in taken) / median(cost.seconds for cost in floor)
    processor = median(cost.processor for cost in taken) / median(cost.processor for cost in floor)
    print(
        f"ratio {ratio:.2f} by the clock, {processor:.2f} by processor time (which other load disturbs less); "
        f"aim at most {AIM}: {verdict(ratio, AIM)}"
    )


def alone(*arguments: str) -> tuple[float, int]:
    """Seconds and peak memory in MiB of a new interpreter with these arguments; raises `CalledProcessError`."""
    started = time.perf_counter()
    peak = 0
    with subprocess.Popen([sys.executable, *arguments], cwd=DATA.parents[2], stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            try:
                peak = max(peak, memory(process.pid)[1])
            except ProcessLookupError:
                break  # it ended meanwhile, with all its memory given back
            time.sleep(0.02)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return time.perf_counter() - started, peak


def main() -> None:
    """Print the shape, both medians with their ratio, and the memory of the server and of one response."""
    with tempfile.TemporaryDirectory() as folder:
        home, port = Path(folder), free_port()
        desk = prepared(home, port)
        started = time.perf_counter()
        with running(home, port) as address, httpx.Client(base_url=f"{address}/api", timeout=30) as api:
            server = int((home / "prefect-server.pid").read_text())
            print(described())
            print(f"Prefect server up after {time.perf_counter() - started:.1f} s; {memory(server)[0]} MiB resident")
            measured(Course(desk, server), api)
            resident, peak = memory(server)
            print(f"server after {2 * ROUNDS + 3} runs: {resident} MiB resident, {peak} MiB at its peak")
            seconds, most = alone("-c", "from prefect import flow")
            print(f"floor, a process that imports Prefect: {seconds:.1f} s, {most} MiB at its peak")
            number = open_incident(desk, read_report(str(DATA / "first_facts.yaml")), by=REPORTER)
            seconds, most = alone("-m", "tocsin", "respond", number)
            print(f"`tocsin respond` in a process of its own: {seconds:.1f} s, {most} MiB at its peak")
        desk.engine.dispose()


if __name__ == "__main__":
    main()
