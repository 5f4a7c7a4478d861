"""The law of a day through the command: the same facts before and after a law changed."""

from pathlib import Path
from typing import Any

import pytest

from tests.tocsin.conftest import Tocsin

FACTS = """\
title: Customer file taken
kind: exfiltration
cause: malicious_external
effects: [confidentiality]
times:
  detected_at: 2026-02-02T10:00:00Z
  aware_at: 2026-02-02T10:00:00Z
  determined_at: 2026-02-03T10:00:00Z
organisation:
  {country: US, subdivision: US-CA, role: controller, establishments: [US-CA], sectors: [retail], attributes: []}
data: [{category: name, encrypted: false}, {category: social_security_number, encrypted: false}]
people:
  - {jurisdiction: US-CA, count: 900, relationship: customer, minors: false, vulnerable: false}
  - {jurisdiction: US-TX, count: 900, relationship: customer, minors: false, vulnerable: false}
  - {jurisdiction: CL, count: 10, relationship: customer, minors: false, vulnerable: false}
circumstances: [exfiltration_confirmed]
"""


def answer(tocsin: Tocsin, tmp_path: Path, provision: str, day: str) -> Any:  # Any: one duty's JSON, or None
    facts = tmp_path / "breach.yaml"
    facts.write_text(FACTS)
    duties = tocsin("assess", facts, "--as-of", day, "--json").json["duties"]
    return next((duty for duty in duties if duty["provision"] == provision), None)


@pytest.mark.parametrize(
    ("provision", "day", "version", "due"),
    [
        ("us-ca-individuals", "2025-12-31", "2022-01-01", None),  # without unreasonable delay, no days
        ("us-ca-individuals", "2026-01-01", "2026-01-01", "2026-03-05T07:59:59Z"),  # 30 days from discovery
        (
            "us-tx-ag",
            "2023-08-31",
            "2020-01-01",
            "2026-04-04T04:59:59Z",
        ),  # 60 days end on a Saturday; the Friday counts
        ("us-tx-ag", "2023-09-01", "2023-09-01", "2026-03-06T05:59:59Z"),  # 30 days from determination
        ("cl-19628-14sexies-agency", "2026-12-01", "2026-12-01", None),
    ],
)
def test_an_assessment_reads_the_version_in_force_that_day(
    tocsin: Tocsin, tmp_path: Path, provision: str, day: str, version: str, due: str | None
) -> None:
    duty = answer(tocsin, tmp_path, provision, day)

    assert (duty["verdict"], duty["version_from"], duty["due_at"]) == ("required", version, due)


def test_a_law_that_is_not_yet_in_force_gives_no_answer_at_all(tocsin: Tocsin, tmp_path: Path) -> None:
    assert answer(tocsin, tmp_path, "cl-19628-14sexies-agency", "2026-11-30") is None


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2025-08-19T10:00:00+01:00", "2025-08-20T09:00:00Z"),  # 24 hours
        ("2025-08-20T10:00:00+01:00", "2025-08-23T09:00:00Z"),  # 72 hours
    ],
)
def test_the_united_kingdom_gives_telecoms_72_hours_since_20_august_2025(tocsin: Tocsin, start: str, due: str) -> None:
    assert tocsin("due", "uk-pecr-5a-authority", "--from", start, "--json").json["due_at"] == due


def test_the_command_takes_the_second_event_of_a_clock_with_two_limits(tocsin: Tocsin) -> None:
    line = ("due", "eu-dora-19", "--from", "2026-11-21T08:00:00+01:00", "--timezone", "Europe/Berlin", "--json")

    capped = tocsin(*line, "--also", "awareness=2026-11-20T10:00:00+01:00")
    unknown = tocsin(*line, "--also", "awarenes=2026-11-20T10:00:00+01:00")

    assert capped.json["due_at"] == "2026-11-21T09:00:00Z"
    assert (unknown.status, unknown.err) == (
        2,
        "tocsin: --also: no event is called 'awarenes'; did you mean 'awareness'?\n",
    )
