"""The weighing of risk to people that laws ask for: the ENISA score, moved by the factors that authorities name.

Weights and thresholds are data (`methods/risk.yaml`), so that counsel can read and change them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

from pydantic import model_validator

from laws.exposure import EXPOSURE_WORDS, assumptions
from laws.part import Part, Text
from laws.question import Facts, Questions
from laws.severity import EnisaMethod, terms_of
from laws.weighing import Case, Range, first_that_holds
from models.condition import Answer

TestName = Literal["not_unlikely", "high", "harm", "serious_harm", "low_probability_of_compromise"]


class RiskLine(Part):
    """Where a test's answer turns: yes from `at_least`, or yes `below`."""

    at_least: float | None = None
    below: float | None = None
    says: Text

    @model_validator(mode="after")
    def _one_line(self) -> Self:
        if (self.at_least is None) == (self.below is None):
            raise ValueError("give either `at_least` or `below`")
        return self


class RiskMethod(Part):
    """The factors, the bounds and the lines of each test."""

    method: str
    source: Text
    factors: dict[str, list[Case]]
    at_most: dict[str, Case]
    at_least: dict[str, Case]
    nothing_at_risk: dict[str, Case]
    tests: dict[TestName, RiskLine]

    @cached_property
    def questions(self) -> Questions:
        """Its conditions, compiled once."""
        return Questions(EXPOSURE_WORDS)


@dataclass(frozen=True)
class Risk:
    """The weight of the risk as a range, every step that led to it, and the fields that would narrow it."""

    weight: Range
    reasons: tuple[str, ...]
    missing: tuple[str, ...]


def risk_of(facts: Facts, enisa: EnisaMethod, method: RiskMethod) -> Risk:
    """Weigh the risk that this breach brings to the people affected."""
    terms = terms_of(facts, enisa)
    formula = f"DPC {terms.context.range} x EI {terms.identification.range} + CB {terms.added}"
    weighing = _Weighing(terms.score, [f"ENISA 2013 score {terms.score} ({formula})"], list(terms.missing))
    for name, cases in method.factors.items():
        weighing.add(name, cases, facts, method)
    for name, bound in method.at_most.items():
        weighing.cap(name, bound, facts, method)
    for name, bound in method.at_least.items():
        weighing.lift(name, bound, facts, method)
    for name, bound in method.nothing_at_risk.items():
        weighing.cap(name, bound, facts, method)
    return Risk(
        Range(max(weighing.range.low, 0), max(weighing.range.high, 0)),
        (*weighing.reasons, *assumptions(facts.report)),
        tuple(dict.fromkeys(weighing.missing)) if weighing.range.low != weighing.range.high else (),
    )


class _Weighing:
    """A weight on its way through the factors; every step that moves it leaves its reason."""

    def __init__(self, start: Range, reasons: list[str], missing: list[str]) -> None:
        self.range, self.reasons, self.missing = start, reasons, missing

    def add(self, name: str, cases: list[Case], facts: Facts, method: RiskMethod) -> None:
        weighed = first_that_holds(cases, facts, method.questions)
        if weighed.range == Range(0, 0):
            return
        self.range = self.range + weighed.range
        self.reasons.append(f"{_signed(weighed.range)} {name.replace('_', ' ')}: {'; '.join(weighed.reasons)}")
        self.missing.extend(weighed.missing)

    def cap(self, name: str, bound: Case, facts: Facts, method: RiskMethod) -> None:
        answer = method.questions.parsed(bound.condition)(facts)
        if answer.value is False or (answer.value is None and self.range.high <= bound.value):
            return
        high = min(self.range.high, bound.value) if answer.value else self.range.high
        self._bounded(Range(min(self.range.low, bound.value), high), "at most", name, bound, answer)

    def lift(self, name: str, bound: Case, facts: Facts, method: RiskMethod) -> None:
        answer = method.questions.parsed(bound.condition)(facts)
        if answer.value is False or (answer.value is None and self.range.low >= bound.value):
            return
        low = max(self.range.low, bound.value) if answer.value else self.range.low
        self._bounded(Range(low, max(self.range.high, bound.value)), "at least", name, bound, answer)

    def _bounded(self, to: Range, how: str, name: str, bound: Case, answer: Answer) -> None:
        self.range = to
        known = "" if answer.value else "not known yet: "
        self.reasons.append(f"{how} {bound.value:g}, {name.replace('_', ' ')}: {known}{bound.says}")
        self.missing.extend(answer.missing)


def _signed(weight: Range) -> str:
    return f"{weight.low:+g}" if weight.low == weight.high else f"{weight.low:+g} to {weight.high:+g}"


def risk_answer(risk: Risk, test: TestName, lines: Mapping[TestName, RiskLine]) -> Answer:
    """Whether the risk meets a law's test, with the steps of the weighing as reasons."""
    line = lines[test]
    least = line.at_least if line.at_least is not None else line.below
    assert least is not None  # the model asks for one of the two
    reasons = (f"risk weighed at {risk.weight}; {line.says} {least:g}", *risk.reasons)
    if risk.weight.low >= least:
        return Answer(line.below is None, reasons)
    if risk.weight.high < least:
        return Answer(line.below is not None, reasons)
    return Answer(None, reasons, risk.missing)
