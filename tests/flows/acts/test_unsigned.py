from datetime import timedelta

import pytest

from flows.acts.draft import draft_texts
from flows.acts.edit import edit_notice
from flows.acts.read_notice import NoticeLine, notice_text
from flows.acts.release import hold
from flows.acts.sign import approve
from flows.acts.timeline import timeline
from flows.acts.unsigned import fire_unsigned
from flows.acts.watch import watch_once
from flows.desk import Desk
from models.tables import Delivery
from models.vocabulary import Audience
from tests.flows.meridia import COMMANDER, LEGAL, PR, add, every, notices, payloads, sign

NUMBER = "INC-2026-0001"


def filing(desk: Desk) -> NoticeLine:
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33")
    return line


def later(desk: Desk, hours: float) -> None:
    desk.clock.set(desk.clock() + timedelta(hours=hours))  # type: ignore[attr-defined]  # the tests' clock


def told(desk: Desk, notice: int) -> list[dict[str, object]]:
    return [said for said in payloads(desk, NUMBER, "signature.overdue") if said["notice"] == notice]


def test_when_the_time_to_sign_is_over_the_stand_in_is_told_once_and_may_sign(drafted: Desk) -> None:
    line = filing(drafted)
    later(drafted, 12.1)

    fired = [one for one in watch_once(drafted) if one.stage == f"notice {line.notice}"]
    watch_once(drafted)

    assert [(one.rung, one.role, one.provision) for one in fired] == [("signature overdue", "commander", "eu-gdpr-33")]
    [said] = told(drafted, line.notice)
    assert (said["asked"], said["told"], said["due_at"]) == (["legal"], ["commander"], "2026-11-23T21:00:00Z")
    [message] = every(drafted, Delivery, NUMBER, key=fired[0].delivery)
    assert (message.state, message.purpose) == ("sent", "alert")
    assert "commander may sign now" in message.body["text"]
    assert "overdue since 2026-11-23T21:00:00Z; commander may stand in" in str(filing(drafted).waits_for)
    assert approve(drafted, NUMBER, line.notice, by=COMMANDER, note="read").still_needed == ()


def test_a_late_signature_is_on_the_timeline_in_words(drafted: Desk) -> None:
    later(drafted, 12.1)
    watch_once(drafted)

    words = [event.words for event in timeline(drafted, NUMBER) if event.kind == "signature.overdue"]

    assert (
        "Signature overdue since 2026-11-23T21:00:00Z, asked of legal: filing to CNIL (eu-gdpr-33, en); told commander"
        in words
    )


def test_where_nobody_stands_in_whoever_comes_next_on_the_ladder_is_told(drafted: Desk) -> None:
    [press] = notices(drafted, NUMBER, audience="press", form="holding", language="en")
    approve(drafted, NUMBER, press.notice, by="Claire Aubry", note="read")
    later(drafted, 12.1)
    fire_unsigned(drafted)

    [said] = told(drafted, press.notice)

    assert (said["asked"], said["told"]) == (["pr"], ["legal"])


@pytest.mark.parametrize("change", ["signed", "held", "edited", "not yet"])
def test_nobody_is_told_of_a_text_that_is_signed_held_new_or_still_in_time(drafted: Desk, change: str) -> None:
    line = filing(drafted)
    if change == "signed":
        sign(drafted, NUMBER, line)
    if change == "held":
        hold(drafted, NUMBER, line.notice, by=PR, reason="wait")
    later(drafted, 11.9)
    if change == "edited":
        edit_notice(drafted, NUMBER, line.notice, notice_text(drafted, NUMBER, line.notice).text + "\n", by=LEGAL)
    if change != "not yet":
        later(drafted, 0.5)

    fire_unsigned(drafted)

    assert told(drafted, line.notice) == []


def test_a_text_drafted_again_has_its_whole_time_again(drafted: Desk) -> None:
    later(drafted, 12.1)
    fire_unsigned(drafted)
    add(drafted, NUMBER, "records: 33850")
    draft_texts(drafted, NUMBER, (Audience.AUTHORITY,))
    later(drafted, 11)
    fire_unsigned(drafted)
    assert len(told(drafted, filing(drafted).notice)) == 1

    later(drafted, 1.1)
    fire_unsigned(drafted)

    assert len(told(drafted, filing(drafted).notice)) == 2
