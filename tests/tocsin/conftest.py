import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from flows.desk import Desk
from flows.server import free_port
from models.clock import VirtualClock
from tests.conftest import DEMO, taken_over
from tocsin.main import run


@dataclass(frozen=True)
class Said:
    """What one command line gave: its exit status, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # Any: whatever JSON the command printed
        return json.loads(self.out)


Tocsin = Callable[..., Said]


@pytest.fixture
def tocsin(
    home: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Tocsin]:
    """Runs a command line as Nadia Roux, on the tests' clock; `given` is what comes on standard input."""
    monkeypatch.setenv("TOCSIN_CLOCK", str(clock.path))
    monkeypatch.setenv("TOCSIN_ORGANISATION", str(DEMO / "organisation.yaml"))
    monkeypatch.setenv("TOCSIN_ACTOR", "Nadia Roux")
    monkeypatch.setenv("TOCSIN_SERVER_PORT", str(free_port()))  # where no Prefect server answers
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    environment = dict(os.environ)

    def typed(*arguments: object, given: bytes = b"") -> Said:
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(given), encoding="utf-8"))
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        return Said(status, *capsys.readouterr())

    yield typed
    os.environ.clear()  # the command points Prefect at its own server
    os.environ.update(environment)


@pytest.fixture
def carried(desk: Desk, carried_home: Path) -> str:
    """The number of an incident that went as far as it goes without a person: contained, evaluated, all texts drafted."""
    return taken_over(carried_home, desk)
