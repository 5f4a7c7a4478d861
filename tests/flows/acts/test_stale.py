import pytest

from flows.acts.edit import edit_notice
from flows.acts.evaluate import evaluate
from flows.acts.read_notice import NoticeLine, notice_text
from flows.acts.remedy import put_right
from flows.acts.stale import refresh_stale, stale_texts
from flows.desk import Desk
from models.tables import Approval
from tests.flows.meridia import (
    LEGAL,
    add,
    draft,
    every,
    ledger,
    make_signable,
    notice_row,
    notices,
    payloads,
    queue,
    send,
    sign,
)

NUMBER = "INC-2026-0001"


def filing(desk: Desk) -> NoticeLine:
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33")
    return line


def mend_of(desk: Desk, notice: int) -> set[str]:
    return {text.mend for text in stale_texts(desk, NUMBER) if text.notice == notice}


def test_no_text_is_stale_while_the_facts_stand(drafted: Desk) -> None:
    assert stale_texts(drafted, NUMBER) == []
    assert refresh_stale(drafted, NUMBER) == []


def test_every_text_that_states_a_changed_fact_is_listed_with_the_old_and_the_new_value(drafted: Desk) -> None:
    add(drafted, NUMBER, "records: 33850")

    found = stale_texts(drafted, NUMBER)

    assert {(text.path, text.old, text.new) for text in found} == {("records", "31400", "33850")}
    stating = {line.notice for line in notices(drafted, NUMBER) if "31,400" in _text(drafted, line)}
    assert {text.notice for text in found if text.language == "en"} >= stating
    assert filing(drafted).notice in stating


@pytest.mark.parametrize(
    ("state", "mend"),
    [
        ("draft", "it is drafted again with the next pass"),
        ("edited", "it is drafted again with the next pass, its edits kept; choose where both changed the same words"),
        ("approved", "its signatures no longer hold; it is drafted again and must be signed again"),
        (
            "edited and approved",
            "it is drafted again with the next pass, its edits kept; choose where both changed the same words",
        ),
        ("sent", "send a follow-up or a correction: it was sent with the old value"),
    ],
)
def test_a_stale_text_is_listed_with_what_to_do_about_it(drafted: Desk, state: str, mend: str) -> None:
    line = filing(drafted)
    if "edited" in state:
        edit_notice(drafted, NUMBER, line.notice, _text(drafted, line) + "\n", by=LEGAL)
    if "approved" in state or state == "sent":
        sign(drafted, NUMBER, line)
    if state == "sent":
        queue(drafted, NUMBER)
        send(drafted, NUMBER)
    add(drafted, NUMBER, "records: 33850")

    assert mend_of(drafted, line.notice) == {mend}


def test_a_sent_text_stays_stale_and_sent(drafted: Desk) -> None:
    line = filing(drafted)
    sign(drafted, NUMBER, line)
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    add(drafted, NUMBER, "records: 33850")

    refresh_stale(drafted, NUMBER)
    draft(drafted, NUMBER)

    assert notice_row(drafted, line.notice).state == "sent"
    assert line.notice in {text.notice for text in stale_texts(drafted, NUMBER)}
    [approval] = every(drafted, Approval, NUMBER)
    assert approval.voided_at is None, "it was signed for what was known then"


def test_signatures_on_a_stale_text_end_with_the_fact_as_the_reason(drafted: Desk) -> None:
    line = filing(drafted)
    sign(drafted, NUMBER, line)
    add(drafted, NUMBER, "records: 33850")

    refresh_stale(drafted, NUMBER)

    assert notice_row(drafted, line.notice).state == "draft"
    [approval] = every(drafted, Approval, NUMBER)
    assert approval.void_reason == "records changed"
    [said] = [entry for entry in payloads(drafted, NUMBER, "notice.stale") if entry["notice"] == line.notice]
    assert (said["path"], said["state"], said["version"]) == ("records", "approved", 1)


def test_one_stale_text_is_told_once_however_often_one_looks(drafted: Desk) -> None:
    add(drafted, NUMBER, "records: 33850")
    refresh_stale(drafted, NUMBER)
    before = ledger(drafted, NUMBER)

    refresh_stale(drafted, NUMBER)

    assert ledger(drafted, NUMBER) == before


def test_once_drafted_again_a_text_is_stale_no_more(drafted: Desk) -> None:
    add(drafted, NUMBER, "records: 33850")

    draft(drafted, NUMBER)

    assert stale_texts(drafted, NUMBER) == []


GONE = "people: [{jurisdiction: FR, count: 12400, relationship: customer, languages: [fr]}]"  # nobody in New York


def letters_of_new_york(desk: Desk) -> list[NoticeLine]:
    return notices(desk, NUMBER, provision="us-ny-individuals")


def test_a_text_that_was_not_sent_is_closed_with_the_next_pass_when_its_duty_goes(drafted: Desk) -> None:
    [letter, *_] = letters_of_new_york(drafted)
    add(drafted, NUMBER, GONE)
    evaluate(drafted, NUMBER)

    assert mend_of(drafted, letter.notice) == {"it is closed with the next pass, and not sent"}
    refresh_stale(drafted, NUMBER)
    draft(drafted, NUMBER)

    assert notice_row(drafted, letter.notice).state == "withdrawn"
    assert mend_of(drafted, letter.notice) == set()


def test_a_text_that_was_sent_and_is_called_for_no_more_asks_for_a_withdrawal_until_that_is_sent(
    drafted: Desk,
) -> None:
    make_signable(drafted, NUMBER)
    lines = letters_of_new_york(drafted)
    sign(drafted, NUMBER, *lines)
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    add(drafted, NUMBER, GONE)
    evaluate(drafted, NUMBER)

    [text] = [text for text in stale_texts(drafted, NUMBER) if text.notice == lines[0].notice]
    assert text.mend == "send a withdrawal: it was sent, and is called for no more"
    assert text.command == f"tocsin notices {NUMBER} withdraw {lines[0].notice} --reason ..."
    assert text.new == "the duty no longer arises: 0 affected people in US-NY (at least 1 asked)"

    made = put_right(drafted, NUMBER, lines[0].notice, "withdrawal", by=LEGAL, reason="Nobody there was affected.")
    assert mend_of(drafted, lines[0].notice) == {f"its withdrawal is notice {made.notice}, draft"}
    [withdrawal] = [line for line in notices(drafted, NUMBER) if line.notice == made.notice]
    sign(drafted, NUMBER, withdrawal)
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    assert mend_of(drafted, lines[0].notice) == set()


def test_a_correction_that_was_sent_settles_what_it_told_and_nothing_that_changed_after_it(drafted: Desk) -> None:
    line = filing(drafted)
    sign(drafted, NUMBER, line)
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    add(drafted, NUMBER, "records: 33850")
    made = put_right(drafted, NUMBER, line.notice, "correction", by=LEGAL, reason="The records were counted again.")
    [correction] = [one for one in notices(drafted, NUMBER) if one.notice == made.notice]
    sign(drafted, NUMBER, correction)
    queue(drafted, NUMBER)
    send(drafted, NUMBER)

    assert mend_of(drafted, line.notice) == set()
    add(drafted, NUMBER, "records: 40000")
    assert mend_of(drafted, line.notice) == {"send a follow-up or a correction: it was sent with the old value"}


def _text(desk: Desk, line: NoticeLine) -> str:
    return notice_text(desk, NUMBER, line.notice).text
