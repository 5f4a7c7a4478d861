"""Whether each duty arises: the provisions of a day with their conditions compiled, and the answers to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from laws.grading import grade_reached
from laws.law import Exemption, Law, Laws, Provision, Stage, Version
from laws.risk import Risk, risk_answer, risk_of
from laws.severity import severity_reaches
from laws.situation import Grade, RiskTest, Situation
from laws.start import clock_from
from models.condition import Answer, Condition
from models.duty import Duty
from models.report import Report
from models.vocabulary import Confidence, Level, Verdict


@dataclass(frozen=True, slots=True)
class PreparedStage:
    """One stage of a provision: in which cases it is owed, and the duty with everything that no fact changes.

    Stages with equal clocks have the same `clock_key`, so that each clock of a report is worked out once.
    """

    stage: Stage
    owed: Condition | None
    duty: Duty
    clock_key: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """One provision's version of a day, with its conditions compiled."""

    law: Law
    provision: Provision
    version: Version
    applies: Condition
    when: Condition
    exemptions: tuple[tuple[str, Condition], ...]
    stages: tuple[PreparedStage, ...]
    same_for_all: bool  # recipient and zone stand in the law, whatever the facts


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
                _clock_key(provision, stage),
            )
            for stage in version.filings
        ),
        isinstance(version.recipients, tuple) and law.timezone is not None,
    )


def _clock_key(provision: Provision, stage: Stage) -> str:
    own = provision.id if stage.clock.start == "stage_submitted" else ""  # the earlier stage is this provision's own
    return f"{own}{stage.clock!r}"


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
            return Answer(False, (words, *answer.reasons))
        if answer.value is None:
            open_questions.append(Answer(None, (f"{words} (not known yet)", *answer.reasons), answer.missing))
    if open_questions:
        return _undecided(open_questions)
    because = (each.version.because,) if each.version.because else ()
    return Answer(True, (*because, *scope.reasons, *trigger.reasons))


def _undecided(answers: list[Answer]) -> Answer:
    reasons = dict.fromkeys(reason for answer in answers for reason in answer.reasons)
    missing = dict.fromkeys(path for answer in answers for path in answer.missing)
    return Answer(None, tuple(reasons), tuple(missing))


def stage_answer(answer: Answer, condition: Condition | None, situation: Situation) -> Answer:
    """A duty's answer for one of its stages, which may be owed in some cases only."""
    if condition is None or answer.value is False:
        return answer
    own = condition(situation)
    if own.value is False:
        return own
    if own.value and answer.value:
        return Answer(True, (*answer.reasons, *own.reasons))
    return _undecided([one for one in (answer, own) if one.value is None])
