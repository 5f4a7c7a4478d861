import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from flows.acts import audit
from flows.acts.deliver import new_delivery
from flows.acts.event_kinds import KINDS, EventKind
from flows.acts.health import Finding, subscription_health
from flows.acts.report import add_facts, open_incident
from flows.acts.subscriptions import Subscribed, event_deliveries, subscribe, subscriptions, tell_again, unsubscribe
from flows.acts.tell_subscribers import send_test, tell_subscribers
from flows.acts.timeline import WORDS
from flows.acts.watch import watch_once
from flows.desk import Desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.document import read_document
from models.errors import BadInputError, NotAllowedError, UnknownNameError
from models.incident import find
from models.ledger import record
from models.report import Report
from models.store import reading, writing
from models.tables import Delivery, EventDelivery, Incident, Subscription
from tests.integrations.sinks import HttpSink, Reply

Opens = Callable[[], str]
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    sink = HttpSink()
    yield sink
    sink.close()


@pytest.fixture
def at_work(desk: Desk) -> Desk:
    """The desk of an installation whose operator lets users set this machine as a target."""
    return replace(desk, settings=desk.settings.model_copy(update={"private_targets": ("127.0.0.1", "turns.example")}))


@pytest.fixture
def opened(at_work: Desk, open_demo_incident: Opens) -> Callable[..., str]:
    """Opens an incident that is no rehearsal."""

    def open_(*, private: bool = False) -> str:
        number = open_demo_incident()
        with writing(at_work.engine) as session:
            incident = session.exec(select(Incident).where(Incident.number == number)).one()
            incident.rehearsal, incident.private = False, private
            session.add(incident)
        return number

    return open_


def made(desk: Desk, sink: HttpSink, *kinds: str, everything: bool = False) -> Subscribed:
    return subscribe(desk, f"{sink.url}/in?key=hidden", kinds, by="Ada Byron", everything=everything)


def told(sink: HttpSink) -> list[tuple[str, str]]:
    said = [json.loads(request.body) for request in sink.received]
    return [(one["number"], one["kind"]) for one in said]


def states(desk: Desk, number: int = 1) -> list[tuple[str, int, str]]:
    return [(one.state, one.attempts, one.answer or "") for one in event_deliveries(desk, number)]


def test_a_subscriber_hears_what_happens_from_then_on_signed_and_with_nothing_personal(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str]
) -> None:
    opened()  # before
    subscribed = made(at_work, sink, "incident.opened")
    number = opened()

    assert tell_subscribers(at_work) == 1
    assert tell_subscribers(at_work) == 0

    [request] = sink.received
    assert request.path == "/in?key=hidden"
    assert json.loads(request.body) == {
        "id": f"event-1-{number}-1",
        "kind": "incident.opened",
        "number": number,
        "entry": 1,
        "at": "2026-11-23T09:00:00Z",
        "link": f"http://127.0.0.1:4280/incidents/{number}",
    }
    signed = f"{request.headers['Tocsin-Timestamp']}.".encode() + request.body
    expected = hmac.new(subscribed.secret.encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["Tocsin-Signature"] == f"v1={expected}"
    assert request.headers["Idempotency-Key"] == f"event-1-{number}-1"


def test_a_private_incident_is_told_only_to_a_subscription_made_for_all(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str], open_demo_incident: Opens
) -> None:
    made(at_work, sink, "incident.opened")
    made(at_work, sink, "incident.opened", everything=True)
    private, known, _rehearsal = opened(private=True), opened(), open_demo_incident()

    tell_subscribers(at_work)

    assert sorted(told(sink)) == sorted((number, "incident.opened") for number in (private, known, known))
    assert [one.number for one in event_deliveries(at_work, 1)] == [known]


def test_a_subscriber_hears_of_the_kinds_that_it_asked_for(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str]
) -> None:
    made(at_work, sink, "facts.changed")
    number = opened()
    add_facts(at_work, number, read_document("x", b"records: 7"), by="Nadia Roux")

    tell_subscribers(at_work)

    assert told(sink) == [(number, "facts.changed")]


def test_one_that_fails_is_left_alone_for_longer_each_time_and_hears_it_later(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str], clock: VirtualClock
) -> None:
    made(at_work, sink, "incident.opened")
    opened(), opened()
    sink.replies = [Reply(500), Reply(500), Reply()]

    for after, tried, taken in ((0, 1, 0), (29, 1, 0), (1, 2, 0), (30, 2, 0), (30, 4, 2)):
        clock.set(clock() + timedelta(seconds=after))
        assert tell_subscribers(at_work) == taken
        assert len(sink.received) == tried

    keys = [request.headers["Idempotency-Key"] for request in sink.received]
    assert (len(set(keys)), sorted(states(at_work))[0][0]) == (2, "sent")
    assert subscriptions(at_work)[0].failures == 0


def test_one_that_is_busy_is_asked_again_when_it_wishes(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str], clock: VirtualClock
) -> None:
    made(at_work, sink, "incident.opened")
    opened()
    sink.replies = [Reply(429, b"{}", {"Retry-After": "600"}), Reply()]

    tell_subscribers(at_work)
    clock.set(clock() + timedelta(seconds=599))
    assert tell_subscribers(at_work) == 0
    clock.set(clock() + timedelta(seconds=1))
    assert tell_subscribers(at_work) == 1


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(200, b"<html>Sign in</html>", {"Content-Type": "text/html"}), "web page"),
        (Reply(200, b'{"ok": false}'), "says that it failed"),
        (Reply(307, b"", {"Location": "http://169.254.169.254/"}), "points elsewhere"),
        (Reply(404, b"{}"), "404"),
        (Reply(drop=True), "no whole answer"),
    ],
)
def test_what_is_no_receipt_is_shown_and_tried_again(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str], reply: Reply, why: str
) -> None:
    made(at_work, sink, "incident.opened")
    opened()
    sink.replies = [reply]

    assert tell_subscribers(at_work) == 0

    [(state, attempts, answer)] = states(at_work)
    assert (state, attempts) == ("pending", 1)
    assert why in answer
    assert len(sink.received) == 1


def test_after_three_days_an_event_is_given_up_and_the_responders_are_told_once(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str], clock: VirtualClock
) -> None:
    made(at_work, sink, "incident.opened")
    number = opened()
    opened()
    sink.replies = [Reply(500)]
    tell_subscribers(at_work)
    clock.set(clock() + timedelta(days=3))

    for _ in range(3):
        tell_subscribers(at_work)
        clock.set(clock() + timedelta(hours=2))

    assert [state for state, *_ in states(at_work)] == ["given_up", "given_up"]
    watch_once(at_work)
    with reading(at_work.engine) as session:
        [alert] = session.exec(select(Delivery).where(Delivery.purpose == "alert")).all()
    assert (alert.key, alert.state) == (f"{number}.subscription.1.1", "sent")
    assert "hears nothing" in alert.subject

    sink.replies = [Reply()]
    tell_again(at_work, 1, 1, by="Ada Byron")
    assert tell_subscribers(at_work) == 1


def test_a_target_that_turned_private_hears_nothing_and_it_stands_on_the_audit_stream(
    desk: Desk, sink: HttpSink, opened: Callable[..., str]
) -> None:
    answers: list[Sequence[str]] = [["93.184.215.14"]]
    url = sink.url.replace("http://127.0.0.1", "https://hooks.example")
    subscribe(desk, url, ["incident.opened"], by="Ada Byron", resolve=lambda host, port: answers[0])
    opened()
    answers[0] = ["127.0.0.1"]

    tell_subscribers(desk, lambda host, port: answers[0])

    [(state, _, answer)] = states(desk)
    assert (state, sink.received) == ("pending", [])
    assert "no public address" in answer
    assert [record["kind"] for record in audit.records(desk)] == ["subscription.made", "refused.target"]


def test_an_address_inside_is_refused_when_it_is_set_and_it_stands_on_the_audit_stream(desk: Desk) -> None:
    with pytest.raises(BadInputError, match="no public address"):
        subscribe(desk, "https://10.0.0.1/x", by="Ada Byron")
    with pytest.raises(BadInputError, match=r"there are incident\.opened"):
        subscribe(desk, "https://10.0.0.1/x", ["incident.burnt"], by="Ada Byron")

    assert subscriptions(desk) == []
    [record] = audit.records(desk)
    assert (record["kind"], record["who"]) == ("refused.target", "Ada Byron")


def test_neither_the_secret_nor_the_address_stands_in_the_database_and_without_their_key_nothing_is_sent(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str]
) -> None:
    subscribed = made(at_work, sink)
    opened()
    with reading(at_work.engine) as session:
        row = session.get_one(Subscription, 1)

    assert subscribed.secret not in str(row)
    assert "hidden" not in str(row)
    (at_work.settings.home / "keys" / "targets.key").unlink()
    with pytest.raises(NotAllowedError, match="set the targets again"):
        tell_subscribers(at_work)
    assert sink.received == []


def test_a_test_is_sent_at_once_and_says_what_came_of_it(at_work: Desk, sink: HttpSink) -> None:
    made(at_work, sink, "clock.missed")
    sink.replies = [Reply(200, b'{"id": 7}'), Reply(401, b"{}")]

    first, second = send_test(at_work, 1), send_test(at_work, 1)

    assert (first.state, first.kind, first.answer) == ("sent", "test", '200 {"id": 7}')
    assert (second.state, second.number) == ("given_up", None)
    assert json.loads(sink.received[0].body)["kind"] == "test"


def test_a_subscription_that_ended_hears_nothing_more(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str]
) -> None:
    made(at_work, sink)
    opened()
    unsubscribe(at_work, 1, by="Ada Byron")

    assert tell_subscribers(at_work) == 0
    for act in (lambda: event_deliveries(at_work, 1), lambda: send_test(at_work, 1)):
        with pytest.raises(UnknownNameError, match="no subscription has the number 1"):
            act()
    assert sink.received == []


def test_the_doctor_says_who_takes_nothing_and_that_a_key_is_gone(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str]
) -> None:
    assert subscription_health(at_work.settings).state == "off"
    made(at_work, sink, "incident.opened")
    assert subscription_health(at_work.settings) == Finding("subscriptions", "ok", "told of events: 1")
    opened()
    sink.replies = [Reply(500)]
    tell_subscribers(at_work)
    found = subscription_health(at_work.settings)
    assert (found.state, "1 (127.0.0.1) did not take the last event" in found.detail) == ("wrong", True)
    (at_work.settings.home / "keys" / "targets.key").unlink()
    assert "set the targets again" in subscription_health(at_work.settings).detail


def test_what_a_dead_sender_left_is_sent_again_under_the_same_key(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str]
) -> None:
    made(at_work, sink, "incident.opened")
    number = opened()
    tell_subscribers(at_work)
    with writing(at_work.engine) as session:
        row = session.get_one(EventDelivery, 1)
        row.state, row.next_try_at = "sending", LONG_AGO
        session.add(row)

    assert tell_subscribers(at_work) == 1
    assert {request.headers["Idempotency-Key"] for request in sink.received} == {f"event-1-{number}-1"}


def test_every_kind_of_event_is_told_of_some_entry_that_the_timeline_knows() -> None:
    by_the_payload = {EventKind.CLOCK_AT_RISK, EventKind.CLOCK_MISSED, EventKind.NOTICE_SENT}

    assert set(KINDS.values()) | by_the_payload == set(EventKind)
    assert set(KINDS) <= set(WORDS)


def test_alerts_are_events_and_only_what_was_sent_of_a_notice_is_one(
    at_work: Desk, sink: HttpSink, opened: Callable[..., str]
) -> None:
    made(at_work, sink, "clock.at_risk", "clock.missed", "notice.sent")
    number = opened()
    due, before = "2026-11-25T08:00:00Z", "2026-11-25T04:00:00Z"
    entries = [
        ("alert.fired", {"rung_due_at": before, "due_at": due}),
        ("alert.fired", {"rung_due_at": due, "due_at": due}),
        ("delivery.sent", {"key": "a.notice"}),
        ("delivery.sent", {"key": "an.alert"}),
    ]
    with writing(at_work.engine) as session:
        incident, now = find(session, number), at_work.clock()
        for key, purpose in (("a.notice", "notice"), ("an.alert", "alert")):
            message = {"subject": "x", "text": "x"}
            session.add(new_delivery(incident, key, purpose, at_work.channels.outbox, "x", message, now))
        for kind, payload in entries:
            record(session, incident, kind, payload, actor="watch", at=now, zone=incident.zone)

    tell_subscribers(at_work)

    assert [kind for _, kind in told(sink)] == ["clock.at_risk", "clock.missed", "notice.sent"]


def test_of_two_watches_at_once_each_event_is_told_by_one(store: Engine, home: Path, sink: HttpSink) -> None:
    desk = Desk(Settings(home=home, private_targets=("127.0.0.1",)), store)
    made(desk, sink, everything=True)
    numbers = [open_incident(desk, Report(title=f"Lost phone {count}"), by="Nadia Roux") for count in range(4)]

    with ThreadPoolExecutor(2) as pool:
        taken = list(pool.map(tell_subscribers, [desk, desk]))

    assert sum(taken) == 4
    assert sorted(told(sink)) == [(number, "incident.opened") for number in numbers]
