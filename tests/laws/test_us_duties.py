"""What United States law asks of real-shaped breaches: who is told, from how many people on, and by when."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from laws.assess import assess
from laws.law import Laws, load_laws
from models.duty import Duty
from models.report import Report

TODAY = date(2026, 11, 23)
EASTERN = timezone(timedelta(hours=-5))
CENTRAL = timezone(timedelta(hours=-6))
PACIFIC = timezone(timedelta(hours=-8))
AWARE = "2026-11-23T09:00:00-05:00"
NAMES = {"category": "name", "encrypted": False}
NUMBERS = {"category": "social_security_number", "encrypted": False}
CREDENTIALS = {"category": "credentials", "encrypted": False}
HEALTH = {"category": "health", "encrypted": False}


@pytest.fixture(scope="module")
def laws() -> Laws:
    return load_laws()


def breach(people: dict[str, int | None], data: list[dict[str, object]] | None = None, **facts: object) -> Report:
    """A stolen copy of a customer file of a private company, as far as the case does not say otherwise."""
    organisation = {"country": "US", "role": "controller", "establishments": ["US"], "sectors": ["retail"]}
    organisation |= {"attributes": []} | dict(facts.pop("organisation", {}))  # type: ignore[call-overload]  # a dict
    times = {"detected_at": AWARE, "aware_at": AWARE, "determined_at": AWARE} | dict(facts.pop("times", {}))  # type: ignore[call-overload]  # a dict
    groups = [
        {"jurisdiction": place, "count": count, "relationship": "customer", "minors": False, "vulnerable": False}
        for place, count in people.items()
    ]
    told = {
        "title": "Copy of the customer file",
        "kind": "exfiltration",
        "cause": "malicious_external",
        "effects": ["confidentiality"],
        "circumstances": ["exfiltration_confirmed"],
    }
    return Report.model_validate(
        told
        | {"people": groups, "data": data or [NAMES, NUMBERS], "organisation": organisation, "times": times}
        | facts
    )


def duty(
    report: Report, laws: Laws, provision: str, day: date = TODAY, events: dict[str, datetime] | None = None
) -> Duty:
    found = [each for each in assess(report, laws, day, events=events or {}).duties if each.provision == provision]
    assert len(found) == 1, f"{provision}: {len(found)} answers"
    return found[0]


def end_of(year: int, month: int, day: int, zone: timezone) -> datetime:
    return datetime(year, month, day, 23, 59, 59, tzinfo=zone)


COVERED_ENTITY = {"attributes": ["hipaa_covered_entity"], "sectors": ["health"]}
PATIENT_FILE: list[dict[str, object]] = [NAMES, HEALTH]


# HIPAA ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("residents", "verdict"), [(500, "not_required"), (501, "required")])
def test_hipaa_media_are_told_from_more_than_500_residents_of_one_state(
    residents: int, verdict: str, laws: Laws
) -> None:
    report = breach({"US-OH": residents, "US-TX": 400}, PATIENT_FILE, organisation=COVERED_ENTITY)

    assert duty(report, laws, "us-hipaa-406").verdict == verdict


def test_hipaa_media_are_told_of_more_than_500_residents_of_puerto_rico_by_its_country_code(laws: Laws) -> None:
    report = breach({"PR": 501}, PATIENT_FILE, organisation=COVERED_ENTITY)

    assert duty(report, laws, "us-hipaa-406").verdict == "required"


@pytest.mark.parametrize(
    ("patients", "large", "annual"), [(499, "not_required", "required"), (500, "required", "not_required")]
)
def test_hhs_is_told_at_once_from_500_patients_in_total_and_yearly_below(
    patients: int, large: str, annual: str, laws: Laws
) -> None:
    report = breach({"US-OH": patients - 200, "US-TX": 200}, PATIENT_FILE, organisation=COVERED_ENTITY)

    assert duty(report, laws, "us-hipaa-408-500").verdict == large
    assert duty(report, laws, "us-hipaa-408-annual").verdict == annual


def test_hipaa_gives_60_days_from_when_the_breach_should_have_been_known(laws: Laws) -> None:
    detected = {"detected_at": "2026-10-01T08:00:00-04:00"}
    report = breach({"US-OH": 900}, PATIENT_FILE, organisation=COVERED_ENTITY, times=detected)

    assert duty(report, laws, "us-hipaa-404").due_at == end_of(2026, 11, 30, EASTERN)


def test_the_yearly_log_for_hhs_is_due_60_days_after_the_year_of_discovery(laws: Laws) -> None:
    report = breach({"US-OH": 12}, PATIENT_FILE, organisation=COVERED_ENTITY)

    assert duty(report, laws, "us-hipaa-408-annual").due_at == end_of(2027, 3, 1, EASTERN)


def test_a_list_of_patients_is_health_information_in_the_hands_of_a_covered_entity(laws: Laws) -> None:
    addresses: list[dict[str, object]] = [NAMES, {"category": "contact", "encrypted": False}]
    report = breach({"US-OH": 12}, addresses, organisation=COVERED_ENTITY)

    assert duty(report, laws, "us-hipaa-404").verdict == "required"


def test_secured_health_information_asks_for_no_hipaa_notice(laws: Laws) -> None:
    safe: dict[str, object] = {"encrypted": True, "key_compromised": False}
    data = [{"category": "name"} | safe, {"category": "health"} | safe]
    report = breach({"US-OH": 900}, data, organisation=COVERED_ENTITY)

    assert duty(report, laws, "us-hipaa-404").verdict == "not_required"
    assert duty(report, laws, "us-hipaa-408-500").verdict == "not_required"


def test_a_letter_that_came_back_unopened_asks_for_no_hipaa_notice(laws: Laws) -> None:
    returned: dict[str, object] = {"kind": "misdirected_message", "circumstances": ["data_recovered_unread"]}
    report = breach({"US-OH": 1}, PATIENT_FILE, organisation=COVERED_ENTITY, cause="accidental", **returned)

    assert duty(report, laws, "us-hipaa-404").verdict == "not_required"


def test_a_business_associate_tells_the_covered_entity_and_nobody_else_under_hipaa(laws: Laws) -> None:
    associate = {"attributes": ["hipaa_business_associate"], "sectors": ["technology"], "role": "processor"}
    report = breach({"US-OH": 900}, PATIENT_FILE, organisation=associate)

    assert duty(report, laws, "us-hipaa-410").verdict == "required"
    assert duty(report, laws, "us-hipaa-404").verdict == "not_required"


def test_a_clinic_abroad_is_not_asked_whether_it_is_under_hipaa(laws: Laws) -> None:
    french = {"country": "FR", "establishments": ["FR"], "sectors": ["health"], "attributes": None}
    report = breach({"FR": 900}, PATIENT_FILE, organisation=french)

    assert duty(report, laws, "us-hipaa-404").verdict == "not_required"
    assert duty(report, laws, "us-hipaa-410").verdict == "not_required"


def test_a_law_enforcement_hold_pauses_hipaa_for_at_most_30_days(laws: Laws) -> None:
    hold = {"law_enforcement_hold": datetime(2026, 11, 24, 14, tzinfo=UTC)}
    report = breach({"US-OH": 900}, PATIENT_FILE, organisation=COVERED_ENTITY, circumstances=["law_enforcement_hold"])
    paused = duty(report, laws, "us-hipaa-404", events=hold).due_at

    assert paused is not None
    assert timedelta(days=30) <= paused - end_of(2027, 1, 22, EASTERN) <= timedelta(days=31)


# SEC --------------------------------------------------------------------------------------------------------------------


def sec_filing(report: Report, laws: Laws) -> Duty:
    duties = assess(report, laws, TODAY).duties
    return next(each for each in duties if each.provision == "us-sec-8k-105" and each.stage == "initial")


def test_form_8k_is_due_four_business_days_after_materiality_is_determined(laws: Laws) -> None:
    material = {"materiality_determined_at": "2026-11-23T16:00:00-05:00"}
    report = breach({"US-OH": 900}, organisation={"attributes": ["us_listed"]}, times=material)

    filing = sec_filing(report, laws)

    assert filing.verdict == "required"
    assert filing.due_at == datetime(2026, 11, 30, 17, 30, tzinfo=EASTERN)


def test_form_8k_waits_for_the_determination_of_materiality(laws: Laws) -> None:
    filing = sec_filing(breach({"US-OH": 900}, organisation={"attributes": ["us_listed"]}), laws)

    assert filing.verdict == "undecided"
    assert "times.materiality_determined_at" in filing.missing_facts


def test_a_hold_by_the_police_does_not_pause_form_8k(laws: Laws) -> None:
    material = {"materiality_determined_at": "2026-11-23T16:00:00-05:00"}
    report = breach(
        {"US-OH": 900},
        organisation={"attributes": ["us_listed"]},
        times=material,
        circumstances=["law_enforcement_hold"],
    )

    assert sec_filing(report, laws).due_at == datetime(2026, 11, 30, 17, 30, tzinfo=EASTERN)


# California -------------------------------------------------------------------------------------------------------------


def test_californians_are_told_within_30_days_of_discovery(laws: Laws) -> None:
    told = duty(breach({"US-CA": 40}), laws, "us-ca-individuals")

    assert told.verdict == "required"
    assert told.due_at == end_of(2026, 12, 23, PACIFIC)


def test_before_2026_california_set_no_number_of_days(laws: Laws) -> None:
    report = breach({"US-CA": 4000})

    for provision in ("us-ca-individuals", "us-ca-ag"):
        old = duty(report, laws, provision, date(2025, 12, 31))
        assert (old.verdict, old.due_at) == ("required", None)


@pytest.mark.parametrize(("residents", "verdict"), [(500, "not_required"), (501, "required")])
def test_the_california_attorney_general_is_told_from_more_than_500_residents(
    residents: int, verdict: str, laws: Laws
) -> None:
    assert duty(breach({"US-CA": residents}), laws, "us-ca-ag").verdict == verdict


def test_the_california_attorney_general_is_told_15_days_after_the_residents(laws: Laws) -> None:
    sent = {"sent:us-ca-individuals:initial": datetime(2026, 12, 1, 18, tzinfo=UTC)}

    assert duty(breach({"US-CA": 501}), laws, "us-ca-ag", events=sent).due_at == end_of(2026, 12, 16, PACIFIC)


def test_the_clock_of_the_california_attorney_general_waits_for_the_notice_to_residents(laws: Laws) -> None:
    waiting = duty(breach({"US-CA": 501}), laws, "us-ca-ag")

    assert (waiting.clock_state, waiting.due_at) == ("not_started", None)


def test_encrypted_data_with_a_safe_key_ask_for_no_notice_in_california(laws: Laws) -> None:
    numbers = {"category": "social_security_number", "encrypted": True, "key_compromised": False}
    report = breach({"US-CA": 900}, [NAMES, numbers])

    assert duty(report, laws, "us-ca-individuals").verdict == "not_required"
    assert duty(report, laws, "us-ca-ag").verdict == "not_required"


def test_unknown_encryption_leaves_the_residents_and_the_attorney_general_undecided(laws: Laws) -> None:
    report = breach({"US-CA": 900}, [NAMES, {"category": "social_security_number"}])

    for provision in ("us-ca-individuals", "us-ca-ag"):
        open_question = duty(report, laws, provision)
        assert open_question.verdict == "undecided"
        assert open_question.missing_facts == ("data[1].encrypted",)


def test_a_number_without_a_name_beside_it_is_not_on_californias_list(laws: Laws) -> None:
    assert duty(breach({"US-CA": 900}, [NUMBERS]), laws, "us-ca-individuals").verdict == "not_required"


def test_credentials_count_in_california_without_a_name(laws: Laws) -> None:
    assert duty(breach({"US-CA": 900}, [CREDENTIALS]), laws, "us-ca-individuals").verdict == "required"


def test_stolen_paper_is_outside_californias_statute_and_inside_that_of_massachusetts(laws: Laws) -> None:
    report = breach({"US-CA": 900, "US-MA": 900}, kind="lost_or_stolen_paper")

    assert duty(report, laws, "us-ca-individuals").verdict == "not_required"
    assert duty(report, laws, "us-ma-individuals").verdict == "required"


def test_a_processor_leaves_the_notice_to_residents_to_the_controller(laws: Laws) -> None:
    report = breach({"US-CA": 900}, organisation={"role": "processor"})

    assert duty(report, laws, "us-ca-individuals").verdict == "not_required"


def test_people_somewhere_in_the_united_states_may_be_californians(laws: Laws) -> None:
    unplaced = duty(breach({"US": 900}), laws, "us-ca-individuals")

    assert unplaced.verdict == "undecided"
    assert "people[0].jurisdiction" in unplaced.missing_facts


# New York ---------------------------------------------------------------------------------------------------------------


def test_new_york_agencies_are_told_of_one_single_resident(laws: Laws) -> None:
    told = duty(breach({"US-NY": 1}), laws, "us-ny-state-agencies")

    assert told.verdict == "required"
    assert told.due_at == end_of(2026, 12, 23, EASTERN)
    assert "NY Attorney General" in told.recipient


def test_before_21_december_2024_new_york_set_no_number_of_days(laws: Laws) -> None:
    report = breach({"US-NY": 90})

    assert duty(report, laws, "us-ny-individuals", date(2024, 12, 20)).due_at is None
    assert duty(report, laws, "us-ny-individuals", date(2024, 12, 21)).due_at == end_of(2026, 12, 23, EASTERN)


@pytest.mark.parametrize(("day", "verdict"), [(date(2025, 3, 20), "not_required"), (date(2025, 3, 21), "required")])
def test_health_data_are_on_new_yorks_list_since_21_march_2025(day: date, verdict: str, laws: Laws) -> None:
    assert duty(breach({"US-NY": 90}, [NAMES, HEALTH]), laws, "us-ny-individuals", day).verdict == verdict


def test_the_new_york_attorney_general_gets_a_copy_5_business_days_after_hhs(laws: Laws) -> None:
    report = breach({"US-NY": 900}, PATIENT_FILE, organisation=COVERED_ENTITY)
    sent = {"sent:us-hipaa-408-500:initial": datetime(2026, 11, 23, 18, tzinfo=UTC)}
    copies = [each for each in assess(report, laws, TODAY, events=sent).duties if each.provision == "us-ny-ag-hipaa"]

    [owed] = [each for each in copies if each.verdict == "required"]
    assert owed.due_at == end_of(2026, 12, 1, EASTERN)


# Texas, Washington, Florida and others -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("residents", "verdict"), [(249, "not_required"), (250, "required")])
def test_the_texas_attorney_general_is_told_from_250_residents(residents: int, verdict: str, laws: Laws) -> None:
    assert duty(breach({"US-TX": residents}), laws, "us-tx-ag").verdict == verdict


@pytest.mark.parametrize(("day", "due"), [(date(2023, 8, 31), (2027, 1, 22)), (date(2023, 9, 1), (2026, 12, 23))])
def test_texas_shortened_60_days_to_30_on_1_september_2023(day: date, due: tuple[int, int, int], laws: Laws) -> None:
    assert duty(breach({"US-TX": 250}), laws, "us-tx-ag", day).due_at == end_of(*due, CENTRAL)


def test_texas_moves_a_last_day_on_a_saturday_and_the_alarm_does_not(laws: Laws) -> None:
    report = breach({"US-TX": 250}, times={"determined_at": "2026-11-26T09:00:00-06:00"})
    told = duty(report, laws, "us-tx-ag")

    assert told.due_at == end_of(2026, 12, 24, CENTRAL)
    assert told.due_statutory == end_of(2026, 12, 28, CENTRAL)


def test_a_hold_pauses_the_notice_to_texans_and_not_the_one_to_their_attorney_general(laws: Laws) -> None:
    report = breach({"US-TX": 250}, circumstances=["exfiltration_confirmed", "law_enforcement_hold"])

    assert duty(report, laws, "us-tx-individuals").due_at is None
    assert duty(report, laws, "us-tx-ag").due_at == end_of(2026, 12, 23, CENTRAL)


def test_the_texas_clock_waits_for_the_determination(laws: Laws) -> None:
    assert duty(breach({"US-TX": 250}, times={"determined_at": None}), laws, "us-tx-ag").clock_state == "not_started"


@pytest.mark.parametrize(("residents", "verdict"), [(500, "not_required"), (501, "required")])
def test_the_washington_attorney_general_is_told_from_more_than_500_residents(
    residents: int, verdict: str, laws: Laws
) -> None:
    assert duty(breach({"US-WA": residents}), laws, "us-wa-ag").verdict == verdict


@pytest.mark.parametrize(("day", "due"), [(date(2020, 2, 29), (2027, 1, 7)), (date(2020, 3, 1), (2026, 12, 23))])
def test_washington_shortened_45_days_to_30_on_1_march_2020(day: date, due: tuple[int, int, int], laws: Laws) -> None:
    assert duty(breach({"US-WA": 501}), laws, "us-wa-ag", day).due_at == end_of(*due, PACIFIC)


@pytest.mark.parametrize(("residents", "verdict"), [(499, "not_required"), (500, "required")])
def test_florida_is_told_from_500_residents(residents: int, verdict: str, laws: Laws) -> None:
    assert duty(breach({"US-FL": residents}), laws, "us-fl-ag").verdict == verdict


def test_florida_gives_30_days_from_the_determination_or_reason_to_believe(laws: Laws) -> None:
    report = breach({"US-FL": 500}, times={"detected_at": "2026-11-20T08:00:00-05:00"})

    assert duty(report, laws, "us-fl-ag").due_at == end_of(2026, 12, 20, EASTERN)


def test_the_iowa_attorney_general_is_told_5_business_days_after_the_residents(laws: Laws) -> None:
    sent = {"sent:us-ia-individuals:initial": datetime(2026, 11, 24, 18, tzinfo=UTC)}

    assert duty(breach({"US-IA": 501}), laws, "us-ia-ag", events=sent).due_at == end_of(2026, 12, 2, CENTRAL)


def test_the_louisiana_attorney_general_is_told_10_days_after_the_residents(laws: Laws) -> None:
    sent = {"sent:us-la-individuals:initial": datetime(2026, 11, 24, 18, tzinfo=UTC)}

    assert duty(breach({"US-LA": 1}), laws, "us-la-ag", events=sent).due_at == end_of(2026, 12, 4, CENTRAL)


def test_minnesota_gives_48_hours_to_tell_the_credit_agencies(laws: Laws) -> None:
    report = breach({"US-MN": 501}, times={"aware_at": "2026-11-23T15:00:00-06:00"})

    assert duty(report, laws, "us-mn-cra").due_at == datetime(2026, 11, 25, 15, tzinfo=CENTRAL)


def test_the_maryland_attorney_general_comes_before_the_residents_and_within_their_45_days(laws: Laws) -> None:
    report = breach({"US-MD": 3})
    sent = {"sent:us-md-individuals:initial": datetime(2026, 12, 1, 18, tzinfo=UTC)}

    assert duty(report, laws, "us-md-ag").due_at == end_of(2027, 1, 7, EASTERN)
    assert duty(report, laws, "us-md-ag", events=sent).due_at == sent["sent:us-md-individuals:initial"]


def test_indiana_counts_a_social_security_number_alone(laws: Laws) -> None:
    report = breach({"US-IN": 3, "US-OH": 3}, [NUMBERS])

    assert duty(report, laws, "us-in-individuals").verdict == "required"
    assert duty(report, laws, "us-oh-individuals").verdict == "not_required"


def test_pennsylvania_counts_health_data_only_in_the_hands_of_the_state(laws: Laws) -> None:
    private = breach({"US-PA": 3}, [NAMES, HEALTH])
    agency = breach({"US-PA": 3}, [NAMES, HEALTH], organisation={"sectors": ["government"]})

    assert duty(private, laws, "us-pa-individuals").verdict == "not_required"
    assert duty(agency, laws, "us-pa-individuals").verdict == "required"


def test_alaska_hears_from_whoever_relies_on_the_exemption_for_harmless_breaches(laws: Laws) -> None:
    assert duty(breach({"US-AK": 3}), laws, "us-ak-ag-no-harm").verdict == "not_required"


FIRST_COUNT_FOR_THE_STATE = {
    "us-al-ag": 1001, "us-ar-ag": 1001, "us-az-ag": 1001, "us-ca-ag": 501, "us-co-ag": 500, "us-dc-ag": 50, "us-de-ag": 501,
    "us-fl-ag": 500, "us-hi-ag": 1001, "us-ia-ag": 501, "us-il-ag": 501, "us-mo-ag": 1001, "us-nd-ag": 251, "us-nm-ag": 1001,
    "us-ok-ag": 500, "us-or-ag": 251, "us-pa-ag": 501, "us-ri-ag": 501, "us-sc-dca": 1001, "us-sd-ag": 251, "us-tx-ag": 250,
    "us-ut-ag": 500, "us-wa-ag": 501,
}  # fmt: skip
TOLD_OF_ONE_RESIDENT = [
    "us-ct-ag",
    "us-in-ag",
    "us-la-ag",
    "us-ma-ag",
    "us-md-ag",
    "us-me-ag",
    "us-mt-ag",
    "us-nc-ag",
    "us-ne-ag",
    "us-nh-ag",
    "us-nj-police",
    "us-ny-state-agencies",
    "us-pr-daco",
    "us-va-ag",
    "us-vt-ag",
]
FIRST_COUNT_FOR_CREDIT_AGENCIES = {
    "us-al-cra": 1001, "us-ak-cra": 1001, "us-az-cra": 1001, "us-co-cra": 1001, "us-dc-cra": 1001, "us-fl-cra": 1001,
    "us-ga-cra": 10001, "us-hi-cra": 1001, "us-in-cra": 1001, "us-ks-cra": 1001, "us-ky-cra": 1001, "us-md-cra": 1000,
    "us-me-cra": 1001, "us-mi-cra": 1001, "us-mn-cra": 501, "us-mo-cra": 1001, "us-nc-cra": 1001, "us-nh-cra": 1001,
    "us-nj-cra": 1001, "us-nm-cra": 1001, "us-nv-cra": 1001, "us-ny-cra": 5001, "us-oh-cra": 1001, "us-or-cra": 1001,
    "us-pa-cra": 501, "us-ri-cra": 501, "us-sc-cra": 1001, "us-tn-cra": 1001, "us-tx-cra": 10001, "us-ut-cra": 1000,
    "us-va-cra": 1001, "us-vt-cra": 1001, "us-wi-cra": 1000, "us-wv-cra": 1001,
}  # fmt: skip


BROKER = {"sectors": ["finance"], "attributes": ["information_broker"]}  # Georgia's statute covers few others


def verdict(provision: str, residents: int, laws: Laws) -> str:
    state = provision.split("-")[1].upper()
    report = breach({f"US-{state}": residents}, organisation=BROKER)
    return duty(report, laws, provision).verdict.value


@pytest.mark.parametrize(
    ("provision", "first"), [*FIRST_COUNT_FOR_THE_STATE.items(), *FIRST_COUNT_FOR_CREDIT_AGENCIES.items()]
)
def test_the_duty_begins_with_the_count_that_the_statute_names(provision: str, first: int, laws: Laws) -> None:
    assert verdict(provision, first - 1, laws) == "not_required"
    assert verdict(provision, first, laws) == "required"


@pytest.mark.parametrize("provision", TOLD_OF_ONE_RESIDENT)
def test_some_states_are_told_of_a_single_resident(provision: str, laws: Laws) -> None:
    assert verdict(provision, 1, laws) == "required"


LAST_DAY_FOR_RESIDENTS = {
    "AL": 45, "AZ": 45, "CA": 30, "CO": 30, "CT": 60, "DE": 60, "FL": 30, "IN": 45, "LA": 60, "MD": 45, "ME": 30, "NM": 45,
    "NY": 30, "OH": 45, "OR": 45, "RI": 45, "SD": 60, "TN": 45, "VT": 45, "WA": 30, "WI": 45,
}  # fmt: skip
NO_NUMBER_FOR_RESIDENTS = [
    "AK",
    "AR",
    "DC",
    "GA",
    "GU",
    "HI",
    "IA",
    "ID",
    "IL",
    "KS",
    "KY",
    "MA",
    "MI",
    "MN",
    "MO",
    "MS",
    "MT",
    "NC",
    "ND",
    "NE",
    "NH",
    "NJ",
    "NV",
    "OK",
    "PA",
    "PR",
    "SC",
    "UT",
    "VA",
    "VI",
    "WV",
    "WY",
]


@pytest.mark.parametrize(("state", "days"), LAST_DAY_FOR_RESIDENTS.items())
def test_residents_are_told_within_the_days_that_the_statute_names(state: str, days: int, laws: Laws) -> None:
    told = duty(breach({f"US-{state}": 9}), laws, f"us-{state.lower()}-individuals")

    assert told.due_at is not None
    assert told.due_at.date() - date(2026, 11, 23) == timedelta(days=days)


@pytest.mark.parametrize("state", NO_NUMBER_FOR_RESIDENTS)
def test_where_a_statute_names_no_number_of_days_neither_does_the_answer(state: str, laws: Laws) -> None:
    report = breach({f"US-{state}": 9}, organisation=BROKER)
    told = duty(report, laws, f"us-{state.lower()}-individuals")

    assert (told.verdict, told.due_at, told.clock_state) == ("required", None, "no_number")


# Federal sector rules ----------------------------------------------------------------------------------------------------


LENDER = {"attributes": ["glba_institution"], "sectors": ["finance"]}


@pytest.mark.parametrize(("customers", "verdict"), [(499, "not_required"), (500, "required")])
def test_the_ftc_is_told_of_500_customers_of_a_financial_institution(customers: int, verdict: str, laws: Laws) -> None:
    assert duty(breach({"US-OH": customers}, organisation=LENDER), laws, "us-glba-314-4-j").verdict == verdict


def test_a_financial_institution_tells_the_ftc_within_30_days_of_discovery(laws: Laws) -> None:
    told = duty(breach({"US-OH": 500}, organisation=LENDER), laws, "us-glba-314-4-j")

    assert told.due_at == end_of(2026, 12, 23, EASTERN)


def test_a_health_app_tells_the_ftc_and_a_covered_entity_does_not(laws: Laws) -> None:
    app = breach({"US-OH": 500}, [NAMES, HEALTH], organisation={"attributes": ["phr_vendor"]})
    clinic = breach(
        {"US-OH": 500}, [NAMES, HEALTH], organisation={"attributes": ["phr_vendor", "hipaa_covered_entity"]}
    )

    assert duty(app, laws, "us-ftc-hbnr-ftc").verdict == "required"
    assert duty(app, laws, "us-ftc-hbnr-media").verdict == "required"
    assert duty(clinic, laws, "us-ftc-hbnr-ftc").verdict == "not_required"


def test_a_bank_has_36_hours_from_its_determination_across_the_change_of_clocks(laws: Laws) -> None:
    report = breach(
        {"US-OH": 9},
        organisation={"sectors": ["banking"], "attributes": ["occ_supervised"]},
        times={"aware_at": None, "detected_at": None, "determined_at": "2026-10-31T18:00:00-04:00"},
        circumstances=["service_disrupted"],
    )
    told = duty(report, laws, "us-bank-36h-occ")

    assert told.verdict == "required"
    assert told.due_at == datetime(2026, 11, 2, 5, tzinfo=EASTERN)


def test_nydfs_is_told_within_72_hours_of_ransomware(laws: Laws) -> None:
    report = breach({"US-NY": 9}, organisation={"attributes": ["nydfs_covered_entity"]}, kind="ransomware")
    told = duty(report, laws, "us-nydfs-500-17-a")

    assert told.verdict == "required"
    assert told.due_at == datetime(2026, 11, 26, 9, tzinfo=EASTERN)


def test_a_ransom_payment_is_told_to_nydfs_within_24_hours(laws: Laws) -> None:
    report = breach(
        {"US-NY": 9},
        organisation={"attributes": ["nydfs_covered_entity"]},
        kind="ransomware",
        times={"ransom_paid_at": "2026-11-24T10:00:00-05:00"},
    )
    stages = [each for each in assess(report, laws, TODAY).duties if each.provision == "us-nydfs-500-17-c"]

    assert [(each.stage, each.due_at) for each in stages] == [
        ("payment_notice", datetime(2026, 11, 25, 10, tzinfo=EASTERN)),
        ("explanation", end_of(2026, 12, 24, EASTERN)),
    ]


@pytest.mark.parametrize("provision", ["us-circia-incident", "us-circia-ransom", "us-fcc-64-2011-agencies"])
def test_a_rule_that_is_not_in_force_gives_no_duty(provision: str, laws: Laws) -> None:
    report = breach(
        {"US-OH": 9000},
        organisation={"attributes": ["critical_infrastructure"], "sectors": ["telecom"]},
        kind="ransomware",
        times={"ransom_paid_at": AWARE},
    )

    assert provision not in {each.provision for each in assess(report, laws, TODAY).duties}


def test_people_in_one_state_raise_no_duty_under_another(laws: Laws) -> None:
    duties = assess(breach({"US-OH": 9000}), laws, TODAY).duties
    raised = {
        each.jurisdiction for each in duties if each.verdict == "required" and each.jurisdiction.startswith("US-")
    }

    assert raised == {"US-OH"}
