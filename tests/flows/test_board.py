from flows.acts.standing import standing
from flows.board import board, ending
from flows.desk import Desk
from flows.saved_filter import runs_of
from tests.flows.meridia import ledger, notices, sign

NUMBER = "INC-2026-0001"


def test_the_state_of_a_run_says_how_many_signatures_are_waited_for(drafted: Desk) -> None:
    signable = [line for line in notices(drafted, NUMBER) if not line.errors]
    before = sum(wait.kind == "signature" for wait in standing(drafted, NUMBER).waits)
    assert ending(standing(drafted, NUMBER)).startswith(f"Waits for {before} signatures, ")

    sign(drafted, NUMBER, *signable)

    assert ending(standing(drafted, NUMBER)).startswith(f"Waits for {before - len(signable)} signatures, ")


def test_the_page_leads_to_every_run_of_the_incident(drafted: Desk) -> None:
    page = board(standing(drafted, NUMBER), ledger(drafted, NUMBER))

    assert f"]({runs_of(NUMBER)})" in page
    assert runs_of(NUMBER).startswith(f"/runs?tag={NUMBER}&")
