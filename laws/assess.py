"""From facts, laws and a day to duties: which arise, which do not, which hang on what, and until when.

Pure: the same arguments give the same answer on every run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from laws.clock import PLAIN, Clock, Due, Limit, Setting, due, without_number
from laws.contract import contract_duties
from laws.exposure import assumptions
from laws.law import Laws
from laws.pause import holds, paused
from laws.place import Place, place_of, zone_called
from laws.recipients import recipients_of
from laws.severity import severity_of
from laws.situation import Situation
from laws.start import QUESTIONS, Starts
from laws.verdict import Prepared, PreparedStage, prepared, situation_of, stage_answer, verdict_of
from models.condition import Answer
from models.duty import Assessment, ClockState, Duty
from models.report import Report
from models.telling import Telling
from models.vocabulary import Verdict

VERDICTS = {True: Verdict.REQUIRED, False: Verdict.NOT_REQUIRED, None: Verdict.UNDECIDED}


def assess(
    report: Report,
    laws: Laws,
    as_of: date,
    *,
    events: Mapping[str, datetime] = {},  # never written to
    number: str | None = None,
    facts_version: int = 1,
) -> Assessment:
    """Every duty's answer for these facts by the law of `as_of`, with severity, reasons and clocks.

    `events` are what the record knows: `sent:<provision>:<stage>` for what was submitted or sent, and plain event
    names such as `handling_completed` or `law_enforcement_hold`.
    """
    plan = prepared(laws, as_of)
    known = _Known(situation_of(report, laws, plan), report, laws, Starts(report.times, events), holds(report, events))
    duties = [duty for each in plan.values() for duty in _duties(each, known)]
    duties += contract_duties(report, as_of, zone_called(report.organisation.timezone or "UTC"))
    severity = severity_of(known.situation, laws.methods.enisa)
    return Assessment(number, facts_version, as_of, severity, tuple(duties), assumptions(report))


@dataclass(slots=True)
class _Known:
    situation: Situation
    report: Report
    laws: Laws
    starts: Starts
    may_pause: bool
    places: dict[str, list[Place]] = field(default_factory=dict)
    clocks: dict[tuple[str | None, ...], Due] = field(default_factory=dict)


def _duties(each: Prepared, known: _Known) -> list[Duty]:
    answer = verdict_of(each, known.situation)
    if answer.value is False and each.place:
        return _refused(each, answer)
    found = []
    for place in (each.place,) if each.place else _places(each, known):
        for part in each.stages:
            owed = stage_answer(answer, part.owed, known.situation)
            found.append(_not_owed(part, owed, place) if owed.value is False else _owed(each, part, owed, place, known))
    return found


def _refused(each: Prepared, answer: Answer) -> list[Duty]:
    """The duties of a provision that does not arise; most are the same in every report, as nobody lives there."""
    kept = each.refused
    if kept is None or kept[0] is not answer:
        kept = each.refused = answer, [_with(part.duty, {"reasons": answer.reasons}) for part in each.stages]
    return kept[1]


def _places(each: Prepared, known: _Known) -> list[Place]:
    if each.addressed not in known.places:
        found = recipients_of(each.version.recipients, known.report, known.laws.authorities)
        known.places[each.addressed] = [place_of(each.law, *one, known.report.organisation) for one in found]
    return known.places[each.addressed]


def _not_owed(part: PreparedStage, answer: Answer, place: Place) -> Duty:
    return _with(part.duty, {"reasons": answer.reasons, **place.address})


def _owed(each: Prepared, part: PreparedStage, answer: Answer, place: Place, known: _Known) -> Duty:
    state, ends = _clock_of(each, part, place, known)
    changes: dict[str, object] = {
        "verdict": VERDICTS[answer.value],
        "reasons": Telling(_with_question, answer, part.stage.clock) if state == "not_started" else answer.reasons,
        "missing_facts": answer.missing if answer.value is None else (),
        "clock_state": state,
        "starts_at": ends.starts_at,
        "due_at": ends.due_at,
        "due_statutory": ends.due_statutory,
        "working": ends.steps,
        **place.address,
    }
    return _with(part.duty, changes)


def _with_question(answer: Answer, clock: Clock) -> tuple[str, ...]:
    return (*answer.reasons, f"the clock has not started: {QUESTIONS[clock.start]}")


def _with(model: Duty, changes: Mapping[str, object]) -> Duty:
    """As `dataclasses.replace`, which is ten times slower, and one report asks for four hundred."""
    duty = object.__new__(Duty)
    object.__setattr__(duty, "__dict__", {**model.__dict__, **changes})
    return duty


def _clock_of(each: Prepared, part: PreparedStage, place: Place, known: _Known) -> tuple[ClockState, Due]:
    clock = part.stage.clock
    ends = _running(each, part, place, known)
    if ends.starts_at is None and ends.due_at is None:
        return "not_started", ends
    if not known.may_pause:
        return "no_number" if ends.due_at is None else "running", ends
    setting = _setting(clock, clock, place, known)
    return paused(ends, each.version.delays_allowed, known.report, known.starts.events, setting)


def _running(each: Prepared, part: PreparedStage, place: Place, known: _Known) -> Due:
    clock = part.stage.clock
    if not part.has_number:
        started = known.starts.of(clock, place.zone, each.provision.id, place.recipient)
        return without_number(clock, started, place.zone)
    key = part.clock_key(place)
    if key not in known.clocks:
        known.clocks[key] = _worked_out(each, clock, place, known)
    return known.clocks[key]


def _worked_out(each: Prepared, clock: Clock, place: Place, known: _Known) -> Due:
    return due(
        clock,
        lambda limit: known.starts.of(limit, place.zone, each.provision.id, place.recipient),
        lambda limit: _setting(limit, clock, place, known),
    )


def _setting(limit: Limit, clock: Clock, place: Place, known: _Known) -> Setting:
    rule = known.laws.rules[limit.rule] if limit.rule else PLAIN
    return Setting(place.zone, place.calendar, rule, _has_relief(clock, known))


def _has_relief(clock: Clock, known: _Known) -> bool:
    """Whether the extension past closed days is open; not, while that is not known."""
    if clock.no_relief_when is None:
        return True
    return known.laws.questions.parsed(clock.no_relief_when)(known.situation).value is False
