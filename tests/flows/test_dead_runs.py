"""Dead runs are shown as crashed, and another takes their place, once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from flows.dead_runs import bury, is_dead
from flows.server import api_client
from flows.settings import Settings
from flows.start import nudge
from tests.flows.server import PrefectServer

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
pytestmark = [pytest.mark.prefect, pytest.mark.xdist_group("prefect")]


@pytest.mark.parametrize(
    ("state", "ago", "dead"),
    [
        ("RUNNING", MINUTE, True),
        ("RUNNING", MINUTE / 2, False),
        ("PENDING", MINUTE, False),
        ("PENDING", 4 * MINUTE, True),
        ("CRASHED", MINUTE, True),
        ("FAILED", MINUTE / 2, False),
        ("SCHEDULED", 600 * MINUTE, False),
        ("CANCELLING", 600 * MINUTE, False),
    ],
)
def test_a_run_without_the_lease_is_dead_once_it_had_time_to_take_it(state: str, ago: timedelta, dead: bool) -> None:
    assert is_dead({"state": {"type": state, "timestamp": (NOW - ago).isoformat()}}, NOW) is dead


@pytest.fixture
def api(prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    """The server's API, with a deployment of the response that no worker takes up."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with api_client(prefect_server.port) as client:
        flow = client.post("/flows/", json={"name": "response"}).raise_for_status().json()["id"]
        client.post("/deployments/", json={"name": "incident", "flow_id": flow}).raise_for_status()
        yield client


def begun(api: httpx.Client, number: str) -> dict[str, Any]:
    """The incident's latest run, taken up by a worker and begun."""
    [run, *_] = runs(api, number)
    for state in ("PENDING", "RUNNING"):
        api.post(f"/flow_runs/{run['id']}/set_state", json={"state": {"type": state}, "force": True}).raise_for_status()
    return run


def runs(api: httpx.Client, number: str) -> list[dict[str, Any]]:
    wanted = {"flow_runs": {"tags": {"all_": [number]}}, "sort": "EXPECTED_START_TIME_DESC"}
    found: list[dict[str, Any]] = api.post("/flow_runs/filter", json=wanted).raise_for_status().json()
    return found


def test_a_run_that_died_before_it_took_the_lease_is_followed_by_one_and_shown_as_crashed(
    api: httpx.Client, prefect_server: PrefectServer
) -> None:
    settings, number, now = Settings(server_port=prefect_server.port), "INC-2026-0901", datetime.now(UTC)
    assert nudge(settings, {number: 1}, now)
    assert not nudge(settings, {number: 1}, now), "the first waits for a worker"
    first = begun(api, number)
    assert not nudge(settings, {number: 1}, now), "it has just begun"

    later = now + 2 * MINUTE
    assert nudge(settings, {number: 1}, later)
    assert not nudge(settings, {number: 1}, later), "once"

    states = {run["id"]: run["state"]["type"] for run in runs(api, number)}
    assert states.pop(first["id"]) == "CRASHED"
    assert list(states.values()) == ["SCHEDULED"]


def test_the_runs_of_other_incidents_are_left_alone(api: httpx.Client, prefect_server: PrefectServer) -> None:
    settings, now = Settings(server_port=prefect_server.port), datetime.now(UTC)
    for number in ("INC-2026-0902", "INC-2026-0903"):
        nudge(settings, {number: 1}, now)
        begun(api, number)

    assert bury(api, "INC-2026-0902", now + 2 * MINUTE) == 1

    assert [run["state"]["type"] for run in runs(api, "INC-2026-0903")] == ["RUNNING"]
