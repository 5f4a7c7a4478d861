"""A limit on how long one act may take, in the machine's own time: what hangs is given up and said to have been."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from threading import Thread
from typing import TypeVar

from models.errors import TocsinError

T = TypeVar("T")


class TookTooLongError(TocsinError):
    """An act was not over within its limit; whether it has any effect yet is not known."""


def within(limit: timedelta, act: Callable[[], T]) -> T:
    """What the act gives; raises `TookTooLongError` once the limit has passed.

    A thread cannot be ended from outside: the act is left behind, keeps nobody waiting, and ends with its process at
    the latest. What it still does is written under the same key, so that it is seen and not done twice.
    """
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(act())
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits, whole
            answer.set_exception(error)

    Thread(target=run, daemon=True).start()
    try:
        return answer.result(limit.total_seconds())
    except TimeoutError as error:
        if answer.done():  # the act's own
            raise
        raise TookTooLongError(
            f"it was not over within its limit of {limit.total_seconds():g} s and was given up"
        ) from error
