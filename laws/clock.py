"""When a period that a law gives runs out, worked out step by step under that law's own rule of computation.

`due_at` is the conservative instant that alarms use: exact hours, the last open day before a closed one, the shorter
calendar. `due_statutory` is later, and there only where the rule grants more.
"""

from calendar import monthrange
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, NonNegativeInt, StringConstraints

from laws.calendars import Calendar
from laws.part import Part, RawCondition, Text
from models.clock import in_a_likely_year
from models.errors import BadInputError
from models.telling import Telling

Unit = Literal["hours", "calendar_days", "business_days", "months"]
ClockStart = Literal[
    "occurrence",
    "awareness",
    "discovery",
    "processor_awareness",
    "constructive_knowledge",
    "reasonable_suspicion",
    "determination",
    "assessment_complete",
    "classification",
    "materiality_determination",
    "payment_made",
    "end_of_calendar_year",
    "individuals_notified",
    "other_regulator_notified",
    "stage_submitted",
    "handling_completed",
    "authority_request",
    "new_information",
    "corrective_measure_available",
]
END_OF_DAY = time(23, 59, 59)
DayOfYear = Annotated[str, StringConstraints(pattern=r"^\d\d-\d\d$")]  # month-day


class Period(Part):
    """A length of time in the law's own unit."""

    amount: NonNegativeInt
    unit: Unit

    @property
    def words(self) -> str:
        """The period as a person says it: "72 hours", "1 month"."""
        unit = self.unit.replace("_", " ")
        return f"{self.amount} {unit[:-1] if self.amount == 1 else unit}"


class Limit(Part):
    """One period and the event that it runs from."""

    start: ClockStart = Field(alias="from")
    of: str | None = None
    within: Period | None = None
    rule: str | None = None


class Clock(Limit):
    """When a duty must be met: a period, the law's adverb, or both; `earliest_of` caps it with further periods."""

    standard: str | None = None
    earliest_of: tuple[Limit, ...] = ()
    unless_started_after_cap: bool = False
    no_relief_when: RawCondition | None = None


class ClockRule(Part):
    """How a law counts: what it does with the first hour or day, and with a last day on which offices are closed."""

    says: Text
    source: Text
    hours: Literal["exact", "from_next_full_hour"] = "exact"
    first_day: Literal["excluded", "counted"] = "excluded"
    last_day_closed: Literal["stays", "next_open_day", "noon_of_next_open_day"] = "stays"
    hours_too: bool = False
    closed_also: tuple[DayOfYear, ...] = ()
    day_ends: time = END_OF_DAY

    @property
    def closed_days(self) -> frozenset[tuple[int, int]]:
        """Days of every year, as (month, day), on which this law's offices are closed beside the holidays."""
        return frozenset((int(day[:2]), int(day[3:])) for day in self.closed_also)


class ClockRules(Part):
    """The table of rules, by name."""

    rules: dict[str, ClockRule]


PLAIN = ClockRule(says="exact hours; the first day is not counted, the last one is", source="ordinary counting")


@dataclass(slots=True)  # not frozen: that takes three times as long to make, and a report has a hundred clocks
class Due:
    """When a period runs out, and how that was worked out. None: no number, or its event has not happened."""

    due_at: datetime | None
    due_statutory: datetime | None
    steps: Sequence[str]
    stage: str = "initial"
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and how a period is counted; `relief` is whether the rule's extension past closed days is open to this one."""

    zone: ZoneInfo
    calendar: Calendar
    rule: ClockRule = PLAIN
    relief: bool = True


def period_end(within: Period, started: datetime, setting: Setting) -> Due:
    """When `within` runs out that began at `started`; every time it gives has the fixed offset of its own instant."""
    started = _local(started, setting)
    if within.amount == 0:
        return Due(started, None, ("Not later than that moment.",), starts_at=started)
    found = _hours(within, started, setting) if within.unit == "hours" else _days(within, started, setting)
    found.starts_at = started
    return found


def _hours(within: Period, started: datetime, setting: Setting) -> Due:
    exact = _local(started + timedelta(hours=within.amount), setting)
    rounded = later = exact
    if setting.rule.hours == "from_next_full_hour":
        rounded = later = _local(_next_full_hour(started) + timedelta(hours=within.amount), setting)
    if setting.rule.hours_too and setting.relief and setting.calendar.closed(exact.date()):
        later = _extended(exact.date(), setting)
    steps = Telling(_hours_told, within, started, setting.rule.source, exact, rounded, later)
    return Due(exact, later if later > exact else None, steps)


def _hours_told(
    within: Period, started: datetime, source: str, exact: datetime, rounded: datetime, later: datetime
) -> Iterable[str]:
    yield f"{within.words}, counted hour by hour: {shown(exact)}."
    if started.utcoffset() != exact.utcoffset():
        yield "The clocks change in between; elapsed hours are counted, so the wall clock shows another hour."
    if rounded > exact:
        yield f"The hour of the event is not counted ({source}): by law {shown(rounded)}."
    if later > rounded:
        yield f"That is a closed day; by law extended to {shown(later)} ({source})."


def _next_full_hour(started: datetime) -> datetime:
    past = timedelta(minutes=started.minute, seconds=started.second, microseconds=started.microsecond)
    return started + (timedelta(hours=1) - past if past else past)


def _days(within: Period, started: datetime, setting: Setting) -> Due:
    first = started.date()
    if within.unit == "business_days":
        return _business_days(within, first, setting)
    last = _add_months(first, within.amount) if within.unit == "months" else first + timedelta(days=within.amount)
    if setting.rule.first_day == "counted":
        last -= timedelta(days=1)
    calendar = setting.calendar.also_closed(setting.rule.closed_days)
    if setting.rule.last_day_closed == "stays" or not setting.relief or not calendar.closed(last):
        return Due(_closing(last, setting), None, Telling(_last_day_told, within, first, last, setting.rule))
    return _around_closed_day(within, first, last, calendar, setting)


def _last_day_told(within: Period, first: date, last: date, rule: ClockRule) -> list[str]:
    counted = "day 1" if rule.first_day == "counted" else "not counted"
    return [f"{within.words} from {first} ({counted}): the last day is {last:%A} {last}."]


def _around_closed_day(within: Period, first: date, last: date, calendar: Calendar, setting: Setting) -> Due:
    extended = _extended(last, setting, calendar)
    before = calendar.previous_open(last)
    due_at = _closing(before if before > first else last, setting)

    def told() -> list[str]:
        closed = calendar.code or "a weekend"
        return [
            *_last_day_told(within, first, last, setting.rule),
            f"That day is closed ({closed}): the alarm uses the last open day before it, {shown(due_at)}.",
            f"By law it is extended to {shown(extended)} ({setting.rule.source}).",
        ]

    return Due(due_at, extended, Telling(told))


def _business_days(within: Period, first: date, setting: Setting) -> Due:
    full = setting.calendar.also_closed(setting.rule.closed_days)
    shorter = _closing(_after(first, within.amount, setting.calendar.surely_closed), setting)
    longer = _closing(_after(first, within.amount, full.closed), setting)

    def told() -> Iterable[str]:
        named = setting.calendar.code or "weekends only: no calendar of holidays is named"
        yield f"{within.words} after {first} ({named}): {shown(shorter)}."
        passed = _closed_between(first, longer.date(), full)
        if passed:
            yield f"Closed in between: {', '.join(str(day) for day in passed)}."
        if longer > shorter:
            yield f"With the holidays that only {setting.calendar.code} keeps: {shown(longer)}."

    return Due(shorter, longer if longer > shorter else None, Telling(told))


def _after(day: date, open_days: int, closed: Callable[[date], bool]) -> date:
    while open_days:
        day += timedelta(days=1)
        open_days -= 0 if closed(day) else 1
    return day


def _closed_between(first: date, last: date, calendar: Calendar) -> list[date]:
    days = (first + timedelta(days=each) for each in range(1, (last - first).days))
    return [day for day in days if calendar.closed(day)]


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _extended(day: date, setting: Setting, calendar: Calendar | None = None) -> datetime:
    target = (calendar or setting.calendar).next_open(day)
    if setting.rule.last_day_closed == "noon_of_next_open_day":
        return local(datetime.combine(target, time(12), setting.zone), setting.zone)
    return _closing(target, setting)


def _closing(day: date, setting: Setting) -> datetime:
    return local(datetime.combine(day, setting.rule.day_ends, setting.zone), setting.zone)


def _local(moment: datetime, setting: Setting) -> datetime:
    return local(moment, setting.zone)


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """`moment` as the wall clock of `zone` shows it, with a fixed offset: with the zone itself, Python would compare
    and add wall-clock times, which goes wrong where the clocks change."""
    there = moment.astimezone(zone)
    return there.replace(tzinfo=timezone(there.utcoffset() or timedelta(0)))


def shown(moment: datetime) -> str:
    """A moment as the working shows it: local wall clock with its offset and day of the week."""
    return f"{moment:%a} {moment.isoformat(sep=' ', timespec='minutes')}"


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """A time as somebody wrote it; a day alone is read as its first moment in `zone`, which is never too late.

    Raises `BadInputError` for what is neither a day nor a time with an offset.
    """
    try:
        if len(text) <= len("2026-11-23"):
            moment = datetime.combine(date.fromisoformat(text), time(0), zone)
        else:
            moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInputError(
            f"{text!r} is not a time; write it such as 2026-11-23 or 2026-11-23T09:00:00+01:00"
        ) from error
    if moment.tzinfo is None:
        raise BadInputError(f"the time {text!r} has no offset; write it with one, such as {text}+01:00")
    try:
        return in_a_likely_year(moment)
    except ValueError as error:
        raise BadInputError(f"{text!r}: {error}") from error


def earliest(main: Due, caps: Iterable[Due], *, unless_started_after_cap: bool) -> Due:
    """The first of several limits; a main period that began only after the cap had run out counts alone."""
    limits = [cap for cap in caps if cap.due_at]
    if unless_started_after_cap and main.starts_at and any(_instant(cap) < main.starts_at for cap in limits):
        alone = "The cap had already run out when this period began, so that this period counts alone."
        return Due(main.due_at, main.due_statutory, (*main.steps, alone), starts_at=main.starts_at)
    if not limits:
        return main
    running = [main, *limits] if main.due_at else limits
    first = min(_instant(each) for each in running)
    lawful = min(each.due_statutory or _instant(each) for each in running)
    steps = (
        *main.steps,
        *(step for cap in limits for step in cap.steps),
        f"The earliest of these counts: {shown(first)}.",
    )
    return Due(first, lawful if lawful > first else None, steps, starts_at=main.starts_at)


def _instant(due: Due) -> datetime:
    assert due.due_at is not None  # limits without one are left out before
    return due.due_at


def due(clock: Clock, began: Callable[[Limit], datetime | None], setting: Callable[[Limit], Setting]) -> Due:
    """When a clock runs out: its own period and its caps, each from its own event, under its own rule.

    `began` says when the event of a limit happened, or None; the answer then has no `due_at`.
    """
    main = _limit_due(clock, began(clock), setting(clock))
    if not clock.earliest_of:
        return main
    unstarted = [limit for limit in clock.earliest_of if began(limit) is None]
    if unstarted:
        main.steps = Telling(_with_unstarted_told, main.steps, unstarted)
    caps = [_limit_due(limit, began(limit), setting(limit)) for limit in clock.earliest_of]
    return earliest(main, caps, unless_started_after_cap=clock.unless_started_after_cap)


def _limit_due(limit: Limit, started: datetime | None, setting: Setting) -> Due:
    if started is None or limit.within is None:
        return without_number(limit, started, setting.zone)
    end = period_end(limit.within, started, setting)
    end.steps = Telling(_began_told, limit, started, setting.zone, end.steps)
    return end


def without_number(limit: Limit, started: datetime | None, zone: ZoneInfo) -> Due:
    """The answer of a limit that names no number, or whose event has not happened."""
    if started is None:
        return Due(None, None, Telling(_not_started_told, limit))
    return Due(None, None, Telling(_no_number_told, limit, started, zone), starts_at=started)


def _with_unstarted_told(steps: Iterable[str], caps: Iterable[Limit]) -> Iterable[str]:
    yield from steps
    for cap in caps:
        most = f"{cap.within.words} from " if cap.within else ""
        yield f"Not later than {most}{_event(cap)}, which is not known: it may fall due earlier."


def _event(limit: Limit) -> str:
    return f"{limit.start.replace('_', ' ')}{f' ({limit.of})' if limit.of else ''}"


def _not_started_told(limit: Limit) -> list[str]:
    return [f"Not started: {_event(limit)} has not happened, as far as is known."]


def _began_told(limit: Limit, started: datetime, zone: ZoneInfo, then: Iterable[str]) -> list[str]:
    return [f"From {_event(limit)}: {shown(local(started, zone))} ({zone.key}).", *then]


def _no_number_told(limit: Limit, started: datetime, zone: ZoneInfo) -> list[str]:
    adverb = getattr(limit, "standard", None) or "no number in the law"
    return _began_told(limit, started, zone, [f"The law gives no number: {adverb.replace('_', ' ')}."])
