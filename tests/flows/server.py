"""One Prefect server for the whole test run, and the command run against it in a process of its own.

Flows run in a process of their own because Prefect reads its settings when it is imported.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from flows.server import environment

ROOT = Path(__file__).parents[2]
LIMIT_SECONDS = 120
COMMAND = ("-m", "tocsin")
FLOW = (
    "-c",
    "import sys; from flows.settings import read_settings; from flows.start import run_now; "
    "run_now(read_settings(), sys.argv[1], sys.argv[2])",
)


def _installation(home: Path) -> dict[str, str]:
    return {
        "TOCSIN_HOME": str(home),
        "TOCSIN_CLOCK": str(home / "clock"),
        "TOCSIN_ORGANISATION": str(ROOT / "tocsin" / "demo" / "data" / "organisation.yaml"),
    }


@dataclass(frozen=True)
class PrefectServer:
    """A running server, and where it keeps its data."""

    home: Path
    port: int

    @property
    def environment(self) -> dict[str, str]:
        """What makes a process use this server, with nothing of ours set."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "PREFECT_"))}
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        return {**mine, **environment(self.home, self.port), "PATH": path}  # a worker's runs are begun by `python`

    def start(self, home: Path, *arguments: str, command: tuple[str, ...] = COMMAND) -> subprocess.Popen[str]:
        """Start the command for the demo's organisation in `home`, whose clock is the file `clock` in it."""
        return subprocess.Popen(
            [sys.executable, *command, *arguments],
            env={**self.environment, **_installation(home)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, home: Path, *arguments: str, status: int = 0, command: tuple[str, ...] = COMMAND) -> str:
        """Run the command to its end, which must be `status`; gives all it said."""
        process = self.start(home, *arguments, command=command)
        out, err = process.communicate(timeout=LIMIT_SECONDS)
        assert process.returncode == status, f"{arguments} ended with {process.returncode}: {out}{err}"
        return out + err

    def ask(self, path: str, **filters: Any) -> Any:
        """What the server's API answers to a POST of these filters."""
        return httpx.post(f"http://127.0.0.1:{self.port}/api{path}", json=filters, timeout=30).raise_for_status().json()
