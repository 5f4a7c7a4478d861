"""No Prefect server runs: what needs one says how to start it, and everything else goes on."""

from tests.conftest import DEMO
from tests.tocsin.conftest import Tocsin


def test_a_response_says_how_to_start_the_server_that_it_needs(tocsin: Tocsin, number: str) -> None:
    said = tocsin("respond", number)

    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("tocsin: no Prefect server answers at http://127.0.0.1:")
    assert "start one with `tocsin serve` in another terminal" in said.err
    assert said.err.count("\n") == 1


def test_a_report_that_is_to_be_responded_to_is_kept_all_the_same(tocsin: Tocsin) -> None:
    said = tocsin("report", DEMO / "first_facts.yaml", "--respond")

    assert (said.status, said.out) == (2, "INC-2026-0001\n")
    assert "no Prefect server answers" in said.err
    assert [one["number"] for one in tocsin("status", "--json").json] == ["INC-2026-0001"]


def test_facts_are_reported_added_assessed_and_watched_without_it(tocsin: Tocsin) -> None:
    lines: list[list[object]] = [
        ["report", DEMO / "first_facts.yaml"],
        ["update", "INC-2026-0001", DEMO / "second_facts.yaml"],
        ["assess", "INC-2026-0001"],
        ["status", "INC-2026-0001"],
        ["steps", "INC-2026-0001"],
        ["watch", "--once"],
        ["timeline", "INC-2026-0001"],
        ["ledger", "INC-2026-0001", "verify"],
    ]

    assert [tocsin(*line).status for line in lines] == [0] * len(lines)
