"""The register of provisions: what a review of the laws of the world found, row by row, against the law files.

`register.csv` was written down from the sources apart from the law files. It says of each filing of each provision
whose it is, whether and since when it binds, its period, the number of people that it asks for and its test of risk.
Where a law file departs from it on purpose, `corrected` names the fields, and a note in the law file gives the reason.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from laws.law import Laws, Provision, Stage, Version, load_laws

REGISTER = Path(__file__).with_name("register.csv")
RISK_WORDS = {
    "any_risk_unless_unlikely": ('"not_unlikely"', '"low_probability_of_compromise"'),
    "high_risk": ('"high"',),
    "harm": ('"harm"', '"serious_harm"', '"cause"'),  # a possible leak under Korean law: its cause stands for the harm
    "serious_harm": ('"serious_harm"', '"harm"'),
    "harm_exception": ('{"not": {"risk": "harm"}}',),
}
STARTS = {
    "initial_report_submitted": ("stage_submitted", "other_regulator_notified"),
    "determination": ("determination", "new_information"),
}


@dataclass(frozen=True)
class Row:
    """One filing as the review found it."""

    provision: str
    stage: str
    facts: dict[str, str]
    corrected: tuple[str, ...]


def rows() -> list[Row]:
    with REGISTER.open(newline="") as file:
        return [
            Row(each["provision"], each["stage"], each, tuple(each["corrected"].split()))
            for each in csv.DictReader(file)
        ]


ROWS = rows()
every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.provision}-{row.stage}")


@pytest.fixture(scope="module")
def laws() -> Laws:
    return load_laws()


def found(row: Row, laws: Laws) -> tuple[str, Provision, Version, Stage]:
    law, provision = laws.provision(row.provision)
    version = provision.versions[-1]
    [stage] = [each for each in version.filings if each.name == row.stage] or version.filings[:1]
    return law.jurisdiction, provision, version, stage


def conditions(version: Version) -> str:
    """Every condition of a version, as JSON."""
    exemptions = [each.condition for each in version.unless]
    return json.dumps([version.applies, version.when, exemptions, [each.when for each in version.filings]])


def differs(row: Row, field: str, *values: object) -> bool:
    """Whether the law file departs from the register without saying that it corrects it."""
    stated = {"" if value is None else str(value) for value in values}
    return row.facts[field] not in stated and field not in row.corrected


def test_the_register_holds_every_provision_once_with_each_filing() -> None:
    keys = [(row.provision, row.stage) for row in ROWS]

    assert len(set(keys)) == len(keys)
    assert len({row.provision for row in ROWS}) == 375
    assert len({row.facts["jurisdiction"] for row in ROWS}) == 133


@every_row
def test_a_provision_is_what_the_register_says_of_it(row: Row, laws: Laws) -> None:
    jurisdiction, provision, version, stage = found(row, laws)

    assert not differs(row, "jurisdiction", jurisdiction)
    assert not differs(row, "audience", provision.audience.value)
    assert not differs(row, "status", version.status)
    assert not differs(row, "from", *(each.start for each in provision.versions))
    assert not differs(row, "to", version.end)
    assert not differs(row, "confidence", version.confidence.value)
    assert stage.name == row.stage


@every_row
def test_a_period_is_the_one_that_the_register_says(row: Row, laws: Laws) -> None:
    clock = found(row, laws)[3].clock

    assert not differs(row, "amount", clock.within.amount if clock.within else None)
    assert not differs(row, "unit", clock.within.unit if clock.within else None)
    assert clock.start in STARTS.get(row.facts["starts"], (row.facts["starts"],)) or "starts" in row.corrected


@every_row
def test_a_number_of_people_is_compared_as_the_register_says(row: Row, laws: Laws) -> None:
    number = row.facts["people"]
    asked = conditions(found(row, laws)[2])

    if number and number != "1":  # a single resident is asked for by the place alone
        assert f'"{row.facts["comparison"]}": {number}' in asked


@every_row
def test_a_test_of_risk_is_asked_where_the_register_says_so(row: Row, laws: Laws) -> None:
    words = RISK_WORDS.get(row.facts["risk"])
    version = found(row, laws)[2]
    asked = conditions(version)

    follows_another_duty = '"duty"' in asked
    excused = any(note.startswith("Corrected: the section has the agency report") for note in version.notes)
    if words and not follows_another_duty and not excused:
        assert any(word in asked for word in words)


@pytest.mark.parametrize("row", [row for row in ROWS if row.corrected], ids=lambda row: row.provision)
def test_a_correction_carries_its_reason_in_the_data(row: Row, laws: Laws) -> None:
    version = found(row, laws)[2]

    assert any(note.startswith("Corrected: ") for note in version.notes)
