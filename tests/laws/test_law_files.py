"""Every file of the law data, found by its folder: a new file is tested the moment it exists."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from laws.calendars import check_calendar
from laws.law import BUILT_IN, AuthorityList, Law, Laws, Version
from laws.verdict import prepared
from models.clock import zone
from models.document import read_document, validated
from models.vocabulary import Confidence

LAWS = sorted(
    path for path in BUILT_IN.rglob("*.yaml") if path.relative_to(BUILT_IN).parts[0] not in ("authorities", "methods")
)
LISTS = sorted((BUILT_IN / "authorities").glob("*.yaml"))
METHODS = sorted((BUILT_IN / "methods").glob("*.yaml"))
STALE_AFTER = timedelta(days=548)  # a year and a half: have it checked, then move the `checked` day


def named(path: Path) -> str:
    return str(path.relative_to(BUILT_IN))


def versions(law: Law) -> Iterator[Version]:
    return (version for provision in law.provisions for version in provision.versions)


@pytest.mark.parametrize("path", LAWS, ids=named)
def test_a_law_file_says_where_it_comes_from_and_was_checked_lately(path: Path) -> None:
    law = validated(Law, read_document(path))

    for version in versions(law):
        assert version.source.startswith(("https://", "http://")), (
            f"{path}: give the public source of {version.citation}"
        )
        assert version.checked <= date.today()  # noqa: DTZ011  # a file's age is a matter of days
        assert date.today() - version.checked < STALE_AFTER, f"{path}: {version.citation} was last checked {version.checked}; check it again"  # noqa: DTZ011  # as above  # fmt: skip


@pytest.mark.parametrize("path", LAWS, ids=named)
def test_a_citation_names_its_law_and_stands_alone(path: Path) -> None:
    for version in versions(validated(Law, read_document(path))):
        assert not re.match(r"same|s\.|Art\.", version.citation)


@pytest.mark.parametrize("path", LAWS, ids=named)
def test_a_law_file_names_a_zone_and_a_calendar_that_exist(path: Path) -> None:
    law = validated(Law, read_document(path))

    if law.calendar:
        check_calendar(law.calendar)
    if law.timezone:
        assert zone(law.timezone).key == law.timezone


@pytest.mark.parametrize("path", LAWS, ids=named)
def test_every_duty_says_what_has_to_be_told(path: Path) -> None:
    law = validated(Law, read_document(path))

    for version in versions(law):
        for stage in version.filings:
            assert stage.content or version.content or stage.name.startswith("assessment"), (
                f"{path}: {stage.name} has no content"
            )


@pytest.mark.parametrize("path", LISTS, ids=named)
def test_a_list_of_authorities_is_usable(path: Path) -> None:
    entry = validated(AuthorityList, read_document(path))

    assert entry.list_name == path.stem
    names = [authority.name for authority in entry.authorities.values()]
    assert len(set(names)) == len(names), "two authorities have one name, so that their duties could not be told apart"
    for authority in entry.authorities.values():
        assert zone(str(authority.timezone)).key == authority.timezone
        check_calendar(str(authority.calendar))


@pytest.mark.parametrize("path", METHODS, ids=named)
def test_a_method_names_its_source(path: Path) -> None:
    data = read_document(path).data

    assert isinstance(data, dict)
    rules = data.get("rules", {}).values() or data.get("grounds", {}).values() or [data]
    # Where no public source was found, that is said, and the statute is named for whoever checks it.
    assert all(rule["source"] or (rule["source"] is None and rule["citation"]) for rule in rules)


def test_the_laws_of_today_can_all_be_asked(laws: Laws) -> None:
    plan = prepared(laws, date(2026, 11, 23))

    assert len(plan) > 350
    assert all(each.stages for each in plan.values())


def test_low_confidence_is_said_in_the_duty_itself(laws: Laws) -> None:
    plan = prepared(laws, date(2026, 11, 23))
    low = [each for each in plan.values() if each.version.confidence is Confidence.LOW]

    assert low
    for each in low:
        assert any(note.startswith("Low confidence") for note in each.stages[0].duty.notes)
