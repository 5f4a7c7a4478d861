"""On which days a place is closed: weekends and public holidays, from the `holidays` package, imported when first asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from models.document import nearest
from models.errors import BadInputError

SATURDAY, SUNDAY = 5, 6
ALIASES = {"SEC": "US", "UK": "GB"}  # the SEC is closed on the federal holidays, not on the exchange's
MARKETS = {"TARGET": "ECB", "EU": "ECB"}  # no calendar of the Union itself is published: its payment system's stands in

Closed = Callable[[date], bool]


@dataclass(frozen=True)
class Calendar:
    """The closed days of one place: `closed` by its full list, `surely_closed` only where the country agrees with its part."""

    code: str | None
    closed: Closed
    surely_closed: Closed

    def next_open(self, day: date) -> date:
        """`day`, or the first open day after it."""
        while self.closed(day):
            day += timedelta(days=1)
        return day

    def previous_open(self, day: date) -> date:
        """`day`, or the last open day before it."""
        while self.closed(day):
            day -= timedelta(days=1)
        return day

    def also_closed(self, days: frozenset[tuple[int, int]]) -> "Calendar":
        """The same calendar with these days of every year (month, day) closed as well."""
        if not days:
            return self

        def closed(day: date) -> bool:
            return (day.month, day.day) in days or self.closed(day)

        return Calendar(self.code, closed, self.surely_closed)


def _weekend(day: date) -> bool:
    return day.weekday() in (SATURDAY, SUNDAY)


WEEKENDS = Calendar(None, _weekend, _weekend)


@cache
def calendar_of(code: str | None) -> Calendar:
    """The calendar called `code`: a country (JP), a part of one (US-CA), SEC or TARGET; weekends alone for None.

    A place that no calendar is known of has its weekends alone; `check_calendar` refuses it.
    """
    if code is None:
        return WEEKENDS
    place, _, part = ALIASES.get(code, code).partition("-")

    def national(day: date) -> bool:
        return _is_closed(day, place, "")

    def local(day: date) -> bool:
        return _is_closed(day, place, part)

    return Calendar(code, local, (lambda day: local(day) and national(day)) if part else national)


def check_calendar(code: str) -> None:
    """Refuse with `BadInputError` a calendar that nothing is known of, and name the nearest."""
    place, _, _ = ALIASES.get(code, code).partition("-")
    if _days_of(place, "") is None:
        import holidays

        known = ["SEC", "TARGET", *holidays.list_supported_countries()]
        raise BadInputError(f"no calendar is called {code!r}{nearest(code, known)}")


def _is_closed(day: date, place: str, part: str) -> bool:
    known = _days_of(place, part)
    if known is None:
        return _weekend(day)
    return day in known or (day.weekday() in known.weekend and day not in known.weekend_workdays)


@cache
def _days_of(place: str, part: str) -> Any:  # Any: the package is not typed
    import holidays  # a fifth of a second, and most clocks never ask

    try:
        if place in MARKETS:
            return holidays.financial_holidays(MARKETS[place])
        return holidays.country_holidays(place, part or None)
    except NotImplementedError:
        return _days_of(place, "") if part else None


@cache
def country_of_zone(zone: str) -> str | None:
    """The country of an IANA zone such as Europe/Berlin, or None for one that belongs to no single country."""
    from importlib import resources  # needed by one command, slow to import

    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text()
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return next((row[0] for row in rows if row[2] == zone), None)
