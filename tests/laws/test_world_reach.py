"""No condition outside the United States is dead: each duty with a first day is owed in some case, and none everywhere."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from laws.assess import assess
from laws.law import Law, Laws, load_laws
from models.document import read_document, validated
from models.report import Report
from models.vocabulary import Category

FILES = sorted(
    path
    for path in Path("laws").glob("*/*.yaml")
    if path.parent.name not in {"us", "methods", "authorities"} and path.stem not in {"gdpr", "nis2", "dora", "uk-gdpr"}
)
ONE_OF_THE_UNION = "AT"
TIMES = {
    "occurred_from": "2026-11-16T05:00:00Z",
    "detected_at": "2026-11-16T09:00:00Z",
    "aware_at": "2026-11-16T09:00:00Z",
    "contained_at": "2026-11-17T09:00:00Z",
    "determined_at": "2026-11-17T09:00:00Z",
    "classified_at": "2026-11-17T09:00:00Z",
    "ransom_paid_at": "2026-11-17T09:00:00Z",
}
ATTRIBUTES = [
    ["critical_infrastructure", "state_organ", "public_authority", "product_manufacturer", "trust_service_provider"],
    ["essential_entity", "important_entity", "security_supplier", "small_scale_agent", "eu_institution"],
    ["qualified_trust_service_provider", "law_enforcement_authority", "ai_provider", "critical_infrastructure"],
    [],
]
SECTORS = [["government", "legal", "health", "manufacturing"], ["telecom", "technology", "banking", "retail"]]
COURSES = [
    (
        "ransomware",
        "malicious_external",
        ["service_disrupted", "ransom_demanded", "product_vulnerability_exploited", "person_died"],
    ),
    ("misconfiguration", "accidental", ["exfiltration_confirmed"]),
]


every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")


@cache
def all_laws() -> Laws:
    return load_laws()


def alone(path: Path) -> Laws:
    law = validated(Law, read_document(path))
    return replace(all_laws(), laws=(law,), plans={})


@cache
def grave_cases(place: str) -> tuple[Report, ...]:
    return tuple(_grave_cases(place))


def _grave_cases(place: str) -> Iterator[Report]:
    everything = [{"category": category.value, "encrypted": False} for category in Category]
    people = [{"jurisdiction": place, "count": 20_000_000, "minors": True, "vulnerable": True}]
    for role, attributes, sectors, (kind, cause, circumstances) in product(
        ["controller", "processor"], ATTRIBUTES, SECTORS, COURSES
    ):
        yield Report.model_validate(
            {
                "title": "Everything about everybody",
                "kind": kind,
                "cause": cause,
                "effects": ["confidentiality", "integrity", "availability"],
                "times": TIMES,
                "organisation": {
                    "country": place[:2],
                    "establishments": [place],
                    "role": role,
                    "attributes": attributes,
                    "sectors": sectors,
                },
                "identifiability": "maximum",
                "records": 20_000_000,
                "data": everything,
                "people": people,
                "circumstances": circumstances,
            }
        )


@every_file
def test_every_filing_of_a_version_with_a_first_day_is_owed_in_some_case(path: Path) -> None:
    laws = alone(path)
    [law] = laws.laws
    expected = {
        (provision.id, filing.name, version.start)
        for provision in law.provisions
        for version in provision.versions
        for filing in version.filings
        if version.start
    }
    days = {start for _, _, start in expected}
    place = ONE_OF_THE_UNION if law.jurisdiction == "EU" else law.jurisdiction
    owed = {
        (duty.provision, duty.stage, duty.version_from)
        for report in grave_cases(place)
        for day in days
        for duty in assess(report, laws, day).duties
        if duty.verdict == "required"
    }

    assert expected <= owed


@every_file
def test_a_breach_in_peru_and_of_peruvians_alone_raises_no_duty_in_another_country(path: Path) -> None:
    laws = alone(path)
    [law] = laws.laws
    elsewhere = "BO" if law.jurisdiction == "PE" else "PE"
    owed = {
        duty.provision
        for report in grave_cases(elsewhere)
        for duty in assess(report, laws, date(2026, 12, 1)).duties
        if duty.verdict != "not_required"
    }

    assert not owed
