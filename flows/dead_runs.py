"""Runs whose process is gone: Prefect shows them as running for ever, so that they are told apart here and shown as crashed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

ENDED = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
BEGUN = frozenset({"PENDING", "RUNNING"})
# A run takes the lease as its first act. A process that a busy machine has yet to start may take longer.
PATIENCE = {"PENDING": timedelta(minutes=3)}
OTHERWISE = timedelta(seconds=50)

Run = Mapping[str, Any]  # Any: a run as Prefect's API gives it


def is_dead(run: Run, now: datetime) -> bool:
    """Whether a run that holds no lease will not take one any more: it ended a while ago, or began one and is not heard of."""
    state = run.get("state") or {}
    if state.get("type") not in ENDED | BEGUN:
        return False  # it waits for a worker, or somebody is cancelling it
    return datetime.fromisoformat(state["timestamp"]) < now - PATIENCE.get(state["type"], OTHERWISE)


def bury(api: httpx.Client, number: str, now: datetime) -> int:
    """Show as crashed every run of an incident that nobody carries and that began a while ago; gives how many."""
    wanted = {"tags": {"all_": [number]}, "state": {"type": {"any_": sorted(BEGUN)}}}
    found = api.post("/flow_runs/filter", json={"flow_runs": wanted, "limit": 200})
    dead = [run for run in found.raise_for_status().json() if is_dead(run, now)]
    for run in dead:
        state = {"type": "CRASHED", "message": "Its process died; the incident goes on in another run."}
        api.post(f"/flow_runs/{run['id']}/set_state", json={"state": state, "force": True}).raise_for_status()
    return len(dead)
