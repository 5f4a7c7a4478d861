import pytest

from flows.acts.draft import RemedyAct
from flows.acts.edit import edit_notice
from flows.acts.read_notice import NoticeLine, notice_text
from flows.acts.remedy import put_right
from flows.desk import Desk
from models.errors import NotAllowedError
from models.tables import DutyRecord
from tests.flows.meridia import LEGAL, add, every, notice_row, notices, payloads, queue, send, sign

NUMBER = "INC-2026-0001"
WHY = "The number of records has been counted again."


def filing(desk: Desk) -> NoticeLine:
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33", form="filing")
    return line


@pytest.fixture
def sent(drafted: Desk) -> Desk:
    """The desk after the filing to the CNIL was sent."""
    sign(drafted, NUMBER, filing(drafted))
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    return drafted


def test_a_correction_names_the_text_its_day_its_reference_and_what_changed(sent: Desk) -> None:
    add(sent, NUMBER, "records: 33850")

    made = put_right(sent, NUMBER, filing(sent).notice, "correction", by=LEGAL, reason=WHY)

    text = notice_text(sent, NUMBER, made.notice).text
    [said] = payloads(sent, NUMBER, "notice.remedied")
    assert WHY in text
    assert "On 23 November 2026" in text
    assert "INC-2026-0001" in text
    assert said["reference"] == ""
    assert "outbox" not in text
    assert "For “31,400” read “33,850”." in text
    assert made.errors == 0


@pytest.mark.parametrize(("act", "words"), [("correction", "We correct it."), ("withdrawal", "We withdraw it.")])
def test_it_needs_the_same_signatures_and_leaves_like_any_other_text(sent: Desk, act: RemedyAct, words: str) -> None:
    made = put_right(sent, NUMBER, filing(sent).notice, act, by=LEGAL, reason=WHY)
    assert words in notice_text(sent, NUMBER, made.notice).text
    assert queue(sent, NUMBER) == 0
    [line] = [one for one in notices(sent, NUMBER) if one.notice == made.notice]
    assert line.still_needed == ("legal",)

    sign(sent, NUMBER, line)
    queue(sent, NUMBER)
    send(sent, NUMBER)

    assert notice_row(sent, made.notice).state == "sent"


def test_the_original_shows_that_it_was_put_right_and_stays_as_it_was(sent: Desk) -> None:
    before = filing(sent)

    made = put_right(sent, NUMBER, before.notice, "correction", by=LEGAL, reason=WHY)

    after = filing(sent)
    assert after.corrected_by == (made.notice,)
    assert (after.sha256, after.state) == (before.sha256, "sent")
    assert notice_text(sent, NUMBER, before.notice).corrected_by == (f"correction in notice {made.notice}, draft",)


def test_a_correction_can_be_edited_and_is_checked_against_what_it_corrects(sent: Desk) -> None:
    add(sent, NUMBER, "records: 33850")
    made = put_right(sent, NUMBER, filing(sent).notice, "correction", by=LEGAL, reason=WHY)
    text = notice_text(sent, NUMBER, made.notice).text

    edited = edit_notice(sent, NUMBER, made.notice, text.replace("33,850", "35,000"), by=LEGAL)

    assert [one["rule"] for one in edited.findings if one["level"] == "error"] != []
    assert edit_notice(sent, NUMBER, made.notice, text + "\nThank you.\n", by=LEGAL).findings == ()


def test_the_duty_that_was_met_stays_met(sent: Desk) -> None:
    put_right(sent, NUMBER, filing(sent).notice, "withdrawal", by=LEGAL, reason=WHY)

    states = {row.stage: row.state for row in every(sent, DutyRecord, NUMBER, provision="eu-gdpr-33")}
    assert states["initial"] == "met"


def test_what_was_not_sent_and_what_is_put_right_already_are_refused(sent: Desk) -> None:
    [other] = notices(sent, NUMBER, audience="staff", language="en")
    with pytest.raises(NotAllowedError, match="was not sent"):
        put_right(sent, NUMBER, other.notice, "correction", by=LEGAL, reason=WHY)
    made = put_right(sent, NUMBER, filing(sent).notice, "correction", by=LEGAL, reason=WHY)

    with pytest.raises(NotAllowedError, match=f"notice {made.notice} puts notice"):
        put_right(sent, NUMBER, filing(sent).notice, "withdrawal", by=LEGAL, reason=WHY)
