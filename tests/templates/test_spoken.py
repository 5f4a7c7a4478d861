from collections.abc import Callable
from typing import Any

import pytest

from models.duty import Duty
from models.report import Report
from models.vocabulary import Audience
from templates.brief import Brief
from templates.draft import draft
from templates.spoken import languages_for

MakeBrief = Callable[..., Brief]
MakeDuty = Callable[..., Duty]


def spoken(duty: Duty, people: list[dict[str, Any]] | None = None) -> list[tuple[str, tuple[str, ...]]]:
    report = Report.model_validate({"title": "A breach", "people": people})
    return list(languages_for(duty, report, ("en",)).of(duty.audience))


@pytest.mark.parametrize(
    ("asked", "drafted"),
    [
        ("English", [("en", ())]),
        ("Chinese", [("zh", ())]),
        ("de", [("en", ("de",))]),
        ("Portuguese, simple language", [("en", ("pt",))]),
        ("French (and other as appropriate)", [("en", ("fr",))]),
        ("Clear and plain", [("en", ())]),
        (None, [("en", ())]),
    ],
)
def test_a_filing_is_drafted_in_the_language_asked_for_or_in_english_that_says_so(
    make_duty: MakeDuty, asked: str | None, drafted: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert spoken(make_duty(language=asked)) == drafted


@pytest.mark.parametrize(
    ("people", "drafted"),
    [
        ([{"jurisdiction": "DE"}], [("de", ())]),
        ([{"jurisdiction": "BE"}], [("nl", ()), ("fr", ()), ("de", ())]),
        ([{"jurisdiction": "FR", "languages": ["es"]}], [("es", ())]),
        ([{"jurisdiction": "SE"}], [("en", ("sv",))]),
        ([{"jurisdiction": "SE"}, {"jurisdiction": "PL"}], [("pl", ()), ("en", ("sv",))]),
        ([{"jurisdiction": "FR", "languages": ["en", "sv"]}], [("en", ("sv",))]),
    ],
)
def test_people_are_written_to_in_their_language_or_that_of_their_country(
    make_duty: MakeDuty, people: list[dict[str, Any]], drafted: list[tuple[str, tuple[str, ...]]]
) -> None:
    duty = make_duty(audience=Audience.INDIVIDUALS, jurisdiction="", language=None)

    assert spoken(duty, people) == drafted


@pytest.mark.parametrize(
    ("place", "code"),
    [("US-CA", "en"), ("MX", "es"), ("BR", "pt"), ("JP", "ja"), ("KR", "ko"), ("CN", "zh"), ("TW", "en"), ("HK", "en")],
)
def test_each_country_has_a_usual_language(make_duty: MakeDuty, place: str, code: str) -> None:
    duty = make_duty(audience=Audience.INDIVIDUALS, jurisdiction=place, language=None)

    assert spoken(duty, [{"jurisdiction": place}])[0][0] == code


def test_a_filing_in_another_language_than_its_authority_asks_for_says_so(make_brief: MakeBrief) -> None:
    [finding] = draft(make_brief(wanted=("de",))).findings

    assert (finding.level, finding.rule) == ("warning", "language")
    assert finding.message == "German (de) is asked for, and there is no such text; this one is in English"
