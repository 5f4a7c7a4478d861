"""China's grading of 2025: what the facts can show of it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from laws.assess import assess
from laws.grading import grade_reached
from laws.law import Laws
from laws.question import Facts
from models.report import Report
from models.vocabulary import Grade

LEAK: dict[str, Any] = {  # Any: facts as YAML would hold them
    "title": "A leak",
    "kind": "exfiltration",
    "cause": "malicious_external",
    "effects": ["confidentiality"],
    "circumstances": ["exfiltration_confirmed"],
}


def reached(laws: Laws, grade: Grade, **facts: Any) -> bool | None:  # Any: as above
    report = Report.model_validate({**LEAK, "organisation": {"attributes": []}, **facts})
    return grade_reached(Facts(report), grade, laws.methods.grading).value


@pytest.mark.parametrize(
    ("count", "grades"),
    [
        (999_999, []),
        (1_000_000, [Grade.RELATIVELY_MAJOR]),
        (9_999_999, [Grade.RELATIVELY_MAJOR]),
        (10_000_000, [Grade.RELATIVELY_MAJOR, Grade.MAJOR]),
        (100_000_000, [Grade.RELATIVELY_MAJOR, Grade.MAJOR, Grade.PARTICULARLY_MAJOR]),
    ],
)
def test_a_threshold_includes_its_own_number_and_a_grade_those_below_it(
    laws: Laws, count: int, grades: list[Grade]
) -> None:
    people = [{"jurisdiction": "CN", "count": count}]

    assert [each for each in list(Grade)[1:] if reached(laws, each, people=people)] == grades


def test_citizens_elsewhere_do_not_count(laws: Laws) -> None:
    assert reached(laws, Grade.RELATIVELY_MAJOR, people=[{"jurisdiction": "SG", "count": 5_000_000}]) is False


def test_an_unknown_count_leaves_the_grade_open(laws: Laws) -> None:
    assert reached(laws, Grade.RELATIVELY_MAJOR, people=[{"jurisdiction": "CN"}]) is None


CII: dict[str, Any] = {  # Any: as above
    "title": "Outage",
    "cause": "accidental",
    "effects": ["availability"],
    "people": [],
    "organisation": {"attributes": ["critical_infrastructure"], "sectors": ["energy"]},
    "circumstances": ["service_disrupted"],
    "times": {"occurred_from": "2026-03-02T08:00:00+08:00"},
}
NOTHING_ELSE: dict[str, Any] = {  # Any: as above
    "whole_system_down_minutes": 0,
    "main_function_down_minutes": 0,
    "direct_losses": [],
    "without_service": [],
    "official_site": "none",
}
GRADES = list(Grade)[1:]
BY_ONE_CRITERION = [
    ({"whole_system_down_minutes": 9}, 0),
    ({"whole_system_down_minutes": 10}, 1),
    ({"whole_system_down_minutes": 60}, 2),
    ({"whole_system_down_minutes": 360}, 3),
    ({"main_function_down_minutes": 29}, 0),
    ({"main_function_down_minutes": 30}, 1),
    ({"main_function_down_minutes": 180}, 2),
    ({"main_function_down_minutes": 1440}, 3),
    ({"direct_losses": [{"currency": "CNY", "amount": 4_999_999}]}, 0),
    ({"direct_losses": [{"currency": "CNY", "amount": 5_000_000}]}, 1),
    ({"direct_losses": [{"currency": "CNY", "amount": 20_000_000}]}, 2),
    ({"direct_losses": [{"currency": "CNY", "amount": 60_000_000}, {"currency": "CNY", "amount": 40_000_000}]}, 3),
    ({"without_service": [{"jurisdiction": "CN", "count": 100_000}]}, 1),
    ({"without_service": [{"jurisdiction": "CN-GD", "count": 1_000_000}]}, 2),
    ({"without_service": [{"jurisdiction": "CN", "count": 10_000_000}]}, 3),
    ({"without_service": [{"jurisdiction": "CN", "percent_of_city": 30}]}, 1),
    ({"without_service": [{"jurisdiction": "CN", "percent_of_city": 50}]}, 2),
    ({"without_service": [{"jurisdiction": "CN", "percent_of_province": 50}]}, 3),
    ({"official_site": "prefecture_portal", "main_function_down_minutes": 120}, 1),
    ({"official_site": "other_news", "main_function_down_minutes": 360}, 1),
    ({"official_site": "provincial_news", "main_function_down_minutes": 360}, 2),
    ({"official_site": "prefecture_portal", "main_function_down_minutes": 1440}, 2),
    ({"official_site": "provincial_portal", "main_function_down_minutes": 1440}, 3),
    ({"altered_pages": {"homepage_minutes": 30}}, 1),
    ({"altered_pages": {"other_page_minutes": 720}}, 2),
    ({"altered_pages": {"reposts": 100_000}}, 3),
    ({"altered_pages": {"views": 10_000}}, 1),
    ({"threat": "relatively_serious"}, 1),
    ({"threat": "particularly_serious"}, 3),
    ({"official_grade": "general"}, 0),
    ({"official_grade": "major"}, 2),
]


@pytest.mark.parametrize(("impact", "steps"), BY_ONE_CRITERION, ids=lambda value: str(value))
def test_one_criterion_is_enough_for_a_grade(laws: Laws, impact: dict[str, Any], steps: int) -> None:  # Any: as above
    # only where its service is an official site is the interruption of somebody else's system graded
    attributes = [] if "official_site" in impact else ["critical_infrastructure"]
    facts = {**CII, "organisation": {"attributes": attributes}, "impact": {**NOTHING_ELSE, **impact}}

    assert [each for each in GRADES if reached(laws, each, **facts) is True] == GRADES[:steps]


def test_below_every_criterion_the_incident_is_general(laws: Laws) -> None:
    assert reached(laws, Grade.RELATIVELY_MAJOR, **CII, impact=NOTHING_ELSE) is False


def test_a_loss_in_another_currency_is_asked_for_in_yuan(laws: Laws) -> None:
    impact = {**NOTHING_ELSE, "direct_losses": [{"currency": "USD", "amount": 900_000}]}
    report = Report.model_validate({**LEAK, **CII, "impact": impact})

    answer = grade_reached(Facts(report), Grade.RELATIVELY_MAJOR, laws.methods.grading)

    assert (answer.value, answer.missing) == (None, ("impact.direct_losses",))
    assert "the loss is stated in USD; give it in CNY" in answer.reasons


def test_an_interruption_that_goes_on_leaves_the_grade_open_and_names_every_fact_that_would_close_it(
    laws: Laws,
) -> None:
    answer = grade_reached(Facts(Report.model_validate(CII)), Grade.RELATIVELY_MAJOR, laws.methods.grading)

    assert (answer.value, answer.missing) == (
        None,
        (
            "impact.whole_system_down_minutes",
            "times.contained_at",
            "impact.without_service",
            "impact.direct_losses",
        ),
    )


def test_without_a_figure_the_times_say_how_long_the_main_function_was_down(laws: Laws) -> None:
    times = {"occurred_from": "2026-03-02T08:00:00+08:00", "contained_at": "2026-03-02T08:30:00+08:00"}
    impact = {**NOTHING_ELSE, "main_function_down_minutes": None}

    assert reached(laws, Grade.RELATIVELY_MAJOR, **{**CII, "times": times}, impact=impact) is True
    assert reached(laws, Grade.MAJOR, **{**CII, "times": times}, impact=impact) is False


def test_a_leak_that_disrupted_nothing_is_graded_by_its_people_until_more_is_stated(laws: Laws) -> None:
    report = Report.model_validate(
        {**LEAK, "organisation": {"attributes": []}, "people": [{"jurisdiction": "CN", "count": 5}]}
    )

    answer = grade_reached(Facts(report), Grade.RELATIVELY_MAJOR, laws.methods.grading)

    assert answer.value is False
    assert "important systems suffered relatively large losses" in answer.reasons[1]
    assert "the direct economic loss is not stated; it counts once impact.direct_losses says it" in answer.reasons


def test_the_2025_measures_give_the_operator_of_critical_infrastructure_one_hour(laws: Laws) -> None:
    report = Report.model_validate(
        {
            **CII,
            "organisation": {"country": "CN", "establishments": ["CN"], "attributes": ["critical_infrastructure"]},
            "times": {"occurred_from": "2026-03-02T08:00:00+08:00", "aware_at": "2026-03-02T08:05:00+08:00"},
            "impact": {**NOTHING_ELSE, "whole_system_down_minutes": 12},
        }
    )
    duties = {(duty.provision, duty.stage): duty for duty in assess(report, laws, date(2026, 3, 2)).duties}

    assert duties["cn-nirm-cii", "initial"].verdict == "required"
    assert duties["cn-nirm-cii", "initial"].due_at == datetime(2026, 3, 2, 1, 5, tzinfo=UTC)
    assert duties["cn-nirm-other", "initial"].verdict == "not_required"
    assert duties["cn-cii-18", "initial"].verdict == "not_required"  # not yet major
