"""How long something may take, written as a person says it: `30 minutes`, `4 hours`, `2 days`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

UNITS = {
    "day": timedelta(days=1),
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
}
LONGEST = timedelta(days=365)


def period_of(value: object) -> timedelta:
    """The period that a person wrote; raises `ValueError` that says how to write one."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d{1,8}) (second|minute|hour|day)s?", str(value))
    if match is None:
        raise ValueError(f"{value!r} is not a period; write it such as 30 minutes, 4 hours or 2 days")
    period = int(match[1]) * UNITS[match[2]]
    if not timedelta(0) < period <= LONGEST:
        raise ValueError(f"{value!r} is not between 1 second and {in_words(LONGEST)}")
    return period


def in_words(period: timedelta) -> str:
    """The period in the largest unit that says it exactly, such as `90 minutes`."""
    name, unit = next((name, unit) for name, unit in UNITS.items() if period % unit == timedelta(0))
    count = period // unit
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


Period = Annotated[timedelta, BeforeValidator(period_of), PlainSerializer(in_words)]
