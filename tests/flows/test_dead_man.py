"""The dead man's switch, with a real Prefect server, a real worker, and a watch that is killed."""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from flows.acts.report import open_incident
from flows.desk import open_desk
from flows.server import ended
from flows.settings import Settings
from flows.start import DEAD_MAN, POOL
from models.report import read_report
from tests.conftest import DEMO
from tests.flows.meridia import payloads
from tests.flows.server import ROOT, PrefectServer

pytestmark = pytest.mark.prefect

LIMIT_SECONDS = 150
SILENCE_SECONDS = 10
DEPLOY = (
    "import asyncio; from flows.settings import read_settings; from flows.start import deploy; "
    "[asyncio.run(deploy(read_settings().watch_silence)) for _ in range(2)]"
)


@pytest.fixture
def installation(prefect_server: PrefectServer, home: Path) -> dict[str, str]:
    """The environment of an installation on the machine's own time."""
    return {
        **prefect_server.environment,
        "TOCSIN_HOME": str(home),
        "TOCSIN_SERVER_PORT": str(prefect_server.port),
        "TOCSIN_WATCH_SILENCE": str(SILENCE_SECONDS),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }


@pytest.fixture
def worker(installation: dict[str, str]) -> Iterator[None]:
    """A worker of the pool, and the automation, deployed twice as two starts do."""
    deploying = Popen([sys.executable, "-c", DEPLOY], env=installation, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    said = deploying.communicate(timeout=LIMIT_SECONDS)
    assert deploying.returncode == 0, said
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "process"]
    process = Popen(command, env=installation, cwd=ROOT, stdout=PIPE, stderr=PIPE, start_new_session=True)
    yield
    ended(process.pid)
    process.communicate()


def test_a_watch_that_is_killed_is_missed_and_the_responders_are_told_though_it_says_nothing_itself(
    prefect_server: PrefectServer, home: Path, installation: dict[str, str], worker: None
) -> None:
    desk = open_desk(Settings(home=home))
    number = open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by="Nadia Roux")
    assert len(prefect_server.ask("/automations/filter", automations={"name": {"any_": [DEAD_MAN]}})) == 1
    watch = Popen([sys.executable, "-m", "tocsin", "watch", "--every", "1"], env=installation, cwd=ROOT, stdout=PIPE)
    wanted = {"event": {"name": ["tocsin.watch.passed"]}}
    wait_until(lambda: prefect_server.ask("/events/filter", filter=wanted, limit=5)["total"] >= 2)

    watch.send_signal(signal.SIGKILL)
    watch.communicate()

    wait_until(lambda: bool(told(home)))
    [said] = told(home)
    assert said["subject"] == "The deadline watch has stopped"
    wait_until(lambda: bool(payloads(desk, number, "watch.stopped")))
    desk.engine.dispose()


def told(home: Path) -> list[dict[str, str]]:
    return [json.loads(path.read_text()) for path in (home / "outbox").glob("watch-stopped*.json")]


def wait_until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while not holds():
        assert time.monotonic() < limit, "it did not come"
        time.sleep(0.2)
