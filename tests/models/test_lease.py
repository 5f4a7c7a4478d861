import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine

from models.errors import LeaseHeldError
from models.lease import FIRST_WAIT, LENGTH, Held, give_back, is_dead, renew, shorten, take, this_run
from models.store import reading, writing
from models.tables import Incident, Lease

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def incident(store: Engine) -> int:
    return opened(store, "INC-2026-0001")


def opened(store: Engine, number: str) -> int:
    with writing(store) as session:
        row = Incident(number=number, title="x", opened_at=NOW, opened_by="Lea Martin")
        session.add(row)
        session.flush()
        assert row.id is not None
        return row.id


def taken(store: Engine, incident: int, holder: str, now: datetime = NOW, dead: str | None = None) -> Held:
    with writing(store) as session:
        return take(session, incident, holder, now, lambda name: name == dead)


def test_a_lease_that_nobody_has_is_given(store: Engine, incident: int) -> None:
    assert taken(store, incident, "a/1/1") == Held(incident, "a/1/1", 1)


def test_a_lease_is_not_given_twice_and_the_refusal_names_who_has_it(store: Engine, incident: int) -> None:
    taken(store, incident, "a/1/1")

    with pytest.raises(LeaseHeldError, match=r"another run \(a/1/1\) carries this incident; .* 44 s more"):
        taken(store, incident, "b/2/1", NOW + SECOND)


def test_a_lease_runs_out_at_its_end_and_not_before(store: Engine, incident: int) -> None:
    taken(store, incident, "a/1/1")

    with pytest.raises(LeaseHeldError):
        taken(store, incident, "b/2/1", NOW + LENGTH - SECOND)
    assert taken(store, incident, "b/2/1", NOW + LENGTH).fence == 2


def test_what_a_dead_run_held_need_not_run_out(store: Engine, incident: int) -> None:
    taken(store, incident, "a/1/1")

    assert taken(store, incident, "b/2/1", NOW + SECOND, dead="a/1/1").fence == 2


def test_a_lease_that_is_kept_up_does_not_run_out(store: Engine, incident: int) -> None:
    held = taken(store, incident, "a/1/1")
    with writing(store) as session:
        renew(session, held, NOW + LENGTH - SECOND)

    with pytest.raises(LeaseHeldError):
        taken(store, incident, "b/2/1", NOW + LENGTH + SECOND)


def test_a_run_that_lost_its_lease_is_stopped_before_it_acts_again(store: Engine, incident: int) -> None:
    slow = taken(store, incident, "a/1/1")
    taken(store, incident, "b/2/1", NOW + LENGTH)

    with pytest.raises(LeaseHeldError, match="was lost to another run"), writing(store) as session:
        renew(session, slow, NOW + LENGTH + SECOND)


def test_a_run_that_lost_its_lease_cannot_end_that_of_another(store: Engine, incident: int) -> None:
    slow = taken(store, incident, "a/1/1")
    taken(store, incident, "b/2/1", NOW + LENGTH)
    with writing(store) as session:
        give_back(session, slow, NOW + LENGTH + SECOND)

    with pytest.raises(LeaseHeldError, match=r"b/2/1"):
        taken(store, incident, "c/3/1", NOW + LENGTH + SECOND)


def test_a_lease_given_back_can_be_taken_at_once_and_the_fence_still_grows(store: Engine, incident: int) -> None:
    held = taken(store, incident, "a/1/1")
    with writing(store) as session:
        give_back(session, held, NOW + SECOND)

    assert taken(store, incident, "a/1/2", NOW + SECOND).fence == 2


HOUR = timedelta(hours=1)


def test_after_the_clock_was_set_back_an_hour_a_dead_runs_lease_still_runs_out_in_its_length(
    store: Engine, incident: int
) -> None:
    taken(store, incident, "a/1/1", NOW + HOUR)
    with writing(store) as session:
        assert shorten(session, NOW) == 1

    with pytest.raises(LeaseHeldError):
        taken(store, incident, "b/2/1", NOW + LENGTH - SECOND)
    assert taken(store, incident, "b/2/1", NOW + LENGTH).fence == 2


def test_a_living_run_keeps_its_lease_when_the_clock_is_set_back(store: Engine, incident: int) -> None:
    held = taken(store, incident, "a/1/1", NOW + HOUR)
    with writing(store) as session:
        shorten(session, NOW)
    with writing(store) as session:
        renew(session, held, NOW + LENGTH - SECOND)

    with pytest.raises(LeaseHeldError):
        taken(store, incident, "b/2/1", NOW + LENGTH + SECOND)


def test_an_honest_lease_is_not_shortened(store: Engine, incident: int) -> None:
    taken(store, incident, "a/1/1")

    with writing(store) as session:
        assert shorten(session, NOW) == 0


def test_a_run_is_named_so_that_another_sees_whether_it_lives() -> None:
    assert this_run() != this_run()
    assert not is_dead(this_run())
    assert not is_dead("another-host/1/1"), "of another machine nobody can tell"
    assert not is_dead(this_run().rpartition("/")[0].rpartition("/")[0] + "/1/1"), "it may be somebody else's"
    with subprocess.Popen([sys.executable, "-c", "pass"]) as ended:
        ended.wait()
    assert is_dead(f"{socket.gethostname()}/{ended.pid}/1")


def test_the_same_holder_twice_is_two_runs(store: Engine, incident: int) -> None:
    taken(store, incident, "a/1/1")

    with pytest.raises(LeaseHeldError):
        taken(store, incident, "a/1/1", NOW + SECOND)


@pytest.mark.parametrize("before", [False, True], ids=["never held", "held before"])
def test_of_two_runs_that_ask_at_once_exactly_one_gets_it(store: Engine, before: bool) -> None:
    start = Barrier(2)

    def tried(incident: int, holder: str) -> Held | None:
        start.wait()
        try:
            return taken(store, incident, holder)
        except LeaseHeldError:
            return None

    for count in range(1, 9):  # several times, since the two seldom meet in the narrowest place
        incident = opened(store, f"INC-2026-{count:04d}")
        if before:
            taken(store, incident, "old/1/1", NOW - LENGTH)
        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(tried, [incident, incident], ["a/1/1", "b/2/1"]))

        [won] = [held for held in found if held]
        with reading(store) as session:
            lease = session.get_one(Lease, incident)
            assert (lease.holder, lease.fence) == (won.holder, 2 if before else 1)


def test_after_each_run_that_failed_the_next_one_waits_longer_and_one_that_ended_well_sets_it_right(
    store: Engine, incident: int
) -> None:
    waits = []
    for failed in (True, True, True, False):
        held = taken(store, incident, "a/1/1")
        with writing(store) as session:
            give_back(session, held, NOW, failed=failed)
        with reading(store) as session:
            not_before = session.get_one(Lease, incident).not_before
        waits.append(not_before and not_before - NOW)

    assert waits == [FIRST_WAIT, FIRST_WAIT * 2, FIRST_WAIT * 4, None]
