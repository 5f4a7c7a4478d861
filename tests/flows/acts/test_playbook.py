from pathlib import Path

from flows.acts.playbook import kept_playbook, notice_rules, start_playbook
from flows.acts.report import open_incident
from flows.desk import Desk, open_desk
from models.document import read_document
from models.report import report_of
from models.tables import Incident
from models.vocabulary import Audience
from tests.flows.meridia import add, contain, every, ledger, one, payloads, step

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
