"""What the laws ask of an incident beyond its facts: the weighing of risk, its severity, its grade, another duty."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Literal

from pydantic import TypeAdapter

from laws.impact import IMPACT_WORDS
from laws.part import Part
from laws.question import Facts
from laws.reach import REACH_WORDS
from laws.status import STATUS_WORDS
from models.condition import FACT_WORDS, Answer, Condition, PeopleQuestion, Word
from models.report import Organisation, Report
from models.vocabulary import Grade, Level


class RiskTest(StrEnum):
    """The risk to people that a law asks about, in its own measure."""

    NOT_UNLIKELY = "not_unlikely"
    HIGH = "high"
    HARM = "harm"
    SERIOUS_HARM = "serious_harm"
    LOW_PROBABILITY_OF_COMPROMISE = "low_probability_of_compromise"


class Situation(Facts):
    """One report under assessment; each weighing is made when it is first asked for."""

    def __init__(
        self,
        report: Report,
        risk: Callable[["Situation", RiskTest], Answer],
        severity: Callable[["Situation", Level], Answer],
        grade: Callable[["Situation", Grade], Answer],
        duty: Callable[["Situation", str], Answer],
    ) -> None:
        super().__init__(report)
        self.risk, self.severity, self.grade, self.duty = risk, severity, grade, duty


class _SeverityQuestion(Part):
    at_least: Level


class _GradeQuestion(Part):
    scheme: Literal["cn-2025"]
    at_least: Grade


class _DutyQuestion(Part):
    provision: str


def _risk(argument: object) -> Condition:
    test = TypeAdapter(RiskTest).validate_python(argument)
    return lambda situation: situation.risk(situation, test)


def _severity(argument: object) -> Condition:
    level = _SeverityQuestion.model_validate(argument).at_least
    return lambda situation: situation.severity(situation, level)


def _grade(argument: object) -> Condition:
    grade = _GradeQuestion.model_validate(argument).at_least
    return lambda situation: situation.grade(situation, grade)


def _duty(argument: object) -> Condition:
    provision = _DutyQuestion.model_validate(argument).provision
    return lambda situation: situation.duty(situation, provision)


def _people(argument: object) -> Condition:
    """As the word for everybody, but a place that nobody affected lives in is answered without counting."""
    count = FACT_WORDS["people"](argument)
    question = PeopleQuestion.model_validate(argument)
    if question.met(0):
        return count
    nobody = count(Facts(Report(title="nobody is affected", people=[])))
    places = _names_of([question.in_one_part_of or question.place])

    def ask(situation: Facts) -> Answer:
        there = situation.where_people_live
        return nobody if there is not None and places.isdisjoint(there) else count(situation)

    return ask


def _established(argument: object) -> Condition:
    """As the word for everybody, but a place that the organisation has nothing to do with is answered at once."""
    look = FACT_WORDS["established"](argument)
    elsewhere = look(Facts(Report(title="nowhere", organisation=Organisation(country="AQ", establishments=[]))))
    if elsewhere.value is not False:
        return look
    places = _names_of([argument] if isinstance(argument, str) else argument)  # type: ignore[arg-type]  # just validated

    def ask(situation: Facts) -> Answer:
        there = situation.where_established
        return elsewhere if there is not None and places.isdisjoint(there) else look(situation)

    return ask


def _names_of(places: Iterable[str]) -> frozenset[str]:
    """The places, and for the part of a country also the mark of a country whose part is not known."""
    return frozenset(name for place in places for name in (place, f"{place.partition('-')[0]}-"))


LAW_WORDS: Mapping[str, Word] = {
    **FACT_WORDS,
    **REACH_WORDS,
    **STATUS_WORDS,
    "people": _people,
    **IMPACT_WORDS,
    "established": _established,
    "risk": _risk,
    "severity": _severity,
    "grade": _grade,
    "duty": _duty,
}
