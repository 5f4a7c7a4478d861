import pytest

from flows.acts.answer import answer
from flows.acts.deliver import attempt, waiting
from flows.acts.edit import edit_notice
from flows.acts.evaluate import evaluate
from flows.acts.read_notice import NoticeLine, notice_text
from flows.acts.release import hold, release
from flows.acts.report import open_incident
from flows.acts.sign import reject
from flows.desk import Desk
from models.document import read_document
from models.errors import LeaseHeldError, NotAllowedError
from models.report import report_of
from models.tables import Delivery
from tests.flows.meridia import (
    EXECUTIVE,
    LEGAL,
    PR,
    add,
    approve,
    carrying,
    contain,
    draft,
    every,
    make_signable,
    notice_row,
    notices,
    one,
    payloads,
    queue,
    send,
    sign,
)
from tests.flows.post import Post, by_post

NUMBER = "INC-2026-0001"


def filing(desk: Desk) -> NoticeLine:
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33")
    return line


def row(desk: Desk) -> Delivery:
    return one(desk, Delivery, NUMBER, purpose="notice")


def test_what_is_signed_is_queued_under_a_key_made_of_what_it_is(drafted: Desk) -> None:
    line = filing(drafted)
    sign(drafted, NUMBER, line)

    assert queue(drafted, NUMBER) == 1

    queued = row(drafted)
    assert queued.key == f"{NUMBER}.{line.notice}.eu-gdpr-33.initial.CNIL.filing.en.outbox.{line.sha256[:16]}"
    assert (queued.state, queued.notice_id, queued.notice_version) == ("pending", line.notice, 1)
    assert queued.body["text"] == notice_text(drafted, NUMBER, line.notice).text
    assert queued.body["about"]["sha256"] == line.sha256


def test_queueing_again_queues_nothing_twice(drafted: Desk) -> None:
    sign(drafted, NUMBER, filing(drafted))
    queue(drafted, NUMBER)

    assert queue(drafted, NUMBER) == 0
    assert len(every(drafted, Delivery, NUMBER, purpose="notice")) == 1


def test_a_recipient_with_an_address_is_reached_by_mail_and_others_through_the_outbox(drafted: Desk) -> None:
    [script] = notices(drafted, NUMBER, audience="customer_care", form="script", language="en")
    [note] = notices(drafted, NUMBER, audience="staff", language="en")
    desk = by_post(drafted, mail=Post(name="mail"))
    sign(desk, NUMBER, note, script)

    queue(desk, NUMBER)

    by_channel = {one.channel: one.recipient for one in every(desk, Delivery, NUMBER, purpose="notice")}
    assert by_channel == {"mail": "notices@authority.example", "outbox": "customer care"}


def test_a_text_that_waits_on_one_channel_is_not_queued_on_another_too_when_the_settings_change(drafted: Desk) -> None:
    sign(drafted, NUMBER, filing(drafted))
    queue(by_post(drafted, mail=Post(name="mail")), NUMBER)

    assert queue(drafted, NUMBER) == 0
    assert row(drafted).channel == "mail"


@pytest.mark.parametrize("change", ["edited", "sent back", "fact"])
def test_a_queued_row_whose_text_no_longer_holds_is_not_sent(drafted: Desk, change: str) -> None:
    line = filing(drafted)
    sign(drafted, NUMBER, line)
    queue(drafted, NUMBER)
    if change == "edited":
        edit_notice(drafted, NUMBER, line.notice, notice_text(drafted, NUMBER, line.notice).text + "\n", by=LEGAL)
    elif change == "sent back":
        reject(drafted, NUMBER, line.notice, by=LEGAL, reason="not yet")
    else:
        add(drafted, NUMBER, "records: 33850")

    [tried] = [attempt(drafted, NUMBER, key) for key in waiting(drafted, NUMBER, "notice")]

    assert tried.state == "withdrawn"
    assert not (drafted.settings.home / "outbox" / f"{row(drafted).key}.json").exists()
    [said] = payloads(drafted, NUMBER, "delivery.withdrawn")
    assert said["why"]
    assert waiting(drafted, NUMBER, "notice") == []


def test_the_same_words_signed_again_are_queued_again_and_sent_once(drafted: Desk) -> None:
    line = filing(drafted)
    sign(drafted, NUMBER, line)
    queue(drafted, NUMBER)
    reject(drafted, NUMBER, line.notice, by=LEGAL, reason="not yet")
    send(drafted, NUMBER)
    approve(drafted, NUMBER, line.notice, by=LEGAL)

    assert queue(drafted, NUMBER) == 1
    send(drafted, NUMBER)

    assert row(drafted).state == "sent"
    assert notice_row(drafted, line.notice).state == "sent"


def test_a_signed_text_of_which_a_fact_changed_is_not_queued_and_must_be_signed_again(drafted: Desk) -> None:
    line = filing(drafted)
    sign(drafted, NUMBER, line)
    add(drafted, NUMBER, "records: 33850")

    assert queue(drafted, NUMBER) == 0

    assert notice_row(drafted, line.notice).state == "draft"
    [said] = payloads(drafted, NUMBER, "notice.reopened")
    assert said["reason"] == "it states records as 31400, which has changed"
    assert len(payloads(drafted, NUMBER, "approval.voided")) == 1


def test_a_rule_that_became_stricter_after_signing_asks_for_more_signatures_and_holds_up_no_other_text(
    team: Desk,
) -> None:
    facts = b"title: Something\ntimes: {aware_at: 2026-11-23T08:30:00+01:00}\norganisation: {name: M}\n"
    number = open_incident(team, report_of(read_document("r.yaml", facts)), by=LEGAL)
    draft(team, number)
    [press] = notices(team, number, audience="press", form="holding", language="en")
    [staff] = notices(team, number, audience="staff", language="en")
    assert press.still_needed == ("legal",), "without a playbook legal signs everything"
    sign(team, number, press)
    add(team, number, "kind: ransomware")
    contain(team, number)

    queue(team, number)

    assert notice_row(team, press.notice).state == "draft"
    assert "signatures are missing" in payloads(team, number, "notice.reopened")[0]["reason"]
    [now] = notices(team, number, audience="press", form="holding", language="en")
    assert now.still_needed == ("pr", "executive")
    assert notice_row(team, staff.notice).state == "draft"


def test_a_held_text_is_not_queued_until_it_is_released(drafted: Desk) -> None:
    line = filing(drafted)
    hold(drafted, NUMBER, line.notice, by=PR, reason="the police asked for a day")
    sign(drafted, NUMBER, line)
    assert queue(drafted, NUMBER) == 0

    release(drafted, NUMBER, line.notice, by=PR)

    assert queue(drafted, NUMBER) == 1
    [held], [released] = payloads(drafted, NUMBER, "notice.held"), payloads(drafted, NUMBER, "notice.released")
    assert (held["reason"], released["notice"]) == ("the police asked for a day", line.notice)


def test_a_text_that_waits_to_be_sent_can_still_be_held(drafted: Desk) -> None:
    line = filing(drafted)
    sign(drafted, NUMBER, line)
    queue(drafted, NUMBER)
    hold(drafted, NUMBER, line.notice, by=PR, reason="wait for the board")

    send(drafted, NUMBER)
    assert row(drafted).state == "withdrawn"
    release(drafted, NUMBER, line.notice, by=PR)
    queue(drafted, NUMBER)
    send(drafted, NUMBER)

    assert row(drafted).state == "sent"


def test_what_was_sent_cannot_be_held(drafted: Desk) -> None:
    line = filing(drafted)
    sign(drafted, NUMBER, line)
    queue(drafted, NUMBER)
    send(drafted, NUMBER)

    with pytest.raises(NotAllowedError, match="correction"):
        hold(drafted, NUMBER, line.notice, by=PR, reason="too late")


def test_a_stranger_holds_nothing(drafted: Desk) -> None:
    with pytest.raises(NotAllowedError, match="not in the team"):
        hold(drafted, NUMBER, filing(drafted).notice, by="Mallory", reason="x")


def test_the_press_hears_nothing_until_authorities_and_individuals_were_told(drafted: Desk) -> None:
    second = (
        "times: {determined_at: 2026-11-24T10:00:00+01:00, contained_at: 2026-11-24T07:15:00+01:00}\n"
        "contracts: []\n"
        "people: [{jurisdiction: US-NY, count: 610, relationship: customer, minors: false, vulnerable: false, "
        "languages: [en]}]\norganisation: {country: US, subdivision: US-NY, establishments: [US]}"
    )
    distribution = "By e-mail and letter within ten days; copies of both are attached."
    answer(drafted, NUMBER, "notice_timing_distribution_content", distribution, "en", by=LEGAL)
    add(drafted, NUMBER, second)
    evaluate(drafted, NUMBER)
    make_signable(drafted, NUMBER)
    [press] = notices(drafted, NUMBER, audience="press", form="holding", language="en")
    sign(drafted, NUMBER, press)
    assert queue(drafted, NUMBER) == 0

    people = notices(drafted, NUMBER, provision="us-ny-individuals")
    sign(drafted, NUMBER, *people)
    assert queue(drafted, NUMBER) == len(people), "the authorities are still to be told"
    send(drafted, NUMBER)
    assert queue(drafted, NUMBER) == 0
    authorities = [line for line in notices(drafted, NUMBER, audience="authority") if line.state == "draft"]
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="us-ny-state-agencies"))
    queue(drafted, NUMBER)
    send(drafted, NUMBER)

    assert [line.provision for line in authorities] == ["us-ny-state-agencies"]
    assert queue(drafted, NUMBER) == 1
    assert [one.notice_id for one in every(drafted, Delivery, NUMBER, state="pending", purpose="notice")] == [
        press.notice
    ]


def test_the_embargo_holds_only_the_audience_that_it_names(drafted: Desk) -> None:
    [note] = notices(drafted, NUMBER, audience="staff", language="en")
    approve(drafted, NUMBER, note.notice, by=EXECUTIVE)

    assert queue(drafted, NUMBER) == 1


def test_a_run_that_lost_its_lease_queues_nothing(drafted: Desk) -> None:
    sign(drafted, NUMBER, filing(drafted))
    dead = carrying(drafted, NUMBER)
    carrying(drafted, NUMBER, "here/2/1")

    with pytest.raises(LeaseHeldError):
        queue(dead, NUMBER)
    assert every(drafted, Delivery, NUMBER, purpose="notice") == []
