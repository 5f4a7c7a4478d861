"""From facts, laws and a day to duties: which arise, which do not, which hang on what, and until when.

Pure: the same arguments give the same answer on every run.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from laws.calendars import Calendar, calendar_of
from laws.clock import PLAIN, Clock, Due, Limit, Setting, due
from laws.contract import contract_duties
from laws.exposure import assumptions
from laws.grading import grade_reached
from laws.law import Authority, Exemption, Law, Laws, Provision, Stage, Version
from laws.pause import paused
from laws.recipients import recipients_of
from laws.risk import Risk, risk_answer, risk_of
from laws.severity import severity_of, severity_reaches
from laws.situation import Grade, RiskTest, Situation
from laws.start import QUESTIONS, began, clock_from
from models.condition import Answer, Condition
from models.duty import Assessment, ClockState, Duty
from models.report import Report
from models.vocabulary import Confidence, Level, Verdict

VERDICTS = {True: Verdict.REQUIRED, False: Verdict.NOT_REQUIRED, None: Verdict.UNDECIDED}


@dataclass(frozen=True, slots=True)
class Prepared:
    """One provision's version of a day, with its conditions compiled."""

    law: Law
    provision: Provision
    version: Version
    applies: Condition
    when: Condition
    exemptions: tuple[tuple[Exemption, Condition], ...]
    stages: tuple[tuple[Stage, Condition | None], ...]
    notes: tuple[str, ...]
    words: Mapping[str, str]


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
    situation = _situation(report, laws, plan)
    known = _Known(situation, laws, events)
    duties = [duty for each in plan.values() for duty in _duties(each, known)]
    duties += contract_duties(report, as_of, ZoneInfo(report.organisation.timezone or "UTC"))
    return Assessment(
        number,
        facts_version,
        as_of,
        severity_of(situation, laws.methods.enisa),
        tuple(duties),
        assumptions(report),
    )


def prepared(laws: Laws, as_of: date) -> Mapping[str, Prepared]:
    """The provisions that bind, or advise, on a day, compiled once for that day."""
    if as_of not in laws.plans:
        laws.plans[as_of] = {
            provision.id: _prepare(law, provision, version, laws)
            for law in laws.laws
            for provision in law.provisions
            if (version := provision.on(as_of))
        }
    plan: Mapping[str, Prepared] = laws.plans[as_of]
    return plan


def _prepare(law: Law, provision: Provision, version: Version, laws: Laws) -> Prepared:
    parsed = laws.questions.parsed
    return Prepared(
        law,
        provision,
        version,
        parsed(version.applies),
        parsed(version.when),
        tuple((each, parsed(each.condition)) for each in version.unless if each.condition),
        tuple((stage, parsed(stage.when) if stage.when else None) for stage in version.filings),
        _notes(version, laws),
        laws.methods.exemptions,
    )


def _notes(version: Version, laws: Laws) -> tuple[str, ...]:
    notes = list(version.notes)
    if version.confidence is Confidence.LOW:
        notes.append("Low confidence: what is recorded of this law is little supported; have counsel check it first.")
    notes += [
        f"The facts cannot show this exemption; a person may rely on it: {_words_of(each, laws.methods.exemptions)}"
        for each in version.unless
        if not each.condition
    ]
    return tuple(notes)


def _situation(report: Report, laws: Laws, plan: Mapping[str, Prepared]) -> Situation:
    methods = laws.methods
    weighed: list[Risk] = []
    verdicts: dict[str, Answer | None] = {}

    def risk(situation: Situation, test: RiskTest) -> Answer:
        if not weighed:
            weighed.append(risk_of(situation, methods.enisa, methods.risk))
        return risk_answer(weighed[0], test.value, methods.risk.tests)

    def severity(situation: Situation, level: Level) -> Answer:
        return severity_reaches(situation, level, methods.enisa)

    def grade(situation: Situation, asked: Grade) -> Answer:
        return grade_reached(situation, asked, methods.grading)

    def duty(situation: Situation, provision: str) -> Answer:
        return _duty_arises(provision, situation, plan, verdicts)

    return Situation(report, risk, severity, grade, duty)


def _duty_arises(
    provision: str, situation: Situation, plan: Mapping[str, Prepared], verdicts: dict[str, Answer | None]
) -> Answer:
    if provision not in plan:
        return Answer(False, (f"{provision} is not in force",))
    if provision not in verdicts:
        verdicts[provision] = None
        answer = verdict_of(plan[provision], situation)
        verdicts[provision] = Answer(answer.value, (_arising(provision, answer.value),), answer.missing)
    found = verdicts[provision]
    return found or Answer(False, (f"{provision} depends on itself",))


def _arising(provision: str, value: bool | None) -> str:
    if value is None:
        return f"whether {provision} arises is not decided"
    return f"the duty {provision} {'arises' if value else 'does not arise'}"


def verdict_of(each: Prepared, situation: Situation) -> Answer:
    """Whether a duty arises: it applies, its trigger is met and no exemption lifts it."""
    scope = each.applies(situation)
    if scope.value is False:
        return scope
    trigger = each.when(situation)
    if trigger.value is False:
        return trigger
    open_questions = [answer for answer in (scope, trigger) if answer.value is None]
    for exemption, condition in each.exemptions:
        answer = condition(situation)
        if answer.value:
            return Answer(False, (_words_of(exemption, each.words), *answer.reasons))
        if answer.value is None:
            open_questions.append(
                Answer(None, (f"{_words_of(exemption, each.words)} (not known yet)", *answer.reasons), answer.missing)
            )
    if open_questions:
        return _undecided(open_questions)
    because = (each.version.because,) if each.version.because else ()
    return Answer(True, (*because, *scope.reasons, *trigger.reasons))


def _undecided(answers: list[Answer]) -> Answer:
    reasons = dict.fromkeys(reason for answer in answers for reason in answer.reasons)
    missing = dict.fromkeys(path for answer in answers for path in answer.missing)
    return Answer(None, tuple(reasons), tuple(missing))


def _words_of(exemption: Exemption, words: Mapping[str, str]) -> str:
    return exemption.reason or words.get(exemption.key) or f"exemption: {exemption.key.replace('_', ' ')}"


@dataclass(frozen=True, slots=True)
class _Known:
    situation: Situation
    laws: Laws
    events: Mapping[str, datetime]

    @property
    def report(self) -> Report:
        return self.situation.report


def _duties(each: Prepared, known: _Known) -> Iterator[Duty]:
    answer = verdict_of(each, known.situation)
    for recipient, authority in recipients_of(each.version.recipients, known.report, known.laws.authorities):
        for stage, condition in each.stages:
            owed = _stage_answer(answer, condition, known.situation)
            yield _duty(each, stage, owed, recipient, authority, known)


def _stage_answer(answer: Answer, condition: Condition | None, situation: Situation) -> Answer:
    if condition is None or answer.value is False:
        return answer
    own = condition(situation)
    if own.value is False:
        return own
    if own.value and answer.value:
        return Answer(True, (*answer.reasons, *own.reasons))
    return _undecided([one for one in (answer, own) if one.value is None])


def _duty(
    each: Prepared, stage: Stage, answer: Answer, recipient: str, authority: Authority | None, known: _Known
) -> Duty:
    version, clock = each.version, stage.clock
    zone = _zone(each.law, authority, known.report)
    state, ends = _clock_of(each, clock, answer, _Place(recipient, authority, zone), known)
    return Duty(
        provision=each.provision.id,
        jurisdiction=each.law.jurisdiction,
        name=each.provision.name,
        audience=each.provision.audience,
        recipient=recipient,
        stage=stage.name,
        verdict=VERDICTS[answer.value],
        citation=version.citation,
        source=version.source,
        version_from=version.start or date.min,
        checked=version.checked,
        confidence=version.confidence,
        reasons=_reasons(answer, clock, state),
        missing_facts=answer.missing if answer.value is None else (),
        clock_from=clock_from(clock),
        clock_state=state,
        standard=clock.standard,
        starts_at=ends.starts_at,
        due_at=ends.due_at,
        due_statutory=ends.due_statutory,
        working=ends.steps,
        content=tuple(stage.content or version.content),
        language=(authority and authority.language) or version.language,
        channel=(authority and authority.channel) or version.channel,
        advice=version.status == "voluntary",
        phased=version.phased,
        zone=zone.key,
        notes=(*each.notes, *stage.notes),
    )


def _reasons(answer: Answer, clock: Clock, state: ClockState) -> tuple[str, ...]:
    if state != "not_started" or answer.value is False:
        return answer.reasons
    return (*answer.reasons, f"the clock has not started: {QUESTIONS[clock.start]}")


@dataclass(frozen=True, slots=True)
class _Place:
    recipient: str
    authority: Authority | None
    zone: ZoneInfo


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


def _clock_of(each: Prepared, clock: Clock, answer: Answer, place: _Place, known: _Known) -> tuple[ClockState, Due]:
    """A clock as it stands; a duty that is not owed has none."""
    if answer.value is False:
        return "not_started", Due(None, None, ())
    report, calendar = known.report, _calendar(each.law, place.authority, known.report)
    relief = _has_relief(clock, known)

    def start_of(limit: Limit) -> datetime | None:
        return began(limit, report.times, known.events, place.zone, each.provision.id, place.recipient)

    def setting_of(limit: Limit) -> Setting:
        rule = known.laws.rules[limit.rule] if limit.rule else PLAIN
        return Setting(place.zone, calendar, rule, relief)

    ends = due(clock, start_of, setting_of)
    if ends.due_at is None:
        return ("not_started" if ends.starts_at is None else "no_number"), ends
    return paused(ends, each.version.delays_allowed, report, known.events, setting_of(clock))


def _has_relief(clock: Clock, known: _Known) -> bool:
    """Whether the extension past closed days is open; not, while that is not known."""
    if clock.no_relief_when is None:
        return True
    return known.laws.questions.parsed(clock.no_relief_when)(known.situation).value is False
