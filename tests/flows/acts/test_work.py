from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flows.acts.evidence import preserve_file
from flows.acts.team import add_member, remove_member
from flows.acts.work import (
    approve_step,
    assign_step,
    finish_step,
    refuse_step,
    skip_step,
    tell_event,
    try_again,
)
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.tables import Approval, Evidence
from models.vocabulary import PersonRole
from tests.flows.meridia import COMMANDER, LEGAL, PR, RESPONDER, every, ledger, payloads, step

NUMBER = "INC-2026-0001"


def keep(desk: Desk, key: str, *names: str) -> None:
    for name in names:
        file = desk.settings.home / name
        file.write_text(f"{key}: {name}")
        preserve_file(desk, NUMBER, key, file, by=RESPONDER, name=name)


def test_a_step_done_is_noted_under_the_name_of_who_did_it(drafted: Desk) -> None:
    finish_step(drafted, NUMBER, "move_channels", by=COMMANDER, note="bridge is open")

    row = step(drafted, NUMBER, "move_channels")
    assert (row.state, row.done_by, row.note) == ("done", COMMANDER, "bridge is open")
    [said] = [entry for entry in ledger(drafted, NUMBER, "step.done") if entry["actor"] == COMMANDER]
    assert said["payload"]["step"] == "move_channels"


def test_a_step_that_asks_for_evidence_is_not_done_without_all_of_it(drafted: Desk) -> None:
    with pytest.raises(NotAllowedError, match="log export, ransom note"):
        finish_step(drafted, NUMBER, "export_logs", by=RESPONDER)
    keep(drafted, "export_logs", "log export")
    with pytest.raises(NotAllowedError, match="ransom note"):
        finish_step(drafted, NUMBER, "export_logs", by=RESPONDER)
    keep(drafted, "export_logs", "ransom note")

    finish_step(drafted, NUMBER, "export_logs", by=RESPONDER)

    assert step(drafted, NUMBER, "export_logs").state == "done"


def test_what_waited_for_a_step_is_asked_for_once_it_is_done(drafted: Desk) -> None:
    assert step(drafted, NUMBER, "isolate_hosts").state == "waiting"
    keep(drafted, "capture_memory", "memory image")

    finish_step(drafted, NUMBER, "capture_memory", by=RESPONDER)

    assert step(drafted, NUMBER, "isolate_hosts").state == "waiting_for_person"


def test_the_answer_of_a_step_must_be_one_of_its_answers(drafted: Desk) -> None:
    keep(drafted, "report_to_police", "police reference")
    finish_step(drafted, NUMBER, "report_to_police", by=LEGAL)
    finish_step(drafted, NUMBER, "protect_backups", by=RESPONDER)
    with pytest.raises(BadInputError, match="refuse"):
        finish_step(drafted, NUMBER, "decide_on_ransom", by="Claire Aubry", outcome="refused")

    finish_step(drafted, NUMBER, "decide_on_ransom", by="Claire Aubry", outcome="refuse")

    assert step(drafted, NUMBER, "decide_on_ransom").outcome == "refuse"
    assert step(drafted, NUMBER, "open_negotiation").state == "not_needed"


def test_a_step_of_another_role_is_refused(drafted: Desk) -> None:
    with pytest.raises(NotAllowedError, match="responder"):
        finish_step(drafted, NUMBER, "protect_backups", by=PR)
    assert step(drafted, NUMBER, "protect_backups").state == "waiting_for_person"


def test_the_commander_may_finish_every_step(drafted: Desk) -> None:
    finish_step(drafted, NUMBER, "protect_backups", by=COMMANDER)

    assert step(drafted, NUMBER, "protect_backups").done_by == COMMANDER


def test_whom_a_step_is_assigned_to_may_finish_it_whatever_their_role(drafted: Desk) -> None:
    assign_step(drafted, NUMBER, "protect_backups", to=PR, by=COMMANDER)

    finish_step(drafted, NUMBER, "protect_backups", by=PR)

    assert step(drafted, NUMBER, "protect_backups").done_by == PR
    [said] = payloads(drafted, NUMBER, "step.assigned")
    assert said["to"] == PR


def test_a_step_is_assigned_to_nobody_outside_the_team(drafted: Desk) -> None:
    with pytest.raises(NotAllowedError, match="did you mean 'Noor Haddad'"):
        assign_step(drafted, NUMBER, "protect_backups", to="Nour Haddad", by=COMMANDER)
    assert step(drafted, NUMBER, "protect_backups").assigned_to is None


def test_a_skipped_step_keeps_its_reason_and_lets_others_go_on(drafted: Desk) -> None:
    skip_step(drafted, NUMBER, "capture_memory", by=RESPONDER, reason="the spread cannot wait")

    assert step(drafted, NUMBER, "capture_memory").state == "skipped"
    assert step(drafted, NUMBER, "isolate_hosts").state == "waiting_for_person"
    [said] = payloads(drafted, NUMBER, "step.skipped")
    assert said["reason"] == "the spread cannot wait"


def test_what_is_done_cannot_be_skipped_or_done_again(drafted: Desk) -> None:
    finish_step(drafted, NUMBER, "protect_backups", by=RESPONDER)

    with pytest.raises(NotAllowedError, match="done"):
        skip_step(drafted, NUMBER, "protect_backups", by=RESPONDER, reason="x")
    with pytest.raises(NotAllowedError, match="done"):
        finish_step(drafted, NUMBER, "protect_backups", by=RESPONDER)


def test_a_step_whose_turn_has_not_come_is_not_done(drafted: Desk) -> None:
    with pytest.raises(NotAllowedError, match="after"):
        finish_step(drafted, NUMBER, "rebuild_hosts", by=RESPONDER)


def test_a_step_that_waits_for_no_approval_takes_none(drafted: Desk) -> None:
    with pytest.raises(NotAllowedError, match="does not wait for approval"):
        approve_step(drafted, NUMBER, "protect_backups", by=COMMANDER)


def test_a_step_that_did_not_fail_is_not_tried_again(drafted: Desk) -> None:
    with pytest.raises(NotAllowedError, match="did not fail"):
        try_again(drafted, NUMBER, "open_case", by=COMMANDER)


def test_an_unknown_step_names_the_nearest_one(drafted: Desk) -> None:
    with pytest.raises(BadInputError, match="protect_backups"):
        finish_step(drafted, NUMBER, "protect_backup", by=RESPONDER)


def test_somebody_who_was_removed_does_nothing_any_more_and_what_they_did_stays(drafted: Desk) -> None:
    finish_step(drafted, NUMBER, "move_channels", by=COMMANDER)
    remove_member(drafted, COMMANDER)

    with pytest.raises(NotAllowedError, match="may not act any more"):
        skip_step(drafted, NUMBER, "protect_backups", by=COMMANDER, reason="x")
    assert step(drafted, NUMBER, "move_channels").done_by == COMMANDER


def test_a_person_added_again_gains_roles_and_loses_none(drafted: Desk) -> None:
    member = add_member(drafted, PR, [PersonRole.LEGAL, PersonRole.PR])

    assert member.roles == (PersonRole.PR, PersonRole.LEGAL)


def test_evidence_is_kept_as_a_copy_that_is_known_by_its_hash_and_written_once(drafted: Desk, tmp_path: Path) -> None:
    file = tmp_path / "memory.img"
    file.write_bytes(b"\x00\x01" * 700_000)

    row = preserve_file(drafted, NUMBER, "capture_memory", file, by=RESPONDER)
    again = preserve_file(drafted, NUMBER, "capture_memory", file, by=RESPONDER)

    assert again.id == row.id
    assert (row.name, row.size) == ("memory.img", 1_400_000)
    assert Path(row.path).read_bytes() == file.read_bytes()
    assert Path(row.path).stat().st_mode & 0o777 == 0o400
    assert len(every(drafted, Evidence, NUMBER)) == len(ledger(drafted, NUMBER, "evidence.recorded")) == 1


def test_evidence_that_cannot_be_read_stores_nothing(drafted: Desk, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read"):
        preserve_file(drafted, NUMBER, "capture_memory", tmp_path / "not there", by=RESPONDER)
    assert every(drafted, Evidence, NUMBER) == []


def test_a_refused_signature_leaves_the_step_undone_with_the_reason(drafted: Desk) -> None:
    signed = "open_negotiation"
    keep(drafted, "report_to_police", "police reference")
    finish_step(drafted, NUMBER, "report_to_police", by=LEGAL)
    finish_step(drafted, NUMBER, "protect_backups", by=RESPONDER)
    finish_step(drafted, NUMBER, "decide_on_ransom", by="Claire Aubry", outcome="negotiate")
    with pytest.raises(NotAllowedError, match="needs executive or legal or commander"):
        refuse_step(drafted, NUMBER, signed, by=PR, reason="no")

    refuse_step(drafted, NUMBER, signed, by=LEGAL, reason="a sanctioned group")

    row = step(drafted, NUMBER, signed)
    assert (row.state, row.outcome, row.done_by) == ("skipped", "refused", LEGAL)
    assert payloads(drafted, NUMBER, "step.refused")[0]["reason"] == "a sanctioned group"
    with pytest.raises(NotAllowedError, match="does not wait for approval"):
        approve_step(drafted, NUMBER, signed, by=COMMANDER)


def test_a_step_is_signed_as_it_was_read_and_not_as_it_was_changed_meanwhile(drafted: Desk) -> None:
    keep(drafted, "report_to_police", "police reference")
    finish_step(drafted, NUMBER, "report_to_police", by=LEGAL)
    finish_step(drafted, NUMBER, "protect_backups", by=RESPONDER)
    finish_step(drafted, NUMBER, "decide_on_ransom", by="Claire Aubry", outcome="negotiate")

    with pytest.raises(NotAllowedError, match="not worded as you read it"):
        approve_step(drafted, NUMBER, "open_negotiation", by=LEGAL, sha256="0123456789ab")
    assert every(drafted, Approval, NUMBER, subject="step:open_negotiation") == []


def test_an_event_that_no_step_waits_for_is_refused(drafted: Desk) -> None:
    with pytest.raises(BadInputError, match="no step of INC-2026-0001 waits for 'scan_done'"):
        tell_event(drafted, NUMBER, "scan_done", by=RESPONDER)


def test_of_two_answers_at_once_one_counts_and_the_other_is_told(drafted: Desk) -> None:
    def answer(who: str) -> str:
        try:
            finish_step(drafted, NUMBER, "protect_backups", by=who)
        except NotAllowedError as error:
            return str(error)
        return "counted"

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(answer, [RESPONDER, COMMANDER] * 2))

    assert sorted(said)[0] == "counted"
    assert said.count("counted") == 1
    assert {text for text in said if text != "counted"} == {"protect_backups is done: nobody is asked to do it now"}
    assert len([entry for entry in payloads(drafted, NUMBER, "step.done") if entry["step"] == "protect_backups"]) == 1
