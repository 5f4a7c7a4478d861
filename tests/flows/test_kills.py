"""The short version of `make kill-test`: processes of each kind killed at some boundaries and lines, against real sinks."""

import os
import random
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from models.store import writing
from models.tables import Delivery, Lease
from tests.flows.kills.effects import KINDS, NUMBER, Kind, Outcome, outcome
from tests.flows.kills.points import Point, chosen
from tests.flows.kills.scenario import (
    LOST_ITS_LEASE,
    Databases,
    Scenario,
    Tally,
    any_points,
    ended,
    forked,
    kill_at,
    prepare,
)
from tests.flows.kills.sinks import Sinks, sinks_running
from tests.flows.meridia import every, ledger

CHOSEN, LINES = 3, 1


@pytest.fixture(scope="module")
def sinks() -> Iterator[Sinks]:
    with sinks_running() as running:
        yield running


@pytest.fixture
def databases(request: pytest.FixtureRequest, database: str) -> Databases:
    return Databases(request.getfixturevalue("postgres_server") if database == "postgres" else None)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def kind(name: str) -> Kind:
    return next(each for each in KINDS if each.name == name)


@pytest.mark.parametrize(
    ("database", "name"),
    [
        *(
            ("sqlite", name)
            for name in ("mail (SMTP)", "Slack step", "outbox", "evidence step", "alert", "signature", "filing by hand")
        ),
        *(pytest.param("postgres", name, marks=pytest.mark.postgres) for name in ("webhook step", "mail step")),
    ],
)
def test_a_process_killed_at_any_boundary_loses_nothing_and_doubles_nothing(
    name: str, databases: Databases, sinks: Sinks, folder: Path
) -> None:
    effect, dice, tally = kind(name), random.Random(name), Tally()
    stage = prepare(databases, sinks, effect, folder / "prepared")
    boundaries = chosen(has_sink=effect.has_sink, has_row=effect.purpose is not None)

    kill_at(tally, stage, dice.sample(boundaries, min(CHOSEN, len(boundaries))), dice)
    kill_at(tally, stage, any_points(stage, LINES, 0, dice), dice)

    assert tally.kills > 2
    assert tally.wrong == []
    assert effect.asks is False or not any(tally.uncertain.values())


@pytest.fixture
def sent(sinks: Sinks, folder: Path) -> Iterator[Scenario]:
    """A mail that was sent by a run that nobody killed."""
    stage = prepare(Databases(None), sinks, kind("mail (SMTP)"), folder / "prepared")
    with stage.scenario() as scenario:
        assert ended(forked(scenario.act)) == 0
        yield scenario


def test_the_comparison_sees_what_is_lost_and_what_is_doubled(sent: Scenario) -> None:
    found, effect = sent.outcome(), kind("mail (SMTP)")
    acts = sent.stage.sinks.seen(sent.name)[0]
    [key] = acts
    desk = sent.desk()

    assert found == Outcome()
    assert outcome(effect, desk, Counter()).lost == (key,)
    assert outcome(effect, desk, Counter({key: 2})).doubled == (key,), (
        "no second copy is excused that the ledger does not know"
    )
    assert outcome(effect, desk, acts + Counter({"another": 1})).doubled == ("another",)
    desk.engine.dispose()


@pytest.mark.parametrize(
    ("point", "copies"),
    [(Point("row", "after"), 1), (Point("mark", "after"), 2), (Point("sink", "taken"), 2)],
    ids=["before it sends", "just before the act", "while it waits for the answer"],
)
def test_a_process_that_wakes_up_after_its_lease_was_taken_over_writes_nothing(
    point: Point, copies: int, sinks: Sinks, folder: Path
) -> None:
    stage = prepare(Databases(None), sinks, kind("mail (SMTP)"), folder / "prepared")
    with stage.scenario() as scenario:
        paused = scenario.start(point, signal.SIGSTOP)
        os.waitpid(paused, os.WUNTRACED)
        _let_the_lease_run_out(scenario)
        scenario.run_again()
        before = _record(scenario)

        os.kill(paused, signal.SIGCONT)

        assert ended(paused) == LOST_ITS_LEASE
        assert _record(scenario) == before
        found = scenario.outcome()
        assert (found.lost, found.doubled) == ((), ())
        assert sum(sinks.seen(scenario.name)[0].values()) == copies
        assert bool(found.uncertain) == (copies == 2), "a second copy is announced on the ledger"


def _let_the_lease_run_out(scenario: Scenario) -> None:
    desk = scenario.desk()
    with writing(desk.engine) as session:
        [held] = session.exec(select(Lease))
        held.expires_at, held.holder = datetime.now(UTC), "another-host/1/1"
        session.add(held)
    desk.engine.dispose()


def _record(scenario: Scenario) -> tuple[list[dict[str, object]], list[Delivery]]:
    desk = scenario.desk()
    found = ledger(desk, NUMBER), every(desk, Delivery, NUMBER)
    desk.engine.dispose()
    return found
