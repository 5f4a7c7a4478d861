from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlmodel import select

from flows.acts.acknowledge import Snoozed, acknowledge, snooze
from flows.acts.evaluate import evaluate
from flows.acts.report import open_incident
from flows.acts.standing import standing
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.document import read_document
from models.errors import BadInputError, NotAllowedError, TemporaryDeliveryError
from models.report import read_report, report_of
from models.store import writing
from models.tables import Alert, Delivery
from tests.flows.meridia import (
    DATA,
    LEGAL,
    PR,
    REPORTER,
    add,
    carrying,
    duty,
    every,
    join_team,
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
def evaluated_on_each_database(home: Path, clock: VirtualClock, tables_url: str) -> Iterator[Desk]:
    """The same, once on SQLite and once on PostgreSQL."""
    desk = open_desk(Settings(home=home, clock=clock.path, database_url=tables_url))
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
        "not acknowledged: one hour left": "pending",
    }
    missed = [said for said in payloads(evaluated, NUMBER, "alert.missed") if said["provision"] == CONTRACT]
    assert {said["why"] for said in missed} == {"not watched when due; 'one hour left' fired instead"}
    assert len(missed) == 3


def test_no_rung_is_lost_when_nobody_watched_until_long_after_every_limit(evaluated: Desk, clock: VirtualClock) -> None:
    clock.set(datetime(2027, 3, 1, tzinfo=UTC))

    fired = watch_once(evaluated)

    assert all(one.rung.endswith(" over") for one in fired)
    rows = every(evaluated, Alert)
    assert {alert.state for alert in rows} == {"fired", "missed", "pending"}
    assert all(alert.kind != "rung" for alert in rows if alert.state == "pending")
    assert sum(alert.state == "fired" for alert in rows) == len(fired) == len({alert.duty_id for alert in rows})
    on_record = sum(said["count"] for said in payloads(evaluated, NUMBER, "alert.missed"))
    assert on_record == sum(alert.state == "missed" for alert in rows)


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


# After the limit, and when nobody answers -----------------------------------------------------------------------------


def passes(desk: Desk, clock: VirtualClock, since: datetime, until: datetime, step: timedelta) -> list[str]:
    """What fires for the contract when the watch looks once each step."""
    found = []
    clock.set(since)
    while clock() <= until:
        found += [f"{one.rung} -> {one.role}" for one in watch_once(desk) if one.provision == CONTRACT]
        clock.set(clock() + step)
    return found


def test_after_the_limit_an_alert_comes_each_hour_until_the_duty_is_met(evaluated: Desk, clock: VirtualClock) -> None:
    found = passes(evaluated, clock, DUE - HOUR / 60, DUE + 3 * HOUR, HOUR / 60)

    assert found == [
        "one hour left -> commander",
        "the limit -> executive",
        "1 hour over -> executive",
        "2 hours over -> executive",
        "3 hours over -> executive",
    ]


def test_after_an_outage_past_the_limit_the_latest_reminder_fires_and_the_others_are_recorded_in_one_entry(
    evaluated: Desk, clock: VirtualClock
) -> None:
    clock.set(DUE + 5.5 * HOUR)

    [fired] = [one for one in watch_once(evaluated) if one.provision == CONTRACT]

    assert (fired.rung, fired.lateness) == ("5 hours over", HOUR / 2)
    missed = [said for said in payloads(evaluated, NUMBER, "alert.missed") if said["provision"] == CONTRACT]
    assert [said["rung"] for said in missed][-2:] == ["the limit", "1 hour over to 4 hours over"]
    assert missed[-1]["count"] == 4
    assert alerts(evaluated)["6 hours over"] == "pending"


def test_an_alert_that_nobody_acknowledges_goes_up_the_list_of_roles(evaluated: Desk, clock: VirtualClock) -> None:
    found = passes(evaluated, clock, DUE - 24 * HOUR, DUE - 20 * HOUR, HOUR / 4)

    assert found == [
        "half the time left -> legal",
        "not acknowledged: half the time left -> commander",
        "not acknowledged: half the time left -> executive",
    ]


def test_an_acknowledged_alert_goes_no_further_and_the_next_rung_comes_all_the_same(
    evaluated: Desk, clock: VirtualClock
) -> None:
    join_team(evaluated)
    clock.set(DUE - 24 * HOUR)
    watch_once(evaluated)

    [seen] = acknowledge(evaluated, NUMBER, CONTRACT, by=LEGAL, note="on it")

    assert seen.rungs == ("half the time left",)
    assert passes(evaluated, clock, DUE - 23 * HOUR, DUE - 11.5 * HOUR, HOUR / 4) == [
        "a quarter of the time left -> legal"
    ]
    [entry] = ledger(evaluated, NUMBER, "alert.acknowledged")
    assert (entry["actor"], entry["payload"]["rungs"]) == (LEGAL, ["half the time left"])


def test_an_alert_waits_in_the_status_until_it_is_acknowledged(evaluated: Desk, clock: VirtualClock) -> None:
    join_team(evaluated)
    clock.set(DUE - 24 * HOUR)
    watch_once(evaluated)

    [wait] = [one for one in standing(evaluated, NUMBER).waits if one.kind == "acknowledgement"]
    assert (wait.what, wait.who, wait.due_at) == (f"half the time left: {CONTRACT}", "legal", DUE)
    acknowledge(evaluated, NUMBER, by=LEGAL)

    assert [one for one in standing(evaluated, NUMBER).waits if one.kind == "acknowledgement"] == []
    with pytest.raises(NotAllowedError, match="no alert of INC-2026-0001 waits"):
        acknowledge(evaluated, NUMBER, by=LEGAL)


def test_a_stranger_acknowledges_nothing(evaluated: Desk, clock: VirtualClock) -> None:
    clock.set(DUE - 24 * HOUR)
    watch_once(evaluated)

    with pytest.raises(NotAllowedError, match="'Mallory' is not in the team"):
        acknowledge(evaluated, NUMBER, by="Mallory")


def test_a_new_rung_takes_the_place_of_an_escalation_of_the_one_before(evaluated: Desk, clock: VirtualClock) -> None:
    clock.set(DUE - 12 * HOUR - HOUR / 2)
    watch_once(evaluated)  # half the time left, late; its escalation is due half an hour after the next rung
    clock.set(DUE - 12 * HOUR)
    watch_once(evaluated)

    [first, second] = every(evaluated, Alert, kind="escalation", duty_id=duty(evaluated, NUMBER, CONTRACT).id)

    assert (first.state, first.why) == ("overtaken", "'a quarter of the time left' fired")
    assert (second.state, second.role) == ("pending", "commander")


# Put off --------------------------------------------------------------------------------------------------------------


def put_off(desk: Desk, until: datetime, *, by: str = LEGAL, provision: str = CONTRACT) -> Snoozed:
    [snoozed] = snooze(desk, NUMBER, provision, until=until, reason="the filing is being signed", by=by)
    return snoozed


def test_a_snoozed_clock_is_silent_until_the_end_of_it_and_then_the_highest_rung_fires(
    evaluated: Desk, clock: VirtualClock
) -> None:
    join_team(evaluated)
    clock.set(DUE - 25 * HOUR)

    snoozed = put_off(evaluated, DUE - 4 * HOUR)

    assert snoozed.rungs == ("half the time left", "a quarter of the time left", "a tenth of the time left")
    found = passes(evaluated, clock, DUE - 24 * HOUR, DUE - 3.9 * HOUR, HOUR / 10)
    assert found == ["a tenth of the time left -> commander"]
    assert alerts(evaluated)["half the time left"] == "overtaken"
    [entry, *_] = [one for one in payloads(evaluated, NUMBER, "alert.overtaken") if one["provision"] == CONTRACT]
    assert entry["why"].startswith(f"snoozed by {LEGAL} until 2026-11-25T03:30:00Z")
    [said] = ledger(evaluated, NUMBER, "alert.snoozed")
    assert (said["actor"], said["payload"]["reason"]) == (LEGAL, "the filing is being signed")


def test_a_snooze_stands_in_the_status_with_its_end_and_who_asked_for_it(evaluated: Desk) -> None:
    join_team(evaluated)

    put_off(evaluated, DUE - 4 * HOUR)

    [wait] = [one for one in standing(evaluated, NUMBER).waits if one.kind == "snooze"]
    assert (wait.who, wait.due_at) == (LEGAL, DUE - 4 * HOUR)


def test_a_later_snooze_takes_the_place_of_an_earlier_one(evaluated: Desk) -> None:
    join_team(evaluated)
    put_off(evaluated, DUE - HOUR)

    put_off(evaluated, DUE - 20 * HOUR)

    rows = every(evaluated, Alert, duty_id=duty(evaluated, NUMBER, CONTRACT).id)
    assert [DUE - row.fires_at for row in rows] == [20 * HOUR, 12 * HOUR, 4.8 * HOUR, HOUR, 0 * HOUR]


def test_no_alarm_is_put_off_past_the_limit_by_the_wrong_role_or_to_the_past(
    evaluated: Desk, clock: VirtualClock
) -> None:
    join_team(evaluated)

    with pytest.raises(NotAllowedError, match="never put off past the limit"):
        put_off(evaluated, DUE + timedelta(seconds=1))
    with pytest.raises(NotAllowedError, match="is pr; an alarm is put off by commander, executive, legal"):
        put_off(evaluated, DUE - HOUR, by=PR)
    with pytest.raises(NotAllowedError, match="no clock of eu-gdpr-34 runs"):
        put_off(evaluated, DUE - HOUR, provision="eu-gdpr-34")
    with pytest.raises(BadInputError, match="is not after now"):
        put_off(evaluated, clock())
    assert ledger(evaluated, NUMBER, "alert.snoozed") == []


# Every way, and a slow one ----------------------------------------------------------------------------------------------


def test_an_alert_goes_out_by_each_way_that_its_rung_names(evaluated: Desk, clock: VirtualClock) -> None:
    [row, *_] = every(evaluated, Alert, duty_id=duty(evaluated, NUMBER, CONTRACT).id)
    with writing(evaluated.engine) as session:
        session.merge(row).ways = "mail,webhook"
    pager, mail = Post(name="webhook"), Post(name="smtp")
    desk = by_post(evaluated, mail=mail, webhook=pager)
    clock.set(DUE - 24 * HOUR)

    watch_once(desk)

    assert [message.to for message in pager.sendings] == ["legal"]
    assert {one.state for one in every(desk, Delivery, purpose="alert")} == {"sent"}
    assert len(every(desk, Delivery, purpose="alert")) == 2


def test_a_channel_that_fails_three_times_in_a_row_holds_up_no_other(evaluated: Desk, clock: VirtualClock) -> None:
    chat = Post(name="slack")
    desk = by_post(evaluated, chat=chat)
    chat.then(*[TemporaryDeliveryError("Slack does not answer")] * 3)
    clock.set(datetime(2026, 12, 24, tzinfo=UTC))

    fired = watch_once(desk)

    assert len(fired) > 3
    assert len(chat.sendings) == 3
    watch_once(desk)
    assert len(chat.taken) == len(fired) - 3, "the three that failed wait for their next try"


def test_a_clock_that_is_set_back_an_hour_fires_nothing_twice_and_the_next_rung_in_its_time(
    evaluated: Desk, clock: VirtualClock
) -> None:
    def fired_at(now: datetime) -> list[str]:
        clock.set(now)
        return [one.rung for one in watch_once(evaluated) if one.provision == CONTRACT]

    assert fired_at(DUE - 24 * HOUR) == ["half the time left"]
    assert fired_at(DUE - 25 * HOUR) == []
    assert fired_at(DUE - 24 * HOUR) == []
    assert fired_at(DUE - 12 * HOUR) == ["a quarter of the time left"]


def test_a_rung_in_the_hour_that_comes_twice_fires_the_second_time_alone(desk: Desk, clock: VirtualClock) -> None:
    facts = (DATA / "first_facts.yaml").read_text().replace("2026-11-", "2026-10-").replace("+01:00", "+02:00")
    clock.set(datetime(2026, 10, 23, 7, 0, tzinfo=UTC))
    number = open_incident(desk, report_of(read_document("facts.yaml", facts.encode())), by=REPORTER)
    evaluate(desk, number)
    rung = datetime(2026, 10, 25, 1, 42, tzinfo=UTC)  # 02:42 in Paris, after the clocks went back from 03:00
    clock.set(rung - HOUR)
    watch_once(desk)
    before = len(every(desk, Alert, state="fired", rung="a tenth of the time left"))

    clock.set(rung)
    fired = [one for one in watch_once(desk) if one.provision == CONTRACT]

    assert before == 0
    assert [(one.rung, one.lateness) for one in fired] == [("a tenth of the time left", timedelta(0))]
    assert watch_once(desk) == []
