"""Weighing in ranges: what is not known widens the range, and the answer is certain only where the whole range agrees."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import Field

from laws.part import Part, RawCondition, Text
from laws.question import Facts, Questions


@dataclass(frozen=True)
class Range:
    """From the least to the most that a value can be, given what is known."""

    low: float
    high: float

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high)

    def __mul__(self, other: "Range") -> "Range":
        return Range(self.low * other.low, self.high * other.high)

    def __str__(self) -> str:
        return f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Weighed:
    """A range, why, and the report fields that would narrow it."""

    range: Range
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Case(Part):
    """A value that holds under a condition, with the words that explain it; without a condition it always holds."""

    value: float
    condition: RawCondition | None = Field(None, alias="if")
    says: Text


def first_that_holds(cases: Iterable[Case], facts: Facts, questions: Questions, otherwise: float = 0.0) -> Weighed:
    """The value of the first case that holds; a case that may hold widens the range by its value."""
    values: list[float] = []
    reasons: list[str] = []
    missing: list[str] = []
    for case in cases:
        answer = questions.parsed(case.condition)(facts)
        if answer.value is False:
            continue
        values.append(case.value)
        if answer.value:
            reasons.append(case.says)
            break
        reasons.append(f"not known yet: {case.says}")
        missing.extend(answer.missing)
    else:
        values.append(otherwise)
    found = Range(min(values), max(values))
    return Weighed(found, tuple(reasons), tuple(missing) if found.low != found.high else ())


def highest(parts: Sequence[Weighed]) -> Weighed:
    """The highest of several values, with the reasons and open questions of those that may be it."""
    low = max(part.range.low for part in parts)
    high = max(part.range.high for part in parts)
    leading = [part for part in parts if part.range.high >= low]
    return Weighed(
        Range(low, high),
        tuple(dict.fromkeys(reason for part in leading if part.range.high == high for reason in part.reasons)),
        tuple(dict.fromkeys(path for part in leading for path in part.missing)) if low != high else (),
    )
