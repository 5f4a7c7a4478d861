"""A snapshot of answers for fixed reports, so that a review of a changed rule shows what it changes.

Where a change is meant, write the answers anew with `TOCSIN_RENEW_ANSWERS=1 pytest tests/laws/test_answers.py`.
"""

import os
from datetime import date
from pathlib import Path

import pytest

from laws.assess import assess
from laws.assessment import duty_json
from laws.law import Laws
from models.duty import Duty
from models.report import read_report
from models.vocabulary import Verdict

FOLDER = Path(__file__).parent / "answers"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_answers_to_a_fixed_report_are_those_that_were_reviewed(laws: Laws, path: Path) -> None:
    found = assess(read_report(str(path)), laws, date(2026, 3, 2))
    lines = [f"severity {found.severity.score:g} {found.severity.level.value}", *map(line, answered(found.duties))]
    kept = path.with_suffix(".txt")
    if os.environ.get("TOCSIN_RENEW_ANSWERS"):
        kept.write_text("\n".join(lines) + "\n")

    assert lines == kept.read_text().splitlines()


def answered(duties: tuple[Duty, ...]) -> list[Duty]:
    """What is owed or open; everything else is not owed."""
    return sorted((duty for duty in duties if duty.verdict is not Verdict.NOT_REQUIRED), key=lambda duty: duty.key)


def line(duty: Duty) -> str:
    told = duty_json(duty)
    parts = [*duty.key, told["verdict"], told["clock_state"], told["due_at"] or "-", ",".join(duty.missing_facts)]
    return " | ".join(str(part) for part in parts)
