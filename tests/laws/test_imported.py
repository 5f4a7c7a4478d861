"""Records that others have published, as reports: every law answers every one of them."""

from datetime import date
from pathlib import Path

import pytest

from integrations.us_lists import reports_from_hhs, reports_from_washington
from integrations.veris import reports_from_veris
from laws.assess import assess
from laws.assessment import assessment_json
from laws.law import Laws
from models.report import Report

DATA = Path(__file__).parents[1] / "integrations" / "data"
READERS = {
    "veris_full_30.jsonl": reports_from_veris,
    "hhs_ocr_100.csv": reports_from_hhs,
    "washington_ag_100.csv": reports_from_washington,
}


def reports(name: str) -> list[Report]:
    with (DATA / name).open(newline="") as lines:
        return [one.report for one in READERS[name](lines, name)]


@pytest.mark.parametrize(
    ("name", "count"), [("veris_full_30.jsonl", 30), ("hhs_ocr_100.csv", 100), ("washington_ag_100.csv", 100)]
)
def test_every_published_record_is_assessed_with_a_reason_for_each_answer(laws: Laws, name: str, count: int) -> None:
    found = reports(name)

    assert len(found) == count
    for report in found:
        duties = assessment_json(assess(report, laws, date(2026, 11, 24)))["duties"]
        assert all(duty["reasons"] for duty in duties)  # type: ignore[attr-defined]  # JSON
