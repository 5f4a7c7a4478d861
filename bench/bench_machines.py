"""Incidents at once on one, two and three workers against empty Prefect flows of the same shape on the same servers and
workers (the floor).

Two Prefect servers on PostgreSQL and Redis behind one address, workers, one watch and a mail server, all on this machine.
An incident goes from its report until all that can be signed is sent; the floor has as many runs for each, one after the
other as there, each with the same subflows, tasks, events and artifacts. `INCIDENTS=100` asks for more than six, and
`WORKERS=3` for one number of workers alone.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from flows.acts.halt import open_numbers
from tests.machines import ROOT, Machines, machines, work
from tests.postgres import PostgresMissingError, postgres_running
from tests.redis import RedisMissingError

INCIDENTS = int(os.environ.get("INCIDENTS", "6"))
WORKERS = tuple(int(count) for count in os.environ.get("WORKERS", "1,2,3").split(","))
SERVERS = 2
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
LIMIT_SECONDS = 3_600


@dataclass
class Chain:
    """The empty runs of one incident: the shapes still to come, and the run that goes on."""

    number: str
    coming: list[Path]
    run: str | None = None


def main() -> None:
    """Incidents a minute, the floor's, and how many times its time they took, for each number of workers."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with postgres_running() as postgres:
            for workers in WORKERS:
                with (
                    tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder,
                    machines(postgres, Path(folder), servers=SERVERS, workers=workers) as found,
                ):
                    measured(found, workers)
    except (PostgresMissingError, RedisMissingError) as missing:
        print(f"left out: {missing}")


def measured(found: Machines, workers: int) -> None:
    """Print what so many workers do of incidents, and of empty flows; raises `ValueError` if an incident came out wrong."""
    outcome = work(found, INCIDENTS)
    if outcome.flaws:
        raise ValueError(f"{outcome.flaws} flaws: {outcome.incomplete} {outcome.lost} {outcome.doubled}")
    with httpx.Client(base_url=found.environment["PREFECT_API_URL"], timeout=60) as api:
        chains = [Chain(f"EMPTY-{number}", shapes(found, api, number)) for number in open_numbers(found.desk)]
        runs = sum(len(chain.coming) for chain in chains)
        floor = emptied(found, api, chains)
    print(
        f"{workers} workers, {INCIDENTS} incidents at once, {runs} runs: {outcome.seconds:5.0f} s, "
        f"{60 * INCIDENTS / outcome.seconds:.1f} a minute; empty flows {floor:5.0f} s, {60 * INCIDENTS / floor:.1f} a minute; "
        f"ratio {outcome.seconds / floor:.2f}",
        flush=True,
    )


def shapes(found: Machines, api: httpx.Client, number: str) -> list[Path]:
    """A file for each run that a worker made for an incident, in order, with what it was made of."""
    from bench.empty_course import write_shape  # imports Prefect
    from bench.empty_flow import courses

    written = []
    for turn, parts in enumerate(filter(None, courses(api, number, f"tocsin.incident.{number}"))):
        written.append(found.home / f"{number}.{turn}.json")
        write_shape(written[-1], parts)
    return written


def emptied(found: Machines, api: httpx.Client, chains: list[Chain]) -> float:
    """Have the workers make the empty runs, those of different incidents at once; gives the seconds that it took."""
    subprocess.run([sys.executable, "-m", "bench.empty_course"], env=found.environment, cwd=ROOT, check=True)
    deployment = api.get("/deployments/name/empty course/empty").raise_for_status().json()["id"]
    began = time.monotonic()
    going = list(chains)
    while going and time.monotonic() < began + LIMIT_SECONDS:
        going = [chain for chain in going if goes_on(api, deployment, chain)]
        time.sleep(1)
    if going:
        raise TimeoutError(f"{len(going)} empty flows have not ended")
    return time.monotonic() - began


def goes_on(api: httpx.Client, deployment: str, chain: Chain) -> bool:
    """Begin the next run of a chain where the one before has ended; False once none is left."""
    if chain.run is not None:
        state = api.get(f"/flow_runs/{chain.run}").raise_for_status().json()["state_type"]
        if state not in ENDED:
            return True
        if state != "COMPLETED":
            raise ValueError(f"an empty flow of {chain.number} ended as {state}")
    if not chain.coming:
        return False
    wanted = {"parameters": {"number": chain.number, "shape": str(chain.coming.pop(0))}, "tags": [chain.number]}
    made = api.post(f"/deployments/{deployment}/create_flow_run", json=wanted).raise_for_status().json()
    chain.run = str(made["id"])
    return True


if __name__ == "__main__":
    main()
