import re

import pytest

from flows.acts.close import close
from flows.acts.report import add_facts, open_incident
from flows.desk import Desk
from models.document import read_document
from models.errors import BadInputError, NotAllowedError
from models.incident import facts_of, find
from models.report import report_of
from models.store import reading
from models.tables import FactsVersion, Incident
from tests.flows.meridia import COMMANDER, RESPONDER, add, every, ledger, one


def test_the_first_facts_open_an_incident_on_the_ledger(desk: Desk, number: str) -> None:
    incident = one(desk, Incident)

    assert number == "INC-2026-0001"
    assert (incident.state, incident.zone, incident.facts_version) == ("open", "Europe/Paris", 1)
    assert incident.rehearsal, "the clock is not the machine's"
    [entry] = ledger(desk, number)
    assert (entry["kind"], entry["actor"], entry["zone"]) == ("incident.reported", "Nadia Roux", "Europe/Paris")
    assert entry["payload"]["sha256"] == one(desk, FactsVersion, number).sha256


def test_numbers_go_on_from_the_last_one_of_the_year(desk: Desk, number: str) -> None:
    second = open_incident(desk, report_of(read_document("r.yaml", b"title: Lost phone")), by=RESPONDER)

    assert second == "INC-2026-0002"


def test_new_facts_lie_over_the_old_ones_and_leave_the_rest(desk: Desk, number: str) -> None:
    added = add(desk, number, "records: 33850\ntimes: {contained_at: 2026-11-24T07:15:00+01:00}")

    assert added.version == 2
    assert {path for path, _, _ in added.changed} == {"records", "times.contained_at"}
    with reading(desk.engine) as session:
        facts = facts_of(session, find(session, number))
        before = facts_of(session, find(session, number), 1)
    assert (facts.records, before.records) == (33850, 31400)
    assert facts.times.aware_at == before.times.aware_at
    assert facts.people == before.people


def test_a_list_in_new_facts_replaces_the_known_list_whole(desk: Desk, number: str) -> None:
    add(desk, number, "people: [{jurisdiction: FR, count: 10}]")

    with reading(desk.engine) as session:
        people = facts_of(session, find(session, number)).people
    assert people is not None
    assert [(group.jurisdiction, group.count) for group in people] == [("FR", 10)]


def test_null_makes_a_fact_unknown_again(desk: Desk, number: str) -> None:
    added = add(desk, number, "records: null")

    assert added.changed == (("records", 31400, None),)


def test_facts_that_say_nothing_new_make_no_version(desk: Desk, number: str) -> None:
    added = add(desk, number, "records: 31400")

    assert (added.version, added.changed) == (1, ())
    assert len(ledger(desk, number)) == 1


def test_every_version_is_kept_with_who_added_it_and_which_paths_changed(desk: Desk, number: str) -> None:
    add(desk, number, "records: 33850", by=RESPONDER)

    first, second = every(desk, FactsVersion, number)
    assert (first.version, second.version, second.added_by, second.changed) == (1, 2, RESPONDER, ["records"])
    [entry] = ledger(desk, number, "facts.added")
    assert entry["actor"] == RESPONDER
    assert entry["payload"] == {"version": 2, "sha256": second.sha256, "changed": ["records"]}


def test_a_corrected_title_renames_the_incident(desk: Desk, number: str) -> None:
    add(desk, number, "title: Ransomware at the booking platform")

    assert one(desk, Incident).title == "Ransomware at the booking platform"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ("recrods: 10", "records"),
        ("records: -1", "records"),
        ("times: {aware_at: 2026-11-23T08:30:00}", "offset"),
        ("people: [{jurisdiction: XX, count: 1}]", "XX"),
        ("- 1", "mapping"),
    ],
)
def test_facts_that_would_not_make_a_valid_report_are_refused_and_nothing_is_stored(
    desk: Desk, number: str, facts: str, said: str
) -> None:
    with pytest.raises(BadInputError, match=re.escape(said)) as refused:
        add(desk, number, facts)

    assert "\n" not in str(refused.value)
    assert len(every(desk, FactsVersion, number)) == 1


def test_facts_for_an_incident_that_does_not_exist_name_the_nearest_number(desk: Desk, number: str) -> None:
    with pytest.raises(BadInputError, match="INC-2026-0001"):
        add_facts(desk, "INC-2026-001", read_document("f.yaml", b"records: 1"), by=RESPONDER)


def test_a_closed_incident_takes_no_more_facts(team: Desk, number: str) -> None:
    close(team, number, by=COMMANDER, reason="a drill", despite=True)

    with pytest.raises(NotAllowedError, match="closed"):
        add(team, number, "records: 1")
    assert len(every(team, FactsVersion, number)) == 1
