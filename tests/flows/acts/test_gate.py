from concurrent.futures import ThreadPoolExecutor

import pytest

from flows.acts.contain import ready_steps
from flows.acts.edit import edit_notice
from flows.acts.gate import Gate, answer_gate, open_gates
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.tables import Approval
from tests.flows.meridia import COMMANDER, LEGAL, PR, RESPONDER, every, ledger, notices, payloads, step

NUMBER = "INC-2026-0001"
WAY = "Prefect UI"


def gate(desk: Desk, key: str) -> Gate:
    return next(gate for gate in open_gates(desk, NUMBER) if gate.key == key)


def answer(desk: Desk, gate: Gate, decision: str, by: str, reason: str | None = None) -> str:
    return answer_gate(desk, NUMBER, gate.key, decision, by=by, sha256=gate.sha256, way=WAY, reason=reason)


@pytest.fixture
def filing(drafted: Desk) -> Gate:
    ready_steps(drafted, NUMBER)
    [line] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    return gate(drafted, f"notice:{line.notice}")


def test_texts_to_sign_and_tasks_to_do_are_gates_with_their_answers(drafted: Desk, filing: Gate) -> None:
    assert (filing.asked, filing.decisions) == (("legal",), ("approve", "reject"))
    task = gate(drafted, "step:protect_backups")
    assert (task.asked, task.decisions) == (("responder",), ("done", "skip"))


def test_an_answer_lands_as_the_same_decision_under_the_persons_name(drafted: Desk, filing: Gate) -> None:
    assert answer(drafted, filing, "approve", LEGAL, "the measures follow in the supplement") == "signed"

    [approval] = every(drafted, Approval, NUMBER, subject=filing.key)
    assert (approval.person, approval.sha256, approval.decision) == (LEGAL, filing.sha256, "approved")
    [said] = ledger(drafted, NUMBER, "gate.answered")
    assert (said["actor"], said["payload"]["way"]) == (LEGAL, WAY)
    assert filing.key not in [gate.key for gate in open_gates(drafted, NUMBER)]


def test_a_task_is_done_or_skipped_with_its_checks(drafted: Desk, filing: Gate) -> None:
    assert answer(drafted, gate(drafted, "step:protect_backups"), "done", RESPONDER) == "done"
    memory = gate(drafted, "step:capture_memory")
    with pytest.raises(NotAllowedError, match="needs evidence: memory image"):
        answer(drafted, memory, "done", RESPONDER)
    with pytest.raises(BadInputError, match="needs a reason"):
        answer(drafted, memory, "skip", RESPONDER)

    answer(drafted, memory, "skip", RESPONDER, "the spread cannot wait")

    assert step(drafted, NUMBER, "capture_memory").state == "skipped"
    assert [said["gate"] for said in payloads(drafted, NUMBER, "gate.not_accepted")] == ["step:capture_memory"] * 2


def test_an_answer_that_is_not_accepted_is_on_the_ledger_under_nobodys_name_and_asked_again(
    drafted: Desk, filing: Gate
) -> None:
    with pytest.raises(NotAllowedError, match="needs legal"):
        answer(drafted, filing, "approve", PR)

    [refused] = ledger(drafted, NUMBER, "gate.not_accepted")
    assert refused["actor"] == "tocsin"
    again = gate(drafted, filing.key)
    assert again.identity != filing.identity
    assert again.turn == 1


def test_an_answer_to_a_text_that_was_changed_meanwhile_is_not_taken(drafted: Desk, filing: Gate) -> None:
    edit_notice(drafted, NUMBER, int(filing.key.partition(":")[2]), "Other words.\n", by=LEGAL)

    with pytest.raises(NotAllowedError):
        answer(drafted, filing, "approve", LEGAL)
    assert every(drafted, Approval, NUMBER, subject=filing.key) == []


def test_of_two_answers_at_once_one_wins_and_the_other_is_told(drafted: Desk, filing: Gate) -> None:
    task = gate(drafted, "step:protect_backups")

    def one(by: str) -> str:
        try:
            return answer(drafted, task, "done", by)
        except NotAllowedError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(one, [RESPONDER, COMMANDER]))

    assert said[0] == "done"
    assert "protect_backups" in said[1]
    assert len([entry for entry in payloads(drafted, NUMBER, "step.done") if entry["step"] == "protect_backups"]) == 1


def test_an_answer_that_is_none_of_the_known_ones_is_refused(drafted: Desk, filing: Gate) -> None:
    with pytest.raises(BadInputError, match="known are approve, reject"):
        answer(drafted, filing, "done", LEGAL)
