"""From facts, laws and a day to duties: which arise, which do not, which hang on what, and until when.

Pure: the same arguments give the same answer on every run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from laws.calendars import Calendar, calendar_of
from laws.clock import PLAIN, Clock, Due, Limit, Setting, due
from laws.contract import contract_duties
from laws.exposure import assumptions
from laws.law import Authority, Law, Laws
from laws.pause import paused
from laws.recipients import recipients_of
from laws.severity import severity_of
from laws.situation import Situation
from laws.start import QUESTIONS, began
from laws.verdict import Prepared, PreparedStage, prepared, situation_of, stage_answer, verdict_of
from models.condition import Answer
from models.duty import Assessment, ClockState, Duty
from models.report import Report
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
    known = _Known(situation_of(report, laws, plan), report, laws, events)
    duties: list[Duty] = []
    for each in plan.values():
        duties += _duties(each, known)
    duties += contract_duties(report, as_of, _zone_called(report.organisation.timezone or "UTC"))
    severity = severity_of(known.situation, laws.methods.enisa)
    return Assessment(number, facts_version, as_of, severity, tuple(duties), assumptions(report))


@dataclass(frozen=True, slots=True)
class _Known:
    situation: Situation
    report: Report
    laws: Laws
    events: Mapping[str, datetime]
    clocks: dict[tuple[str | None, ...], Due] = field(default_factory=dict)


def _duties(each: Prepared, known: _Known) -> list[Duty]:
    answer = verdict_of(each, known.situation)
    if answer.value is False and each.same_for_all:
        return [_with(part.duty, reasons=answer.reasons) for part in each.stages]
    found = []
    for recipient, authority in recipients_of(each.version.recipients, known.report, known.laws.authorities):
        place = _Place(recipient, authority, _zone(each.law, authority, known.report))
        for part in each.stages:
            owed = stage_answer(answer, part.owed, known.situation)
            found.append(_not_owed(part, owed, place) if owed.value is False else _owed(each, part, owed, place, known))
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    recipient: str
    authority: Authority | None
    zone: ZoneInfo

    @property
    def address(self) -> dict[str, object]:
        """The fields of a duty that the recipient decides."""
        fields: dict[str, object] = {"recipient": self.recipient, "zone": self.zone.key}
        if self.authority and self.authority.language:
            fields["language"] = self.authority.language
        if self.authority and self.authority.channel:
            fields["channel"] = self.authority.channel
        return fields


def _not_owed(part: PreparedStage, answer: Answer, place: _Place) -> Duty:
    return _with(part.duty, reasons=answer.reasons, **place.address)


def _owed(each: Prepared, part: PreparedStage, answer: Answer, place: _Place, known: _Known) -> Duty:
    clock = part.stage.clock
    state, ends = _clock_of(each, part, place, known)
    question = (f"the clock has not started: {QUESTIONS[clock.start]}",) if state == "not_started" else ()
    return _with(
        part.duty,
        verdict=VERDICTS[answer.value],
        reasons=(*answer.reasons, *question),
        missing_facts=answer.missing if answer.value is None else (),
        clock_state=state,
        starts_at=ends.starts_at,
        due_at=ends.due_at,
        due_statutory=ends.due_statutory,
        working=ends.steps,
        **place.address,
    )


def _with(model: Duty, **changes: object) -> Duty:
    """As `dataclasses.replace`, which is ten times slower, and one report asks for four hundred."""
    duty = object.__new__(Duty)
    duty.__dict__.update(model.__dict__, **changes)
    return duty


def _zone(law: Law, authority: Authority | None, report: Report) -> ZoneInfo:
    """Where days end: where the law says, else at the authority, else at the organisation."""
    return _zone_called(law.timezone or (authority and authority.timezone) or report.organisation.timezone or "UTC")


@lru_cache
def _zone_called(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _calendar(law: Law, authority: Authority | None, report: Report) -> Calendar:
    organisation = report.organisation
    at_home = None if law.timezone else organisation.subdivision or organisation.country
    return calendar_of(law.calendar or (authority and authority.calendar) or at_home)


def _clock_of(each: Prepared, part: PreparedStage, place: _Place, known: _Known) -> tuple[ClockState, Due]:
    clock, calendar = part.stage.clock, _calendar(each.law, place.authority, known.report)

    def setting_of(limit: Limit) -> Setting:
        rule = known.laws.rules[limit.rule] if limit.rule else PLAIN
        return Setting(place.zone, calendar, rule, _has_relief(clock, known))

    key = (part.clock_key, place.zone.key, calendar.code, place.recipient if known.events else None)
    ends = known.clocks.get(key)
    if ends is None:
        ends = known.clocks[key] = due(clock, _started(each, place, known), setting_of)
    if ends.due_at is None:
        return ("not_started" if ends.starts_at is None else "no_number"), ends
    return paused(ends, each.version.delays_allowed, known.report, known.events, setting_of(clock))


def _started(each: Prepared, place: _Place, known: _Known) -> Callable[[Limit], datetime | None]:
    def start_of(limit: Limit) -> datetime | None:
        return began(limit, known.report.times, known.events, place.zone, each.provision.id, place.recipient)

    return start_of


def _has_relief(clock: Clock, known: _Known) -> bool:
    """Whether the extension past closed days is open; not, while that is not known."""
    if clock.no_relief_when is None:
        return True
    return known.laws.questions.parsed(clock.no_relief_when)(known.situation).value is False
