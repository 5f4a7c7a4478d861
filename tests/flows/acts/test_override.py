import pytest

from flows.acts.edit import edit_notice
from flows.acts.read_notice import NoticeLine, notice_text
from flows.acts.review import reviewed
from flows.acts.sign import override
from flows.acts.standing import standing
from flows.acts.timeline import timeline
from flows.desk import Desk
from models.errors import NotAllowedError
from models.tables import Delivery
from tests.flows.meridia import COMMANDER, LEGAL, PR, add, every, notice_row, notices, payloads, queue, sign

NUMBER = "INC-2026-0001"
WHY = "the portal closes in ten minutes and the privacy officer is on a plane"


def letter(desk: Desk) -> NoticeLine:
    [line] = notices(desk, NUMBER, provision="us-ny-individuals", form="letter")
    return line


def test_an_override_takes_two_people_and_a_reason_of_each(drafted: Desk) -> None:
    line = letter(drafted)

    first = override(drafted, NUMBER, line.notice, by=COMMANDER, reason=WHY)
    assert first.still_needed == ("legal",)
    assert notice_row(drafted, line.notice).state == "draft"
    with pytest.raises(NotAllowedError, match="a second person has to"):
        override(drafted, NUMBER, line.notice, by=COMMANDER, reason=WHY)
    with pytest.raises(NotAllowedError, match="whose word an override needs"):
        override(drafted, NUMBER, line.notice, by=PR, reason=WHY)

    assert override(drafted, NUMBER, line.notice, by=LEGAL, reason="I read it on the telephone").still_needed == ()
    assert queue(drafted, NUMBER) == 1
    assert [row.notice_id for row in every(drafted, Delivery, NUMBER, purpose="notice")] == [line.notice]


def test_an_override_lets_a_text_with_errors_go_and_the_ledger_names_them(drafted: Desk) -> None:
    line = letter(drafted)
    text = notice_text(drafted, NUMBER, line.notice).text
    edit_notice(drafted, NUMBER, line.notice, text + "\nThis will never happen again.\n", by=LEGAL)
    for who in (COMMANDER, LEGAL):
        override(drafted, NUMBER, line.notice, by=who, reason=WHY)

    [said] = payloads(drafted, NUMBER, "notice.overridden")

    assert any("never happen again" in finding for finding in said["findings"])
    assert (said["unsigned"], said["reason"]) == (["legal", "pr"], WHY)


def test_an_override_is_shown_in_the_status_and_in_the_review(drafted: Desk) -> None:
    line = letter(drafted)
    for who in (COMMANDER, LEGAL):
        override(drafted, NUMBER, line.notice, by=who, reason=WHY)

    assert WHY in standing(drafted, NUMBER).overrides[0]
    review = reviewed(drafted, NUMBER)
    assert WHY in review.overrides[0]
    assert any("override" in action for action in review.actions)


def test_an_override_holds_for_one_exact_text_only(drafted: Desk) -> None:
    line = letter(drafted)
    for who in (COMMANDER, LEGAL):
        override(drafted, NUMBER, line.notice, by=who, reason=WHY)
    edit_notice(drafted, NUMBER, line.notice, notice_text(drafted, NUMBER, line.notice).text + "\n", by=LEGAL)

    assert queue(drafted, NUMBER) == 0
    assert notice_row(drafted, line.notice).state == "draft"


def test_an_override_lifts_the_embargo_too_and_the_ledger_says_what_it_did_not_wait_for(drafted: Desk) -> None:
    [press] = notices(drafted, NUMBER, audience="press", form="holding", language="en")
    sign(drafted, NUMBER, press)
    assert queue(drafted, NUMBER) == 0, "the playbook wants authorities and people told first"

    override(drafted, NUMBER, press.notice, by=COMMANDER, reason=WHY)
    assert queue(drafted, NUMBER) == 0, "one person alone lifts nothing"
    override(drafted, NUMBER, press.notice, by=LEGAL, reason="it is in the news")

    assert queue(drafted, NUMBER) == 1
    [said] = payloads(drafted, NUMBER, "notice.overridden")
    assert (said["unsigned"], said["reason"]) == ([], "it is in the news")
    assert "authority first" in said["embargo"]
    [told] = [event.words for event in timeline(drafted, NUMBER) if event.kind == "notice.overridden"]
    assert f"may go although it waited for {said['embargo']}: it is in the news" in told


def test_what_is_signed_and_held_by_nothing_needs_no_override(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    sign(drafted, NUMBER, filing)

    with pytest.raises(NotAllowedError, match="approved already"):
        override(drafted, NUMBER, filing.notice, by=COMMANDER, reason=WHY)


def test_facts_that_changed_cannot_be_overridden(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    add(drafted, NUMBER, "records: 33850")

    with pytest.raises(NotAllowedError, match="which has changed"):
        override(drafted, NUMBER, filing.notice, by=COMMANDER, reason=WHY)
