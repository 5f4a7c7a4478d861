from datetime import timedelta
from threading import Event

import pytest

from flows.acts.limit import TookTooLongError, within
from models.errors import BadInputError

SHORT, LONG = timedelta(milliseconds=50), timedelta(minutes=1)


def test_what_is_over_in_time_gives_what_it_gave() -> None:
    assert within(LONG, lambda: 42) == 42


def test_what_hangs_is_given_up() -> None:
    released = Event()

    with pytest.raises(TookTooLongError, match=r"limit of 0\.05 s"):
        within(SHORT, released.wait)
    released.set()


def test_what_fails_fails_as_it_did() -> None:
    def fail() -> None:
        raise BadInputError("the folder is gone")

    with pytest.raises(BadInputError, match="the folder is gone"):
        within(LONG, fail)


def test_a_time_limit_of_the_acts_own_stays_its_own() -> None:
    def fail() -> None:
        raise TimeoutError("theirs")

    with pytest.raises(TimeoutError, match="theirs"):
        within(LONG, fail)
