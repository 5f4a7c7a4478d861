"""What the laws outside the United States ask of real-shaped breaches: who is told, from which test on, and by when."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from laws.assess import assess
from laws.due import due_of
from laws.law import Laws, load_laws
from models.duty import Duty
from models.report import Report

TODAY = date(2026, 11, 24)
NAMES = {"category": "name", "encrypted": False}
CONTACTS = {"category": "contact", "encrypted": False}
HEALTH = {"category": "health", "encrypted": False}
CARDS = {"category": "payment_card_with_code", "encrypted": False}
SHANGHAI = timezone(timedelta(hours=8))
TOKYO = timezone(timedelta(hours=9))
SAO_PAULO = timezone(timedelta(hours=-3))
SYDNEY = timezone(timedelta(hours=11))


@pytest.fixture(scope="module")
def laws() -> Laws:
    return load_laws()


def breach(
    country: str,
    people: Mapping[str, int | None] | None,
    *,
    data: list[dict[str, object]] | None = None,
    at: str = "2026-11-16T09:00:00Z",
    organisation: Mapping[str, object] | None = None,
    times: Mapping[str, str] | None = None,
    **facts: object,
) -> Report:
    """An e-mail to the wrong recipients by a private controller of one country, where the case does not say otherwise."""
    owner = {"country": country, "establishments": [country], "role": "controller", "sectors": ["retail"]}
    told: dict[str, object] = {
        "title": "Customer list sent to the wrong recipients",
        "kind": "misconfiguration",
        "cause": "accidental",
        "effects": ["confidentiality"],
        "times": {"occurred_from": at, "detected_at": at, "aware_at": at} | dict(times or {}),
        "organisation": owner | {"attributes": []} | dict(organisation or {}),
        "data": [NAMES, CONTACTS] if data is None else data,
        "people": None if people is None else [_customers(place, count) for place, count in people.items()],
    }
    return Report.model_validate(told | facts)


def _customers(place: str, count: int | None) -> dict[str, object]:
    return {"jurisdiction": place, "count": count, "relationship": "customer", "minors": False, "vulnerable": False}


def duty(
    report: Report,
    laws: Laws,
    provision: str,
    stage: str = "initial",
    day: date = TODAY,
    events: Mapping[str, datetime] | None = None,
) -> Duty:
    answers = assess(report, laws, day, events=events or {}).duties
    [found] = [each for each in answers if each.provision == provision and each.stage == stage]
    return found


def end_of(day: date, zone: timezone) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=zone)


# China ----------------------------------------------------------------------------------------------------------------


def test_in_china_an_incident_with_a_million_people_is_reported_within_four_hours(laws: Laws) -> None:
    found = duty(breach("CN", {"CN": 1_000_000}, at="2026-11-22T23:30:00+08:00"), laws, "cn-nirm-other")

    assert found.verdict == "required"
    assert found.due_at == datetime(2026, 11, 23, 3, 30, tzinfo=SHANGHAI)


def test_in_china_one_person_below_a_million_raises_no_duty_under_the_measures(laws: Laws) -> None:
    assert duty(breach("CN", {"CN": 999_999}), laws, "cn-nirm-other").verdict == "not_required"


@pytest.mark.parametrize(
    ("attribute", "provision", "hours"),
    [("critical_infrastructure", "cn-nirm-cii", 1), ("state_organ", "cn-nirm-central", 2)],
)
def test_in_china_critical_infrastructure_has_one_hour_and_a_state_organ_two(
    attribute: str, provision: str, hours: int, laws: Laws
) -> None:
    report = breach("CN", {"CN": 2_000_000}, organisation={"attributes": [attribute]})
    found = duty(report, laws, provision)

    assert found.verdict == "required"
    assert found.due_at == datetime(2026, 11, 16, 9 + hours, tzinfo=UTC)
    assert duty(report, laws, "cn-nirm-other").verdict == "not_required"


def test_in_china_the_four_hours_did_not_exist_before_november_2025(laws: Laws) -> None:
    answers = assess(breach("CN", {"CN": 1_000_000}), laws, date(2025, 10, 31)).duties

    assert not [each for each in answers if each.provision.startswith("cn-nirm")]


def test_in_china_the_final_summary_follows_the_end_of_the_handling_by_thirty_days(laws: Laws) -> None:
    ended = {"handling_completed": datetime(2026, 11, 10, 15, tzinfo=SHANGHAI)}
    found = duty(breach("CN", {"CN": 1_000_000}), laws, "cn-nirm-other", "final_summary", events=ended)

    assert found.due_at == end_of(date(2026, 12, 10), SHANGHAI)


@pytest.mark.parametrize("provision", ["cn-pipl-57-authority", "cn-pipl-57-individuals"])
def test_pipl_asks_for_notice_of_every_leak_and_gives_no_number(provision: str, laws: Laws) -> None:
    found = duty(breach("CN", {"CN": 3}), laws, provision)

    assert found.verdict == "required"
    assert found.due_at is None
    assert found.standard == "immediately"


def test_pipl_lets_people_go_untold_where_the_data_were_recovered_unread_but_not_the_authority(laws: Laws) -> None:
    report = breach(
        "CN",
        {"CN": 3},
        data=[{"category": "contact", "encrypted": True, "key_compromised": False}],
        circumstances=["data_recovered_unread"],
    )

    assert duty(report, laws, "cn-pipl-57-individuals").verdict == "not_required"
    assert duty(report, laws, "cn-pipl-57-authority").verdict == "required"


def test_the_cybersecurity_law_is_cited_by_its_article_of_the_day(laws: Laws) -> None:
    report = breach("CN", {"CN": 3})

    assert "Art. 42(2)" in duty(report, laws, "cn-csl-44-users", day=date(2025, 12, 31)).citation
    assert "Art. 44" in duty(report, laws, "cn-csl-44-users", day=date(2026, 1, 1)).citation


# Japan ----------------------------------------------------------------------------------------------------------------


def test_in_japan_a_thousand_people_are_not_enough_and_one_more_are(laws: Laws) -> None:
    assert duty(breach("JP", {"JP": 1_000}), laws, "jp-appi-26-ppc", "preliminary").verdict == "not_required"
    assert duty(breach("JP", {"JP": 1_001}), laws, "jp-appi-26-ppc", "preliminary").verdict == "required"


def test_in_japan_an_operator_counts_all_its_principals_wherever_they_live(laws: Laws) -> None:
    report = breach("JP", {"JP": 600, "KR": 600})

    assert duty(report, laws, "jp-appi-26-individuals").verdict == "required"


@pytest.mark.parametrize("item", [HEALTH, CARDS])
def test_in_japan_special_care_data_and_data_that_cost_money_count_from_one_person(
    item: dict[str, object], laws: Laws
) -> None:
    report = breach("JP", {"JP": 1}, data=[NAMES, item])

    assert duty(report, laws, "jp-appi-26-individuals").verdict == "required"


def test_in_japan_strong_encryption_takes_the_data_out_of_every_category(laws: Laws) -> None:
    locked: list[dict[str, object]] = [{"category": "health", "encrypted": True, "key_compromised": False}]
    report = breach("JP", {"JP": 5_000}, data=locked, cause="malicious_external", kind="exfiltration")

    assert duty(report, laws, "jp-appi-26-ppc", "preliminary").verdict == "not_required"


def test_in_japan_the_day_of_awareness_is_day_one_of_the_preliminary_report(laws: Laws) -> None:
    report = breach("JP", {"JP": 5_000}, at="2026-11-09T10:00:00+09:00")
    found = duty(report, laws, "jp-appi-26-ppc", "preliminary")

    assert found.due_at == end_of(date(2026, 11, 13), TOKYO)


def test_in_japan_the_final_report_has_thirty_days_and_sixty_where_somebody_meant_it(laws: Laws) -> None:
    accident = breach("JP", {"JP": 5_000}, at="2026-11-02T10:00:00+09:00")
    attack = breach(
        "JP", {"JP": 5_000}, at="2026-11-02T10:00:00+09:00", cause="malicious_external", kind="exfiltration"
    )

    assert duty(accident, laws, "jp-appi-26-ppc", "final").due_at == end_of(date(2026, 12, 1), TOKYO)
    assert duty(accident, laws, "jp-appi-26-ppc", "final_malicious").verdict == "not_required"
    assert duty(attack, laws, "jp-appi-26-ppc", "final").verdict == "not_required"
    assert duty(attack, laws, "jp-appi-26-ppc", "final_malicious").due_statutory == end_of(date(2027, 1, 4), TOKYO)


def test_in_japan_an_entrusted_party_tells_the_one_that_entrusted_it(laws: Laws) -> None:
    report = breach("JP", {"JP": 5_000}, organisation={"role": "processor"})

    assert duty(report, laws, "jp-appi-processor").verdict == "required"
    assert duty(report, laws, "jp-appi-26-individuals").verdict == "not_required"


# Korea, Singapore, Malaysia, Taiwan, India ----------------------------------------------------------------------------


def test_in_korea_a_thousand_people_are_enough(laws: Laws) -> None:
    assert duty(breach("KR", {"KR": 999}), laws, "kr-pipa-34-pipc").verdict == "not_required"
    assert duty(breach("KR", {"KR": 1_000}), laws, "kr-pipa-34-pipc").verdict == "required"


def test_in_korea_damage_by_ransomware_counts_only_since_september_2026(laws: Laws) -> None:
    report = breach(
        "KR",
        {"KR": 50},
        kind="ransomware",
        cause="malicious_external",
        effects=["availability"],
        circumstances=["exfiltration_excluded"],
    )

    assert duty(report, laws, "kr-pipa-34-individuals", day=date(2026, 9, 10)).verdict == "not_required"
    assert duty(report, laws, "kr-pipa-34-individuals", day=date(2026, 9, 11)).verdict == "required"


def test_in_singapore_five_hundred_people_are_of_significant_scale(laws: Laws) -> None:
    below = duty(breach("SG", {"SG": 499}), laws, "sg-pdpa-26d-pdpc", "notify_pdpc")
    reached = duty(breach("SG", {"SG": 500}), laws, "sg-pdpa-26d-pdpc", "notify_pdpc")

    assert (below.verdict, reached.verdict) == ("not_required", "required")


def test_in_singapore_scale_alone_does_not_have_people_told(laws: Laws) -> None:
    assert duty(breach("SG", {"SG": 5_000}), laws, "sg-pdpa-26d-individuals").verdict == "not_required"


def test_in_singapore_health_data_have_people_told_whatever_their_number(laws: Laws) -> None:
    report = breach("SG", {"SG": 2}, data=[NAMES, HEALTH])

    assert duty(report, laws, "sg-pdpa-26d-individuals").verdict == "required"
    assert duty(report, laws, "sg-pdpa-26d-pdpc", "notify_pdpc").verdict == "required"


def test_in_singapore_the_three_days_follow_the_assessment_and_weekends_count(laws: Laws) -> None:
    report = breach("SG", {"SG": 500}, times={"determined_at": "2026-11-20T17:00:00+08:00"})

    assert duty(report, laws, "sg-pdpa-26d-pdpc", "notify_pdpc").due_at == end_of(date(2026, 11, 23), SHANGHAI)


def test_in_singapore_no_clock_runs_towards_the_commission_before_the_assessment_is_complete(laws: Laws) -> None:
    found = duty(breach("SG", {"SG": 500}), laws, "sg-pdpa-26d-pdpc", "notify_pdpc")

    assert found.due_at is None
    assert found.clock_state == "not_started"


def test_in_malaysia_people_have_seven_days_after_the_notice_to_the_commissioner(laws: Laws) -> None:
    report = breach("MY", {"MY": 1_001}, data=[NAMES, HEALTH, CARDS])
    told = {"sent:my-pdpa-12b-commissioner:initial": datetime(2026, 11, 17, 4, tzinfo=UTC)}

    assert duty(report, laws, "my-pdpa-12b-commissioner").due_at == datetime(2026, 11, 19, 9, tzinfo=UTC)
    assert duty(report, laws, "my-pdpa-12b-individuals", events=told).due_at == end_of(date(2026, 11, 24), SHANGHAI)


def test_in_malaysia_a_thousand_people_are_not_of_significant_scale(laws: Laws) -> None:
    assert duty(breach("MY", {"MY": 1_000}), laws, "my-pdpa-12b-commissioner").verdict == "not_required"
    assert duty(breach("MY", {"MY": 1_001}), laws, "my-pdpa-12b-commissioner").verdict == "required"


def test_in_taiwan_the_amendment_without_a_first_day_raises_no_duty(laws: Laws) -> None:
    answers = assess(breach("TW", {"TW": 50_000}, records=50_000), laws, date(2030, 1, 1)).duties

    assert not [each for each in answers if each.provision == "tw-pdpa-12-2025"]
    assert [each for each in answers if each.provision == "tw-pdpa-12-individuals"]


def test_in_india_the_data_protection_rules_bind_from_may_2027_and_cert_in_already(laws: Laws) -> None:
    report = breach("IN", {"IN": 10}, at="2026-11-23T22:15:00+05:30")
    now = {each.provision for each in assess(report, laws, TODAY).duties}
    then = {each.provision for each in assess(report, laws, date(2027, 5, 13)).duties}

    assert duty(report, laws, "in-cert-6h").due_at == datetime(2026, 11, 23, 22, 45, tzinfo=UTC)
    assert "in-dpdp-7-board" not in now
    assert "in-dpdp-7-board" in then


# Brazil and Chile -----------------------------------------------------------------------------------------------------


def test_in_brazil_three_working_days_pass_over_the_twentieth_of_november(laws: Laws) -> None:
    report = breach("BR", {"BR": 4_000}, data=[NAMES, HEALTH, CARDS], at="2026-11-17T10:00:00-03:00")

    assert duty(report, laws, "br-lgpd-48-anpd", "communication").due_at == end_of(date(2026, 11, 23), SAO_PAULO)
    assert duty(report, laws, "br-lgpd-48-individuals").due_at == end_of(date(2026, 11, 23), SAO_PAULO)


def test_in_brazil_a_small_scale_agent_has_double_time(laws: Laws) -> None:
    report = breach(
        "BR",
        {"BR": 4_000},
        data=[NAMES, HEALTH, CARDS],
        at="2026-11-17T10:00:00-03:00",
        organisation={"attributes": ["small_scale_agent"]},
    )
    found = duty(report, laws, "br-lgpd-48-anpd", "communication_small_agent")

    assert found.verdict == "required"
    assert found.due_at == end_of(date(2026, 11, 26), SAO_PAULO)
    assert duty(report, laws, "br-lgpd-48-anpd", "communication").verdict == "not_required"


def test_in_brazil_the_supplement_follows_the_communication_by_twenty_working_days(laws: Laws) -> None:
    report = breach("BR", {"BR": 4_000}, data=[NAMES, HEALTH, CARDS])
    sent = {"sent:br-lgpd-48-anpd:communication": datetime(2026, 11, 23, 15, tzinfo=SAO_PAULO)}

    found = duty(report, laws, "br-lgpd-48-anpd", "supplement", events=sent)

    assert found.due_at == end_of(date(2026, 12, 21), SAO_PAULO)


def test_in_brazil_ordinary_data_leave_the_question_of_large_scale_to_a_person(laws: Laws) -> None:
    report = breach("BR", {"BR": 3_000_000}, kind="exfiltration", cause="malicious_external", identifiability="maximum")
    found = duty(report, laws, "br-lgpd-48-anpd", "communication")

    assert found.verdict == "undecided"
    assert found.missing_facts == ("times.classified_at",)
    assert found.due_at == end_of(date(2026, 11, 19), SAO_PAULO)


CHILE = ["cl-19628-14sexies-agency", "cl-19628-14sexies-individuals"]


@pytest.mark.parametrize("provision", CHILE)
def test_in_chile_the_new_law_binds_from_the_first_of_december_2026_and_gives_no_number(
    provision: str, laws: Laws
) -> None:
    report = breach("CL", {"CL": 900}, data=[NAMES, HEALTH, CARDS])
    before = assess(report, laws, date(2026, 11, 30)).duties
    found = duty(report, laws, provision, day=date(2026, 12, 1))

    assert provision not in {each.provision for each in before}
    assert found.verdict == "required"
    assert found.due_at is None
    assert found.standard == "without_undue_delay"


# Australia and Canada -------------------------------------------------------------------------------------------------


def test_in_australia_serious_harm_decides(laws: Laws) -> None:
    grave = breach("AU", {"AU": 40}, data=[NAMES, HEALTH, CARDS], kind="exfiltration", cause="malicious_external")
    slight = breach("AU", {"AU": 40}, data=[CONTACTS], circumstances=["recipient_confirmed_deletion"])

    assert duty(grave, laws, "au-ndb-oaic", "statement_to_oaic").verdict == "required"
    assert duty(slight, laws, "au-ndb-oaic", "statement_to_oaic").verdict == "not_required"


def test_in_australia_the_assessment_has_thirty_days_and_the_statement_no_number(laws: Laws) -> None:
    report = breach(
        "AU",
        {"AU": 40},
        data=[NAMES, HEALTH, CARDS],
        kind="exfiltration",
        cause="malicious_external",
        at="2026-11-02T09:00:00+11:00",
        times={"determined_at": "2026-11-20T09:00:00+11:00"},
    )

    assert duty(report, laws, "au-ndb-oaic", "assessment").due_at == end_of(date(2026, 12, 2), SYDNEY)
    assert duty(report, laws, "au-ndb-oaic", "statement_to_oaic").due_at is None


def test_in_australia_only_a_payment_is_reported_within_72_hours_of_paying(laws: Laws) -> None:
    ransom: dict[str, object] = {"kind": "ransomware", "cause": "malicious_external"}
    paid = breach("AU", {"AU": 40}, times={"ransom_paid_at": "2026-11-20T08:00:00Z"}, **ransom)  # type: ignore[arg-type]  # further facts

    assert duty(paid, laws, "au-csa-ransom").due_at == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert duty(breach("AU", {"AU": 40}), laws, "au-csa-ransom").verdict == "not_required"


@pytest.mark.parametrize("provision", ["ca-pipeda-opc", "ca-pipeda-individuals"])
def test_pipeda_gives_no_number(provision: str, laws: Laws) -> None:
    report = breach(
        "CA",
        {"CA-BC": 40},
        data=[NAMES, HEALTH, CARDS],
        kind="exfiltration",
        cause="malicious_external",
        times={"determined_at": "2026-11-20T08:00:00Z"},
    )
    found = duty(report, laws, provision)

    assert found.verdict == "required"
    assert found.due_at is None
    assert found.standard == "as_soon_as_possible"


def test_in_quebec_people_who_live_there_bring_the_law_in(laws: Laws) -> None:
    grave: dict[str, object] = {"kind": "exfiltration", "cause": "malicious_external"}
    there = breach("FR", {"CA-QC": 40}, data=[NAMES, HEALTH, CARDS], **grave)  # type: ignore[arg-type]  # further facts
    elsewhere = breach("FR", {"CA-ON": 40}, data=[NAMES, HEALTH, CARDS], **grave)  # type: ignore[arg-type]  # further facts

    assert duty(there, laws, "ca-qc-25-cai").verdict == "required"
    assert duty(elsewhere, laws, "ca-qc-25-cai").verdict == "not_required"


# United Kingdom and the Union -----------------------------------------------------------------------------------------


def test_a_telecom_provider_in_the_united_kingdom_had_24_hours_until_august_2025_and_has_72_since(laws: Laws) -> None:
    report = breach("GB", {"GB": 10}, organisation={"sectors": ["telecom"]})
    before = duty(report, laws, "uk-pecr-5a-authority", day=date(2025, 8, 19))
    since = duty(report, laws, "uk-pecr-5a-authority", day=date(2025, 8, 20))

    assert before.due_at == datetime(2026, 11, 17, 9, tzinfo=UTC)
    assert since.due_at == datetime(2026, 11, 19, 9, tzinfo=UTC)


def test_a_shop_in_the_united_kingdom_is_no_telecom_provider(laws: Laws) -> None:
    assert duty(breach("GB", {"GB": 10}), laws, "uk-pecr-5a-authority").verdict == "not_required"


def test_a_telecom_provider_in_the_union_has_24_hours_and_completes_within_three_days(laws: Laws) -> None:
    report = breach("DE", {"DE": 10}, organisation={"sectors": ["telecom"], "timezone": "Europe/Berlin"})
    sent = {"sent:eu-eprivacy-611-authority:initial": datetime(2026, 11, 16, 12, tzinfo=UTC)}
    first = duty(report, laws, "eu-eprivacy-611-authority", events=sent)
    complete = duty(report, laws, "eu-eprivacy-611-authority", "complete", events=sent)

    assert first.due_at == datetime(2026, 11, 17, 9, tzinfo=UTC)
    assert complete.due_at == end_of(date(2026, 11, 19), timezone(timedelta(hours=1)))


def test_a_qualified_trust_service_provider_counts_24_hours_from_the_incident_itself(laws: Laws) -> None:
    report = breach(
        "AT",
        {"AT": 10},
        organisation={"attributes": ["qualified_trust_service_provider"]},
        circumstances=["service_disrupted"],
        times={"occurred_from": "2026-11-22T02:40:00+01:00", "aware_at": "2026-11-22T08:00:00+01:00"},
    )

    assert duty(report, laws, "eu-eidas-24-2-fb").due_at == datetime(2026, 11, 23, 1, 40, tzinfo=UTC)
    assert duty(report, laws, "eu-eidas-24-2-fb").verdict == "required"
    assert duty(report, laws, "eu-eidas-19a").verdict == "not_required"


def test_a_trust_service_provider_that_does_not_say_whether_it_is_qualified_sees_both_clocks(laws: Laws) -> None:
    report = breach(
        "AT",
        {"AT": 10},
        organisation={"attributes": ["trust_service_provider"]},
        circumstances=["service_disrupted"],
        times={"occurred_from": "2026-11-22T02:40:00+01:00", "aware_at": "2026-11-22T08:00:00+01:00"},
    )
    as_qualified, as_another = duty(report, laws, "eu-eidas-24-2-fb"), duty(report, laws, "eu-eidas-19a")

    assert (as_qualified.verdict, as_another.verdict) == ("undecided", "required")
    assert as_qualified.due_at == datetime(2026, 11, 23, 1, 40, tzinfo=UTC)
    assert as_another.due_at == datetime(2026, 11, 23, 7, tzinfo=UTC)


def test_the_proposed_96_hours_bind_nobody(laws: Laws) -> None:
    answers = assess(breach("FR", {"FR": 10_000}, data=[NAMES, HEALTH]), laws, date(2030, 1, 1)).duties

    assert "eu-omnibus-proposal" not in {each.provision for each in answers}


# Elsewhere ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "provision", "hours"),
    [
        ("TR", "tr-kvkk-authority", 72),
        ("RW", "rw-dpp-authority", 48),
        ("ZM", "zm-dpa-authority", 24),
        ("MU", "mu-dpa-authority", 72),
        ("JM", "jm-dpa-authority", 72),
        ("ID", "id-pdp-46-authority", 72),
    ],
)
def test_a_law_without_a_threshold_has_the_authority_told_of_any_breach(
    country: str, provision: str, hours: int, laws: Laws
) -> None:
    found = duty(breach(country, {country: 1}, data=[CONTACTS]), laws, provision)

    assert found.verdict == "required"
    assert found.due_at == datetime(2026, 11, 16, 9, tzinfo=UTC) + timedelta(hours=hours)


def test_a_breach_that_affects_nobody_raises_no_personal_data_duty_in_turkey(laws: Laws) -> None:
    assert duty(breach("TR", {}, data=[]), laws, "tr-kvkk-authority").verdict == "not_required"


def test_a_law_without_a_threshold_waits_to_hear_whether_anybody_is_affected(laws: Laws) -> None:
    found = duty(breach("TR", None), laws, "tr-kvkk-authority")

    assert found.verdict == "undecided"
    assert found.missing_facts == ("people",)


def test_in_colombia_fifteen_working_days_leave_out_the_holidays_moved_to_monday(laws: Laws) -> None:
    report = breach("CO", {"CO": 10}, at="2026-10-30T09:00:00-05:00")

    found = duty(report, laws, "co-1581-17n")

    assert found.due_at == end_of(date(2026, 11, 24), timezone(timedelta(hours=-5)))


def test_in_kenya_a_processor_tells_its_controller_within_48_hours(laws: Laws) -> None:
    report = breach("KE", {"KE": 10}, organisation={"role": "processor"})

    assert duty(report, laws, "ke-dpa-43-processor").due_at == datetime(2026, 11, 18, 9, tzinfo=UTC)


def test_in_south_africa_only_access_or_acquisition_counts(laws: Laws) -> None:
    lost = breach("ZA", {"ZA": 10}, effects=["availability"])

    assert duty(lost, laws, "za-popia-22-regulator").verdict == "not_required"
    assert duty(breach("ZA", {"ZA": 10}), laws, "za-popia-22-regulator").verdict == "required"


def test_what_is_only_recommended_is_given_as_advice(laws: Laws) -> None:
    found = duty(breach("AR", {"AR": 10}), laws, "ar-aaip-47")

    assert found.advice
    assert found.due_at is None


def test_a_breach_in_france_alone_raises_no_duty_in_a_country_that_it_does_not_touch(laws: Laws) -> None:
    report = breach("FR", {"FR": 10_000}, data=[NAMES, HEALTH, CARDS])
    places = ("CN", "JP", "SG", "AU", "BR", "CA", "KR", "CL", "TR", "ZA", "GB")
    abroad = [each for each in assess(report, laws, TODAY).duties if each.jurisdiction in places]

    assert abroad
    assert {each.verdict for each in abroad} == {"not_required"}


@pytest.mark.parametrize(
    ("provision", "stage", "start", "due_at"),
    [
        ("cn-nirm-other", "initial", "2026-11-22T23:30:00+08:00", "2026-11-23T03:30:00+08:00"),
        ("sg-pdpa-26d-pdpc", "notify_pdpc", "2026-11-20T11:00:00+08:00", "2026-11-23T23:59:59+08:00"),
        ("in-cert-6h", "initial", "2026-11-23T22:15:00+05:30", "2026-11-24T04:15:00+05:30"),
        ("ph-dpa-20f-npc", "initial", "2026-11-23T10:00:00+08:00", "2026-11-26T10:00:00+08:00"),
        ("ph-dpa-20f-individuals", "initial", "2026-11-23T10:00:00+08:00", "2026-11-26T10:00:00+08:00"),
        ("au-ndb-oaic", "assessment", "2026-11-02T09:00:00+11:00", "2026-12-02T23:59:59+11:00"),
        ("br-lgpd-48-anpd", "communication", "2026-11-17T15:00:00-03:00", "2026-11-23T23:59:59-03:00"),
        ("pe-29733-authority", "initial", "2026-11-20T18:00:00-05:00", "2026-11-22T18:00:00-05:00"),
        ("eu-eidas-24-2-fb", "initial", "2026-11-22T02:40:00+01:00", "2026-11-23T02:40:00+01:00"),
        ("ec-lopdp-individuals", "initial", "2026-11-20T18:00:00-05:00", "2026-11-23T23:59:59-05:00"),
        ("kz-pd-authority", "initial", "2026-11-20T18:00:00+05:00", "2026-11-23T23:59:59+05:00"),
    ],
)
def test_the_first_clock_of_a_provision_runs_out_on_the_worked_day(
    provision: str, stage: str, start: str, due_at: str, laws: Laws
) -> None:
    first = due_of(laws, provision, datetime.fromisoformat(start))[0]

    assert first.stage == stage
    assert first.due_at == datetime.fromisoformat(due_at)


def test_the_thirtieth_day_of_the_japanese_final_report_moves_past_the_closure_of_the_year_end(laws: Laws) -> None:
    [final] = due_of(laws, "jp-appi-26-ppc", datetime(2026, 12, 1, 9, tzinfo=TOKYO), stage="final")

    assert final.due_at == end_of(date(2026, 12, 28), TOKYO)
    assert final.due_statutory == end_of(date(2027, 1, 4), TOKYO)


def test_an_egyptian_data_subject_is_told_within_three_working_days_and_friday_is_not_one(laws: Laws) -> None:
    told = {"sent:eg-pdpl-authority:initial": datetime(2026, 11, 18, 9, tzinfo=UTC)}
    found = duty(breach("EG", {"EG": 5}), laws, "eg-pdpl-individuals", events=told)

    assert found.due_at == end_of(date(2026, 11, 23), timezone(timedelta(hours=2)))
