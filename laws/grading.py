"""Official grades of an incident, from criteria that are data: China's grading guide of 2025."""

from collections.abc import Mapping
from functools import cached_property

from pydantic import Field

from laws.impact import IMPACT_WORDS
from laws.part import Part, RawCondition, Text
from laws.question import Facts, Questions
from models.condition import FACT_WORDS, Answer, Word, any_of
from models.vocabulary import Confidence, Grade


class Criterion(Part):
    """One sufficient reason for a grade; one without `if` cannot be read from the facts and is left to a person."""

    condition: RawCondition | None = Field(None, alias="if")
    says: Text
    confidence: Confidence


class GradingMethod(Part):
    """The criteria of each grade; meeting one of them is enough."""

    scheme: str
    source: Text
    grades: dict[Grade, list[Criterion]]

    @cached_property
    def questions(self) -> Questions:
        """Its conditions, compiled once."""
        return Questions(GRADING_WORDS)

    def at_or_above(self, grade: Grade) -> list[Criterion]:
        """The criteria of `grade` and of every higher one."""
        order = list(Grade)
        return [
            criterion
            for each in order[order.index(grade) :]
            for criterion in self.grades.get(each, [])
            if criterion.condition is not None
        ]


def grade_reached(facts: Facts, grade: Grade, method: GradingMethod) -> Answer:
    """Whether the incident is at least of `grade`, as far as the facts can show it."""
    criteria = method.at_or_above(grade)
    answer = any_of(_met(criterion, facts, method) for criterion in criteria)
    if answer.value is not False:
        return answer
    asked = "; ".join(each.says for each in method.grades.get(grade, []) if each.condition is None)
    beyond = (f"not among the facts, to be checked by a person: {asked}",) if asked else ()
    unstated = tuple(reason for reason in answer.reasons if "counts once" in reason)
    return Answer(
        False, (f"no criterion of {grade.value.replace('_', ' ')} or above is met by the facts", *beyond, *unstated)
    )


def _met(criterion: Criterion, facts: Facts, method: GradingMethod) -> Answer:
    answer = method.questions.parsed(criterion.condition)(facts)
    says = criterion.says if answer.value else f"not certain yet: {criterion.says}"
    low = " (criterion of low confidence)" if criterion.confidence is Confidence.LOW else ""
    return Answer(answer.value, (f"{says}{low}", *answer.reasons), answer.missing)


GRADING_WORDS: Mapping[str, Word] = {**FACT_WORDS, **IMPACT_WORDS}
