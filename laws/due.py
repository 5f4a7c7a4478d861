"""One clock of one provision, worked out from a start that is given, without facts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from laws.calendars import Calendar, calendar_of, check_calendar, country_of_zone
from laws.clock import PLAIN, Due, Limit, Setting, due
from laws.law import Laws, Stage, Version
from laws.start import QUESTIONS, end_of_year
from models.clock import zone as zone_called
from models.errors import BadInputError


def due_of(
    laws: Laws,
    provision_id: str,
    start: datetime,
    zone: str | None = None,
    calendar: str | None = None,
    stage: str | None = None,
    *,
    as_of: date | None = None,
    others: Mapping[str, datetime] = {},  # never written to
) -> tuple[Due, ...]:
    """When each stage of a provision falls due whose clock starts at `start`, by the law of `as_of` (or of the start).

    Without `stage`, `start` is the event of the first stage; a stage with another event says what starts it. `others`
    gives further events by name, such as `awareness` beside a classification. A provision that is not in force that
    day has no due time, and its step says so. Raises `BadInputError` for an unknown provision, stage, zone or calendar.
    """
    law, provision = laws.provision(provision_id)
    if calendar:
        check_calendar(calendar)
    place = zone_called(zone or law.timezone or _zone_of(start))
    day = as_of or start.astimezone(place).date()
    version = provision.on(day)
    if version is None:
        return (Due(None, None, (f"{provision_id} is not in force on {day}: no duty.",), starts_at=start),)
    counting = _Counting(place, calendar_of(calendar or law.calendar or country_of_zone(place.key)), laws)
    stages = _chosen(version, stage, provision_id)
    known = {**others, stages[0].clock.start: start}
    return tuple(_stage_due(each, stages[0], known, counting) for each in stages)


def _zone_of(start: datetime) -> str:
    return start.tzinfo.key if isinstance(start.tzinfo, ZoneInfo) else "UTC"


def _chosen(version: Version, stage: str | None, provision_id: str) -> tuple[Stage, ...]:
    if stage is None:
        return version.filings
    chosen = tuple(each for each in version.filings if each.name == stage)
    if not chosen:
        names = ", ".join(each.name for each in version.filings)
        raise BadInputError(f"{provision_id} has no stage {stage!r}; it has {names}")
    return chosen


@dataclass(frozen=True)
class _Counting:
    zone: ZoneInfo
    calendar: Calendar
    laws: Laws


def _stage_due(stage: Stage, first: Stage, known: Mapping[str, datetime], counting: _Counting) -> Due:
    def began(limit: Limit) -> datetime | None:
        if limit.start == "stage_submitted" and stage is not first:
            return None  # the start that is given is that of the first stage
        at = known.get(limit.start)
        return (end_of_year(at, counting.zone) if at else None) if limit.start == "end_of_calendar_year" else at

    def setting(limit: Limit) -> Setting:
        rule = counting.laws.rules[limit.rule] if limit.rule else PLAIN
        return Setting(counting.zone, counting.calendar, rule)

    found = due(stage.clock, began, setting)
    steps = found.steps
    if found.due_at is None and found.starts_at is None:
        steps = (*steps, f"What starts it: {QUESTIONS[stage.clock.start]}")
    if stage.clock.no_relief_when and found.due_statutory:
        steps = (*steps, "Whether the extension is open depends on the kind of organisation.")
    return replace(found, steps=steps, stage=stage.name)
