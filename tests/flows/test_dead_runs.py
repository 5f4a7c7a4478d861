"""Dead runs are shown as crashed, and another takes their place, once; a sending is shared by the workers there are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from flows.acts.people_control import heed_cancelled, resume
from flows.acts.people_plan import start_sending
from flows.acts.people_progress import progress
from flows.dead_runs import bury, is_dead
from flows.desk import Desk, open_desk
from flows.prefect_gates import cancelled_runs
from flows.senders import left_alone, start_senders, tag_of, take_up
from flows.server import api_client
from flows.settings import Settings
from flows.start import POOL, nudge
from models.clock import VirtualClock
from tests.flows.affected import NUMBER, assign_people, french
from tests.flows.meridia import LEGAL, ledger
from tests.flows.server import PrefectServer

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.prefect


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


@pytest.fixture
def sending(api: httpx.Client, prefect_server: PrefectServer, signed: Desk) -> Iterator[Desk]:
    """A sending that is planned, and a pool on which two workers are heard of."""
    assign_people(signed, french(3))
    start_sending(signed, NUMBER, by=LEGAL, wave="rest")
    flow = api.post("/flows/", json={"name": "sending"}).raise_for_status().json()["id"]
    api.post("/deployments/", json={"name": "people", "flow_id": flow}).raise_for_status()
    api.post("/work_pools/", json={"name": POOL, "type": "process"}).raise_for_status()
    for name in ("one", "two"):
        api.post(f"/work_pools/{POOL}/workers/heartbeat", json={"name": name}).raise_for_status()
    desk = open_desk(signed.settings.model_copy(update={"server_port": prefect_server.port}))
    yield desk
    desk.engine.dispose()


def test_each_worker_gets_a_share_and_what_is_cancelled_is_not_started_again(
    api: httpx.Client, sending: Desk, clock: VirtualClock
) -> None:
    assert start_senders(sending, NUMBER) == 2
    assert start_senders(sending, NUMBER) == 0, "asked twice about the same wave it is the same two"
    first, _ = runs(api, tag_of(NUMBER))
    assert take_up(sending) == [NUMBER], "nobody has anything in hand yet"

    cancelled = {"state": {"type": "CANCELLED", "message": "Cancelled from UI"}, "force": True}
    api.post(f"/flow_runs/{first['id']}/set_state", json=cancelled).raise_for_status()
    [run] = [run for run in cancelled_runs(sending.settings) if tag_of(NUMBER) in run["tags"]]
    heed = {"run": run["id"], "by": "Prefect UI", "said": run["state"]["message"]}

    assert heed_cancelled(sending, NUMBER, **heed)
    assert not heed_cancelled(sending, NUMBER, **heed), "once"
    assert progress(sending, NUMBER).state == "paused"
    assert left_alone(sending) == take_up(sending) == []
    [entry] = ledger(sending, NUMBER, "people.run_cancelled")
    assert (entry["actor"], entry["payload"]["said"]) == ("Prefect UI", "Cancelled from UI")
    clock.set(clock() + MINUTE)
    resume(sending, NUMBER, by=LEGAL)
    assert not heed_cancelled(sending, NUMBER, **heed), "what was noted does not stop what somebody started again"
    assert left_alone(sending) == [NUMBER]
    assert start_senders(sending, NUMBER) == 2
    assert ledger(sending, NUMBER, "people.sending_state")[-1]["actor"] == LEGAL
