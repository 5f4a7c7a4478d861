"""How periods are counted, case by case, with values checked by hand against the texts of the rules."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from laws.calendars import calendar_of, check_calendar, country_of_zone
from laws.clock import PLAIN, ClockRule, Due, Period, Setting, moment_of, period_end
from laws.due import due_of
from laws.law import Laws
from models.errors import BadInputError

END = "T23:59:59"


def at(text: str, zone: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def one(
    laws: Laws,
    provision: str,
    start: str,
    zone: str,
    calendar: str | None = None,
    stage: str | None = None,
    **others: str,
) -> Due:
    known = {name: at(text, zone) for name, text in others.items()}
    return due_of(laws, provision, at(start, zone), zone, calendar, stage, others=known)[0]


# Exact hours and, by number, the days that no closed day moves: due_at is the only answer.
CONSERVATIVE = [
    ("T01", "eu-gdpr-33", "2026-11-23T09:17", "Europe/Berlin", None, "2026-11-26T09:17+01:00"),
    ("T07", "eu-gdpr-33", "2026-11-19T20:00", "Europe/Madrid", None, "2026-11-22T20:00+01:00"),
    ("T09", "eu-gdpr-33", "2026-12-24T18:00", "Europe/Berlin", None, "2026-12-27T18:00+01:00"),
    ("T13", "eu-nis2-23-4", "2026-11-21T09:05", "Europe/Berlin", "incident_notification", "2026-11-24T09:05+01:00"),
    ("T17", "eu-cra-14-1-vuln", "2026-12-01T10:00", "Europe/Berlin", "final_report", f"2026-12-15{END}+01:00"),
    ("T25", "eu-eidas-24-2-fb", "2026-11-22T02:40", "Europe/Vienna", None, "2026-11-23T02:40+01:00"),
    ("T27", "uk-gdpr-33", "2026-10-23T18:00", "Europe/London", None, "2026-10-26T17:00+00:00"),
    ("T29", "us-sec-8k-105", "2026-11-23T10:00", "America/New_York", None, "2026-11-30T17:30-05:00"),
    ("T31", "us-sec-8k-105", "2026-11-20T10:00", "America/New_York", None, "2026-11-27T17:30-05:00"),
    ("T33", "us-hipaa-404", "2026-10-01T09:00", "America/New_York", None, f"2026-11-30{END}-05:00"),
    ("T35", "us-hipaa-408-annual", "2027-06-15T09:00", "America/New_York", None, f"2028-02-29{END}-05:00"),
    ("T37", "us-bank-36h-occ", "2026-10-31T18:00", "America/New_York", None, "2026-11-02T05:00-05:00"),
    ("T39", "us-sec-regsp-individuals", "2026-11-23T09:00", "America/New_York", None, f"2026-12-23{END}-05:00"),
    ("T41", "us-ca-individuals", "2026-11-23T09:00", "America/Los_Angeles", None, f"2026-12-23{END}-08:00"),
    ("T45", "us-ia-ag", "2026-11-24T09:00", "America/Chicago", None, f"2026-12-02{END}-06:00"),
    ("T47", "us-la-ag", "2026-11-24T09:00", "America/Chicago", None, f"2026-12-04{END}-06:00"),
    ("T49", "us-mn-cra", "2026-11-23T15:00", "America/Chicago", None, "2026-11-25T15:00-06:00"),
    ("T51", "cn-nirm-other", "2026-11-22T23:30", "Asia/Shanghai", None, "2026-11-23T03:30+08:00"),
    ("T53", "cn-nirm-other", "2026-11-10T12:00", "Asia/Shanghai", "final_summary", f"2026-12-10{END}+08:00"),
    ("T57", "sg-pdpa-26d-pdpc", "2026-11-20T12:00", "Asia/Singapore", "notify_pdpc", f"2026-11-23{END}+08:00"),
    ("T59", "in-cert-6h", "2026-11-23T22:15", "Asia/Kolkata", None, "2026-11-24T04:15+05:30"),
    ("T61", "ph-dpa-20f-npc", "2026-11-23T10:00", "Asia/Manila", None, "2026-11-26T10:00+08:00"),
    ("T63", "au-ndb-oaic", "2026-11-02T10:00", "Australia/Sydney", "assessment", f"2026-12-02{END}+11:00"),
    ("T65", "br-lgpd-48-anpd", "2026-11-17T10:00", "America/Sao_Paulo", None, f"2026-11-23{END}-03:00"),
    ("T67", "br-lgpd-48-anpd", "2026-11-23T10:00", "America/Sao_Paulo", "supplement", f"2026-12-21{END}-03:00"),
    ("T69", "pe-29733-authority", "2026-11-20T18:00", "America/Lima", None, "2026-11-22T18:00-05:00"),
]


@pytest.mark.parametrize(
    ("provision", "start", "zone", "stage", "expected"),
    [row[1:] for row in CONSERVATIVE],
    ids=[r[0] for r in CONSERVATIVE],
)
def test_the_alarm_uses_the_hours_and_days_that_the_rule_gives(
    laws: Laws, provision: str, start: str, zone: str, stage: str | None, expected: str
) -> None:
    found = one(laws, provision, start, zone, stage=stage)

    assert found.due_at is not None
    assert found.due_at.isoformat(timespec="seconds") == datetime.fromisoformat(expected).isoformat(timespec="seconds")


# Where the rule grants more: (conservative, statutory).
GRANTED = [
    ("T03", "eu-gdpr-33", "2020-12-22T12:17", "Europe/Berlin", "DE", None, "2020-12-25T12:17+01:00", "2020-12-25T13:00+01:00"),
    ("T05", "eu-gdpr-33", "2026-10-23T15:30", "Europe/Berlin", "DE", None, "2026-10-26T14:30+01:00", "2026-10-26T15:00+01:00"),
    ("T15", "eu-nis2-23-4", "2026-11-26T10:00", "Europe/Berlin", "DE", "final_report", f"2026-12-24{END}+01:00", f"2026-12-28{END}+01:00"),
    ("T23", "eu-dora-19", "2026-11-05T10:00", "Europe/Berlin", "DE", "final_report", f"2026-12-04{END}+01:00", "2026-12-07T12:00+01:00"),
    ("T43", "us-tx-ag", "2026-11-26T10:00", "America/Chicago", None, None, f"2026-12-24{END}-06:00", f"2026-12-28{END}-06:00"),
    ("T55", "jp-appi-26-ppc", "2026-12-01T10:00", "Asia/Tokyo", None, "final", f"2026-12-28{END}+09:00", f"2027-01-04{END}+09:00"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("provision", "start", "zone", "calendar", "stage", "conservative", "statutory"),
    [row[1:] for row in GRANTED],
    ids=[row[0] for row in GRANTED],
)
def test_what_the_rule_grants_beyond_the_alarm_is_shown_beside_it(
    laws: Laws,
    provision: str,
    start: str,
    zone: str,
    calendar: str | None,
    stage: str | None,
    conservative: str,
    statutory: str,
) -> None:
    found = one(laws, provision, start, zone, calendar, stage)

    assert found.due_at == datetime.fromisoformat(conservative)
    assert found.due_statutory == datetime.fromisoformat(statutory)


def test_t11_a_day_without_a_time_is_read_as_its_first_moment(laws: Laws) -> None:
    start = moment_of("2026-11-23", ZoneInfo("Europe/Rome"))

    assert due_of(laws, "eu-gdpr-33", start, "Europe/Rome")[0].due_at == at("2026-11-26T00:00+01:00", "")


def test_t19_the_cap_of_24_hours_binds_before_four_hours_from_classification(laws: Laws) -> None:
    found = one(laws, "eu-dora-19", "2026-11-21T08:00", "Europe/Berlin", "DE", awareness="2026-11-20T10:00")

    assert found.due_at == at("2026-11-21T10:00+01:00", "")


def test_t21_a_classification_after_the_cap_counts_alone(laws: Laws) -> None:
    found = one(laws, "eu-dora-19", "2026-11-19T15:00", "Europe/Berlin", "DE", awareness="2026-11-17T09:00")

    assert found.due_at == at("2026-11-19T19:00+01:00", "")
    assert found.due_statutory is None


def test_a_cap_whose_event_is_not_known_is_said_to_be_open(laws: Laws) -> None:
    found = one(laws, "eu-dora-19", "2026-11-19T15:00", "Europe/Berlin", "DE")

    assert found.due_at == at("2026-11-19T19:00+01:00", "")
    assert "Not later than 24 hours from awareness, which is not known: it may fall due earlier." in found.steps


# At the edges: clocks that go forward and back, leap days, short months, a due day on a holiday, year ends.
EDGES = [
    ("eu-gdpr-33", "2026-03-27T18:00", "Europe/Paris", None, None, "2026-03-30T19:00+02:00", None),
    ("eu-gdpr-33", "2026-10-25T02:30+02:00", "Europe/Berlin", None, None, "2026-10-28T01:30+01:00", "2026-10-28T02:00+01:00"),
    ("eu-gdpr-33", "2026-10-25T02:30+01:00", "Europe/Berlin", None, None, "2026-10-28T02:30+01:00", "2026-10-28T03:00+01:00"),
    ("eu-nis2-23-4", "2027-01-31T10:00", "Europe/Berlin", "DE", "final_report", f"2027-02-26{END}+01:00", f"2027-03-01{END}+01:00"),
    ("eu-nis2-23-4", "2028-01-31T10:00", "Europe/Berlin", "DE", "final_report", f"2028-02-29{END}+01:00", None),
    ("us-sec-8k-105", "2026-12-23T18:00", "America/New_York", None, None, "2026-12-30T17:30-05:00", None),
    ("us-ca-individuals", "2028-01-30T10:00", "America/Los_Angeles", None, None, f"2028-02-29{END}-08:00", None),
    ("us-hipaa-404", "2026-01-10T09:00", "America/New_York", None, None, f"2026-03-11{END}-04:00", None),
    ("br-lgpd-48-anpd", "2026-02-13T10:00", "America/Sao_Paulo", None, None, f"2026-02-18{END}-03:00", None),
    ("jp-appi-26-ppc", "2026-12-01T10:00", "Asia/Tokyo", None, "preliminary", f"2026-12-04{END}+09:00", f"2026-12-07{END}+09:00"),
    ("au-ndb-oaic", "2026-11-27T10:00", "Australia/Sydney", None, "assessment", f"2026-12-24{END}+11:00", f"2026-12-28{END}+11:00"),  # the states add a day for Boxing Day; the national list does not
]  # fmt: skip


@pytest.mark.parametrize(("provision", "start", "zone", "calendar", "stage", "conservative", "statutory"), EDGES)
def test_a_period_is_right_at_its_edges(
    laws: Laws,
    provision: str,
    start: str,
    zone: str,
    calendar: str | None,
    stage: str | None,
    conservative: str,
    statutory: str | None,
) -> None:
    found = one(laws, provision, start, zone, calendar, stage)

    assert found.due_at == datetime.fromisoformat(conservative)
    assert found.due_statutory == (datetime.fromisoformat(statutory) if statutory else None)


@pytest.mark.parametrize(
    "provision", ["cl-19628-14sexies-agency", "us-circia-incident"], ids=["T71 Chile", "T73 CIRCIA"]
)
def test_a_law_that_is_not_in_force_gives_no_due_time(laws: Laws, provision: str) -> None:
    [found] = due_of(laws, provision, at("2026-11-23T10:00", "America/Santiago"))

    assert found.due_at is None
    assert found.steps == (f"{provision} is not in force on 2026-11-23: no duty.",)


def test_a_saturday_determination_counts_from_the_first_business_day(laws: Laws) -> None:
    assert one(laws, "us-sec-8k-105", "2026-11-21T10:00", "America/New_York").due_at == at("2026-11-27T17:30-05:00", "")


def test_a_financial_entity_with_relief_has_until_noon_of_the_next_working_day(laws: Laws) -> None:
    found = one(laws, "eu-dora-19", "2026-11-21T08:00", "Europe/Berlin", "DE", awareness="2026-11-21T07:00")

    assert found.due_at == at("2026-11-21T12:00+01:00", "")
    assert found.due_statutory == at("2026-11-23T12:00+01:00", "")


def test_a_month_from_the_31st_ends_on_the_last_day_of_a_shorter_month() -> None:
    found = period_end(Period(amount=1, unit="months"), at("2027-01-31T10:00", "UTC"), setting("UTC"))

    assert found.due_at == at("2027-02-28T23:59:59", "UTC")


def test_rounding_to_the_next_full_hour_uses_the_local_wall_clock() -> None:
    rule = ClockRule(says="rounded", source="a rule", hours="from_next_full_hour")
    start = at("2026-11-23T09:40", "Asia/Kathmandu")

    found = period_end(Period(amount=72, unit="hours"), start, setting("Asia/Kathmandu", rule=rule))

    assert found.due_statutory == at("2026-11-26T10:00", "Asia/Kathmandu")


def test_an_event_exactly_on_the_hour_gains_nothing_by_rounding(laws: Laws) -> None:
    assert one(laws, "eu-gdpr-33", "2026-11-23T10:00", "Europe/Berlin").due_statutory is None


def test_three_days_over_the_end_of_summer_time_are_72_elapsed_hours(laws: Laws) -> None:
    found = one(laws, "uk-gdpr-33", "2026-10-23T18:00", "Europe/London")

    assert found.due_at is not None
    assert "elapsed hours are counted" in " ".join(found.steps)


def test_a_weekend_is_where_the_country_keeps_it() -> None:
    friday = date(2026, 11, 20)

    assert calendar_of("SA").closed(friday)
    assert not calendar_of("FR").closed(friday)


def test_the_sec_is_open_on_good_friday_and_closed_on_veterans_day() -> None:
    assert not calendar_of("SEC").closed(date(2026, 4, 3))
    assert calendar_of("SEC").closed(date(2026, 11, 11))
    assert calendar_of("TARGET").closed(date(2026, 4, 3))


def test_a_day_that_only_the_state_keeps_does_not_move_the_alarm() -> None:
    found = period_end(
        Period(amount=1, unit="business_days"),
        at("2026-12-23T10:00", "America/Chicago"),
        setting("America/Chicago", "US-TX"),
    )

    assert found.due_at == at("2026-12-24T23:59:59", "America/Chicago")
    assert found.due_statutory == at("2026-12-28T23:59:59", "America/Chicago")


def test_the_calendar_of_a_place_is_found_by_its_zone() -> None:
    assert country_of_zone("Europe/Stockholm") == "SE"
    assert country_of_zone("UTC") is None


@pytest.mark.parametrize("call", ["provision", "stage", "zone", "calendar"])
def test_an_unknown_name_is_refused_with_the_known_ones(laws: Laws, call: str) -> None:
    names = {"provision": "eu-gdpr-33", "stage": None, "zone": None, "calendar": None} | {call: "eu-gdpr-3"}

    with pytest.raises(BadInputError, match="eu-gdpr-3"):
        due_of(
            laws,
            str(names["provision"]),
            at("2026-11-23T10:00", "UTC"),
            names["zone"],
            names["calendar"],
            names["stage"],
        )


def test_a_stage_with_another_event_says_what_starts_it(laws: Laws) -> None:
    first, second = due_of(laws, "eu-gdpr-33", at("2026-11-23T10:00", "Europe/Paris"))

    assert (first.stage, second.stage) == ("initial", "phased_supplement")
    assert second.due_at is None
    assert second.steps[-1] == "What starts it: when was the earlier report submitted?"


def test_a_known_calendar_passes_and_an_unknown_one_is_refused() -> None:
    check_calendar("US-CA")
    with pytest.raises(BadInputError, match="no calendar is called 'XQ'"):
        check_calendar("XQ")


@pytest.mark.parametrize("text", ["yesterday", "2026-11-23T10:00", "2026-13-01"])
def test_a_time_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match=text):
        moment_of(text, ZoneInfo("UTC"))


def setting(zone: str, calendar: str | None = None, rule: ClockRule = PLAIN) -> Setting:
    return Setting(ZoneInfo(zone), calendar_of(calendar), rule)


@settings(max_examples=150, deadline=None)
@given(
    rule=st.sampled_from(["reg_1182_71", "dora_weekend_rule", "jp_days", "tx_gov_311_014", "sec_business_days", "us_calendar_days"]),
    unit=st.sampled_from(["hours", "calendar_days", "business_days", "months"]),
    amount=st.integers(0, 80),
    start=st.integers(0, 3 * 365 * 24 * 60),
    later=st.integers(1, 8 * 24 * 60),
    place=st.sampled_from([("Europe/Berlin", "DE"), ("America/Chicago", "US-TX"), ("Asia/Tokyo", "JP")]),
)  # fmt: skip
def test_a_later_start_never_gives_an_earlier_due_time(
    laws: Laws, rule: str, unit: str, amount: int, start: int, later: int, place: tuple[str, str]
) -> None:
    zone, calendar = place
    where = setting(zone, calendar, laws.rules[rule])
    within = Period.model_validate({"amount": amount, "unit": unit})
    began = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=start)

    first = period_end(within, began, where)
    second = period_end(within, began + timedelta(minutes=later), where)

    assert first.due_at is not None
    assert second.due_at is not None
    assert first.due_at <= second.due_at
    if rule != "dora_weekend_rule":  # a Saturday's limit moves to Monday noon, a limit early on Monday does not
        assert (first.due_statutory or first.due_at) <= (second.due_statutory or second.due_at)
    assert first.due_statutory is None or first.due_statutory > first.due_at
