"""`make kill-test`: at least a thousand processes killed; what arrived is compared with what should have."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from bench.machine import described
from tests.flows.kills.effects import KINDS
from tests.flows.kills.points import chosen
from tests.flows.kills.runs import whole_runs
from tests.flows.kills.scenario import Databases, Tally, any_points, kill_at, prepare
from tests.flows.kills.sinks import sinks_running
from tests.postgres import postgres_running

SEED = 20261124


def main() -> None:
    """Kill, compare and print; ends with 1 if anything was lost, or doubled where the other side can tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rounds", type=int, default=2, help="how often each chosen boundary is killed")
    parser.add_argument("--lines", type=int, default=24, help="kills at any line, for each kind and database")
    parser.add_argument("--moments", type=int, default=20, help="kills at any moment, for each kind and database")
    parser.add_argument("--runs", type=int, default=6, help="kills of whole runs under Prefect, for each database")
    given = parser.parse_args()
    print(f"{described()}; seed {given.seed}", flush=True)
    started, tally = time.monotonic(), Tally()
    with tempfile.TemporaryDirectory() as folder, sinks_running() as sinks, postgres_running() as postgres:
        for name, databases in {"sqlite": Databases(None), "postgres": Databases(postgres)}.items():
            dice = random.Random(given.seed)
            for kind in KINDS:
                home = Path(folder) / name / kind.name.replace(" ", "-")
                stage = prepare(databases, sinks, kind, home)
                points = chosen(has_sink=kind.has_sink, has_row=kind.purpose is not None) * given.rounds
                kill_at(tally, stage, [*points, *any_points(stage, given.lines, given.moments, dice)], dice)
                print(f"  {name}: {kind.name}: {tally.kills_of(name, kind.name)} kills", flush=True)
            if given.runs:
                whole_runs(tally, databases, sinks, Path(folder) / name / "runs", given.runs, dice)
                print(f"  {name}: whole runs: {tally.kills_of(name, 'whole run')} kills", flush=True)
    tally.show()
    print(f"{tally.kills} processes killed in {time.monotonic() - started:.0f} s")
    sys.exit(1 if tally.failed else 0)


if __name__ == "__main__":
    main()
