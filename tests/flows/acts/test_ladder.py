from datetime import UTC, datetime, timedelta

import pytest

from flows.acts.evaluate import evaluate
from flows.acts.ladder import LADDER
from flows.desk import Desk
from models.clock import VirtualClock
from models.tables import Alert
from tests.flows.meridia import add, duty, every

CONTRACT = "contract:harbour-card-services"  # 48 hours from 2026-11-23 07:30 UTC
DUE = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)


def rungs(desk: Desk, number: str, provision: str = CONTRACT) -> list[Alert]:
    row = duty(desk, number, provision)
    return sorted(every(desk, Alert, number, duty_id=row.id), key=lambda alert: alert.due_at)


def test_a_clock_of_48_hours_has_rungs_at_24_12_4_point_8_and_1_hour_and_at_its_limit(desk: Desk, number: str) -> None:
    evaluate(desk, number)

    left = [DUE - alert.due_at for alert in rungs(desk, number)]

    assert left == [timedelta(hours=24), timedelta(hours=12), timedelta(hours=4.8), timedelta(hours=1), timedelta(0)]
    assert [alert.role for alert in rungs(desk, number)] == ["legal", "legal", "commander", "commander", "executive"]


def test_a_clock_without_a_number_has_no_rungs(desk: Desk, number: str) -> None:
    evaluate(desk, number)

    assert rungs(desk, number, "eu-gdpr-34") == []


def test_evaluating_again_makes_no_rung_twice(desk: Desk, number: str) -> None:
    evaluate(desk, number)
    before = every(desk, Alert, number)

    evaluate(desk, number)

    assert every(desk, Alert, number) == before


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (10, ["half the time left", "a quarter of the time left", "a tenth of the time left", "one hour left"]),
        (25, ["half the time left", "a quarter of the time left", "a tenth of the time left", "one hour left"]),
        (40, ["a quarter of the time left", "a tenth of the time left", "one hour left"]),
        (49, []),
    ],
)
def test_of_the_rungs_passed_before_a_clock_was_known_only_the_highest_is_made(
    desk: Desk, clock: VirtualClock, number: str, hours: int, expected: list[str]
) -> None:
    clock.set(DUE - timedelta(hours=48) + timedelta(hours=hours))

    evaluate(desk, number)

    assert [alert.rung for alert in rungs(desk, number)] == [*expected, "the limit"]


def test_a_clock_that_moved_cancels_its_old_rungs_and_makes_new_ones(desk: Desk, number: str) -> None:
    evaluate(desk, number)
    add(desk, number, "times: {aware_at: 2026-11-23T06:00:00+01:00, detected_at: 2026-11-23T05:00:00+01:00}")

    evaluate(desk, number)

    found = rungs(desk, number)
    assert [alert.state for alert in found].count("cancelled") == len(LADDER)
    pending = [alert for alert in found if alert.state == "pending"]
    assert pending[-1].due_at == DUE - timedelta(hours=2.5)
    assert len(pending) == len(LADDER)


def test_a_duty_that_is_withdrawn_takes_its_rungs_with_it(desk: Desk, number: str) -> None:
    evaluate(desk, number)
    add(desk, number, "contracts: []")

    evaluate(desk, number)

    assert {alert.state for alert in rungs(desk, number)} == {"cancelled"}
    assert {alert.why for alert in rungs(desk, number)} == {"the clock ended or moved"}


def test_a_period_of_an_hour_has_no_rung_before_it_starts(desk: Desk, number: str) -> None:
    add(
        desk,
        number,
        "contracts: [{party: Short Ltd, within_hours: 1, from: contained_at, contact: a@short.example, citation: c}]\n"
        "times: {contained_at: 2026-11-23T09:00:00Z}",
    )

    evaluate(desk, number)

    [first, *_] = rungs(desk, number, "contract:short-ltd")
    assert first.due_at >= datetime(2026, 11, 23, 9, tzinfo=UTC)
