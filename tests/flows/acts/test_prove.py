from datetime import UTC, datetime, timedelta

import pytest

from flows.acts.acknowledge import snooze
from flows.acts.evaluate import evaluate
from flows.acts.prove import Warned, prove
from flows.acts.watch import watch_once
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import BadInputError, TemporaryDeliveryError
from tests.flows.meridia import LEGAL, add, join_team
from tests.flows.post import Post, by_post

CONTRACT = "contract:harbour-card-services"  # 48 hours from 2026-11-23 07:30 UTC
DUE = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)
NUMBER = "INC-2026-0001"
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.fixture
def evaluated(desk: Desk, number: str) -> Desk:
    evaluate(desk, number)
    return desk


def of_contract(desk: Desk, **period: datetime) -> dict[str, Warned]:
    return {one.rung: one for one in prove(desk, **period).warned if one.provision == CONTRACT}


def test_an_alert_in_time_is_shown_with_when_it_was_due_fired_and_sent(evaluated: Desk, clock: VirtualClock) -> None:
    clock.set(DUE - 24 * HOUR + 3 * SECOND)
    watch_once(evaluated)

    one = of_contract(evaluated)["half the time left"]

    assert (one.outcome, one.due_at, one.lateness) == ("in time", DUE - 24 * HOUR, 3 * SECOND)
    assert one.sent_at == one.fired_at == clock()


def test_an_alert_that_came_too_late_and_one_that_never_came_are_flaws(evaluated: Desk, clock: VirtualClock) -> None:
    clock.set(DUE - 12 * HOUR + 61 * SECOND)
    watch_once(evaluated)

    found = of_contract(evaluated)

    assert (found["a quarter of the time left"].outcome, found["half the time left"].outcome) == ("late", "missed")
    assert found["half the time left"].why == "not watched when due; 'a quarter of the time left' fired instead"


def test_an_alert_that_nobody_has_fired_yet_is_missed_once_it_is_late(evaluated: Desk, clock: VirtualClock) -> None:
    clock.set(DUE - 24 * HOUR + 30 * SECOND)
    assert of_contract(evaluated) == {}
    clock.set(DUE - 24 * HOUR + 90 * SECOND)

    assert of_contract(evaluated)["half the time left"].outcome == "missed"


def test_an_alert_whose_channel_does_not_take_it_is_a_flaw(evaluated: Desk, clock: VirtualClock) -> None:
    chat = Post(name="slack")
    chat.then(*[TemporaryDeliveryError("Slack does not answer")] * 9)
    clock.set(DUE - 24 * HOUR)
    watch_once(by_post(evaluated, chat=chat))
    clock.set(clock() + 2 * HOUR)

    assert of_contract(evaluated)["half the time left"].outcome == "not sent"


def test_a_snoozed_alert_is_late_only_after_the_end_of_the_snooze(evaluated: Desk, clock: VirtualClock) -> None:
    join_team(evaluated)
    snooze(evaluated, NUMBER, CONTRACT, until=DUE - 20 * HOUR, reason="being signed", by=LEGAL)
    clock.set(DUE - 20 * HOUR)
    watch_once(evaluated)

    one = of_contract(evaluated)["half the time left"]

    assert (one.outcome, one.lateness) == ("in time", timedelta(0))


def test_a_rung_that_passed_before_the_clock_was_known_is_not_late(
    desk: Desk, clock: VirtualClock, number: str
) -> None:
    clock.set(DUE - 20 * HOUR)
    evaluate(desk, number)
    watch_once(desk)

    one = of_contract(desk)["half the time left"]

    assert (one.outcome, one.lateness) == ("in time", timedelta(0))


def test_a_rung_whose_clock_moved_before_it_came_is_no_flaw(evaluated: Desk, clock: VirtualClock) -> None:
    add(evaluated, NUMBER, "contracts: []")
    evaluate(evaluated, NUMBER)
    clock.set(DUE - 20 * HOUR)

    assert of_contract(evaluated) == {}


def test_a_rung_that_was_cancelled_only_after_it_was_due_was_missed(evaluated: Desk, clock: VirtualClock) -> None:
    clock.set(DUE - 20 * HOUR)
    add(evaluated, NUMBER, "contracts: []")
    evaluate(evaluated, NUMBER)

    assert of_contract(evaluated)["half the time left"].outcome == "missed"


def test_the_times_in_which_nobody_watched_are_shown(evaluated: Desk, clock: VirtualClock) -> None:
    start = clock()
    for minutes in (0, 1, 2, 30, 31):
        clock.set(start + timedelta(minutes=minutes))
        watch_once(evaluated)
    clock.set(start + HOUR)

    gaps = prove(evaluated).gaps

    minutes_in = [
        ((gap.since - start) // timedelta(minutes=1), (gap.until - start) // timedelta(minutes=1)) for gap in gaps
    ]
    assert minutes_in == [(2, 30), (31, 60)]


def test_a_clock_that_is_set_back_leaves_no_hole_in_the_proof(evaluated: Desk, clock: VirtualClock) -> None:
    start = clock()
    for minutes in (60, 61, 1, 2, 3):
        clock.set(start + timedelta(minutes=minutes))
        watch_once(evaluated)

    gaps = prove(evaluated, start + timedelta(minutes=1), start + timedelta(minutes=3)).gaps

    assert gaps == ()


def test_a_period_holds_what_was_due_in_it(evaluated: Desk, clock: VirtualClock) -> None:
    for hours in (24, 12):
        clock.set(DUE - hours * HOUR)
        watch_once(evaluated)

    assert list(of_contract(evaluated, since=DUE - 13 * HOUR)) == ["a quarter of the time left"]
    with pytest.raises(BadInputError, match="turn it round"):
        prove(evaluated, DUE, DUE - HOUR)
