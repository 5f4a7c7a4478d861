"""What a law-enforcement hold does to a clock: it pauses where that law allows it, for as long as it allows it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from laws.clock import Due, Setting, local, period_end, shown
from laws.law import Delay
from models.duty import ClockState
from models.report import Report
from models.vocabulary import Circumstance

HOLD_BEGAN = "law_enforcement_hold"
HOLD_ENDED = "law_enforcement_hold_ended"


def holds(report: Report, events: Mapping[str, datetime]) -> bool:
    """Whether a law-enforcement hold stands, or stood."""
    return Circumstance.LAW_ENFORCEMENT_HOLD in report.circumstances or HOLD_ENDED in events


def paused(
    ends: Due, delays: Iterable[Delay | str], report: Report, events: Mapping[str, datetime], setting: Setting
) -> tuple[ClockState, Due]:
    """A clock that has started after a law-enforcement hold: unchanged, moved by the pause, or standing still."""
    state: ClockState = "no_number" if ends.due_at is None else "running"
    allowed = next((delay for delay in delays if _is_law_enforcement(delay)), None)
    stands = Circumstance.LAW_ENFORCEMENT_HOLD in report.circumstances and HOLD_ENDED not in events
    began, ended = events.get(HOLD_BEGAN), events.get(HOLD_ENDED)
    if allowed is None or not (stands or ended):
        return state, ends
    if began is None or ends.starts_at is None or ends.due_at is None or began > ends.due_at:
        return ("paused", _standing(ends)) if stands else (state, ends)
    began = max(began, ends.starts_at)
    limit = _longest(allowed, began, setting)
    stop = min(moment for moment in (ended, limit) if moment) if ended or limit else None
    return ("paused", _standing(ends)) if stop is None else ("running", _moved(ends, began, stop, setting))


def _is_law_enforcement(delay: Delay | str) -> bool:
    key = delay if isinstance(delay, str) else delay.key
    return key.replace("-", "_").lower().startswith("law_enforcement")


def _longest(delay: Delay | str, began: datetime, setting: Setting) -> datetime | None:
    if isinstance(delay, str) or delay.at_most is None:
        return None
    return period_end(delay.at_most, began, setting).due_at


def _standing(ends: Due) -> Due:
    step = "Paused by a law-enforcement hold, which this law allows: no time runs until it is lifted."
    return Due(None, None, (*ends.steps, step), starts_at=ends.starts_at)


def _moved(ends: Due, began: datetime, stop: datetime, setting: Setting) -> Due:
    pause = max(stop - began, timedelta(0))
    moved = [moment and local(moment + pause, setting.zone) for moment in (ends.due_at, ends.due_statutory)]
    shift = f"{shown(local(began, setting.zone))} to {shown(local(stop, setting.zone))}"
    step = f"A law-enforcement hold, which this law allows, paused the clock from {shift}."
    return Due(moved[0], moved[1], (*ends.steps, step), starts_at=ends.starts_at)
