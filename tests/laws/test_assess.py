"""What an assessment answers: verdicts with reasons, stages, recipients, clocks, and the law of a day."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from laws.assess import assess
from laws.assessment import assessment_json, due_json
from laws.due import due_of
from laws.law import Laws
from models.duty import Duty
from models.report import Report
from models.vocabulary import Audience, Verdict

Told = dict[str, Any]  # Any: facts as YAML would hold them
DAY = date(2026, 3, 2)
AWARE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CLINIC: Told = {
    "title": "Stolen laptop with patient files",
    "kind": "lost_or_stolen_device",
    "cause": "malicious_external",
    "effects": ["confidentiality"],
    "times": {"aware_at": "2026-03-02T09:00:00+01:00"},
    "organisation": {
        "country": "FR",
        "timezone": "Europe/Paris",
        "role": "controller",
        "establishments": ["FR", "DE"],
        "sectors": ["health"],
        "attributes": [],
    },
    "data": [{"category": "name", "encrypted": False}, {"category": "health", "encrypted": False}],
    "people": [
        {"jurisdiction": "FR", "count": 3800, "relationship": "patient", "minors": False, "vulnerable": True},
        {"jurisdiction": "DE-BE", "count": 200, "relationship": "patient", "minors": False, "vulnerable": True},
    ],
}


def facts(**changes: Any) -> Told:  # Any: as above
    organisation = {**CLINIC["organisation"], **changes.pop("organisation", {})}
    return {**CLINIC, "organisation": organisation, **changes}


def duties(laws: Laws, told: Told, day: date = DAY) -> dict[tuple[str, str], Duty]:
    found = assess(Report.model_validate(told), laws, day).duties
    return {(duty.provision, duty.stage): duty for duty in found}


def test_the_clinic_tells_the_cnil_within_72_hours_and_its_patients_without_a_number(laws: Laws) -> None:
    found = duties(laws, CLINIC)

    authority, patients = found["eu-gdpr-33", "initial"], found["eu-gdpr-34", "initial"]
    assert (authority.verdict, authority.recipient) == (Verdict.REQUIRED, "CNIL")
    assert (authority.clock_from, authority.starts_at) == ("aware_at", AWARE)
    assert authority.due_at == datetime(2026, 3, 5, 8, 0, tzinfo=UTC)
    assert (authority.zone, authority.language) == ("Europe/Paris", "fr")
    assert patients.verdict is Verdict.REQUIRED
    assert (patients.due_at, patients.clock_state, patients.standard) == (None, "no_number", "without_undue_delay")


def test_the_register_is_kept_in_every_case_and_says_why(laws: Laws) -> None:
    for told in (CLINIC, {"title": "Nothing known"}, facts(organisation={"role": "processor"})):
        register = duties(laws, told)["eu-gdpr-33-5", "initial"]

        assert register.verdict is Verdict.REQUIRED
        assert register.audience is Audience.INTERNAL_RECORD
        assert register.reasons[0].startswith("a controller documents every personal data breach")


def test_a_processor_tells_its_controller_and_nobody_else(laws: Laws) -> None:
    found = duties(laws, facts(organisation={"role": "processor"}))

    assert found["eu-gdpr-33-2", "initial"].verdict is Verdict.REQUIRED
    assert found["eu-gdpr-33", "initial"].verdict is Verdict.NOT_REQUIRED
    assert found["eu-gdpr-33", "initial"].reasons == (
        "organisation.role does not include controller or joint_controller",
    )


def test_a_duty_that_is_not_owed_has_no_clock(laws: Laws) -> None:
    away = duties(laws, CLINIC)["br-lgpd-48-anpd", "communication"]

    assert (away.verdict, away.due_at, away.starts_at, away.working) == (Verdict.NOT_REQUIRED, None, None, ())


def test_an_unknown_role_leaves_the_duty_open_with_its_clock_running(laws: Laws) -> None:
    open_duty = duties(laws, facts(organisation={"role": None}))["eu-gdpr-33", "initial"]

    assert open_duty.verdict is Verdict.UNDECIDED
    assert open_duty.missing_facts == ("organisation.role",)
    assert open_duty.due_at == datetime(2026, 3, 5, 8, 0, tzinfo=UTC)


def test_an_unknown_fact_leaves_open_only_what_hangs_on_it(laws: Laws) -> None:
    before = duties(laws, CLINIC)
    after = duties(laws, facts(organisation={"attributes": None}))

    turned = {key[0] for key, duty in after.items() if duty.verdict is not before[key].verdict}
    assert turned
    assert all("organisation.attributes" in after[key].missing_facts for key in after if key[0] in turned)
    assert not turned & {"eu-gdpr-33", "eu-gdpr-34", "eu-gdpr-33-2", "uk-gdpr-33"}


def test_the_ladder_of_a_staged_duty_is_there_in_advance(laws: Laws) -> None:
    later = duties(laws, CLINIC)["eu-gdpr-33", "phased_supplement"]

    assert (later.verdict, later.clock_state, later.due_at) == (Verdict.REQUIRED, "not_started", None)
    assert later.reasons[-1] == "the clock has not started: when was the earlier report submitted?"


def test_a_submitted_report_starts_the_next_stage(laws: Laws) -> None:
    told = facts(organisation={"attributes": ["essential_entity"]}, circumstances=["service_disrupted"])
    sent = {"sent:eu-nis2-23-4:incident_notification": datetime(2026, 3, 4, 9, 0, tzinfo=UTC)}

    found = assess(Report.model_validate(told), laws, DAY, events=sent).duties
    [final] = [each for each in found if (each.provision, each.stage) == ("eu-nis2-23-4", "final_report")]

    assert (final.recipient, final.clock_state) == ("ANSSI (CERT-FR)", "running")
    assert final.due_at == datetime(2026, 4, 3, 21, 59, 59, tzinfo=UTC)  # 4 April is a Saturday: the Friday before
    assert final.due_statutory == datetime(2026, 4, 7, 21, 59, 59, tzinfo=UTC)  # past Easter Monday


def test_a_financial_entity_reports_under_dora_and_not_under_nis2(laws: Laws) -> None:
    bank = facts(
        organisation={"sectors": ["banking"], "attributes": ["dora_financial_entity", "essential_entity"]},
        circumstances=["service_disrupted"],
        times={"aware_at": "2026-03-02T09:00:00+01:00", "classified_at": "2026-03-02T11:00:00+01:00"},
    )

    found = duties(laws, bank)

    assert found["eu-nis2-23-4", "early_warning"].verdict is Verdict.NOT_REQUIRED
    assert found["eu-nis2-23-4", "early_warning"].reasons[0].startswith("A financial entity reports under DORA")
    assert found["eu-dora-19", "initial_notification"].due_at == datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def test_before_the_classification_the_cap_of_dora_is_watched(laws: Laws) -> None:
    bank = facts(organisation={"sectors": ["banking"], "attributes": ["dora_financial_entity"]})

    initial = duties(laws, bank)["eu-dora-19", "initial_notification"]

    assert (initial.verdict, initial.missing_facts) == (Verdict.UNDECIDED, ("times.classified_at",))
    assert initial.due_at == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    assert initial.starts_at is None


@pytest.mark.parametrize(
    ("attributes", "relieved"), [(["dora_financial_entity"], True), (["credit_institution"], False)]
)
def test_weekend_relief_is_for_those_only_whom_dora_gives_it(laws: Laws, attributes: list[str], relieved: bool) -> None:
    bank = facts(
        organisation={"sectors": ["banking"], "attributes": attributes},
        times={"aware_at": "2026-11-20T10:00:00+01:00", "classified_at": "2026-11-21T08:00:00+01:00"},
    )

    initial = duties(laws, bank, date(2026, 11, 21))["eu-dora-19", "initial_notification"]

    assert initial.due_at == datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    assert initial.due_statutory == (datetime(2026, 11, 23, 11, 0, tzinfo=UTC) if relieved else None)


def test_a_controller_outside_the_eea_tells_each_affected_states_authority(laws: Laws) -> None:
    told = facts(organisation={"country": "US", "establishments": ["US"], "timezone": "America/New_York"})

    found = assess(Report.model_validate(told), laws, DAY).duties
    recipients = {
        duty.recipient: duty.zone for duty in found if (duty.provision, duty.stage) == ("eu-gdpr-33", "initial")
    }

    assert recipients == {
        "CNIL": "Europe/Paris",
        "Berliner Beauftragte für Datenschutz und Informationsfreiheit": "Europe/Berlin",
    }


def test_the_land_of_the_seat_decides_in_germany(laws: Laws) -> None:
    told = facts(organisation={"country": "DE", "subdivision": "DE-BY", "establishments": ["DE"]})

    assert duties(laws, told)["eu-gdpr-33", "initial"].recipient.startswith("Bayerisches Landesamt")


def test_what_is_advice_is_marked_so(laws: Laws) -> None:
    bank = facts(organisation={"sectors": ["banking"], "attributes": ["dora_financial_entity"]})

    threat = duties(laws, bank)["eu-dora-19-2-threat", "initial"]

    assert (threat.advice, threat.verdict) == (True, Verdict.REQUIRED)


def test_a_proposal_gives_no_answer_at_all(laws: Laws) -> None:
    assert ("eu-edpb-template-2026", "initial") not in duties(laws, CLINIC)


@pytest.mark.parametrize(
    ("provision", "day", "binds"),
    [
        ("eu-gdpr-33", date(2018, 5, 24), False),
        ("eu-gdpr-33", date(2018, 5, 25), True),
        ("uk-gdpr-33", date(2020, 12, 31), False),
        ("eu-dora-19", date(2025, 1, 17), True),
        ("cl-19628-14sexies-agency", date(2026, 11, 30), False),
        ("cl-19628-14sexies-agency", date(2026, 12, 1), True),
    ],
)
def test_a_law_answers_only_between_its_dates(laws: Laws, provision: str, day: date, binds: bool) -> None:
    assert any(key[0] == provision for key in duties(laws, CLINIC, day)) is binds


def test_a_contract_is_a_duty_like_any_other(laws: Laws) -> None:
    told = facts(
        contracts=[
            {"party": "Example Insurer Ltd", "within_hours": 24, "contact": "claims@example.com", "citation": "Policy 7, clause 4"},
            {"party": "Example Insurer Ltd", "from": "contained_at", "within_hours": 1},
            {"party": "Hospital Group"},
        ]
    )  # fmt: skip

    found = duties(laws, told)

    first = found["contract:example-insurer-ltd", "initial"]
    assert (first.audience, first.recipient, first.channel) == (Audience.CONTRACT_PARTY, "Example Insurer Ltd", "claims@example.com")  # fmt: skip
    assert first.due_at == datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    assert found["contract:example-insurer-ltd-2", "initial"].clock_state == "not_started"
    assert found["contract:hospital-group", "initial"].clock_state == "no_number"


CALIFORNIAN = facts(
    organisation={"country": "US", "subdivision": "US-CA", "establishments": ["US-CA"], "sectors": ["retail"]},
    data=[{"category": "name", "encrypted": False}, {"category": "social_security_number", "encrypted": False}],
    people=[{"jurisdiction": "US-CA", "count": 900, "relationship": "customer", "minors": False, "vulnerable": False}],
    kind="exfiltration",
    times={"detected_at": "2026-03-02T09:00:00-08:00", "aware_at": "2026-03-02T09:00:00-08:00"},
)


def test_residents_told_start_the_clock_of_the_attorney_general(laws: Laws) -> None:
    told_at = datetime(2026, 3, 20, 18, 0, tzinfo=UTC)
    before = duties(laws, CALIFORNIAN)["us-ca-ag", "initial"]

    found = assess(Report.model_validate(CALIFORNIAN), laws, DAY, events={"sent:us-ca-individuals:initial": told_at})
    [after] = [each for each in found.duties if each.provision == "us-ca-ag"]

    assert (before.verdict, before.clock_state) == (Verdict.REQUIRED, "not_started")
    assert before.reasons[-1] == "the clock has not started: when were the people told?"
    assert after.due_at == datetime(2026, 4, 5, 6, 59, 59, tzinfo=UTC)


def test_a_hold_pauses_what_its_law_lets_it_pause_and_nothing_else(laws: Laws) -> None:
    held = CALIFORNIAN | {"circumstances": ["law_enforcement_hold"]}

    found = duties(laws, held)

    assert (found["us-ca-individuals", "initial"].clock_state, found["us-ca-individuals", "initial"].due_at) == ("paused", None)  # fmt: skip
    assert duties(laws, facts(circumstances=["law_enforcement_hold"]))["eu-gdpr-33", "initial"].clock_state == "running"


def test_a_hold_also_pauses_a_duty_without_a_number(laws: Laws) -> None:
    people = [{"jurisdiction": "US-OK", "count": 100, "relationship": "customer", "minors": False, "vulnerable": False}]
    told = CALIFORNIAN | {"people": people}

    before = duties(laws, told)["us-ok-individuals", "initial"]
    held = duties(laws, told | {"circumstances": ["law_enforcement_hold"]})["us-ok-individuals", "initial"]

    assert (before.verdict, before.clock_state) == (Verdict.REQUIRED, "no_number")
    assert (held.clock_state, held.due_at) == ("paused", None)
    assert "no time runs until it is lifted" in held.working[-1]


def test_a_hold_that_was_lifted_pauses_nothing_any_more(laws: Laws) -> None:
    events = {"law_enforcement_hold_ended": datetime(2026, 3, 1, tzinfo=UTC)}  # and nobody wrote down when it began
    held = Report.model_validate(CALIFORNIAN | {"circumstances": ["law_enforcement_hold"]})

    [found] = [each for each in assess(held, laws, DAY, events=events).duties if each.provision == "us-ca-individuals"]

    assert (found.clock_state, found.due_at) == (
        "running",
        duties(laws, CALIFORNIAN)["us-ca-individuals", "initial"].due_at,
    )


def test_a_lifted_hold_moves_the_end_by_its_own_length(laws: Laws) -> None:
    running = duties(laws, CALIFORNIAN)["us-ca-individuals", "initial"]
    events = {
        "law_enforcement_hold": datetime(2026, 3, 5, 12, 0, tzinfo=UTC),
        "law_enforcement_hold_ended": datetime(2026, 3, 15, 12, 0, tzinfo=UTC),
    }

    found = assess(Report.model_validate(CALIFORNIAN), laws, DAY, events=events).duties
    [moved] = [each for each in found if each.provision == "us-ca-individuals"]

    assert running.due_at is not None
    assert moved.due_at is not None
    assert (moved.due_at - running.due_at).days == 10
    assert "paused the clock from" in moved.working[-1]


def test_the_json_has_the_published_shape(laws: Laws) -> None:
    document = assessment_json(assess(Report.model_validate(CLINIC), laws, DAY, number="2026-0001", facts_version=3))

    assert list(document)[:5] == ["number", "facts_version", "as_of", "severity", "duties"]
    assert document["severity"] == {
        "method": "enisa-2013", "score": 3.5, "level": "high", "terms": {"dpc": 4, "ei": 0.75, "cb": 0.5},
        "reasons": document["severity"]["reasons"],  # type: ignore[index]  # JSON
    }  # fmt: skip
    [duty] = [
        each for each in document["duties"] if each["provision"] == "eu-gdpr-33" and each["stage"] == "initial"  # type: ignore[attr-defined]  # JSON
    ]  # fmt: skip
    wanted: Told = {
        "jurisdiction": "EU", "audience": "authority", "recipient": "CNIL", "verdict": "required", "clock_from": "aware_at",
        "starts_at": "2026-03-02T08:00:00Z", "due_at": "2026-03-05T08:00:00Z", "due_statutory": None,
        "version_from": "2018-05-25", "missing_facts": [], "advice": False, "confidence": "high",
    }  # fmt: skip
    assert {key: duty[key] for key in wanted} == wanted
    assert duty["citation"].startswith("Regulation (EU) 2016/679, Art. 33(1)")


def test_one_clock_as_json_shows_its_working(laws: Laws) -> None:
    start = datetime.fromisoformat("2026-03-27T18:00:00+01:00")

    document = due_json("eu-gdpr-33", due_of(laws, "eu-gdpr-33", start, "Europe/Paris"))

    assert (document["provision"], document["starts_at"]) == ("eu-gdpr-33", "2026-03-27T17:00:00Z")
    assert document["due_at"] == "2026-03-30T17:00:00Z"
    assert document["steps"] == [
        "From awareness: Fri 2026-03-27 18:00+01:00 (Europe/Paris).",
        "72 hours, counted hour by hour: Mon 2026-03-30 19:00+02:00.",
        "The clocks change in between; elapsed hours are counted, so the wall clock shows another hour.",
    ]


def test_a_duty_that_was_kept_is_read_back_as_it_was(laws: Laws) -> None:
    adapter = TypeAdapter(Duty)

    for duty in assess(Report.model_validate(CLINIC), laws, DAY).duties:
        assert adapter.validate_python(adapter.dump_python(duty, mode="json")) == duty
