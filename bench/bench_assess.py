"""`tocsin assess FILE --json` from cold, against two floors: an interpreter that does nothing, and one that imports pydantic and typer.

Run with `python -m bench.bench_assess`. Every run is a new process; the runs of all kinds alternate.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.machine import described, spread, verdict

ROUNDS = 9
AIM_SECONDS = 0.5
FACTS = Path(__file__).parents[1] / "tocsin" / "demo" / "data" / "first_facts.yaml"
ASSESS = ("-m", "tocsin", "assess", str(FACTS), "--json")
Before = Callable[[Path], None]


def seconds(home: Path, before: Before, *arguments: str) -> float:
    """How long a new interpreter takes with these arguments; what comes before it is not timed."""
    before(home)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        cwd=FACTS.parents[3],
        env={**environment, "TOCSIN_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - started


def forget_laws(home: Path) -> None:
    """Remove the parsed laws, so that the next run reads the YAML again."""
    shutil.rmtree(home / "cache", ignore_errors=True)


def leave(_: Path) -> None:
    """Change nothing."""


KINDS: dict[str, tuple[Before, tuple[str, ...]]] = {
    "floor, python -c pass": (leave, ("-c", "pass")),
    "floor, import pydantic, typer": (leave, ("-c", "import pydantic, typer")),
    "assess, laws parsed before": (leave, ASSESS),
}


def main() -> None:
    """Print the medians, their ratios to the floors, and whether the aim is met."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        seconds(home, leave, *ASSESS)  # parses the laws, and brings the files into the page cache
        times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for _ in range(ROUNDS):
            for kind, (before, arguments) in KINDS.items():
                times[kind].append(seconds(home, before, *arguments))
        unparsed = [seconds(home, forget_laws, *ASSESS) for _ in range(3)]
    print(described())
    for kind, taken in times.items():
        print(f"{kind:32}{spread(taken)}")
    print(f"{'assess, laws not parsed yet':32}{spread(unparsed)}  once after the laws or the program change")
    bare, imports, warm = (median(taken) for taken in times.values())
    print(
        f"assess is {warm / bare:.1f} x a bare interpreter, {warm / imports:.2f} x the imports; "
        f"aim under {AIM_SECONDS} s: {verdict(warm, AIM_SECONDS)}"
    )


if __name__ == "__main__":
    main()
