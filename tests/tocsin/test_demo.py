"""The demo as a stranger runs it: one command, on a real Prefect server, killed in the middle, and looked at in Chromium."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.screenshots import CHROMIUM, other_hosts
from flows.server import running

pytestmark = pytest.mark.prefect
NUMBER = "INC-2026-0001"


def environment(home: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "PREFECT_"))}
    return {**ours, "TOCSIN_HOME": str(home)}


def tocsin(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tocsin", *arguments]
    return subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=400, check=False)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.CompletedProcess[str]]]:
    """A demo that was killed in the middle and run again to its end."""
    home = tmp_path_factory.mktemp("demo")
    first = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "demo"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert first.stdout is not None
    for line in first.stdout:
        if "signatures, each bound" in line:  # the run that sends begins
            time.sleep(0.7)
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    yield home / "demo", tocsin(home, "demo")
    shutil.rmtree(home, ignore_errors=True)


def test_a_demo_killed_while_it_sends_goes_on_and_tells_the_story_to_its_end(
    told: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, demo = told

    assert demo.returncode == 0, demo.stdout[-2000:] + demo.stderr[-2000:]
    assert f"Going on with {NUMBER}" in demo.stdout
    assert "duties met, 0 late, 0 open" in demo.stdout
    assert "ALERT to commander" in demo.stdout


def test_nothing_was_sent_twice_and_nothing_was_lost(told: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    home, _ = told
    sent = [json.loads(path.read_text()) for path in (home / "outbox").glob("*.json")]
    texts = Counter(message["about"]["notice"] for message in sent if "sha256" in message["about"])
    listed = json.loads(_asked(home, "notices", NUMBER, "--json").stdout)

    assert set(texts.values()) == {1}
    assert {str(notice["notice"]) for notice in listed if notice["state"] == "sent"} == set(texts)
    assert [notice["what"] for notice in listed if notice["state"] != "sent"] == [], "nothing is left lying"


def test_its_ledger_verifies(told: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    home, _ = told

    assert json.loads(_asked(home, "ledger", NUMBER, "verify", "--json").stdout)["verified"] is True


def _asked(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**environment(home), "TOCSIN_CLOCK": str(home / "clock")}
    command = [sys.executable, "-m", "tocsin", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.browser
def test_no_page_of_the_prefect_ui_asks_another_host(told: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    if not Path(CHROMIUM).exists() and "TOCSIN_TESTS_COMPLETE" not in os.environ:
        pytest.skip("Chromium is not installed")
    home, _ = told
    port = int((home / "port").read_text())

    with running(home, port) as address:
        assert other_hosts(address, NUMBER, None) == []
