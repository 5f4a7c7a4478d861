from pathlib import Path

import pytest

from flows.acts.contain import ready_steps
from flows.acts.playbook import kept_playbook, move_playbook, notice_rules, preview_move, start_playbook
from flows.acts.report import open_incident
from flows.acts.work import approve_step
from flows.desk import Desk, open_desk
from models.document import read_document
from models.errors import NotAllowedError
from models.report import report_of
from models.tables import Incident
from models.vocabulary import Audience
from playbooks.playbook import read_playbook
from tests.flows.meridia import COMMANDER, LEGAL, add, contain, every, join_team, ledger, one, payloads, step

OWN = """
name: ransomware
title: {en: Our own ransomware playbook}
applies: {kind: ransomware}
steps:
  - {key: call_the_board, phase: triage, title: {en: Call the board}, role: commander, task: Call the board.}
"""


def test_the_playbook_that_fits_the_facts_is_chosen_and_noted(desk: Desk, number: str) -> None:
    assert start_playbook(desk, number) == "ransomware"

    [said] = payloads(desk, number, "playbook.chosen")
    assert (said["playbook"], said["steps"]) == ("ransomware", len(desk.playbooks["ransomware"].steps))


def test_the_playbook_is_chosen_once_and_kept_when_the_kind_changes(desk: Desk, number: str) -> None:
    start_playbook(desk, number)
    add(desk, number, "kind: exfiltration")

    assert start_playbook(desk, number) == "ransomware"
    assert len(ledger(desk, number, "playbook.chosen")) == 1


def test_a_playbook_file_that_changes_does_not_change_an_incident_that_runs(desk: Desk, number: str) -> None:
    contain(desk, number)
    folder = desk.settings.home / "own"
    folder.mkdir()
    (folder / "ransomware.yaml").write_text(OWN)
    changed = open_desk(desk.settings.model_copy(update={"playbooks": folder}))

    contain(changed, number)

    assert "call_the_board" in {one.key for one in changed.playbooks["ransomware"].steps}
    assert "call_the_board" not in {row.key for row in every(changed, type(step(desk, number, "open_case")), number)}
    changed.engine.dispose()


def test_an_own_playbook_wins_over_ours_for_a_new_incident(desk: Desk, number: str, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "ransomware.yaml").write_text(OWN)
    own = open_desk(desk.settings.model_copy(update={"playbooks": folder}))

    contain(own, number)

    assert step(own, number, "call_the_board").state == "waiting_for_person"
    own.engine.dispose()


def test_facts_that_fit_no_playbook_choose_none_until_they_do(desk: Desk) -> None:
    number = open_incident(desk, report_of(read_document("r.yaml", b"title: Something is wrong")), by="Nadia Roux")
    assert start_playbook(desk, number) is None
    add(desk, number, "kind: ransomware")

    assert start_playbook(desk, number) == "ransomware"


def test_without_a_playbook_legal_signs_alone(desk: Desk) -> None:
    open_incident(desk, report_of(read_document("r.yaml", b"title: Something is wrong")), by="Nadia Roux")

    rules = notice_rules(one(desk, Incident))

    assert rules.approval_for(Audience.INDIVIDUALS).roles == ("legal",)


def test_the_kept_playbook_is_the_whole_playbook(desk: Desk, number: str) -> None:
    start_playbook(desk, number)

    assert kept_playbook(one(desk, Incident)) == desk.playbooks["ransomware"]


# Moving an incident over ------------------------------------------------------------------------------------------------

CHANGED = """
name: ransomware
title: {en: Our own ransomware playbook}
applies: {kind: ransomware}
steps:
  - {key: open_case, phase: triage, title: {en: Open a case}, action: open_ticket, with: {title: "{number}", text: T}}
  - {key: protect_backups, phase: contain, title: {en: Lock the backups}, role: responder, task: Lock them.}
  - {key: call_the_board, phase: triage, title: {en: Call the board}, role: commander, task: Call the board.}
"""


def test_the_difference_is_seen_before_an_incident_is_moved_and_nothing_is_changed_by_looking(drafted: Desk) -> None:
    changed = read_playbook("ransomware.yaml", CHANGED.encode())
    before = ledger(drafted, "INC-2026-0001")

    would = preview_move(drafted, "INC-2026-0001", changed)

    assert "step call_the_board is new: Call the board" in would.difference
    assert "step restore is gone: Restore from clean backups" in would.difference
    assert "restore is not done any more" in would.consequences
    assert "tell_insurer is done and stays so on the record" in would.consequences
    assert ledger(drafted, "INC-2026-0001") == before


def test_a_moved_incident_goes_on_by_the_new_playbook_with_what_was_done_done(drafted: Desk) -> None:
    number, changed = "INC-2026-0001", read_playbook("ransomware.yaml", CHANGED.encode())

    move_playbook(drafted, number, changed, by=COMMANDER)
    ready_steps(drafted, number)

    assert step(drafted, number, "call_the_board").state == "waiting_for_person"
    assert step(drafted, number, "open_case").state == "done"
    gone = step(drafted, number, "restore")
    assert (gone.state, gone.reason) == ("not_needed", "the playbook has no such step any more")
    [moved] = ledger(drafted, number, "playbook.moved")
    assert moved["actor"] == COMMANDER
    assert "step call_the_board is new: Call the board" in moved["payload"]["difference"]
    assert "restore" in [said["step"] for said in payloads(drafted, number, "step.not_needed")]
    with pytest.raises(NotAllowedError, match="nothing to move"):
        move_playbook(drafted, number, changed, by=COMMANDER)


def test_a_signature_on_a_step_that_was_changed_no_longer_holds(drafted: Desk) -> None:
    number = "INC-2026-0001"
    gated = CHANGED + "  - {key: pay, phase: contain, title: {en: Pay}, role: legal, task: Pay., approval: GATE}\n"
    two = "{roles: [legal, commander, executive], needed: 2}"
    move_playbook(drafted, number, read_playbook("ransomware.yaml", gated.replace("GATE", two).encode()), by=COMMANDER)
    ready_steps(drafted, number)
    assert approve_step(drafted, number, "pay", by=LEGAL) == ("commander", "executive")

    three = two.replace("2}", "3}")
    move_playbook(
        drafted, number, read_playbook("ransomware.yaml", gated.replace("GATE", three).encode()), by=COMMANDER
    )
    ready_steps(drafted, number)

    assert [said["person"] for said in payloads(drafted, number, "approval.voided")] == [LEGAL]
    assert step(drafted, number, "pay").role == "legal or commander or executive"


def test_new_facts_close_the_steps_that_they_make_needless_with_the_reason(desk: Desk, number: str) -> None:
    add(desk, number, "contracts: [{party: Acme, within_hours: 24, from: aware_at, contact: x, citation: y}]")
    book = CHANGED + (
        "  - {key: tell, phase: communicate, title: {en: Tell}, role: legal, task: Tell., for_each: contracts}\n"
    )
    start_playbook(desk, number)
    join_team(desk)
    move_playbook(desk, number, read_playbook("ransomware.yaml", book.encode()), by=COMMANDER)
    ready_steps(desk, number)
    assert step(desk, number, "tell[acme]").state == "waiting_for_person"

    add(desk, number, "contracts: []")
    ready_steps(desk, number)

    row = step(desk, number, "tell[acme]")
    assert row.state == "not_needed"
    [why] = [said["because"] for said in payloads(desk, number, "step.not_needed") if said["step"] == "tell[acme]"]
    assert why == "acme is no longer among the contracts"
