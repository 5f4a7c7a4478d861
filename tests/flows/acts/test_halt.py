import pytest

from flows.acts.contain import ready_steps
from flows.acts.halt import halt, resume
from flows.acts.unfinished import unfinished
from flows.acts.watch import watch_once
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import HaltedError
from models.tables import Incident
from tests.flows.meridia import LEGAL, add, carrying, duty, ledger, notices, one, payloads, sign

NUMBER = "INC-2026-0001"


def cancel(desk: Desk, run: str = "a1") -> bool:
    return halt(desk, NUMBER, run=run, by="Prefect UI", said="response: INC-2026-0001: Cancelled")


def test_a_cancelled_run_is_on_the_ledger_once_with_what_the_server_knows(drafted: Desk) -> None:
    assert cancel(drafted)
    assert not cancel(drafted), "seen before"

    [said] = ledger(drafted, NUMBER, "run.cancelled")
    assert (said["actor"], said["payload"]["run"]) == ("Prefect UI", "a1")


def test_a_halted_incident_is_not_taken_up_whatever_there_is_to_do(drafted: Desk) -> None:
    add(drafted, NUMBER, "title: Ransomware, and what came of it")
    assert unfinished(drafted) == [NUMBER]

    cancel(drafted)

    assert unfinished(drafted) == []
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="uk-gdpr-33"))
    assert unfinished(drafted) == [], "a decision made meanwhile is kept, and carried out only once somebody goes on"


def test_a_run_that_carries_it_stops_before_its_next_act(drafted: Desk) -> None:
    mine = carrying(drafted, NUMBER)
    ready_steps(mine, NUMBER)
    cancel(drafted)

    with pytest.raises(HaltedError, match="tocsin respond INC-2026-0001"):
        ready_steps(mine, NUMBER)


def test_it_goes_on_when_somebody_says_so(drafted: Desk) -> None:
    add(drafted, NUMBER, "records: 33850")
    cancel(drafted)

    assert resume(drafted, NUMBER, by=LEGAL)
    assert not resume(drafted, NUMBER, by=LEGAL)

    assert unfinished(drafted) == [NUMBER]
    assert one(drafted, Incident).halted_at is None
    [said] = ledger(drafted, NUMBER, "run.resumed")
    assert said["actor"] == LEGAL
    assert not cancel(drafted), "the run cancelled before does not halt it again"


def test_the_clocks_of_a_halted_incident_are_watched(drafted: Desk, clock: VirtualClock) -> None:
    cancel(drafted)
    due = duty(drafted, NUMBER, "eu-gdpr-33").due_at
    assert due is not None
    clock.set(due)

    fired = watch_once(drafted)

    assert "eu-gdpr-33" in [alert.provision for alert in fired]
    assert payloads(drafted, NUMBER, "alert.fired") != []
