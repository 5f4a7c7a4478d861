"""Open gates in the Prefect UI: one suspended run for each, with a form, that holds no process and no worker's slot.

Such a run is created suspended, through the API; only an answer starts it. A question that was answered elsewhere ends it.
"""

from typing import Any

import httpx

from flows.acts.gate import Gate, open_gates
from flows.desk import Desk
from flows.server import api_client
from flows.settings import Settings

DEPLOYMENT = "gate/answer"
TAG = "gate"
CREATED, PAGE, MOST_TIMES = 201, 200, 100
FINAL = ("COMPLETED", "CANCELLED", "FAILED", "CRASHED")
KEYS = {"schema": "gate-schema", "description": "gate-description", "response": "gate-response"}

Api = httpx.Client
Json = dict[str, Any]  # Any: plain JSON, as Prefect's API takes and gives it


def keep_gates(desk: Desk, number: str) -> tuple[int, int]:
    """Bring the suspended runs of an incident up to its open gates; gives how many were opened and how many ended."""
    with api_client(desk.settings.server_port) as api:
        found = api.get(f"/deployments/name/{DEPLOYMENT}")
        if not found.is_success:
            return 0, 0
        gates = open_gates(desk, number) if desk.settings.prefect_answers else []
        wanted = {f"gate:{number}:{gate.identity}": gate for gate in gates}
        suspended = {run["idempotency_key"].partition("#")[0]: run for run in _suspended(api, number)}
        opened = [
            _opened(api, found.json()["id"], desk.settings, number, key, gate)
            for key, gate in wanted.items()
            if key not in suspended
        ]
        over = [run["id"] for key, run in suspended.items() if key not in wanted]
        for run in over:
            _end(api, run)
        return sum(opened), len(over)


def _suspended(api: Api, number: str) -> list[Json]:
    runs: list[Json] = []
    wanted = {"tags": {"all_": [number, TAG]}, "state": {"type": {"any_": ["PAUSED"]}}}
    while True:
        page = api.post("/flow_runs/filter", json={"flow_runs": wanted, "limit": PAGE, "offset": len(runs)})
        runs += page.raise_for_status().json()
        if len(page.json()) < PAGE:
            return runs


def _opened(api: Api, deployment: str, settings: Settings, number: str, key: str, gate: Gate) -> bool:
    who = " or ".join(gate.asked) or "anybody"
    details = {"pause_reschedule": True, "pause_key": "gate", "run_input_keyset": KEYS}
    run: Json = {
        "name": f"{number}: {who.replace('_', ' ')} to answer: {gate.what}",
        "parameters": {"number": number, "gate": gate.key},
        "tags": [number, TAG],
        "state": {"type": "PAUSED", "name": f"Waits for {who.replace('_', ' ')}", "state_details": details},
    }
    made = _made(api, deployment, run, key)
    if made is None:
        return False
    for part, value in (
        ("schema", httpx.Response(200, json=form(gate)).text),
        ("description", said(settings, number, gate)),
    ):
        body = {"key": KEYS[part], "value": value if part == "schema" else _quoted(value)}
        api.post(f"/flow_runs/{made}/input", json=body).raise_for_status()
    return True


def _made(api: Api, deployment: str, run: Json, key: str) -> str | None:
    """The new run, or None where one stands there; what was asked before and is over is asked again under the next key."""
    for again in range(MOST_TIMES):
        wanted = {**run, "idempotency_key": f"{key}#{again}"}
        made = api.post(f"/deployments/{deployment}/create_flow_run", json=wanted).raise_for_status()
        if made.status_code == CREATED:
            return str(made.json()["id"])
        if made.json()["state_type"] not in FINAL:
            return None
    return None


def _quoted(text: str) -> str:
    return httpx.Response(200, json=text).text


def _end(api: Api, run: str) -> None:
    state = {
        "type": "COMPLETED",
        "name": "Answered elsewhere",
        "message": "This was answered another way, or is asked no more; the incident's timeline says by whom.",
    }
    api.post(f"/flow_runs/{run}/set_state", json={"state": state, "force": True}).raise_for_status()


def form(gate: Gate) -> Json:
    """The form that the UI shows: decision, name, reason, and the hash of what was read."""
    fields: Json = {
        "decision": {"title": "Decision", "type": "string", "enum": list(gate.decisions), "position": 0},
        "name": {"title": "Your name, as in the team", "type": "string", "position": 1},
        "reason": {
            "title": "Reason",
            "description": "Needed to reject, refuse or skip, and to sign in spite of a warning. Name nobody who is affected.",
            "type": "string",
            "default": "",
            "position": 2,
        },
        "sha256": {
            "title": "SHA-256 of what you read",
            "description": "Compare it with the text; an answer to another text is not accepted.",
            "type": "string",
            "default": gate.sha256,
            "position": 3,
        },
    }
    return {"title": "Answer", "type": "object", "properties": fields, "required": ["decision", "name", "sha256"]}


def said(settings: Settings, number: str, gate: Gate) -> str:
    """What stands above the form: what is asked of whom, where it is read, and no word of it."""
    kind, _, name = gate.key.partition(":")
    read = f"tocsin notices {number} show {name}" if kind == "notice" else f"tocsin steps {number}"
    return "\n".join(
        [
            f"**{number}** asks {' or '.join(gate.asked).replace('_', ' ') or 'anybody'}: **{gate.what}**",
            "",
            f"Read it first: `{read}`, or in [the console]({settings.console()}/incidents/{number}).",
            "",
            f"SHA-256 `{gate.sha256}`",
        ]
    )


def cancelled_runs(settings: Settings) -> list[Json]:
    """Runs that carried an incident and were cancelled, latest first: id, tags, and what the server knows about it."""
    wanted = {"state": {"type": {"any_": ["CANCELLING", "CANCELLED"]}}, "tags": {"is_null_": False}}
    with api_client(settings.server_port) as api:
        page = api.post(
            "/flow_runs/filter", json={"flow_runs": wanted, "limit": PAGE, "sort": "EXPECTED_START_TIME_DESC"}
        )
    return [run for run in page.raise_for_status().json() if TAG not in run["tags"]]
