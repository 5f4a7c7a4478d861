from datetime import UTC, datetime

import pytest

from flows.acts.deliver import attempt, waiting
from flows.acts.evaluate import evaluate
from flows.acts.sign import reject
from flows.acts.unfinished import unfinished
from flows.desk import Desk
from models import lease
from models.errors import TemporaryDeliveryError
from models.store import writing
from tests.flows.meridia import LEGAL, add, approve, carry, carrying, notices, queue, send, sign
from tests.flows.post import Died, Post, by_post

NUMBER = "INC-2026-0001"


@pytest.fixture
def idle(drafted: Desk) -> Desk:
    """A desk on which everything waits for people."""
    carry(drafted, NUMBER)
    return drafted


def test_an_incident_that_waits_for_people_is_left_in_peace(idle: Desk) -> None:
    assert unfinished(idle) == []


def test_new_facts_that_no_law_was_applied_to_are_work(idle: Desk) -> None:
    add(idle, NUMBER, "records: 33850")
    assert unfinished(idle) == [NUMBER]

    evaluate(idle, NUMBER)

    assert unfinished(idle) == []


def test_a_text_that_was_signed_is_work_until_it_is_sent(idle: Desk) -> None:
    sign(idle, NUMBER, *notices(idle, NUMBER, provision="eu-gdpr-33"))
    assert unfinished(idle) == [NUMBER]

    queue(idle, NUMBER)
    send(idle, NUMBER)

    assert unfinished(idle) == []


def test_a_text_that_the_embargo_holds_is_no_work(idle: Desk) -> None:
    sign(idle, NUMBER, *notices(idle, NUMBER, audience="press", form="holding", language="en"))

    assert unfinished(idle) == []


def test_a_text_that_was_withdrawn_from_the_queue_and_signed_again_is_work(idle: Desk) -> None:
    [filing] = notices(idle, NUMBER, provision="eu-gdpr-33")
    sign(idle, NUMBER, filing)
    queue(idle, NUMBER)
    reject(idle, NUMBER, filing.notice, by=LEGAL, reason="not yet")
    send(idle, NUMBER)
    assert unfinished(idle) == []

    approve(idle, NUMBER, filing.notice, by=LEGAL)

    assert unfinished(idle) == [NUMBER]


def test_what_a_dead_run_was_sending_is_work_and_what_waits_for_its_next_try_is_not(idle: Desk) -> None:
    mail = Post(name="mail")
    desk = by_post(idle, mail=mail)
    sign(desk, NUMBER, *notices(desk, NUMBER, provision="eu-gdpr-33"))
    queue(desk, NUMBER)
    mail.then("die before", TemporaryDeliveryError("down"))
    run = carrying(desk, NUMBER)
    [key] = waiting(run, NUMBER, "notice")
    with pytest.raises(Died):
        attempt(run, NUMBER, key)
    assert unfinished(desk) == [], "its lease has not run out"
    _give_back(run)
    assert unfinished(desk) == [NUMBER]

    attempt(carrying(desk, NUMBER, "here/2/1"), NUMBER, key)

    assert waiting(desk, NUMBER, "notice") == []


def _give_back(run: Desk) -> None:
    assert run.held is not None
    with writing(run.engine) as session:
        lease.give_back(session, run.held, datetime.now(UTC))
