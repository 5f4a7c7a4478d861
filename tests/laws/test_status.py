"""A legal status that a report may not have thought of naming: listed, ruled out, or asked of those it may concern."""

from datetime import date
from typing import Any

import pytest

from laws.assess import assess
from laws.law import Laws
from models.duty import Duty
from models.errors import BadInputError
from models.report import Report, read_report
from models.vocabulary import STATUS_MEANINGS, Attribute, Verdict

TODAY = date(2026, 11, 23)
SUPERVISORS = ["occ_supervised", "frb_supervised", "fdic_supervised", "ncua_insured"]
OWN_DUTY = {
    "occ_supervised": "us-bank-36h-occ",
    "frb_supervised": "us-bank-36h-frb",
    "fdic_supervised": "us-bank-36h-fdic",
    "ncua_insured": "us-ncua-748",
}


def duties(laws: Laws, **organisation: Any) -> dict[str, Duty]:  # Any: facts as YAML would hold them
    report = Report.model_validate(
        {
            "title": "Core banking is down",
            "kind": "ransomware",
            "cause": "malicious_external",
            "effects": ["availability"],
            "times": {"aware_at": "2026-11-20T10:00:00Z", "classified_at": "2026-11-20T11:00:00Z"},
            "organisation": {"country": "US", "establishments": ["US"], "role": "controller", **organisation},
            "data": [],
            "people": [],
            "circumstances": ["service_disrupted", "exfiltration_excluded"],
        }
    )
    return {duty.provision: duty for duty in assess(report, laws, TODAY).duties}


@pytest.mark.parametrize("supervisor", SUPERVISORS)
def test_a_bank_tells_its_own_federal_regulator_and_no_other(laws: Laws, supervisor: str) -> None:
    found = duties(laws, sectors=["banking"], attributes=[supervisor])

    told = [own for own in OWN_DUTY.values() if found[own].verdict is not Verdict.NOT_REQUIRED]

    assert told == [OWN_DUTY[supervisor]]
    assert found[OWN_DUTY[supervisor]].verdict is Verdict.REQUIRED


def test_a_bank_that_names_no_regulator_is_asked_for_it(laws: Laws) -> None:
    found = duties(laws, sectors=["banking"], attributes=["glba_institution"])["us-bank-36h-fdic"]

    assert (found.verdict, found.missing_facts) == (Verdict.UNDECIDED, ("organisation.attributes",))
    assert found.reasons[0] == (
        "whether the organisation is a bank whose primary US federal regulator is the FDIC is not said "
        "(list fdic_supervised in organisation.attributes, or in organisation.attributes_ruled_out)"
    )


def test_a_status_that_is_ruled_out_closes_the_question(laws: Laws) -> None:
    found = duties(laws, sectors=["banking"], attributes=[], attributes_ruled_out=["fdic_supervised"])

    assert found["us-bank-36h-fdic"].verdict is Verdict.NOT_REQUIRED
    assert found["us-bank-36h-occ"].verdict is Verdict.UNDECIDED


def test_a_shop_that_lists_its_statuses_is_not_asked_whether_it_is_a_bank(laws: Laws) -> None:
    found = duties(laws, sectors=["retail"], attributes=[])

    assert {found[own].verdict for own in OWN_DUTY.values()} == {Verdict.NOT_REQUIRED}


def test_while_no_status_is_known_none_is_taken_for_no(laws: Laws) -> None:
    assert duties(laws, sectors=["energy"])["us-nerc-cip008"].verdict is Verdict.UNDECIDED


def test_a_status_that_is_ruled_out_answers_every_law_that_asks_for_it(laws: Laws) -> None:
    found = duties(laws, sectors=["health"], attributes_ruled_out=["hipaa_covered_entity"])["us-hipaa-404"]

    assert (found.verdict, found.reasons) == (
        Verdict.NOT_REQUIRED,
        ("the organisation is known not to be hipaa_covered_entity",),
    )


def test_a_status_cannot_both_hold_and_be_ruled_out() -> None:
    text = b"title: x\norganisation: {attributes: [phr_vendor], attributes_ruled_out: [phr_vendor]}\n"

    with pytest.raises(BadInputError, match="'phr_vendor' stands in attributes and in attributes_ruled_out; keep one"):
        read_report("facts.yaml", text)


@pytest.mark.parametrize("status", list(Attribute))
def test_every_status_says_in_the_words_of_its_law_what_it_is(status: Attribute) -> None:
    assert STATUS_MEANINGS[status]


@pytest.mark.parametrize(
    ("attribute", "sector", "provision"),
    [
        ("nerc_responsible_entity", "energy", "us-nerc-cip008"),
        ("tsa_designated", "transport", "us-tsa-sd"),
        ("sci_entity", "finance", "us-sec-regsci"),
        ("dod_contractor", "manufacturing", "us-dfars-7012"),
        ("fha_mortgagee", "finance", "us-hud-fha"),
        ("us_federal_agency", "government", "us-privacy-act-omb"),
    ],
)
def test_a_federal_duty_follows_its_own_status(laws: Laws, attribute: str, sector: str, provision: str) -> None:
    assert duties(laws, sectors=[sector], attributes=[attribute])[provision].verdict is Verdict.REQUIRED
    assert duties(laws, sectors=["retail"], attributes=[])[provision].verdict is Verdict.NOT_REQUIRED


def test_a_foreign_private_issuer_files_no_form_8_k(laws: Laws) -> None:
    domestic = duties(laws, sectors=["retail"], attributes=["us_listed"])
    foreign = duties(laws, sectors=["retail"], attributes=["us_listed", "foreign_private_issuer"])

    assert domestic["us-sec-8k-105"].verdict is Verdict.UNDECIDED  # until materiality is determined
    assert foreign["us-sec-8k-105"].verdict is Verdict.NOT_REQUIRED
