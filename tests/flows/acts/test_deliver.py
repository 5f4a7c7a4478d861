import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Connection, event

from flows.acts.deliver import attempt, send_again, waiting
from flows.acts.read_notice import notice_text
from flows.acts.sign import reject
from flows.acts.standing import standing
from flows.acts.watch import watch_once
from flows.desk import Desk
from integrations.channel import Settlement
from models.clock import VirtualClock
from models.errors import (
    BadInputError,
    LeaseHeldError,
    NotAllowedError,
    RefusedDeliveryError,
    TemporaryDeliveryError,
    UncertainDeliveryError,
)
from models.ledger import verify_stored
from models.message import Message, Taken
from models.store import reading
from models.tables import Delivery, Incident, Receipt
from tests.flows.meridia import (
    LEGAL,
    carrying,
    every,
    ledger,
    notice_row,
    notices,
    one,
    payloads,
    queue,
    send,
    sign,
)
from tests.flows.post import Died, Post, by_post

NUMBER = "INC-2026-0001"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def mail() -> Post:
    """The way to the authorities."""
    return Post(name="mail")


@pytest.fixture
def queued(drafted: Desk, mail: Post) -> Desk:
    """A desk whose mail is `mail`, with the filing to the CNIL signed and queued on it."""
    desk = by_post(drafted, mail=mail)
    sign(desk, NUMBER, *notices(desk, NUMBER, provision="eu-gdpr-33"))
    queue(desk, NUMBER)
    return desk


def row(desk: Desk) -> Delivery:
    return one(desk, Delivery, NUMBER, purpose="notice")


def try_notice(desk: Desk) -> list[str]:
    return [attempt(desk, NUMBER, key).state for key in waiting(desk, NUMBER, "notice")]


def test_a_message_that_was_taken_has_a_receipt_with_the_other_sides_reference(queued: Desk, mail: Post) -> None:
    assert try_notice(queued) == ["sent"]

    receipt = one(queued, Receipt, delivery_id=row(queued).id)
    assert (receipt.reference, receipt.detail, receipt.at) == ("post/1", "taken", queued.clock())
    [message] = mail.taken.values()
    assert message.text == notice_text(queued, NUMBER, row(queued).notice_id or 0).text
    [said] = [entry for entry in payloads(queued, NUMBER, "delivery.sent") if entry["key"] == row(queued).key]
    assert (said["channel"], said["reference"]) == ("mail", "post/1")


def test_what_was_sent_is_not_sent_again(queued: Desk, mail: Post) -> None:
    try_notice(queued)

    again = attempt(queued, NUMBER, row(queued).key)

    assert (again.state, again.detail) == ("sent", "sent before")
    assert len(mail.sendings) == 1


def test_the_outbox_shows_what_would_have_gone_out(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    sign(drafted, NUMBER, filing)
    queue(drafted, NUMBER)

    send(drafted, NUMBER)

    written = json.loads((drafted.settings.home / "outbox" / f"{row(drafted).key}.json").read_text())
    assert (written["to"], written["about"]["sha256"]) == ("CNIL", filing.sha256)


# Failure ---------------------------------------------------------------------------------------------------------------


def test_a_channel_that_is_down_delays_the_message_and_says_so(queued: Desk, mail: Post, clock: VirtualClock) -> None:
    mail.then(TemporaryDeliveryError("smtp.example does not answer"))

    assert try_notice(queued) == ["pending"]

    assert row(queued).last_error == "smtp.example does not answer"
    assert waiting(queued, NUMBER, "notice") == []
    [said] = payloads(queued, NUMBER, "delivery.delayed")
    assert said["why"] == "smtp.example does not answer"
    assert row(queued).key in {wait.reference for wait in standing(queued, NUMBER).waits}
    clock.set(clock() + MINUTE)
    assert try_notice(queued) == ["sent"]


def test_the_wait_doubles_with_each_failure_up_to_a_quarter_of_an_hour(
    queued: Desk, mail: Post, clock: VirtualClock
) -> None:
    waits = []
    for _ in range(9):
        mail.then(TemporaryDeliveryError("down"))
        try_notice(queued)
        next_try_at = row(queued).next_try_at
        assert next_try_at is not None
        waits.append((next_try_at - clock()) / timedelta(seconds=30))
        clock.set(next_try_at)

    for wait, middle in zip(waits, [1, 2, 4, 8, 16, 30, 30, 30, 30], strict=True):
        assert 0.8 * middle <= wait <= 1.2 * middle


def test_the_other_sides_wish_to_be_asked_later_is_honoured(queued: Desk, mail: Post, clock: VirtualClock) -> None:
    mail.then(TemporaryDeliveryError("429", timedelta(hours=2)))
    try_notice(queued)
    clock.set(clock() + timedelta(hours=2) - timedelta(seconds=1))
    watch_once(queued)
    assert mail.taken == {}

    clock.set(clock() + timedelta(seconds=1))
    watch_once(queued)

    assert len(mail.taken) == 1


def test_a_channel_that_is_down_holds_up_no_other_one(queued: Desk, mail: Post) -> None:
    [script] = notices(queued, NUMBER, audience="customer_care", form="script", language="en")
    sign(queued, NUMBER, script)
    queue(queued, NUMBER)
    mail.then(TemporaryDeliveryError("down"))

    send(queued, NUMBER)

    states = {delivery.channel: delivery.state for delivery in every(queued, Delivery, NUMBER, purpose="notice")}
    assert states == {"mail": "pending", "outbox": "sent"}
    assert notice_row(queued, script.notice).state == "sent"


def test_a_refused_message_waits_for_a_person_who_may_have_it_sent_again(
    queued: Desk, mail: Post, clock: VirtualClock
) -> None:
    mail.then(RefusedDeliveryError("550 no such mailbox"))
    assert try_notice(queued) == ["refused"]
    clock.set(clock() + timedelta(days=3))
    watch_once(queued)
    assert try_notice(queued) == []
    assert len(mail.sendings) == 1

    send_again(queued, NUMBER, row(queued).key, by=LEGAL)

    assert try_notice(queued) == ["sent"]
    assert [entry["actor"] for entry in ledger(queued, NUMBER, "delivery.queued")][-1] == LEGAL


def test_a_delayed_message_may_be_sent_before_its_next_try(queued: Desk, mail: Post) -> None:
    mail.then(TemporaryDeliveryError("down", timedelta(hours=5)))
    try_notice(queued)

    send_again(queued, NUMBER, row(queued).key, by=LEGAL)

    assert try_notice(queued) == ["sent"]


def test_what_was_sent_or_withdrawn_is_not_sent_again_by_hand(queued: Desk) -> None:
    reject(queued, NUMBER, row(queued).notice_id or 0, by=LEGAL, reason="not yet")
    try_notice(queued)
    with pytest.raises(NotAllowedError, match="withdrawn"):
        send_again(queued, NUMBER, row(queued).key, by=LEGAL)
    sign(queued, NUMBER, *notices(queued, NUMBER, provision="eu-gdpr-33"))
    queue(queued, NUMBER)
    try_notice(queued)

    with pytest.raises(NotAllowedError, match="sent already"):
        send_again(queued, NUMBER, row(queued).key, by=LEGAL)


def test_a_channel_that_is_not_configured_any_more_delays_its_messages_and_no_others(
    queued: Desk, drafted: Desk, clock: VirtualClock
) -> None:
    [script] = notices(drafted, NUMBER, audience="customer_care", form="script", language="en")
    sign(drafted, NUMBER, script)
    queue(drafted, NUMBER)

    send(drafted, NUMBER)

    states = {delivery.channel: delivery.state for delivery in every(drafted, Delivery, NUMBER, purpose="notice")}
    assert states == {"mail": "pending", "outbox": "sent"}
    assert "not configured any more" in payloads(drafted, NUMBER, "delivery.delayed")[0]["why"]
    clock.set(clock() + timedelta(hours=1))
    assert try_notice(queued) == ["sent"], "it goes once the channel is back"


def test_what_waits_on_a_missing_channel_is_withdrawn_when_it_is_sent_back(queued: Desk, drafted: Desk) -> None:
    reject(drafted, NUMBER, row(drafted).notice_id or 0, by=LEGAL, reason="by another way")

    assert try_notice(drafted) == ["withdrawn"]


# Uncertain -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settles", ["same_identity", "idempotency_key"])
def test_an_uncertain_message_is_shown_as_such_and_tried_again_under_the_same_key(
    queued: Desk, mail: Post, clock: VirtualClock, settles: Settlement
) -> None:
    mail.settles = settles
    mail.then(UncertainDeliveryError("the connection was lost after DATA"))

    assert try_notice(queued) == ["uncertain"]
    assert standing(queued, NUMBER).deliveries["uncertain"] == 1
    [said] = payloads(queued, NUMBER, "delivery.uncertain")
    assert "lost after DATA" in said["why"]
    clock.set(clock() + MINUTE)
    assert try_notice(queued) == ["sent"]

    first, second = mail.sendings
    assert first.key == second.key
    assert first.text == second.text


def test_a_channel_that_can_be_asked_is_asked_before_anything_is_sent_again(
    queued: Desk, mail: Post, clock: VirtualClock
) -> None:
    mail.settles = "lookup"
    mail.then("die after")
    with pytest.raises(Died):
        try_notice(carrying(queued, NUMBER))

    assert try_notice(carrying(queued, NUMBER, "here/2/1")) == ["sent"]

    assert len(mail.sendings) == 1
    assert one(queued, Receipt, delivery_id=row(queued).id).detail == "found there after an interruption"


# Death at every boundary ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settles", ["same_identity", "idempotency_key", "lookup"])
@pytest.mark.parametrize("when", ["die before", "die after"])
def test_a_run_that_dies_while_sending_leaves_it_to_the_next_which_says_what_is_not_known(
    queued: Desk, mail: Post, settles: Settlement, when: str
) -> None:
    mail.settles = settles
    mail.then(when)
    with pytest.raises(Died):
        try_notice(carrying(queued, NUMBER))
    assert row(queued).state == "sending"

    assert try_notice(carrying(queued, NUMBER, "here/2/1")) == ["sent"]

    assert len(mail.taken) == 1
    assert len({message.key for message in mail.sendings}) == 1
    uncertain = payloads(queued, NUMBER, "delivery.uncertain")
    assert [entry["why"] for entry in uncertain] == (
        ["the run that sent it died; sent again under the same identity"] if settles == "same_identity" else []
    )
    assert len(every(queued, Receipt, delivery_id=row(queued).id)) == 1


def test_a_message_that_another_run_is_sending_is_left_to_it(queued: Desk, mail: Post) -> None:
    mail.then("die before")
    with pytest.raises(Died):
        try_notice(queued)  # without a lease, as the watch does

    assert try_notice(carrying(queued, NUMBER)) == []
    left = attempt(carrying(queued, NUMBER), NUMBER, row(queued).key)
    assert (left.state, left.detail) == ("sending", "another run is sending it")
    assert len(mail.sendings) == 1


def test_of_many_that_take_up_the_same_message_at_once_one_sends_it(queued: Desk, mail: Post) -> None:
    mail.settles = "same_identity"
    key, ready = row(queued).key, Barrier(6)

    def take_up() -> str:
        ready.wait()
        return attempt(queued, NUMBER, key).detail

    with ThreadPoolExecutor(6) as pool:
        details = [found.result() for found in [pool.submit(take_up) for _ in range(6)]]

    assert len(mail.sendings) == 1
    assert set(details) <= {"post/1", "sent before", "another run is sending it"}
    assert details.count("post/1") == 1


@dataclass
class Overtaken(Post):
    """A channel at which another run takes over while this one waits for its answer."""

    overtake: Callable[[], object] = print
    error: Exception | None = None

    def send(self, message: Message) -> Taken:
        taken = super().send(message)
        self.overtake()
        if self.error is not None:
            raise self.error
        return taken


def overtaken(drafted: Desk, error: Exception | None = None) -> Desk:
    """The desk of a run with the filing to the CNIL queued, of which another takes the lease while it sends."""
    mail = Overtaken(name="mail", error=error)
    desk = by_post(drafted, mail=mail)
    sign(desk, NUMBER, *notices(desk, NUMBER, provision="eu-gdpr-33"))
    queue(desk, NUMBER)
    mail.overtake = lambda: carrying(desk, NUMBER, "here/2/1")
    return carrying(desk, NUMBER)


def test_a_receipt_that_comes_after_the_lease_was_lost_is_kept_since_it_is_true(drafted: Desk) -> None:
    run = overtaken(drafted)

    assert try_notice(run) == ["sent"]

    with pytest.raises(LeaseHeldError):
        queue(run, NUMBER)


def test_a_run_that_lost_its_lease_while_sending_writes_nothing_but_a_receipt(drafted: Desk) -> None:
    run = overtaken(drafted, TemporaryDeliveryError("451 later"))
    entries = len(ledger(drafted, NUMBER))

    with pytest.raises(LeaseHeldError):
        try_notice(run)

    assert row(drafted).state == "sending"
    assert len(ledger(drafted, NUMBER)) == entries


def test_a_channel_that_cannot_tell_leaves_it_uncertain_and_says_so(queued: Desk, mail: Post) -> None:
    mail.settles = "lookup"
    mail.then("die after")
    with pytest.raises(Died):
        try_notice(carrying(queued, NUMBER))
    mail.knows = False

    assert try_notice(carrying(queued, NUMBER, "here/2/1")) == ["sent"]

    [said] = payloads(queued, NUMBER, "delivery.uncertain")
    assert said["why"] == "the run that sent it died; it cannot be looked up there; sent again under the same key"


def test_after_the_clock_was_set_back_nothing_waits_that_hour_again(
    queued: Desk, mail: Post, clock: VirtualClock
) -> None:
    mail.then(TemporaryDeliveryError("down"))
    try_notice(queued)
    clock.set(clock() - timedelta(hours=1))

    assert try_notice(queued) == ["sent"]

    at = [entry["at"] for entry in ledger(queued, NUMBER)]
    assert at != sorted(at), "the ledger keeps its own order, whatever the clock says"


def test_a_run_that_lost_its_lease_sends_nothing(queued: Desk, mail: Post) -> None:
    dead = carrying(queued, NUMBER)
    carrying(queued, NUMBER, "here/2/1")

    with pytest.raises(LeaseHeldError):
        attempt(dead, NUMBER, row(queued).key)
    assert mail.sendings == []


@contextmanager
def dying_at(desk: Desk, commit: int) -> Iterator[list[int]]:
    """Kills the process just before its `commit`-th transaction is kept; gives the number of those that were."""
    kept = [0]

    def count(connection: Connection) -> None:
        if connection.get_execution_options().get("reading"):
            return
        if kept[0] == commit:
            connection.invalidate()  # as the database sees it when a process is gone
            raise Died
        kept[0] += 1

    event.listen(desk.engine, "commit", count)
    try:
        yield kept
    finally:
        event.remove(desk.engine, "commit", count)


def carry_on(desk: Desk) -> None:
    """What the next runs do, over and over."""
    for _ in range(3):
        queue(desk, NUMBER)
        send(desk, NUMBER)


@pytest.mark.parametrize("commit", range(19))
def test_a_run_that_dies_between_any_two_transactions_loses_nothing_and_doubles_nothing(
    drafted: Desk, commit: int
) -> None:
    """Queueing, sending, receipts, settling and the clocks that follow, cut at every place where a cut can be."""
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="us-ny-individuals"))
    mail = Post(name="mail", settles="lookup")
    desk = by_post(drafted, mail=mail)

    run = carrying(desk, NUMBER)
    with dying_at(desk, commit), pytest.raises(Died):
        carry_on(run)
    carry_on(carrying(desk, NUMBER, "here/2/1"))

    assert {delivery.state for delivery in every(desk, Delivery, NUMBER)} == {"sent"}
    keys = [message.key for message in mail.sendings]
    assert len(keys) == len(set(keys)) == 3
    assert len(every(desk, Receipt)) == len(every(desk, Delivery))
    with reading(desk.engine) as session:
        verify_stored(session, session.get_one(Incident, 1))
    met = [entry["provision"] for entry in payloads(desk, NUMBER, "duty.met")]
    assert sorted(met) == ["eu-gdpr-33", "us-ny-individuals"]
    assert {notice_row(desk, line.notice).state for line in notices(desk, NUMBER, provision="eu-gdpr-33")} == {"sent"}


def test_an_unknown_incident_has_nothing_waiting(desk: Desk) -> None:
    with pytest.raises(BadInputError, match="no incident is called"):
        waiting(desk, "INC-2026-0009")
