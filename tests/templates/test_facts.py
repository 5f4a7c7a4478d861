from collections.abc import Callable
from typing import Any

import pytest

from models.errors import BadInputError
from models.report import Report
from templates.facts import FACT_PATHS, FactReader, FactUsed, plain, stale, value_of
from templates.language import language, languages


def reader(report: Report, code: str = "en", zone: str = "Europe/Paris", locale: str | None = None) -> FactReader:
    spoken = language(code)
    return FactReader(report, spoken.phrases, locale or spoken.locale(""), zone)


@pytest.mark.parametrize(
    ("path", "english", "chinese"),
    [
        ("people.total", "5,801", "5,801"),
        ("people.in.US", "731", "731"),
        ("people.in.EEA", "5,000", "5,000"),
        ("kind", "ransomware attack", "勒索软件攻击"),
        ("organisation.country", "France", "法国"),
        ("people.countries", "France, Germany, United States and China", "法国、德国、美国和中国"),
        ("times.aware_at.day", "2 March 2026", "2026年3月2日"),
        (
            "times.aware_at",
            "2 March 2026, 09:00 (Central European Standard Time, UTC+01:00)",
            "2026年3月2日09:00（中欧标准时间，UTC+01:00）",
        ),
        ("times.occurred.day", "between 1 March 2026 and 2 March 2026", "2026年3月1日至2026年3月2日"),
        ("times.contained_at", "", ""),
    ],
)
def test_a_fact_is_shown_in_the_words_of_its_reader(report: Report, path: str, english: str, chinese: str) -> None:
    assert reader(report).read(path).shown == english
    assert reader(report, "zh").read(path).shown == chinese


def test_states_are_named_in_chinese(report: Report) -> None:
    assert "加利福尼亚州（640人）" in reader(report, "zh").read("people.places").shown


def test_readers_in_the_united_states_read_dates_their_way(report: Report) -> None:
    locale = language("en").locale("US-CA")

    assert reader(report, zone="America/Los_Angeles", locale=locale).read("times.aware_at.day").shown == "March 2, 2026"


@pytest.mark.parametrize("code", languages())
@pytest.mark.parametrize("path", FACT_PATHS)
def test_every_fact_can_be_shown_in_every_language(report: Report, code: str, path: str) -> None:
    assert isinstance(reader(report, code).read(path), FactUsed)


def test_a_count_of_which_a_part_is_unknown_says_at_least(facts: dict[str, Any]) -> None:
    facts["people"] = [{"jurisdiction": "FR", "count": 3800}, {"jurisdiction": "DE"}]
    report = Report.model_validate(facts)

    assert reader(report).counted("people.total", "people") == "at least 3,800 people"
    assert plain(value_of("people.total", report)) == ">=3800"


def test_one_person_is_not_called_people(facts: dict[str, Any]) -> None:
    facts["people"] = [{"jurisdiction": "FR", "count": 1}]

    assert reader(Report.model_validate(facts)).counted("people.total", "people") == "1 person"


def test_a_path_that_names_no_fact_is_refused(report: Report) -> None:
    with pytest.raises(BadInputError, match=r"no fact has the path 'people\.names'"):
        value_of("people.names", report)


def changed(facts: dict[str, Any], **changes: object) -> Report:
    return Report.model_validate(facts | changes)


def test_only_the_facts_that_a_text_used_make_it_stale(facts: dict[str, Any]) -> None:
    used = [reader(Report.model_validate(facts)).read(path) for path in ("people.total", "kind")]

    assert stale(used, changed(facts, records=500_000)) == ()
    [one] = stale(used, changed(facts, people=[{"jurisdiction": "FR", "count": 5200}]))
    assert (one.path, one.old, one.new) == ("people.total", "5801", "5200")


def test_a_text_that_states_a_day_is_not_stale_when_only_the_hour_moves(facts: dict[str, Any]) -> None:
    used = [reader(Report.model_validate(facts)).read("times.aware_at.day")]
    times = facts["times"]
    within_the_day: Callable[[str], Report] = lambda at: changed(facts, times=times | {"aware_at": at})  # noqa: E731

    assert stale(used, within_the_day("2026-03-02T23:30:00+01:00")) == ()
    [one] = stale(used, within_the_day("2026-03-02T23:30:00Z"))
    assert (one.old, one.new) == ("2026-03-02", "2026-03-03")


def test_a_fact_that_becomes_known_makes_stale_the_text_that_did_without_it(facts: dict[str, Any]) -> None:
    used = [reader(changed(facts, records=None)).read("records")]

    [one] = stale(used, Report.model_validate(facts))
    assert (one.old, one.new) == ("", "412000")
