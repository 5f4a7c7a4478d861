from datetime import timedelta

import pytest

from flows.acts.evaluate import decide, evaluate
from flows.acts.register import register
from flows.acts.report import open_incident
from flows.desk import Desk
from models.register import RegisterEntry
from models.report import Report
from models.store import writing
from models.tables import Incident
from models.vocabulary import Verdict
from tests.flows.meridia import LEGAL, REPORTER, draft, make_signable, notices, queue, send, sign

ENCRYPTED = {
    "title": "A lost laptop, encrypted",
    "kind": "lost_or_stolen_device",
    "cause": "accidental",
    "effects": ["availability"],
    "times": {"aware_at": "2026-11-23T09:30:00+01:00"},
    "organisation": {"country": "FR", "establishments": ["FR"], "role": "controller", "sectors": ["retail"]},
    "data": [{"category": "name", "encrypted": True, "key_compromised": False}],
    "records": 40,
    "people": [{"jurisdiction": "FR", "count": 3, "relationship": "employee"}],
    "circumstances": ["exfiltration_excluded", "backup_available"],
}


def opened(desk: Desk, facts: dict[str, object]) -> str:
    number = open_incident(desk, Report.model_validate(facts), by=REPORTER)
    evaluate(desk, number)
    return number


def entry_of(desk: Desk, number: str) -> RegisterEntry:
    return next(one for one in register(desk, rehearsals=True) if one.number == number)


def test_an_incident_that_nobody_is_told_of_stands_in_the_register_with_the_reasons(team: Desk) -> None:
    entry = entry_of(team, opened(team, ENCRYPTED))

    assert {one.standing for one in entry.told} <= {"undecided"}
    assert not [one for one in entry.told if one.provision.startswith("eu-gdpr")]
    reasons = {one.provision: one.reasons for one in entry.not_told}
    assert reasons["eu-gdpr-33"]
    assert reasons["eu-gdpr-34"]
    assert not [name for name in reasons if name.startswith(("us-", "cn-", "jp-"))]
    assert (entry.people, entry.records, entry.affected) == (3, 40, ("availability",))
    assert [(one.place, one.count) for one in entry.places] == [("FR", 3)]


def test_who_was_told_when_and_under_which_reference_is_kept(drafted: Desk) -> None:
    [number] = [one.number for one in register(drafted, rehearsals=True)]
    make_signable(drafted, number)
    sign(drafted, number, *notices(drafted, number, provision="eu-gdpr-33"))
    queue(drafted, number)
    send(drafted, number)

    told = {(one.provision, one.stage): one for one in entry_of(drafted, number).told}

    filed = told["eu-gdpr-33", "initial"]
    assert (filed.standing, filed.late, filed.recipient) == ("told", False, "CNIL")
    assert filed.told_at == drafted.clock()
    assert filed.references
    assert told["uk-gdpr-33", "initial"].standing == "to be told"


def test_what_is_overdue_is_late_and_what_people_say_of_it_is_the_reason(drafted: Desk) -> None:
    from flows.acts.answer import answer

    [before] = register(drafted, rehearsals=True)
    assert before.late_reasons is None
    answer(drafted, before.number, "delay_reasons", "The forensic report came late.", "en", by=LEGAL)
    drafted.clock.set(drafted.clock() + timedelta(days=4))  # type: ignore[attr-defined]  # the tests' clock can be set

    entry = entry_of(drafted, before.number)

    assert {one.provision for one in entry.told if one.late} >= {"eu-gdpr-33", "uk-gdpr-33"}
    assert {one.standing for one in entry.told if one.late} == {"overdue"}
    assert entry.late_reasons == "The forensic report came late."


def test_what_a_person_decided_names_the_person_and_the_reason(team: Desk) -> None:
    number = opened(team, {"title": "Lost laptop", "people": [{"jurisdiction": "US-CA", "count": 100}]})
    decide(team, number, "us-ca-individuals", Verdict.NOT_REQUIRED, reason="encrypted, says counsel", by=LEGAL)

    [left_out] = [one for one in entry_of(team, number).not_told if one.provision == "us-ca-individuals"]

    assert left_out.decided == f"{LEGAL}: encrypted, says counsel"


def test_remedial_action_and_effects_are_in_words(drafted: Desk) -> None:
    [entry] = register(drafted, rehearsals=True)

    assert entry.effects
    assert all(" " in one for one in entry.effects)
    make_signable(drafted, entry.number)
    after = entry_of(drafted, entry.number)
    assert [one.text for one in after.measures] == ["We secured our backups against access from the affected systems."]
    assert after.measures_planned == "Multi-factor sign-in for every account."


def test_rehearsals_stand_in_the_register_only_where_asked_for(drafted: Desk) -> None:
    assert list(register(drafted)) == []
    assert [one.rehearsal for one in register(drafted, rehearsals=True)] == [True]


def test_the_register_can_be_kept_to_a_time(team: Desk) -> None:
    first, second = opened(team, ENCRYPTED), opened(team, ENCRYPTED)
    day = team.clock().date()

    assert [one.number for one in register(team, since=day, until=day, rehearsals=True)] == [first, second]
    assert list(register(team, since=day + timedelta(days=1), rehearsals=True)) == []
    assert list(register(team, until=day - timedelta(days=1), rehearsals=True)) == []


@pytest.mark.parametrize("page", [1, 2])
def test_entries_come_one_by_one_and_none_is_lost_between_pages(team: Desk, page: int) -> None:
    numbers = [opened(team, ENCRYPTED) for _ in range(3)]
    entries = register(team, rehearsals=True, at_once=page)

    assert next(entries).number == numbers[0]
    with writing(team.engine) as session:  # the database is not held while an entry is looked at
        session.add(Incident(number="INC-2026-9999", title="x", opened_at=team.clock(), opened_by=REPORTER))
        session.rollback()
    assert [one.number for one in entries] == numbers[1:]


def test_the_draft_of_the_law_in_the_record_is_no_duty_to_tell(drafted: Desk) -> None:
    [entry] = register(drafted, rehearsals=True)
    draft(drafted, entry.number)

    assert "eu-gdpr-33-5" not in {one.provision for one in entry.told}
