from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlmodel import select

from flows.acts.evaluate import evaluate
from flows.acts.report import open_incident
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.errors import TemporaryDeliveryError
from models.report import read_report
from models.store import writing
from models.tables import Alert, Delivery
from tests.flows.meridia import (
    DATA,
    REPORTER,
    add,
    carrying,
    duty,
    every,
    ledger,
    notices,
    payloads,
    queue,
    send,
    sign,
)
from tests.flows.post import Died, Post, by_post

CONTRACT = "contract:harbour-card-services"  # 48 hours from 2026-11-23 07:30 UTC
DUE = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
NUMBER = "INC-2026-0001"


@pytest.fixture
def evaluated(desk: Desk, number: str) -> Desk:
    """A desk with the demo's incident, whose clocks run."""
    evaluate(desk, number)
    return desk


@pytest.fixture
def evaluated_on_each_database(home: Path, clock: VirtualClock, database_url: str) -> Iterator[Desk]:
    """The same, once on SQLite and once on PostgreSQL."""
    desk = open_desk(Settings(home=home, clock=clock.path, database_url=database_url))
    evaluate(desk, open_incident(desk, read_report(str(DATA / "first_facts.yaml")), by=REPORTER))
    yield desk
    desk.engine.dispose()


def alerts(desk: Desk, provision: str = CONTRACT) -> dict[str, str]:
    return {alert.rung: alert.state for alert in every(desk, Alert, duty_id=duty(desk, NUMBER, provision).id)}


def test_nothing_fires_before_its_time(evaluated: Desk, clock: VirtualClock) -> None:
    clock.set(DUE - 24 * HOUR - timedelta(seconds=1))

    assert watch_once(evaluated) == []


def test_a_rung_fires_when_its_time_has_come_tells_its_role_and_leaves_a_record(
    evaluated: Desk, clock: VirtualClock
) -> None:
    clock.set(DUE - 24 * HOUR)

    [fired] = watch_once(evaluated)

    assert (fired.provision, fired.rung, fired.role) == (CONTRACT, "half the time left", "legal")
    assert (fired.due_at, fired.lateness) == (DUE, timedelta(0))
    [row] = every(evaluated, Delivery, purpose="alert")
    assert (row.key, row.state) == (fired.delivery, "sent")
    assert (evaluated.settings.home / "outbox" / f"{fired.delivery}.json").exists()
    [entry] = ledger(evaluated, NUMBER, "alert.fired")
    assert (entry["actor"], entry["payload"]["due_at"]) == ("watch", "2026-11-25T07:30:00Z")


def test_a_rung_fires_once(evaluated: Desk, clock: VirtualClock) -> None:
    clock.set(DUE - 24 * HOUR)
    watch_once(evaluated)

    assert watch_once(evaluated) == []
    assert len(every(evaluated, Delivery, purpose="alert")) == 1


def test_after_an_outage_the_highest_rung_fires_at_once_and_the_others_are_recorded_as_missed(
    evaluated: Desk, clock: VirtualClock
) -> None:
    clock.set(DUE - timedelta(minutes=30))

    fired = {one.provision: one for one in watch_once(evaluated)}

    assert (fired[CONTRACT].rung, fired[CONTRACT].lateness) == ("one hour left", timedelta(minutes=30))
    assert alerts(evaluated) == {
        "half the time left": "missed",
        "a quarter of the time left": "missed",
        "a tenth of the time left": "missed",
        "one hour left": "fired",
        "the limit": "pending",
    }
    missed = [said for said in payloads(evaluated, NUMBER, "alert.missed") if said["provision"] == CONTRACT]
    assert {said["why"] for said in missed} == {"not watched when due; 'one hour left' fired instead"}
    assert len(missed) == 3


def test_no_rung_is_lost_when_nobody_watched_until_long_after_every_limit(evaluated: Desk, clock: VirtualClock) -> None:
    clock.set(datetime(2027, 3, 1, tzinfo=UTC))

    fired = watch_once(evaluated)

    assert {one.rung for one in fired} == {"the limit"}
    assert {alert.state for alert in every(evaluated, Alert)} == {"fired", "missed"}
    assert len(payloads(evaluated, NUMBER, "alert.missed")) + len(fired) == len(every(evaluated, Alert))


def test_two_watchers_at_once_fire_and_send_each_alert_once(
    evaluated_on_each_database: Desk, clock: VirtualClock
) -> None:
    chat = Post(name="slack", settles="same_identity")
    desk = by_post(evaluated_on_each_database, chat=chat)
    clock.set(datetime(2026, 12, 24, tzinfo=UTC))
    ready = Barrier(4)

    def watcher() -> list[str]:
        ready.wait()
        return [fired.delivery for fired in watch_once(desk)]

    with ThreadPoolExecutor(4) as pool:
        fired = [key for watch in [pool.submit(watcher) for _ in range(4)] for key in watch.result()]

    assert len(fired) == len(set(fired)) == len(ledger(desk, NUMBER, "alert.fired")) > 3
    assert sorted(message.key for message in chat.sendings) == sorted(fired)


def test_no_alert_fires_for_a_duty_that_was_met(drafted: Desk, clock: VirtualClock) -> None:
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    clock.set(datetime(2026, 11, 26, 8, tzinfo=UTC))

    fired = {one.provision for one in watch_once(drafted)}

    assert "uk-gdpr-33" in fired
    assert "eu-gdpr-33" not in fired
    assert set(alerts(drafted, "eu-gdpr-33").values()) == {"cancelled"}


def test_an_alert_of_a_clock_that_moved_is_cancelled_and_does_not_fire(evaluated: Desk, clock: VirtualClock) -> None:
    add(
        evaluated,
        NUMBER,
        "contracts: [{party: Harbour Card Services, within_hours: 72, from: aware_at, "
        "contact: security@harbourcard.example, citation: amended}]",
    )
    evaluate(evaluated, NUMBER)
    clock.set(DUE - 24 * HOUR)

    assert CONTRACT not in {fired.provision for fired in watch_once(evaluated)}


def test_an_alert_whose_channel_is_down_waits_and_says_so_and_arrives_later(
    evaluated: Desk, clock: VirtualClock
) -> None:
    chat = Post(name="slack")
    desk = by_post(evaluated, chat=chat)
    chat.then(TemporaryDeliveryError("Slack answered 503", timedelta(minutes=10)))
    clock.set(DUE - 24 * HOUR)

    [fired] = watch_once(desk)
    assert chat.taken == {}
    assert "503" in payloads(desk, NUMBER, "delivery.delayed")[0]["why"]
    clock.set(clock() + timedelta(minutes=9))
    watch_once(desk)
    assert chat.taken == {}, "the other side asked for ten minutes"
    clock.set(clock() + timedelta(minutes=1))

    watch_once(desk)

    assert list(chat.taken) == [fired.delivery]


def test_a_watcher_that_dies_while_sending_leaves_the_alert_to_the_next_once_it_cannot_live_any_more(
    evaluated: Desk, clock: VirtualClock
) -> None:
    chat = Post(name="slack", settles="same_identity")
    desk = by_post(evaluated, chat=chat)
    chat.then("die before")
    clock.set(DUE - 24 * HOUR)
    with pytest.raises(Died):
        watch_once(desk)
    [row] = every(desk, Delivery, purpose="alert")
    assert row.state == "sending"

    watch_once(desk)
    assert chat.taken == {}, "for all that is known, the other watcher is still sending"
    outlive(desk, row.key)
    watch_once(desk)

    assert list(chat.taken) == [row.key]


def test_an_alert_does_not_wait_for_the_run_that_carries_its_incident(evaluated: Desk, clock: VirtualClock) -> None:
    carrying(evaluated, NUMBER)
    clock.set(DUE - 24 * HOUR)

    assert [fired.provision for fired in watch_once(evaluated)] == [CONTRACT]
    assert every(evaluated, Delivery, purpose="alert")[0].state == "sent"


def test_the_first_try_of_a_notice_is_left_to_the_runs(drafted: Desk) -> None:
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)

    watch_once(drafted)

    assert [row.state for row in every(drafted, Delivery, purpose="notice")] == ["pending"]


def outlive(desk: Desk, key: str) -> None:
    """Let the time pass after which a process that was sending cannot live any more."""
    with writing(desk.engine) as session:
        row = session.exec(select(Delivery).where(Delivery.key == key)).one()
        row.next_try_at = datetime.now(UTC)
        session.add(row)
