"""Open questions in the Prefect UI, on a real server with a real worker."""

import json
import shutil
import subprocess
import sys
from typing import Any

import httpx
import pytest

from flows.acts.contain import ready_steps
from flows.acts.read_notice import notice_text
from flows.acts.work import finish_step
from flows.desk import Desk
from flows.prefect_gates import cancelled_runs, keep_gates
from models.tables import Approval
from tests.flows.meridia import LEGAL, PR, RESPONDER, every, ledger, notices, step
from tests.flows.server import PrefectServer

pytestmark = pytest.mark.prefect

NUMBER = "INC-2026-0001"
DEPLOY = ("-c", "import asyncio; from flows.start import deploy; asyncio.run(deploy(3600))")
WORKER = ("-m", "prefect", "worker", "start", "--pool", "tocsin", "--type", "process", "--run-once")
TYPED = "Bartholomew Gudgeon says that the supplement follows"


@pytest.fixture(scope="module")
def deployed(prefect_server: PrefectServer) -> PrefectServer:
    """The server with the work pool and its deployments."""
    prefect_server.run(prefect_server.home, command=DEPLOY)
    return prefect_server


@pytest.fixture
def asked(deployed: PrefectServer, drafted: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose open questions stand in the Prefect UI."""
    shutil.copy(drafted.settings.clock or "", drafted.settings.home / "clock")
    monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{deployed.port}/api")
    for run in suspended(deployed):  # of the test before
        set_state(deployed, run, {"type": "COMPLETED", "name": "Over"})
    ready_steps(drafted, NUMBER)
    keep_gates(drafted, NUMBER)
    return drafted


def suspended(server: PrefectServer) -> list[dict[str, Any]]:
    wanted = {"tags": {"all_": [NUMBER, "gate"]}, "state": {"type": {"any_": ["PAUSED"]}}}
    return list(server.ask("/flow_runs/filter", flow_runs=wanted, limit=200))


def set_state(server: PrefectServer, run: dict[str, Any], state: dict[str, Any]) -> None:
    server.ask(f"/flow_runs/{run['id']}/set_state", state=state, force=True)


def gate_run(server: PrefectServer, gate: str) -> dict[str, Any]:
    [run] = [run for run in suspended(server) if run["parameters"]["gate"] == gate]
    return dict(run)


def form(server: PrefectServer, run: dict[str, Any], part: str) -> Any:
    address = f"http://127.0.0.1:{server.port}/api/flow_runs/{run['id']}/input/gate-{part}"
    return json.loads(httpx.get(address).raise_for_status().text)


def filing_of(desk: Desk) -> int:
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33")
    return line.notice


def test_each_open_question_is_a_suspended_run_that_says_who_is_waited_for(
    prefect_server: PrefectServer, asked: Desk
) -> None:
    run = gate_run(prefect_server, f"notice:{filing_of(asked)}")

    assert run["state"]["name"] == "Waits for legal"
    assert run["name"] == f"{NUMBER}: legal to answer: filing to CNIL (eu-gdpr-33, en)"
    assert form(prefect_server, run, "schema")["properties"]["decision"]["enum"] == ["approve", "reject"]
    assert keep_gates(asked, NUMBER) == (0, 0), "each stands there once"


def test_a_form_shows_the_hash_and_no_word_of_the_text(prefect_server: PrefectServer, asked: Desk) -> None:
    notice = filing_of(asked)
    text = notice_text(asked, NUMBER, notice)
    run = gate_run(prefect_server, f"notice:{notice}")

    shown = form(prefect_server, run, "description") + json.dumps(form(prefect_server, run, "schema")) + json.dumps(run)

    assert text.sha256 in shown
    sentences = [line for line in text.text.splitlines() if len(line) > 40]
    assert sentences
    assert [line for line in sentences if line in shown] == []


def test_an_answer_elsewhere_ends_the_suspended_run(prefect_server: PrefectServer, asked: Desk) -> None:
    run = gate_run(prefect_server, "step:protect_backups")

    finish_step(asked, NUMBER, "protect_backups", by=RESPONDER)
    keep_gates(asked, NUMBER)

    [ended] = prefect_server.ask("/flow_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})
    assert (ended["state_type"], ended["state_name"]) == ("COMPLETED", "Answered elsewhere")


def resumed(server: PrefectServer, desk: Desk, gate: str, **given: str) -> dict[str, Any]:
    """The run of a gate, once its form was sent and a worker took it up."""
    run = gate_run(server, gate)
    sha256 = form(server, run, "schema")["properties"]["sha256"]["default"]
    taken = server.ask(f"/flow_runs/{run['id']}/resume", run_input={"sha256": sha256, **given})
    assert taken["status"] == "ACCEPT"
    server.run(desk.settings.home, command=WORKER)
    [after] = server.ask("/flow_runs/filter", flow_runs={"id": {"any_": [run["id"]]}})
    return dict(after)


def test_resuming_with_input_lands_as_the_decision_of_the_person_and_what_was_typed_is_not_kept(
    prefect_server: PrefectServer, asked: Desk
) -> None:
    gate = f"notice:{filing_of(asked)}"

    refused = resumed(prefect_server, asked, gate, decision="approve", name=PR)
    signed = resumed(prefect_server, asked, gate, decision="approve", name=LEGAL, reason=TYPED)

    assert (refused["state_name"], signed["state_name"]) == ("Not accepted", "Answered")
    [approval] = every(asked, Approval, NUMBER, subject=gate)
    assert (approval.person, approval.decision, approval.reason) == (LEGAL, "approved", TYPED)
    kept = httpx.get(f"http://127.0.0.1:{prefect_server.port}/api/flow_runs/{signed['id']}/input/gate-response")
    assert kept.status_code == 404
    assert TYPED not in json.dumps(signed)
    assert [run for run in suspended(prefect_server) if run["parameters"]["gate"] == gate] == []


def test_a_run_that_was_cancelled_is_found_with_its_incident(prefect_server: PrefectServer, asked: Desk) -> None:
    address = f"http://127.0.0.1:{prefect_server.port}/api/deployments/name/response/incident"
    deployment = httpx.get(address).raise_for_status().json()["id"]
    run = prefect_server.ask(f"/deployments/{deployment}/create_flow_run", parameters={"number": NUMBER}, tags=[NUMBER])
    set_state(prefect_server, run, {"type": "CANCELLED", "name": "Cancelled", "message": "Cancelled from UI"})

    [found] = [one for one in cancelled_runs(asked.settings) if one["id"] == run["id"]]

    assert found["tags"] == [NUMBER]
    assert ledger(asked, NUMBER, "run.cancelled") == []
    assert step(asked, NUMBER, "protect_backups").state == "waiting_for_person"


def test_keeping_gates_imports_no_prefect() -> None:
    code = "import sys, flows.prefect_gates; print('prefect' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
