from datetime import UTC, date, datetime

import pytest

from flows.acts.evaluate import assess_incident, decide, duty_of, evaluate
from flows.acts.report import open_incident
from flows.desk import Desk
from models.document import read_document
from models.errors import BadInputError, LeaseHeldError, NotAllowedError
from models.report import report_of
from models.tables import DutyChange, DutyRecord, Incident
from models.vocabulary import Verdict
from tests.flows.meridia import (
    COMMANDER,
    LEGAL,
    PR,
    RESPONDER,
    add,
    carrying,
    contain,
    draft,
    duty,
    every,
    join_team,
    ledger,
    make_signable,
    notices,
    one,
    payloads,
    queue,
    second_facts,
    send,
    sign,
)

FEWER_TEXANS = """
people:
  - {jurisdiction: FR, count: 12400, relationship: customer, minors: false, vulnerable: false, languages: [fr]}
  - {jurisdiction: US-TX, count: 249, relationship: customer, minors: false, vulnerable: false, languages: [en]}
"""
AWARE_EARLIER = "times: {aware_at: 2026-11-23T06:00:00+01:00, detected_at: 2026-11-23T05:00:00+01:00}"
LAPTOP = b"""
title: Lost laptop
kind: lost_or_stolen_device
times: {aware_at: 2026-11-23T08:30:00+01:00}
organisation: {name: Example Clinic, country: FR, timezone: Europe/Paris, role: controller, establishments: [FR]}
people: [{jurisdiction: FR, count: 10}]
"""


@pytest.fixture
def laptop(desk: Desk) -> str:
    """An incident of which so little is known that much is undecided."""
    join_team(desk)
    number = open_incident(desk, report_of(read_document("laptop.yaml", LAPTOP)), by=RESPONDER)
    evaluate(desk, number)
    return number


def test_the_first_evaluation_gains_duties_and_says_so_once_for_each(desk: Desk, number: str) -> None:
    moved = evaluate(desk, number).moved

    assert {change.change for change in moved} == {"gained"}
    assert duty(desk, number, "eu-gdpr-33").due_at == datetime(2026, 11, 26, 7, 30, tzinfo=UTC)
    assert duty(desk, number, "us-tx-ag").verdict == "not_required", "240 Texans are fewer than 250"
    assert len(ledger(desk, number, "duties.evaluated")) == 1
    assert len(ledger(desk, number, "duty.gained")) == len(moved) == len(every(desk, DutyChange))


def test_a_second_evaluation_of_the_same_facts_changes_nothing_and_writes_nothing(desk: Desk, number: str) -> None:
    evaluate(desk, number)
    before = ledger(desk, number)

    assert evaluate(desk, number).moved == ()
    assert ledger(desk, number) == before


def test_second_facts_gain_the_texas_attorney_general_and_start_clocks_from_the_determination(
    desk: Desk, number: str
) -> None:
    evaluate(desk, number)
    second_facts(desk, number)

    moved = {(change.provision, change.stage): change for change in evaluate(desk, number).moved}

    assert moved["us-tx-ag", "initial"].change == "gained"
    assert moved["us-tx-ag", "initial"].before["verdict"] == "not_required"
    started = moved["us-tx-individuals", "initial"]
    assert (started.change, started.before["due_at"]) == ("clock_started", None)
    assert duty(desk, number, "us-tx-individuals").starts_at == datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_a_duty_is_withdrawn_when_the_facts_say_so_and_its_history_stays(desk: Desk, number: str) -> None:
    second_facts(desk, number)
    evaluate(desk, number)
    add(desk, number, FEWER_TEXANS)

    evaluate(desk, number)

    row = duty(desk, number, "us-tx-ag")
    assert (row.state, row.verdict) == ("closed", "not_required")
    history = every(desk, DutyChange, duty_id=row.id)
    assert [(change.change, change.facts_version) for change in history] == [("gained", 2), ("withdrawn", 3)]
    [said] = [entry for entry in payloads(desk, number, "duty.withdrawn") if entry["provision"] == "us-tx-ag"]
    assert (said["from"]["state"], said["to"]["state"], said["why"]) == ("open", "closed", "facts version 3")


def test_a_duty_whose_jurisdiction_left_the_facts_is_withdrawn_too(desk: Desk, number: str) -> None:
    evaluate(desk, number)
    add(desk, number, FEWER_TEXANS)

    moved = evaluate(desk, number).moved

    assert "us-ny-individuals" in {change.provision for change in moved if change.change == "withdrawn"}
    assert duty(desk, number, "us-ny-individuals").state == "closed"


def test_a_duty_that_arises_again_is_gained_again(desk: Desk, number: str) -> None:
    second_facts(desk, number)
    evaluate(desk, number)
    add(desk, number, FEWER_TEXANS)
    evaluate(desk, number)
    second_facts(desk, number)

    evaluate(desk, number)

    row = duty(desk, number, "us-tx-ag")
    assert row.state == "open"
    assert [c.change for c in every(desk, DutyChange, duty_id=row.id)] == ["gained", "withdrawn", "gained"]


def test_a_clock_never_moves_without_an_entry_that_says_from_to_and_why(desk: Desk, number: str) -> None:
    evaluate(desk, number)
    add(desk, number, AWARE_EARLIER)

    evaluate(desk, number)

    [said] = [entry for entry in payloads(desk, number, "duty.clock_moved") if entry["provision"] == "eu-gdpr-33"]
    assert said["from"]["due_at"] == "2026-11-26T07:30:00Z"
    assert said["to"]["due_at"] == "2026-11-26T05:00:00Z"
    assert said["why"] == "facts version 2"


def test_the_clock_of_a_duty_that_was_met_does_not_move_silently_either(drafted: Desk) -> None:
    number = "INC-2026-0001"
    sign(drafted, number, *notices(drafted, number, provision="eu-gdpr-33"))
    queue(drafted, number)
    send(drafted, number)
    assert duty(drafted, number, "eu-gdpr-33").state == "met"
    add(drafted, number, AWARE_EARLIER)

    evaluate(drafted, number)

    row = duty(drafted, number, "eu-gdpr-33")
    assert (row.state, row.due_at) == ("met", datetime(2026, 11, 26, 5, tzinfo=UTC))
    assert "eu-gdpr-33" in {entry["provision"] for entry in payloads(drafted, number, "duty.clock_moved")}


def test_a_person_decides_what_the_facts_leave_undecided_and_the_clock_is_kept(desk: Desk, laptop: str) -> None:
    before = duty(desk, laptop, "eu-gdpr-33")

    decide(desk, laptop, "eu-gdpr-33", Verdict.REQUIRED, reason="the drive was not encrypted", by=LEGAL)

    row = duty(desk, laptop, "eu-gdpr-33")
    assert (before.state, row.state, row.verdict) == ("undecided", "open", "required")
    assert row.due_at == before.due_at == datetime(2026, 11, 26, 7, 30, tzinfo=UTC)
    assert duty_of(row).reasons[0] == f"decided by {LEGAL}: the drive was not encrypted"
    [entry] = ledger(desk, laptop, "duty.decided")
    assert (entry["actor"], entry["payload"]["reason"]) == (LEGAL, "the drive was not encrypted")


def test_a_decision_holds_under_new_facts_that_do_not_decide(desk: Desk, laptop: str) -> None:
    decide(desk, laptop, "eu-gdpr-33", Verdict.NOT_REQUIRED, reason="it came back sealed", by=COMMANDER)
    add(desk, laptop, "records: 12")

    evaluate(desk, laptop)

    assert duty(desk, laptop, "eu-gdpr-33").state == "closed"


def test_a_decision_gives_way_once_the_facts_decide(desk: Desk, laptop: str) -> None:
    decide(desk, laptop, "eu-gdpr-33", Verdict.NOT_REQUIRED, reason="it came back sealed", by=COMMANDER)
    add(
        desk,
        laptop,
        "effects: [confidentiality]\ncause: malicious_external\ncircumstances: [misuse_observed]\nrecords: 12\n"
        "data: [{category: health, classification: confidential, encrypted: false}]\n"
        "people: [{jurisdiction: FR, count: 10, minors: false, vulnerable: true}]",
    )

    evaluate(desk, laptop)

    row = duty(desk, laptop, "eu-gdpr-33")
    assert (row.state, row.verdict) == ("open", "required")
    assert not any("decided by" in reason for reason in duty_of(row).reasons)


@pytest.mark.parametrize("who", [PR, RESPONDER])
def test_only_legal_or_the_commander_decides(desk: Desk, laptop: str, who: str) -> None:
    with pytest.raises(NotAllowedError, match="legal or the commander"):
        decide(desk, laptop, "eu-gdpr-33", Verdict.NOT_REQUIRED, reason="no", by=who)
    assert duty(desk, laptop, "eu-gdpr-33").state == "undecided"


def test_a_stranger_decides_nothing(desk: Desk, laptop: str) -> None:
    with pytest.raises(NotAllowedError, match="not in the team"):
        decide(desk, laptop, "eu-gdpr-33", Verdict.NOT_REQUIRED, reason="no", by="Mallory")


def test_what_the_facts_decide_is_not_for_a_person_to_decide(team: Desk, number: str) -> None:
    evaluate(team, number)

    with pytest.raises(NotAllowedError, match="correct facts"):
        decide(team, number, "eu-gdpr-33", Verdict.NOT_REQUIRED, reason="we would rather not", by=LEGAL)
    assert duty(team, number, "eu-gdpr-33").state == "open"


def test_an_unknown_duty_names_the_nearest_one(desk: Desk, laptop: str) -> None:
    with pytest.raises(BadInputError, match="eu-gdpr-33"):
        decide(desk, laptop, "eu-gdpr33", Verdict.REQUIRED, reason="x", by=LEGAL)


def test_an_assessment_of_an_earlier_day_reads_that_days_law_and_keeps_nothing(desk: Desk, number: str) -> None:
    before_gdpr = assess_incident(desk, number, date(2018, 5, 24))

    assert "eu-gdpr-33" not in {found.provision for found in before_gdpr.duties if found.verdict == "required"}
    assert every(desk, DutyRecord, number) == []
    assert one(desk, Incident).facts_version == before_gdpr.facts_version == 1


def test_a_run_that_lost_its_lease_evaluates_nothing(desk: Desk, number: str) -> None:
    dead = carrying(desk, number, "here/1/1")
    carrying(desk, number, "here/2/1")

    with pytest.raises(LeaseHeldError):
        evaluate(dead, number)
    assert every(desk, DutyRecord, number) == []


def test_the_california_attorney_general_clock_starts_with_the_notice_to_individuals_and_gives_15_days(
    drafted: Desk,
) -> None:
    number = "INC-2026-0001"
    make_signable(drafted, number)
    assert duty(drafted, number, "us-ca-ag").clock_state == "not_started"

    sign(drafted, number, *notices(drafted, number, provision="us-ca-individuals"))
    queue(drafted, number)
    send(drafted, number)

    people, attorney = duty(drafted, number, "us-ca-individuals"), duty(drafted, number, "us-ca-ag")
    assert people.state == "met"
    assert attorney.clock_state == "running"
    assert attorney.starts_at is not None
    assert attorney.due_at is not None
    assert attorney.starts_at == people.met_at == drafted.clock()
    assert (attorney.due_at - attorney.starts_at).days == 15
    assert "us-ca-ag" in {entry["provision"] for entry in payloads(drafted, number, "duty.clock_started")}


def test_a_filing_whose_clock_just_started_is_drafted_with_the_next_pass(drafted: Desk) -> None:
    number = "INC-2026-0001"
    assert notices(drafted, number, provision="us-tx-ag") == []
    second_facts(drafted, number)
    contain(drafted, number)
    evaluate(drafted, number)

    draft(drafted, number)

    assert len(notices(drafted, number, provision="us-tx-ag")) == 1
