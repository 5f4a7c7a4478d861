"""Every file of United States law is read, and each version says on what it rests."""

from datetime import date
from pathlib import Path

import pytest

from laws.law import Law, Laws, Version, load_laws
from models.document import read_document, validated

FOLDER = Path("laws/us")
FILES = sorted(FOLDER.glob("*.yaml"))
STATES = [
    "AL",
    "AK",
    "AZ",
    "AR",
    "CA",
    "CO",
    "CT",
    "DE",
    "DC",
    "FL",
    "GA",
    "HI",
    "ID",
    "IL",
    "IN",
    "IA",
    "KS",
    "KY",
    "LA",
    "ME",
    "MD",
    "MA",
    "MI",
    "MN",
    "MS",
    "MO",
    "MT",
    "NE",
    "NV",
    "NH",
    "NJ",
    "NM",
    "NY",
    "NC",
    "ND",
    "OH",
    "OK",
    "OR",
    "PA",
    "RI",
    "SC",
    "SD",
    "TN",
    "TX",
    "UT",
    "VT",
    "VA",
    "WA",
    "WV",
    "WI",
    "WY",
    "PR",
    "GU",
    "VI",
]

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def laws() -> Laws:
    return load_laws()


def read(path: Path) -> Law:
    return validated(Law, read_document(path))


def versions(law: Law) -> list[Version]:
    return [version for provision in law.provisions for version in provision.versions]


@every_file
def test_the_file_is_named_by_its_law(path: Path) -> None:
    assert read(path).law == f"us-{path.stem}"


@every_file
def test_the_law_belongs_to_the_united_states_or_to_one_part_of_them(path: Path) -> None:
    law = read(path)

    assert law.jurisdiction.split("-")[0] == "US"
    assert all(provision.id.startswith("us-") for provision in law.provisions)


@every_file
def test_every_version_names_its_citation_an_address_and_the_day_it_was_checked(path: Path) -> None:
    for version in versions(read(path)):
        assert version.citation
        assert version.source.startswith(("https://", "http://"))
        assert date(2026, 1, 1) <= version.checked <= date(2026, 12, 31)
        assert version.verified


@every_file
def test_every_version_says_when_the_law_bears_on_a_breach_and_when_the_duty_arises(path: Path) -> None:
    for version in versions(read(path)):
        assert version.applies
        assert version.when


@every_file
def test_what_is_not_modelled_is_said_in_the_law(path: Path) -> None:
    assert any(note.startswith("Not modelled:") for note in read(path).notes)


@every_file
def test_an_earlier_text_is_never_held_with_high_confidence_on_general_knowledge_alone(path: Path) -> None:
    for version in versions(read(path)):
        if set(version.verified) == {"general knowledge"} and version.end:
            assert version.confidence != "high"


@every_file
def test_a_law_that_is_not_in_force_has_no_day_on_which_it_would_bind(path: Path) -> None:
    for version in versions(read(path)):
        if version.status in ("proposed", "enacted_not_in_force"):
            assert version.start is None


@pytest.mark.parametrize("state", STATES)
def test_every_state_and_territory_has_residents_told_by_its_own_statute(state: str, laws: Laws) -> None:
    law, provision = laws.provision(f"us-{state.lower()}-individuals")

    assert law.jurisdiction == f"US-{state}"
    assert provision.on(date(2026, 11, 23)) is not None
