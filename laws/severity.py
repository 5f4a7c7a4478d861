"""How severe a breach is for the people affected, by the ENISA 2013 method: SE = DPC x EI + CB.

Where a fact is not known each term is a range; the score shown weighs the unknown at its upper end and says so.
"""

from dataclasses import dataclass
from functools import cached_property

from laws.exposure import EXPOSURE_WORDS, assumptions, personal, weighed_readable
from laws.part import Part, Text
from laws.question import Facts, Questions
from laws.weighing import Case, Range, Weighed, first_that_holds, highest
from models.condition import Answer
from models.duty import Severity
from models.vocabulary import Category, Identifiability, Level


class ContextCategory(Part):
    """A class of data, its basic score, and what raises or lowers it in context."""

    base: int
    includes: list[Category]
    adjusters: tuple[Case, ...] = ()


class EnisaMethod(Part):
    """The ENISA 2013 method as data."""

    method: str
    source: Text
    context: dict[str, ContextCategory]
    least_context: int
    most_context: int
    identifiability: dict[Identifiability, float]
    derived_identifiability: list[Case]
    unreadable: Case
    circumstances: dict[str, list[Case]]
    levels: dict[Level, float]

    @cached_property
    def questions(self) -> Questions:
        """Its conditions, compiled once."""
        return Questions(EXPOSURE_WORDS)


@dataclass(frozen=True)
class Terms:
    """The three terms of the score, as ranges with their reasons."""

    context: Weighed
    identification: Weighed
    circumstances: tuple[tuple[str, Weighed], ...]

    @property
    def added(self) -> Range:
        """CB: the circumstances added up."""
        total = Range(0, 0)
        for _, weighed in self.circumstances:
            total = total + weighed.range
        return total

    @property
    def score(self) -> Range:
        """SE, from its least to its most."""
        return self.context.range * self.identification.range + self.added

    @property
    def missing(self) -> tuple[str, ...]:
        """The report fields that would narrow the score."""
        parts = [self.context, self.identification, *(weighed for _, weighed in self.circumstances)]
        return tuple(dict.fromkeys(path for part in parts for path in part.missing))


def terms_of(facts: Facts, method: EnisaMethod) -> Terms:
    """The terms of the score for these facts, worked out once."""
    if method.method not in facts.weighings:
        facts.weighings[method.method] = _terms(facts, method)
    terms: Terms = facts.weighings[method.method]
    return terms


def _terms(facts: Facts, method: EnisaMethod) -> Terms:
    return Terms(
        _context(facts, method),
        _identification(facts, method),
        tuple((name, first_that_holds(cases, facts, method.questions)) for name, cases in method.circumstances.items()),
    )


def _context(facts: Facts, method: EnisaMethod) -> Weighed:
    items = personal(facts.report)
    if items is None:
        span = Range(method.least_context, method.most_context)
        return Weighed(span, ("which categories of data are affected is not known",), ("data",))
    if not items:
        return Weighed(Range(0, 0), ("no data about people are affected",))
    read = [(item.category, weighed_readable(item), index) for index, item in items]
    counted = [each for each in read if each[1] is not False] or read
    top = highest([_in_context(category, facts, method) for category, _, _ in counted])
    certain = [_in_context(category, facts, method).range.low for category, value, _ in counted if value]
    low = max(certain) if certain else min(_in_context(each[0], facts, method).range.low for each in counted)
    if low == top.range.high:
        return Weighed(Range(low, low), top.reasons)
    keys = [f"data[{index}].key_compromised" for _, value, index in counted if value is None]
    return Weighed(Range(low, top.range.high), top.reasons, (*top.missing, *keys))


def _in_context(category: Category, facts: Facts, method: EnisaMethod) -> Weighed:
    name, described = next((name, each) for name, each in method.context.items() if category in each.includes)
    moved = first_that_holds(described.adjusters, facts, method.questions)
    score = moved.range + Range(described.base, described.base)
    score = Range(max(score.low, method.least_context), min(score.high, method.most_context))
    base = f"{category.value.replace('_', ' ')} is {name} data, {described.base}"
    return Weighed(score, (base, *moved.reasons), moved.missing)


def _identification(facts: Facts, method: EnisaMethod) -> Weighed:
    stated = facts.report.identifiability
    if stated is None:
        found = first_that_holds(method.derived_identifiability, facts, method.questions, otherwise=1)
    else:
        value = method.identifiability[stated]
        found = Weighed(Range(value, value), (f"people are recognised from the data: {stated.value}",))
    hidden = first_that_holds([method.unreadable], facts, method.questions)
    if hidden.range.high == 0:
        return found
    low = min(found.range.low, method.unreadable.value)
    high = low if hidden.range.low else found.range.high
    reasons = hidden.reasons if hidden.range.low else (*found.reasons, *hidden.reasons)
    return Weighed(Range(low, high), reasons, (*found.missing, *hidden.missing))


def level_of(score: float, method: EnisaMethod) -> Level:
    """The band that a score lies in; a boundary belongs to the band above it."""
    return max(
        (level for level, least in method.levels.items() if score >= least), key=lambda level: method.levels[level]
    )


def score_of(context: float, identification: float, circumstances: float) -> float:
    """The method's formula, SE = DPC x EI + CB."""
    return context * identification + circumstances


def severity_of(facts: Facts, method: EnisaMethod) -> Severity:
    """The severity of these facts; what is not known is weighed at its upper end, and the reasons say so."""
    terms = terms_of(facts, method)
    context, identification = terms.context.range.high, terms.identification.range.high
    added = terms.added.high
    score = score_of(context, identification, added)
    level = level_of(score, method)
    return Severity(
        method.method,
        round(score, 2),
        level,
        {"dpc": context, "ei": identification, "cb": added},
        (
            f"DPC {terms.context.range}: {'; '.join(terms.context.reasons)}.",
            f"EI {terms.identification.range}: {'; '.join(terms.identification.reasons)}.",
            *(f"CB {name} {each.range}: {'; '.join(each.reasons)}." for name, each in terms.circumstances),
            f"SE = {context:g} x {identification:g} + {added:g} = {score:g}: {level.value.replace('_', ' ')}.",
            *_open_ends(terms, method),
            *assumptions(facts.report),
        ),
    )


def _open_ends(terms: Terms, method: EnisaMethod) -> tuple[str, ...]:
    if terms.score.low == terms.score.high:
        return ()
    low = level_of(terms.score.low, method).value.replace("_", " ")
    return (
        f"Not certain yet: from {terms.score.low:g} ({low}) upwards, depending on {', '.join(terms.missing)};"
        " the highest is shown.",
    )


def severity_reaches(facts: Facts, level: Level, method: EnisaMethod) -> Answer:
    """Whether the severity is at least `level`."""
    terms, least = terms_of(facts, method), method.levels[level]
    name = level.value.replace("_", " ")
    if terms.score.low >= least:
        return Answer(True, (f"severity {terms.score} (ENISA 2013) is at least {name}",))
    if terms.score.high < least:
        return Answer(False, (f"severity {terms.score} (ENISA 2013) is below {name}",))
    return Answer(None, (f"severity lies between {terms.score} (ENISA 2013); {name} is from {least:g}",), terms.missing)
