"""A run that a worker takes up, of the shape that a file tells, in which nothing is done.

`python -m bench.empty_course` makes its deployment on the work pool, with the settings that runs of incidents have.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from prefect import flow

from bench.empty_flow import Part, walk
from flows.start import deployed, wishes


@flow(name="empty course", flow_run_name="empty course: {number}")
async def empty_course(number: str, shape: str) -> None:
    """Walk the parts that stand in the file `shape`."""
    parts = json.loads(Path(shape).read_text())
    await walk([Part(**{**part, "waves": tuple(part["waves"])}) for part in parts], number)


def write_shape(path: Path, parts: Sequence[Part]) -> None:
    """Keep a run's parts for a process that makes an empty one of them."""
    path.write_text(json.dumps([asdict(part) for part in parts]))


if __name__ == "__main__":
    entrypoint = "bench/empty_course.py:empty_course"
    asyncio.run(deployed({**wishes()[0], "name": "empty", "entrypoint": entrypoint, "description": "Does nothing."}))
