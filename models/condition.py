"""Conditions on the facts, in three-valued logic, from a small closed vocabulary that laws and playbooks share.

A condition in YAML is a mapping with one word: `{all: [...]}`, `{any: [...]}`, `{not: ...}`, or a question such as
`{people: {in: US-CA, more_than: 500}}`. There is no code in the data. Each answer carries its reasons, and when it is
unknown, the report fields (by path) that would decide it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails

from models.document import explained, nearest
from models.places import lies_in, may_lie_in
from models.report import Country, ExposedData, PeopleGroup, Place, Report, Times
from models.telling import NO_WORDS, Telling
from models.vocabulary import Attribute, Category, Cause, Circumstance, Effect, Kind, Relationship, Role, Sector


class Situation(Protocol):
    """Whatever questions are asked of: it has at least the facts."""

    @property
    def report(self) -> Report:
        """The facts as known."""


@dataclass(slots=True)  # not frozen: that takes three times as long to make, and a report asks for thousands
class Answer:
    """Yes, no, or unknown (None); why; and the report fields that would decide an unknown one."""

    value: bool | None
    reasons: Sequence[str] = ()
    missing: Sequence[str] = ()


Condition = Callable[[Any], Answer]  # Any: a law asks it of its own richer situation, a playbook of its own
Word = Callable[[object], Condition]  # what a word's argument, once validated, asks


class ConditionError(ValueError):
    """A condition that is not in the vocabulary; `location` leads to the offending part."""

    def __init__(self, message: str, location: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.location = location


def parse_condition(data: object, words: Mapping[str, Word], at: tuple[str | int, ...] = ()) -> Condition:
    """Turn the YAML of a condition into a function of the situation, or raise `ConditionError` naming the nearest word."""
    if not isinstance(data, dict) or len(data) != 1:
        raise ConditionError(f"a condition is one word with its argument, not {data!r}", at)
    [(word, argument)] = data.items()
    inside = (*at, str(word))
    if word in ("all", "any"):
        if not isinstance(argument, list) or not argument:
            raise ConditionError(f"{word!r} takes a list of conditions", inside)
        parts = tuple(parse_condition(part, words, (*inside, index)) for index, part in enumerate(argument))
        return _every(parts) if word == "all" else _some(parts)
    if word == "not":
        return _negated(parse_condition(argument, words, inside))
    if word not in words:
        raise ConditionError(f"unknown condition {word!r}{nearest(str(word), ['all', 'any', 'not', *words])}", inside)
    try:
        return words[word](argument)
    except ValidationError as error:
        detail = error.errors()[0]
        raise ConditionError(f"{word}: {_in_words(detail)}", (*inside, *detail["loc"])) from error


def _in_words(detail: ErrorDetails) -> str:
    """One validation error of an argument; a path that is only a place in a list of words says nothing."""
    path = ".".join(str(part) for part in detail["loc"]) or "the document"
    told = explained(detail, _Argument)
    return told.removeprefix(f"{path}: ") if path == "the document" or path.isdigit() else told


def _every(parts: tuple[Condition, ...]) -> Condition:
    return _until_settled(parts, settles=False)


def _some(parts: tuple[Condition, ...]) -> Condition:
    return _until_settled(parts, settles=True)


def _until_settled(parts: tuple[Condition, ...], *, settles: bool) -> Condition:
    """Ask the parts until one settles the answer; the others are asked only for somebody who reads the reasons."""

    def ask(situation: object) -> Answer:
        answers = []
        for part in parts:
            answer = part(situation)
            if answer.value is settles:
                return Answer(settles, Telling(_settling_reasons, parts, situation, settles))
            answers.append(answer)
        return _settled(answers, settles=settles)

    return ask


def _settling_reasons(parts: tuple[Condition, ...], situation: object, settles: bool) -> Sequence[str]:
    return _settled([part(situation) for part in parts], settles=settles).reasons


def _negated(part: Condition) -> Condition:
    def ask(situation: object) -> Answer:
        answer = part(situation)
        return Answer(None if answer.value is None else not answer.value, answer.reasons, answer.missing)

    return ask


def all_of(answers: Iterable[Answer]) -> Answer:
    """Kleene's "and": one no settles it; else one unknown leaves it open; the reasons are those that settle it."""
    return _settled(list(answers), settles=False)


def any_of(answers: Iterable[Answer]) -> Answer:
    """Kleene's "or": one yes settles it; else one unknown leaves it open; the reasons are those that settle it."""
    return _settled(list(answers), settles=True)


def _settled(answers: list[Answer], *, settles: bool) -> Answer:
    if len(answers) == 1:
        return answers[0]
    values = [answer.value for answer in answers]
    verdict = settles if settles in values else None if None in values else not settles
    chosen = [answer for answer in answers if answer.value is verdict]
    return chosen[0] if len(chosen) == 1 else joined(verdict, chosen)


def joined(value: bool | None, answers: Sequence[Answer]) -> Answer:
    """One answer with the reasons of all of these, and where it is unknown with what would decide any of them."""
    return Answer(value, Telling(reasons_of, answers), Telling(missing_of, answers) if value is None else NO_WORDS)


def reasons_of(answers: Iterable[Answer]) -> Iterable[str]:
    """The reasons of several answers, each once."""
    return dict.fromkeys(reason for answer in answers for reason in answer.reasons)


def missing_of(answers: Iterable[Answer]) -> Iterable[str]:
    """What would decide several answers, each once."""
    return dict.fromkeys(path for answer in answers for path in answer.missing)


# The questions about the facts ----------------------------------------------------------------------------------------


class _Argument(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: object) -> object:
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in data if isinstance(data, dict) else ():
            if key not in known:
                raise ValueError(f"unknown key {key!r}{nearest(str(key), known)}")
        return data


class Threshold(_Argument):
    """A number to compare with, in the law's own comparison; without one, "at least 1"."""

    at_least: int | None = None
    more_than: int | None = None
    fewer_than: int | None = None
    at_most: int | None = None

    @model_validator(mode="after")
    def _one_comparison(self) -> Self:
        given = [name for name in Threshold.model_fields if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"give one comparison, not {' and '.join(given)}")
        return self

    @cached_property
    def words(self) -> str:
        """The comparison as a person says it."""
        for name in Threshold.model_fields:
            if getattr(self, name) is not None:
                return f"{name.replace('_', ' ')} {getattr(self, name):,}"
        return "at least 1"

    def met(self, count: int) -> bool:
        """Whether `count` meets it."""
        if self.more_than is not None:
            return count > self.more_than
        if self.fewer_than is not None:
            return count < self.fewer_than
        if self.at_most is not None:
            return count <= self.at_most
        return count >= (1 if self.at_least is None else self.at_least)

    def between(self, least: int, most: int | None) -> bool | None:
        """Whether it is met by every count from `least` to `most` (None: no upper end), by none, or it depends."""
        low = self.met(least)
        high = self.met(most) if most is not None else self.fewer_than is None and self.at_most is None
        return low if low == high else None


class PeopleQuestion(Threshold):
    """How many affected people live somewhere (`in`), or in the fullest part of a country (`in_one_part_of`)."""

    place: Place = Field("", alias="in")
    in_one_part_of: Country | None = None
    minors: bool | None = None
    relationship: Relationship | None = None

    @model_validator(mode="after")
    def _only_from_below(self) -> Self:
        if self.in_one_part_of and (self.fewer_than, self.at_most) != (None, None):
            raise ValueError("in_one_part_of asks after the fullest part; give at_least or more_than")
        return self


class DataQuestion(_Argument):
    """Whether any of these categories was affected; `together_with` asks for another beside it, `readable` that it can be read."""

    any_of: list[Category]
    together_with: list[Category] = []
    readable: bool = False


def _listed(
    path: str, field: Callable[[Report], Iterable[StrEnum] | None], known: type[StrEnum], *, absent: bool | None = None
) -> Word:
    """A question whether a list of words in the facts holds any of those named."""
    adapter: TypeAdapter[Any] = TypeAdapter(list[known])  # type: ignore[valid-type]  # the enum is a value here

    unknown = Answer(absent, (f"{path} is not known",), (path,) if absent is None else ())

    def word(argument: object) -> Condition:
        wanted = tuple(adapter.validate_python(argument if isinstance(argument, list) else [argument]))
        none = Answer(False, (f"{path} does not include {' or '.join(wanted)}",))

        def ask(situation: Situation) -> Answer:
            present = field(situation.report)
            if present is None:
                return unknown
            found = [item for item in wanted if item in present]
            return Answer(True, (f"{path}: {', '.join(found)}",)) if found else none

        return ask

    return word


def _one(value: StrEnum | None) -> tuple[StrEnum, ...] | None:
    return None if value is None else (value,)


def _people(argument: object) -> Condition:
    question = PeopleQuestion.model_validate(argument)
    unknown = Answer(None, ("who is affected, and where they live, is not known",), ("people",))

    def ask(situation: Situation) -> Answer:
        groups = situation.report.people
        if groups is None:
            return unknown
        if question.in_one_part_of:
            parts = sorted(
                {group.jurisdiction for group in groups if group.jurisdiction.startswith(f"{question.in_one_part_of}-")}
            )
            return any_of(
                [_count_in(groups, question, part) for part in parts]
                or [_count_in(groups, question, f"{question.in_one_part_of}-")]  # a part that nobody has named yet
            )
        return _count_in(groups, question, question.place)

    return ask


def _count_in(groups: list[PeopleGroup], question: PeopleQuestion, place: str) -> Answer:
    least, most, missing = 0, 0, []
    unbounded = False
    for index, group in enumerate(groups):
        fits = _fits(group, question, place)
        if fits is False or group.count == 0:
            continue
        if fits is None:
            missing.append(_undecided_path(index, group, question, place))
        if group.count is None:
            unbounded = True
            least += 1 if fits else 0  # a group that is listed is somebody
            missing.append(f"people[{index}].count")
        else:
            least += group.count if fits else 0
            most += group.count
    value = question.between(least, None if unbounded else most)
    where = f" in {'one part of ' if place.endswith('-') else ''}{place.rstrip('-')}" if place else ""
    counted = f"{least:,}" if not missing else f"{least:,} or more"
    return Answer(
        value, (f"{counted} affected people{where} ({question.words} asked)",), tuple(missing) if value is None else ()
    )


def _fits(group: PeopleGroup, question: PeopleQuestion, place: str) -> bool | None:
    there = True if lies_in(group.jurisdiction, place) else None if may_lie_in(group.jurisdiction, place) else False
    if there is False:
        return False
    asked: list[bool | None] = [there]
    if question.minors is not None:
        asked.append(None if group.minors is None else group.minors is question.minors)
    if question.relationship is not None:
        asked.append(None if group.relationship is None else group.relationship is question.relationship)
    return False if False in asked else None if None in asked else True


def _undecided_path(index: int, group: PeopleGroup, question: PeopleQuestion, place: str) -> str:
    if not lies_in(group.jurisdiction, place):
        return f"people[{index}].jurisdiction"
    return f"people[{index}].{'minors' if question.minors is not None and group.minors is None else 'relationship'}"


def readable(item: ExposedData) -> bool | None:
    """Whether whoever holds the data can make sense of it; None while encryption or the fate of the key is not known."""
    if item.encrypted is None:
        return None
    if not item.encrypted:
        return True
    return item.key_compromised


def _data(argument: object) -> Condition:
    question = DataQuestion.model_validate(argument)
    asked, together_with = frozenset(question.any_of), frozenset(question.together_with)
    unknown = Answer(None, ("which categories of data are affected is not known",), ("data",))
    alone = Answer(False, (f"no {' or '.join(question.together_with)} stands beside the data",))
    none = Answer(False, ("none of the categories that this law lists is affected",))

    def ask(situation: Situation) -> Answer:
        data = situation.report.data
        if data is None:
            return unknown
        if together_with and not any(item.category in together_with for item in data):
            return alone
        found = [(index, item) for index, item in enumerate(data) if item.category in asked]
        if not found:
            return none
        if not question.readable:
            return Answer(True, (f"affected data include {_named(item for _, item in found)}",))
        return any_of([_readable_answer(index, item) for index, item in found])

    return ask


def _named(items: Iterable[ExposedData]) -> str:
    return ", ".join(dict.fromkeys(item.category.value for item in items))


def _readable_answer(index: int, item: ExposedData) -> Answer:
    value = readable(item)
    if value is None:
        asked = "encrypted" if item.encrypted is None else "key_compromised"
        return Answer(
            None, (f"whether the {item.category.value} data can be read is not known",), (f"data[{index}].{asked}",)
        )
    if value:
        return Answer(True, (f"{item.category.value} data that can be read are affected",))
    return Answer(False, (f"the {item.category.value} data are encrypted and the key is safe",))


def _established(argument: object) -> Condition:
    wanted = TypeAdapter(list[Place]).validate_python([argument] if isinstance(argument, str) else argument)
    elsewhere = Answer(False, (f"the organisation is not established in {' or '.join(wanted)}",))

    def ask(situation: Situation) -> Answer:
        organisation = situation.report.organisation
        known = [*(organisation.establishments or ()), *filter(None, (organisation.country, organisation.subdivision))]
        for place in known:
            if any(lies_in(place, one) for one in wanted):
                return Answer(True, (f"the organisation is established in {place}",))
        unknown = tuple(
            f"organisation.{name}" for name in ("establishments", "country") if getattr(organisation, name) is None
        )
        if unknown:
            return Answer(None, ("where the organisation is established is not fully known",), unknown)
        seat = organisation.country if organisation.subdivision else None  # a known part says more than its country
        if any(may_lie_in(place, one) for place in known if place != seat for one in wanted):
            return Answer(
                None,
                ("in which part of the country the organisation is established is not known",),
                ("organisation.subdivision",),
            )
        return elsewhere

    return ask


INTRUSIONS = frozenset(
    {Kind.RANSOMWARE, Kind.EXFILTRATION, Kind.CREDENTIAL_ATTACK, Kind.WEB_SKIMMING, Kind.SOCIAL_ENGINEERING}
)


def exfiltration_possible(report: Report) -> bool:
    """Whether a malicious intrusion happened of which it is not excluded that data were taken."""
    if Circumstance.EXFILTRATION_EXCLUDED in report.circumstances:
        return False
    malicious = report.cause in (Cause.MALICIOUS_EXTERNAL, Cause.MALICIOUS_INTERNAL)
    return malicious or (report.cause is None and report.kind in INTRUSIONS)


def _acquired(argument: object) -> Condition:
    wanted = TypeAdapter(bool).validate_python(argument)

    def ask(situation: Situation) -> Answer:
        answer = _acquisition(situation.report)
        return answer if wanted or answer.value is None else Answer(not answer.value, answer.reasons)

    return ask


def _acquisition(report: Report) -> Answer:
    if Circumstance.EXFILTRATION_CONFIRMED in report.circumstances:
        return Answer(True, ("it is confirmed that data were taken",))
    if Circumstance.EXFILTRATION_EXCLUDED in report.circumstances:
        return Answer(False, ("it is excluded that data were taken",))
    if report.effects is not None and Effect.CONFIDENTIALITY in report.effects:
        return Answer(True, ("the confidentiality of the data is affected",))
    if exfiltration_possible(report):
        return Answer(None, ("data may have been taken in the intrusion until that is excluded",), ("circumstances",))
    if report.effects is None:
        return Answer(None, ("whether confidentiality is affected is not known",), ("effects",))
    if report.cause is None:
        return Answer(None, ("whether somebody acted on purpose, and may have taken data, is not known",), ("cause",))
    return Answer(False, ("the confidentiality of the data is not affected",))


def _happened(argument: object) -> Condition:
    name = TypeAdapter(str).validate_python(argument)
    if name not in Times.model_fields:
        raise ConditionError(
            f"happened: {name!r} is not a field of `times`{nearest(name, Times.model_fields)}", ("happened",)
        )

    def ask(situation: Situation) -> Answer:
        at = getattr(situation.report.times, name)
        if at is None:
            return Answer(None, (f"times.{name} is not known",), (f"times.{name}",))
        return Answer(True, (f"times.{name} is {at.isoformat()}",))

    return ask


def _records(argument: object) -> Condition:
    question = Threshold.model_validate(argument)

    def ask(situation: Situation) -> Answer:
        count = situation.report.records
        if count is None:
            return Answer(None, ("the number of records is not known",), ("records",))
        return Answer(question.met(count), (f"{count:,} records ({question.words} asked)",))

    return ask


_listed_attribute = _listed("organisation.attributes", lambda report: report.organisation.attributes, Attribute)


def _attribute(argument: object) -> Condition:
    wanted = set(TypeAdapter(list[Attribute]).validate_python(argument if isinstance(argument, list) else [argument]))
    among_those_listed = _listed_attribute(argument)

    def ask(situation: Situation) -> Answer:
        if wanted <= set(situation.report.organisation.attributes_ruled_out or ()):
            return Answer(False, (f"the organisation is known not to be {' or '.join(sorted(wanted))}",))
        return among_those_listed(situation)

    return ask


def _always(argument: object) -> Condition:
    value = TypeAdapter(bool).validate_python(argument)
    answer = Answer(value)
    return lambda _: answer


FACT_WORDS: Mapping[str, Word] = {
    "kind": _listed("kind", lambda report: _one(report.kind), Kind),
    "cause": _listed("cause", lambda report: _one(report.cause), Cause),
    "effect": _listed("effects", lambda report: report.effects, Effect),
    "role": _listed("organisation.role", lambda report: _one(report.organisation.role), Role),
    "sector": _listed("organisation.sectors", lambda report: report.organisation.sectors, Sector),
    "attribute": _attribute,
    "circumstance": _listed("circumstances", lambda report: report.circumstances, Circumstance),
    "established": _established,
    "people": _people,
    "data": _data,
    "records": _records,
    "acquired": _acquired,
    "happened": _happened,
    "always": _always,
}
