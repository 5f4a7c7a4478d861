"""Which establishment a law follows: the seat, or one that handled the affected data."""

from datetime import date
from typing import Any

import pytest

from laws.assess import assess
from laws.law import Laws
from models.duty import Duty
from models.report import Report
from models.vocabulary import Verdict

TODAY = date(2026, 11, 23)


def duties(laws: Laws, people_in: str, **organisation: Any) -> dict[str, Duty]:  # Any: facts as YAML would hold them
    report = Report.model_validate(
        {
            "title": "The customer file was copied",
            "kind": "exfiltration",
            "cause": "malicious_external",
            "effects": ["confidentiality"],
            "times": {"aware_at": "2026-11-20T10:00:00Z", "determined_at": "2026-11-20T11:00:00Z"},
            "organisation": {"role": "controller", "sectors": ["retail"], "attributes": [], **organisation},
            "data": [
                {"category": category, "encrypted": False}
                for category in ("name", "national_id", "health", "payment_card_with_code")
            ],
            "people": [
                {
                    "jurisdiction": people_in,
                    "count": 5000,
                    "relationship": "customer",
                    "minors": False,
                    "vulnerable": True,
                }
            ],
            "circumstances": ["exfiltration_confirmed"],
        }
    )
    return {duty.provision: duty for duty in assess(report, laws, TODAY).duties}


GROUP = {"country": "DE", "establishments": ["DE", "SG", "CN", "IN"]}


@pytest.mark.parametrize("provision", ["sg-pdpa-26d-pdpc", "cn-pipl-57-authority", "cn-csl-27", "in-cert-6h"])
def test_a_branch_in_whose_country_nobody_is_affected_is_asked_whether_it_handled_the_data(
    laws: Laws, provision: str
) -> None:
    found = duties(laws, "DE", **GROUP)[provision]

    assert (found.verdict, found.missing_facts) == (Verdict.UNDECIDED, ("organisation.handled_in",))
    assert duties(laws, "DE", **GROUP, handled_in=["DE"])[provision].verdict is Verdict.NOT_REQUIRED
    assert duties(laws, "DE", **GROUP, handled_in=["SG", "CN", "IN"])[provision].verdict is Verdict.REQUIRED


def test_the_law_of_the_seat_follows_the_organisation_to_people_elsewhere(laws: Laws) -> None:
    found = duties(laws, "DE", country="SG", establishments=["SG", "DE"])

    assert found["sg-pdpa-26d-pdpc"].verdict is Verdict.REQUIRED


def test_people_in_the_country_are_enough_where_the_law_follows_them(laws: Laws) -> None:
    assert duties(laws, "SG", **GROUP)["sg-pdpa-26d-pdpc"].verdict is Verdict.REQUIRED


def test_the_gdpr_follows_any_establishment_in_the_european_economic_area(laws: Laws) -> None:
    found = duties(laws, "US-OH", country="US", establishments=["US", "NO"])

    assert found["eu-gdpr-33"].verdict is Verdict.REQUIRED


@pytest.mark.parametrize("state", ["CA", "NY", "TX", "MA", "FL"])
def test_the_statute_of_a_state_follows_its_residents_and_not_its_companies(laws: Laws, state: str) -> None:
    at_home = {"country": "US", "subdivision": f"US-{state}", "establishments": [f"US-{state}"]}
    own = f"us-{state.lower()}-individuals"

    assert duties(laws, "US-OH", **at_home)[own].verdict is Verdict.NOT_REQUIRED
    assert duties(laws, f"US-{state}", country="DE", establishments=["DE"])[own].verdict is Verdict.REQUIRED
