"""China's grading of 2025: what the facts can show of it."""

from typing import Any

import pytest

from laws.grading import grade_reached
from laws.law import Laws
from laws.question import Facts
from laws.situation import Grade
from models.report import Report

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


@pytest.mark.parametrize(
    ("minutes", "grades"), [(29, []), (30, [Grade.RELATIVELY_MAJOR]), (180, [Grade.RELATIVELY_MAJOR, Grade.MAJOR])]
)
def test_critical_infrastructure_is_graded_by_how_long_it_was_interrupted(
    laws: Laws, minutes: int, grades: list[Grade]
) -> None:
    facts = {
        "people": [],
        "organisation": {"attributes": ["critical_infrastructure"]},
        "circumstances": ["service_disrupted"],
        "times": {
            "occurred_from": "2026-03-02T08:00:00+08:00",
            "contained_at": f"2026-03-02T{8 + minutes // 60:02}:{minutes % 60:02}:00+08:00",
        },
    }

    assert [each for each in list(Grade)[1:] if reached(laws, each, **facts)] == grades


def test_an_interruption_that_goes_on_leaves_the_grade_open_and_names_the_time(laws: Laws) -> None:
    report = Report.model_validate(
        {
            "title": "Outage",
            "people": [],
            "organisation": {"attributes": ["critical_infrastructure"]},
            "circumstances": ["service_disrupted"],
            "times": {"occurred_from": "2026-03-02T08:00:00+08:00"},
        }
    )

    answer = grade_reached(Facts(report), Grade.RELATIVELY_MAJOR, laws.methods.grading)

    assert (answer.value, answer.missing) == (None, ("times.contained_at",))


def test_below_every_criterion_a_person_is_told_what_the_facts_cannot_show(laws: Laws) -> None:
    report = Report.model_validate(
        {**LEAK, "organisation": {"attributes": []}, "people": [{"jurisdiction": "CN", "count": 5}]}
    )

    answer = grade_reached(Facts(report), Grade.RELATIVELY_MAJOR, laws.methods.grading)

    assert answer.value is False
    assert "direct economic loss of 5,000,000 yuan or more" in answer.reasons[1]
