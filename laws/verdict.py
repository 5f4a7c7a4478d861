"""Whether each duty arises: the provisions of a day with their conditions compiled, and the answers to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from laws.clock import PLAIN, Clock, ClockRule, Limit
from laws.grading import grade_reached
from laws.law import AuthorityOf, Exemption, Law, Laws, Provision, Stage, Version
from laws.place import Place, place_of
from laws.risk import Risk, risk_answer, risk_of
from laws.severity import severity_reaches
from laws.situation import RiskTest, Situation
from laws.start import clock_from
from models.condition import Answer, Condition, joined
from models.duty import Duty
from models.report import Organisation, Report
from models.telling import Telling
from models.vocabulary import Confidence, Grade, Level, Verdict


@dataclass(frozen=True, slots=True)
class PreparedStage:
    """One stage of a provision: in which cases it is owed, and the duty with everything that no fact changes.

    Clocks that count alike have the same key, so that each is worked out once for a report.
    """

    stage: Stage
    owed: Condition | None
    duty: Duty
    counting: str
    has_number: bool
    asks_calendar: bool
    asks_recipient: bool

    def clock_key(self, place: Place) -> tuple[str | None, ...]:
        """What the answer of its clock hangs on, beside the facts."""
        return (
            self.counting,
            place.zone.key,
            place.calendar.code if self.asks_calendar else None,
            place.recipient if self.asks_recipient else None,
        )


@dataclass(slots=True)
class Prepared:
    """One provision's version of a day, with its conditions compiled."""

    law: Law
    provision: Provision
    version: Version
    applies: Condition
    when: Condition
    exemptions: tuple[tuple[str, Condition], ...]
    stages: tuple[PreparedStage, ...]
    place: Place | None  # where recipient and zone stand in the law, whatever the facts
    addressed: str  # equal for provisions whose recipients, zone and calendar are found in the same way
    refused: tuple[Answer, list[Duty]] | None = None  # the last "no", and the duties that say so


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
    parsed, words = laws.questions.parsed, laws.methods.exemptions
    notes = _notes(version, words)
    return Prepared(
        law,
        provision,
        version,
        parsed(version.applies),
        parsed(version.when),
        tuple((_words_of(each, words), parsed(each.condition)) for each in version.unless if each.condition),
        tuple(
            PreparedStage(
                stage,
                parsed(stage.when) if stage.when else None,
                _model(law, provision, version, stage, notes),
                *_clock_of(provision, stage.clock, laws.rules),
            )
            for stage in version.filings
        ),
        _place_of(law, version),
        f"{version.recipients!r} {law.timezone} {law.calendar}",
    )


def _place_of(law: Law, version: Version) -> Place | None:
    if law.timezone is None or isinstance(version.recipients, AuthorityOf):
        return None
    return place_of(law, "; ".join(version.recipients), None, Organisation())


def _clock_of(provision: Provision, clock: Clock, rules: Mapping[str, ClockRule]) -> tuple[str, bool, bool, bool]:
    limits = (clock, *clock.earliest_of)
    after_own_stage = any(limit.start == "stage_submitted" for limit in limits)
    return (
        f"{provision.id if after_own_stage else ''}{clock!r}",
        any(limit.within for limit in limits),
        any(_asks_calendar(limit, rules) for limit in limits),
        after_own_stage,
    )


def _asks_calendar(limit: Limit, rules: Mapping[str, ClockRule]) -> bool:
    rule = rules[limit.rule] if limit.rule else PLAIN
    return rule.last_day_closed != "stays" or bool(limit.within and limit.within.unit == "business_days")


def _model(law: Law, provision: Provision, version: Version, stage: Stage, notes: tuple[str, ...]) -> Duty:
    return Duty(
        provision=provision.id,
        jurisdiction=law.jurisdiction,
        name=provision.name,
        audience=provision.audience,
        recipient="; ".join(version.recipients) if isinstance(version.recipients, tuple) else "",
        stage=stage.name,
        verdict=Verdict.NOT_REQUIRED,
        citation=version.citation,
        source=version.source,
        version_from=version.start or date.min,
        checked=version.checked,
        confidence=version.confidence,
        reasons=(),
        clock_from=clock_from(stage.clock),
        clock_state="not_started",
        standard=stage.clock.standard,
        content=stage.content or version.content,
        language=version.language,
        channel=version.channel,
        advice=version.status == "voluntary",
        phased=version.phased,
        zone=law.timezone or "UTC",
        notes=(*notes, *stage.notes),
    )


def _notes(version: Version, words: Mapping[str, str]) -> tuple[str, ...]:
    notes = list(version.notes)
    if version.confidence is Confidence.LOW:
        notes.append("Low confidence: what is recorded of this law is little supported; have counsel check it first.")
    notes += [
        f"The facts cannot show this exemption; a person may rely on it: {_words_of(each, words)}"
        for each in version.unless
        if not each.condition
    ]
    return tuple(notes)


def _words_of(exemption: Exemption, words: Mapping[str, str]) -> str:
    return exemption.reason or words.get(exemption.key) or f"exemption: {exemption.key.replace('_', ' ')}"


def situation_of(report: Report, laws: Laws, plan: Mapping[str, Prepared]) -> Situation:
    """The situation that the laws of a plan ask about; risk, severity and other duties are worked out when asked for."""
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
    for words, condition in each.exemptions:
        answer = condition(situation)
        if answer.value:
            return Answer(False, Telling(_headed, words, answer))
        if answer.value is None:
            open_questions.append(Answer(None, Telling(_headed, f"{words} (not known yet)", answer), answer.missing))
    if open_questions:
        return joined(None, open_questions)
    return Answer(True, Telling(_arisen, each.version.because, scope, trigger))


def _headed(words: str, answer: Answer) -> tuple[str, ...]:
    return (words, *answer.reasons)


def _arisen(because: str | None, scope: Answer, trigger: Answer) -> tuple[str, ...]:
    return (*([because] if because else ()), *scope.reasons, *trigger.reasons)


def stage_answer(answer: Answer, condition: Condition | None, situation: Situation) -> Answer:
    """A duty's answer for one of its stages, which may be owed in some cases only."""
    if condition is None or answer.value is False:
        return answer
    own = condition(situation)
    if own.value is False:
        return own
    if own.value and answer.value:
        return Answer(True, Telling(_arisen, None, answer, own))
    return joined(None, [one for one in (answer, own) if one.value is None])
