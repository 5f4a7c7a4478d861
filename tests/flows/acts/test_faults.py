"""Databases that go away, fill up or are slow in the middle of an effect, and a Slack that asks for time: nothing is
half-written, lost or done twice."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from flows.acts.announce import announce_opening
from flows.acts.contain import perform, ready_steps
from flows.acts.deliver import attempt, waiting
from flows.acts.draft import AUTHORITIES, draft_texts
from flows.acts.evaluate import evaluate
from flows.acts.playbook import start_playbook
from flows.acts.release import queue_signed
from flows.acts.report import open_incident
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.document import read_document
from models.errors import StoreUnavailableError
from models.incident import find
from models.ledger import record
from models.message import Message, Taken
from models.report import report_of
from models.store import open_store, writing
from models.tables import Alert, Approval, Delivery, Receipt
from tests.flows.meridia import (
    RESPONDER,
    carrying,
    every,
    join_team,
    ledger,
    notices,
    one,
    payloads,
    sign,
)
from tests.flows.post import Post, by_post
from tests.integrations.sinks import HttpSink, Reply
from tests.machines import BREACH
from tests.one_address import OneAddress
from tests.postgres import PostgresServer

PLAYBOOK = """
name: fault
title: {en: Fault}
applies: {kind: misconfiguration}
steps:
  - {key: act, phase: contain, title: {en: Act}, action: call_webhook, retry: {attempts: 3, delay: 1 minute},
     with: {to: "setting:firewall_webhook", event: isolate}}
"""
NUMBER = "INC-2026-0001"
SLOW_SECONDS = 0.004  # each way, of every message


@dataclass
class Meanwhile(Post):
    """A channel at which something happens while it takes a message."""

    happens: Callable[[], object] = print

    def send(self, message: Message) -> Taken:
        taken = super().send(message)
        self.happens()
        return taken


def opened(home: Path, clock: VirtualClock, url: str, webhook: Post) -> Desk:
    folder = home / "own"
    folder.mkdir()
    (folder / "fault.yaml").write_text(PLAYBOOK)
    desk = by_post(
        open_desk(Settings(home=home, clock=clock.path, database_url=url, playbooks=folder)), webhook=webhook
    )
    report = report_of(read_document("r.yaml", b"title: Open bucket\nkind: misconfiguration"))
    start_playbook(desk, open_incident(desk, report, by=RESPONDER))
    ready_steps(desk, NUMBER)
    return desk


@pytest.fixture
def webhook() -> Meanwhile:
    return Meanwhile(name="webhook", settles="idempotency_key")


@pytest.fixture
def on_postgres(
    home: Path, clock: VirtualClock, webhook: Meanwhile, postgres_server: PostgresServer
) -> Iterator[tuple[Desk, Callable[[], None]]]:
    """A desk on PostgreSQL, and what cuts every connection to its database as a restart does."""
    desk = opened(home, clock, postgres_server.new_database(), webhook)
    other = open_store(desk.settings.database())
    cutting = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"

    def cut() -> None:
        with other.connect() as connection:
            connection.execute(text(cutting))

    yield desk, cut
    other.dispose()
    desk.engine.dispose()


@pytest.mark.postgres
def test_a_database_that_restarts_while_a_message_is_on_its_way_still_gets_its_receipt(
    on_postgres: tuple[Desk, Callable[[], None]], webhook: Meanwhile
) -> None:
    desk, webhook.happens = on_postgres

    assert perform(carrying(desk, NUMBER), NUMBER, "act") == "done"

    assert len(webhook.sendings) == 1
    assert len(every(desk, Receipt)) == 1
    assert len(ledger(desk, NUMBER, "delivery.sent")) == 1


@pytest.mark.postgres
def test_a_database_that_restarts_within_a_transaction_keeps_nothing_of_it(
    on_postgres: tuple[Desk, Callable[[], None]],
) -> None:
    desk, cut = on_postgres
    before = ledger(desk, NUMBER)

    with pytest.raises(StoreUnavailableError, match="postgresql"):
        write_one(desk, cut)

    assert ledger(desk, NUMBER) == before


def test_a_database_that_fills_up_while_a_message_is_on_its_way_has_it_settled_once_there_is_space(
    home: Path, clock: VirtualClock, webhook: Meanwhile
) -> None:
    desk = opened(home, clock, f"sqlite:///{home / 'tocsin.db'}", webhook)
    pages = {"most": 0}

    def full() -> None:
        with desk.engine.connect() as connection:
            pages["most"] = int(connection.execute(text("pragma page_count")).scalar_one())
            connection.execute(text(f"pragma max_page_count = {pages['most']}"))
        fill(desk)

    webhook.happens = full
    with pytest.raises(StoreUnavailableError, match="full"):
        perform(carrying(desk, NUMBER), NUMBER, "act")
    assert one(desk, Delivery, NUMBER).state == "sending"
    ledger(desk, NUMBER)  # the chain holds

    with desk.engine.connect() as connection:
        connection.execute(text("pragma max_page_count = 1000000"))
    webhook.happens = lambda: None
    run = carrying(desk, NUMBER, "here/2/1")
    assert [attempt(run, NUMBER, key).state for key in waiting(run, NUMBER)] == ["sent"]

    assert {message.key for message in webhook.sendings} == set(webhook.taken)
    assert len(payloads(desk, NUMBER, "delivery.sent")) == 1
    desk.engine.dispose()


@pytest.mark.postgres
def test_through_a_database_that_is_slow_a_text_is_signed_and_sent_and_an_alert_fires_each_once(
    home: Path, clock: VirtualClock, postgres_server: PostgresServer
) -> None:
    with closing(OneAddress([postgres_server.port])) as door:
        url = postgres_server.new_database().replace(f":{postgres_server.port}/", f":{door.port}/")
        mail = Post("mail")
        desk = by_post(open_desk(Settings(home=home, clock=clock.path, database_url=url)), mail=mail)
        join_team(desk)
        open_incident(desk, BREACH, by=RESPONDER)
        evaluate(desk, NUMBER)
        draft_texts(desk, NUMBER, AUTHORITIES)
        door.delay = SLOW_SECONDS

        [filing] = notices(desk, NUMBER, provision="eu-gdpr-33")
        sign(desk, NUMBER, filing)
        queue_signed(desk, NUMBER, AUTHORITIES)
        [key] = waiting(desk, NUMBER, "notice")
        attempt(desk, NUMBER, key)
        clock.set(clock() + timedelta(hours=11))
        fired = watch_once(desk)

        door.delay = 0
        assert len(every(desk, Approval, NUMBER)) == len(ledger(desk, NUMBER, "notice.approved")) == 1
        assert [delivery.state for delivery in every(desk, Delivery, NUMBER, purpose="notice")] == ["sent"]
        assert len(mail.sendings) == len(ledger(desk, NUMBER, "delivery.sent")) - len(fired) == 1
        assert len(every(desk, Alert, NUMBER, state="fired")) == len(fired) > 0
        desk.engine.dispose()


@pytest.mark.postgres
def test_a_row_that_somebody_holds_for_too_long_is_said_in_one_line_and_what_waited_is_done_once_it_is_free(
    home: Path, clock: VirtualClock, webhook: Meanwhile, postgres_server: PostgresServer
) -> None:
    url = postgres_server.new_database()
    desk = opened(home, clock, f"{url}?options=-clock_timeout%3D200", webhook)
    run = carrying(desk, NUMBER)
    holder = open_store(url)
    with holder.connect() as connection:
        connection.execute(text("select * from incident for update"))
        with pytest.raises(
            StoreUnavailableError, match=r"lock timeout.*; another process is writing; try again"
        ) as said:
            perform(run, NUMBER, "act")
    assert "\n" not in str(said.value)
    assert webhook.sendings == []

    assert perform(run, NUMBER, "act") == "done"

    assert len(webhook.sendings) == len(ledger(desk, NUMBER, "delivery.sent")) == 1
    holder.dispose()
    desk.engine.dispose()


def test_what_slack_will_not_take_for_600_seconds_is_tried_600_seconds_later_and_not_before(
    home: Path, clock: VirtualClock
) -> None:
    with closing(HttpSink()) as slack:
        busy = Reply(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": "600"})
        slack.replies = [busy, Reply(body=b'{"ok": true, "channel": "C1", "ts": "1.1"}')]
        given = {"slack_token": "xoxb-1", "slack_channel": "C1", "slack_base_url": f"{slack.url}/api/"}
        desk = open_desk(Settings.model_validate({"home": home, "clock": clock.path, **given}))
        number = open_incident(desk, BREACH, by=RESPONDER)
        announce_opening(desk, number)
        asked_at = clock()

        [key] = waiting(desk, number)
        assert attempt(desk, number, key).state == "pending"
        assert one(desk, Delivery, number).next_try_at == asked_at + timedelta(seconds=600)
        clock.set(asked_at + timedelta(seconds=599))
        watch_once(desk)
        assert len(slack.received) == 1
        clock.set(asked_at + timedelta(seconds=600))
        watch_once(desk)

        assert len(slack.received) == 2
        assert one(desk, Delivery, number).state == "sent"
        desk.engine.dispose()


def fill(desk: Desk) -> None:
    """Write until nothing more fits."""
    try:
        while True:
            write_one(desk, lambda: None)
    except StoreUnavailableError as error:
        assert "full" in str(error)  # noqa: PT017 - it is written until this happens


def write_one(desk: Desk, then: Callable[[], None]) -> None:
    """Begin an entry, and let something happen before it is kept."""
    with writing(desk.engine) as session:
        payload = {"step": "act", "title": "x" * 200}
        record(session, find(session, NUMBER), "step.done", payload, actor=RESPONDER, at=desk.clock(), zone="UTC")
        session.flush()
        then()
