"""Every law file outside the United States is read, and each version says on what it rests."""

from datetime import date
from pathlib import Path

import pytest

from laws.law import Law, Stage, Version, load_laws
from models.document import read_document, validated

FOLDER = Path("laws")
ELSEWHERE = {"us", "methods", "authorities"}
TESTED_BY_THEIR_OWN = {"gdpr", "nis2", "dora", "uk-gdpr"}
FILES = sorted(
    path
    for path in FOLDER.glob("*/*.yaml")
    if path.parent.name not in ELSEWHERE and path.stem not in TESTED_BY_THEIR_OWN
)
FOLDER_OF_PREFIX = {"uk": "gb"}

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def read(path: Path) -> Law:
    return validated(Law, read_document(path))


def versions(law: Law) -> list[Version]:
    return [version for provision in law.provisions for version in provision.versions]


def filings(law: Law) -> list[Stage]:
    return [filing for version in versions(law) for filing in version.filings]


@every_file
def test_the_folder_is_the_country_of_the_law_and_of_every_provision(path: Path) -> None:
    law = read(path)
    prefixes = {name.split("-")[0] for name in (law.law, *(provision.id for provision in law.provisions))}

    assert law.jurisdiction.split("-")[0].lower() == path.parent.name
    assert {FOLDER_OF_PREFIX.get(prefix, prefix) for prefix in prefixes} == {path.parent.name}


@every_file
def test_every_version_names_its_citation_an_address_and_the_day_it_was_checked(path: Path) -> None:
    for version in versions(read(path)):
        assert version.citation.strip()
        assert version.source.startswith(("https://", "http://"))
        assert date(2026, 1, 1) <= version.checked <= date(2026, 12, 31)
        assert version.verified
        assert version.covered


@every_file
def test_every_version_says_on_whom_the_law_bears_and_who_receives_the_notice(path: Path) -> None:
    for version in versions(read(path)):
        assert version.applies
        assert version.recipients


@every_file
def test_a_filing_has_a_number_or_the_adverb_of_the_law(path: Path) -> None:
    law = read(path)
    firsts = [version.filings[0].clock for version in versions(law)]

    assert all(clock.within or clock.standard for clock in firsts)


@every_file
def test_days_on_which_offices_are_closed_are_counted_by_a_named_calendar(path: Path) -> None:
    law = read(path)
    counts_open_days = any(each.clock.within and each.clock.within.unit == "business_days" for each in filings(law))

    assert law.calendar or not counts_open_days


@every_file
def test_days_end_in_the_zone_of_the_country_except_where_each_member_state_has_its_own(path: Path) -> None:
    law = read(path)

    assert law.timezone or law.jurisdiction == "EU"


@every_file
def test_a_proposal_and_a_law_without_a_first_day_never_bind(path: Path) -> None:
    for version in versions(read(path)):
        if version.status == "proposed":
            assert version.start is None
        if version.start is None:
            assert not version.binds_on(date(2026, 11, 23))
            assert not version.binds_on(date(2035, 1, 1))


@every_file
def test_a_text_held_from_memory_alone_is_not_called_traceable(path: Path) -> None:
    for version in versions(read(path)):
        if all(each.startswith("general knowledge") for each in version.verified):
            assert not version.traceable


@every_file
def test_nothing_is_written_as_a_note_to_ourselves(path: Path) -> None:
    text = path.read_text(encoding="utf-8").lower()

    assert not [word for word in ("todo", "fixme") if word in text]


def test_every_law_outside_the_united_states_is_read_with_the_others() -> None:
    read_together = {law.law for law in load_laws().laws}

    assert {read(path).law for path in FILES} <= read_together
