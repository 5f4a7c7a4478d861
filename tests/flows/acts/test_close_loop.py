from datetime import UTC, datetime, timedelta

import pytest

from flows.acts.close_loop import settle
from flows.acts.deliver import attempt, waiting
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import LeaseHeldError, TemporaryDeliveryError
from models.tables import Alert, Delivery, DutyChange
from tests.flows.meridia import (
    carrying,
    duty,
    every,
    ledger,
    notice_row,
    notices,
    payloads,
    queue,
    send,
    sign,
)
from tests.flows.post import Post, by_post

NUMBER = "INC-2026-0001"


def test_a_duty_is_met_only_when_the_last_of_its_notices_is_sent_at_the_time_it_was(
    drafted: Desk, clock: VirtualClock
) -> None:
    mail = Post(name="mail")
    desk = by_post(drafted, mail=mail)
    letter, email = notices(desk, NUMBER, provision="us-ny-individuals")
    sign(desk, NUMBER, letter, email)
    queue(desk, NUMBER)
    mail.then(None, TemporaryDeliveryError("down"))
    send(desk, NUMBER)
    assert duty(desk, NUMBER, "us-ny-individuals").state == "open", "one of two is not sent"
    later = clock() + timedelta(hours=2)
    clock.set(later)

    send(desk, NUMBER)

    row = duty(desk, NUMBER, "us-ny-individuals")
    assert (row.state, row.met_at) == ("met", later)
    [said] = payloads(desk, NUMBER, "duty.met")
    assert said["to"] == {"state": "met", "met_at": "2026-11-23T11:00:00Z", "late": False}
    assert len(said["notices"]) == 2
    assert [change.change for change in every(desk, DutyChange, duty_id=row.id)] == ["gained", "met"]


def test_a_duty_that_is_met_after_its_limit_is_recorded_as_late(drafted: Desk, clock: VirtualClock) -> None:
    clock.set(datetime(2026, 11, 26, 7, 31, tzinfo=UTC))
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)

    send(drafted, NUMBER)

    [said] = payloads(drafted, NUMBER, "duty.met")
    assert said["to"]["late"] is True


def test_settling_twice_meets_nothing_twice(drafted: Desk) -> None:
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    before = ledger(drafted, NUMBER)

    assert settle(drafted, NUMBER) == 0
    assert ledger(drafted, NUMBER) == before


def test_what_a_dead_run_sent_without_settling_is_settled_by_the_next(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    sign(drafted, NUMBER, filing)
    queue(drafted, NUMBER)
    for key in waiting(drafted, NUMBER, "notice"):
        attempt(drafted, NUMBER, key)
    assert notice_row(drafted, filing.notice).state == "approved"

    send(drafted, NUMBER)

    assert notice_row(drafted, filing.notice).state == "sent"
    assert duty(drafted, NUMBER, "eu-gdpr-33").state == "met"


def test_a_text_for_the_public_is_sent_without_a_duty_to_meet(drafted: Desk) -> None:
    [script] = notices(drafted, NUMBER, audience="customer_care", form="script", language="en")
    sign(drafted, NUMBER, script)
    queue(drafted, NUMBER)

    send(drafted, NUMBER)

    assert notice_row(drafted, script.notice).state == "sent"
    assert payloads(drafted, NUMBER, "duty.met") == []


def test_the_warnings_of_a_duty_end_in_the_moment_it_is_met(drafted: Desk) -> None:
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)
    for key in waiting(drafted, NUMBER, "notice"):
        attempt(drafted, NUMBER, key)

    settle(drafted, NUMBER)  # and a death before the law is applied again

    rungs = every(drafted, Alert, NUMBER, duty_id=duty(drafted, NUMBER, "eu-gdpr-33").id)
    assert {rung.state for rung in rungs} == {"cancelled"}


def test_a_notice_that_was_sent_is_not_queued_again(drafted: Desk) -> None:
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)
    send(drafted, NUMBER)

    assert queue(drafted, NUMBER) == 0
    assert len(every(drafted, Delivery, NUMBER, purpose="notice")) == 1


def test_a_run_that_lost_its_lease_settles_nothing(drafted: Desk) -> None:
    dead = carrying(drafted, NUMBER)
    carrying(drafted, NUMBER, "here/2/1")

    with pytest.raises(LeaseHeldError):
        settle(dead, NUMBER)
