from datetime import timedelta

import pytest

from flows.acts.answer import answer
from flows.acts.draft import AUTHORITIES, draft_texts
from flows.acts.evaluate import evaluate
from flows.acts.question import questions
from flows.acts.read_notice import NoticeLine, notice_text
from flows.acts.sign import approve as approve_noting
from flows.acts.standing import standing
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import NotAllowedError
from tests.flows.meridia import LEGAL, add, approve, draft, notices, queue, send, sign

NUMBER = "INC-2026-0001"
PLANNED = "Multi-factor sign-in for every account."


def filing(desk: Desk, provision: str = "eu-gdpr-33") -> NoticeLine:
    [line] = [one for one in notices(desk, NUMBER, provision=provision, form="filing") if one.stage == "initial"]
    return line


def send_filing(desk: Desk, provision: str = "eu-gdpr-33") -> NoticeLine:
    sign(desk, NUMBER, filing(desk, provision))
    queue(desk, NUMBER)
    send(desk, NUMBER)
    draft(desk, NUMBER)
    return filing(desk, provision)


def open_keys(desk: Desk) -> set[str]:
    return {one.key for one in questions(desk, NUMBER)}


@pytest.fixture
def in_thailand(drafted: Desk) -> Desk:
    """Customers in Thailand too, whose law lets a filing be phased and has no stage of its own for what follows."""
    add(
        drafted,
        NUMBER,
        "people:\n- {jurisdiction: TH, count: 900, relationship: customer}\n"
        "organisation: {establishments: [FR, DE, GB, US, CN, SG, TH]}",
    )
    evaluate(drafted, NUMBER)
    draft(drafted, NUMBER)
    return drafted


def test_a_phased_filing_goes_with_gaps_and_a_note(drafted: Desk) -> None:
    line = filing(drafted)
    assert line.missing > 0

    with pytest.raises(NotAllowedError, match="--note"):
        approve_noting(drafted, NUMBER, line.notice, by=LEGAL)
    assert approve(drafted, NUMBER, line.notice, by=LEGAL).still_needed == ()


def test_what_is_missing_is_a_question_in_the_status_before_and_after_it_was_filed(drafted: Desk) -> None:
    before = {gap["key"] for gap in notice_text(drafted, NUMBER, filing(drafted).notice).missing}
    send_filing(drafted)

    asked = {wait.reference for wait in standing(drafted, NUMBER).waits if wait.kind == "question"}

    assert before
    assert {f"question {key}" for key in before} <= asked


def test_the_stage_that_follows_takes_up_what_was_left_open_and_the_answer_fills_it(drafted: Desk) -> None:
    send_filing(drafted)
    [supplement] = [one for one in notices(drafted, NUMBER, provision="eu-gdpr-33") if one.stage != "initial"]
    assert "measures_planned" in {gap["key"] for gap in notice_text(drafted, NUMBER, supplement.notice).missing}

    answer(drafted, NUMBER, "measures_planned", PLANNED, "en", by=LEGAL)
    draft_texts(drafted, NUMBER, AUTHORITIES)

    text = notice_text(drafted, NUMBER, supplement.notice)
    assert PLANNED in text.text
    assert "measures_planned" not in {gap["key"] for gap in text.missing}


def test_where_the_law_has_no_later_stage_a_follow_up_is_drafted_once_a_question_is_answered(in_thailand: Desk) -> None:
    filed = send_filing(in_thailand, "th-pdpa-37-4-authority")
    assert filed.corrected_by == ()
    assert "measures_planned" in open_keys(in_thailand)

    answer(in_thailand, NUMBER, "measures_planned", PLANNED, "en", by=LEGAL)
    draft_texts(in_thailand, NUMBER, AUTHORITIES)
    draft_texts(in_thailand, NUMBER, AUTHORITIES)

    [follow_up] = notices(in_thailand, NUMBER, provision=None, form="followup")
    assert filing(in_thailand, "th-pdpa-37-4-authority").corrected_by == (follow_up.notice,)
    assert PLANNED in notice_text(in_thailand, NUMBER, follow_up.notice).text
    sign(in_thailand, NUMBER, follow_up)
    queue(in_thailand, NUMBER)
    send(in_thailand, NUMBER)
    assert notices(in_thailand, NUMBER, form="followup")[0].state == "sent"


def test_a_late_filing_has_to_give_the_reasons_for_the_delay(drafted: Desk) -> None:
    line = filing(drafted)
    assert isinstance(drafted.clock, VirtualClock)
    drafted.clock.set(drafted.clock() + timedelta(hours=80))
    draft_texts(drafted, NUMBER, AUTHORITIES)

    with pytest.raises(NotAllowedError, match="later than the law's period"):
        approve(drafted, NUMBER, line.notice, by=LEGAL)
    answer(drafted, NUMBER, "delay_reasons", "The scope was confirmed only on 26 November.", "en", by=LEGAL)
    draft_texts(drafted, NUMBER, AUTHORITIES)

    assert "The scope was confirmed" in notice_text(drafted, NUMBER, line.notice).text
    assert approve(drafted, NUMBER, line.notice, by=LEGAL).still_needed == ()
