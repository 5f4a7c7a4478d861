"""To whom a duty is owed, by name."""

from datetime import date
from typing import Any

import pytest

from laws.assess import assess
from laws.law import Laws
from models.report import Report

TODAY = date(2026, 11, 23)


def told(
    laws: Laws, provision: str, people: list[str], **organisation: Any
) -> list[str]:  # Any: facts as YAML would hold them
    report = Report.model_validate(
        {
            "title": "The customer file was copied",
            "kind": "exfiltration",
            "cause": "malicious_external",
            "effects": ["confidentiality", "availability"],
            "times": {"aware_at": "2026-11-20T10:00:00Z", "classified_at": "2026-11-20T11:00:00Z"},
            "organisation": {"role": "controller", **organisation},
            "data": [
                {"category": each, "encrypted": False} for each in ("name", "national_id", "payment_card_with_code")
            ],
            "people": [{"jurisdiction": place, "count": 900, "relationship": "customer"} for place in people],
            "circumstances": ["exfiltration_confirmed", "service_disrupted"],
        }
    )
    duties = assess(report, laws, TODAY).duties
    return list(dict.fromkeys(duty.recipient for duty in duties if duty.provision == provision))


def test_one_authority_is_told_where_there_is_a_main_establishment_in_the_area(laws: Laws) -> None:
    assert told(laws, "eu-gdpr-33", ["FR", "ES", "PL"], country="IE", establishments=["IE", "FR"]) == [
        "Data Protection Commission"
    ]


def test_without_an_establishment_each_affected_state_is_told(laws: Laws) -> None:
    found = told(laws, "eu-gdpr-33", ["FR", "DE-BE", "NO", "GB"], country="US", establishments=["US"])

    assert found == ["CNIL", "Berliner Beauftragte für Datenschutz und Informationsfreiheit", "Datatilsynet (Norway)"]


@pytest.mark.parametrize(
    ("country", "name"),
    [("NL", "NCSC-NL"), ("DE", "BSI"), ("ES", "INCIBE-CERT / CCN-CERT")],
)
def test_the_csirt_of_the_member_state_is_told_under_nis2(laws: Laws, country: str, name: str) -> None:
    found = told(
        laws,
        "eu-nis2-23-4",
        [country],
        country=country,
        establishments=[country],
        sectors=["energy"],
        attributes=["essential_entity"],
    )

    assert found == [name]


@pytest.mark.parametrize(
    ("country", "name"),
    [("ES", "AEPD"), ("SE", "Post- och telestyrelsen (PTS)"), ("DE", "Bundesnetzagentur and BfDI (Germany)")],
)
def test_a_telecoms_provider_tells_the_authority_of_its_member_state(laws: Laws, country: str, name: str) -> None:
    found = told(
        laws, "eu-eprivacy-611-authority", [country], country=country, establishments=[country], sectors=["telecom"]
    )

    assert found == [name]


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ("US-CT", "Connecticut Insurance Department"),
        ("US-VA", "Virginia Bureau of Insurance"),
        (None, "The insurance commissioner of the state of domicile (give organisation.subdivision)"),
    ],
)
def test_an_insurer_tells_the_commissioner_of_its_state(laws: Laws, state: str | None, name: str) -> None:
    found = told(
        laws,
        "us-naic-668",
        ["US-CT"],
        country="US",
        subdivision=state,
        sectors=["insurance"],
        attributes=["naic_licensee"],
    )

    assert found == [name]
