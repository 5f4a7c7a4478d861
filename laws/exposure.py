"""Questions that a weighing of risk asks of the facts, with the assumptions that are stated wherever they are used."""

from collections.abc import Mapping

from pydantic import TypeAdapter

from laws.part import Part
from laws.question import Facts
from models.condition import FACT_WORDS, Answer, Condition, Word, any_of, exfiltration_possible, readable
from models.report import ExposedData, PeopleGroup, Report
from models.vocabulary import Category, Cause, Circumstance

NOT_PERSONAL = frozenset({Category.TRADE_SECRET})


def personal(report: Report) -> list[tuple[int, ExposedData]] | None:
    """The affected data about people, each with its place in the report; None while the data are not known."""
    if report.data is None:
        return None
    return [(index, item) for index, item in enumerate(report.data) if item.category not in NOT_PERSONAL]


def weighed_readable(item: ExposedData) -> bool | None:
    """Whether the data can be read, where unknown encryption is weighed as none."""
    return True if item.encrypted is None else readable(item)


def assumptions(report: Report) -> tuple[str, ...]:
    """What a weighing of this report takes for granted, in sentences."""
    stated = []
    if any(item.encrypted is None for item in report.data or []):
        stated.append("Whether the data were encrypted is not known; they are weighed as unencrypted.")
    if _exfiltration_open(report):
        stated.append("After a malicious intrusion data may have been taken until that is excluded.")
    if report.identifiability is None:
        stated.append("How easily people are recognised is not stated; it is derived from the categories of data.")
    return tuple(stated)


def _exfiltration_open(report: Report) -> bool:
    return exfiltration_possible(report) and Circumstance.EXFILTRATION_CONFIRMED not in report.circumstances


class _ExposedQuestion(Part):
    any_of: list[Category]
    together_with: tuple[Category, ...] = ()


def _exposed(argument: object) -> Condition:
    question = _ExposedQuestion.model_validate(argument)

    def ask(situation: Facts) -> Answer:
        items = personal(situation.report)
        if items is None:
            return Answer(None, ("which categories of data are affected is not known",), ("data",))
        present = {item.category for _, item in items}
        if question.together_with and not present.intersection(question.together_with):
            return Answer(False)
        return any_of(_read(index, item) for index, item in items if item.category in question.any_of)

    return ask


def _read(index: int, item: ExposedData) -> Answer:
    value = weighed_readable(item)
    return Answer(value, missing=(f"data[{index}].key_compromised",) if value is None else ())


def _unreadable(argument: object) -> Condition:
    wanted = TypeAdapter(bool).validate_python(argument)

    def ask(situation: Facts) -> Answer:
        items = personal(situation.report)
        if items is None:
            return Answer(None, ("which categories of data are affected is not known",), ("data",))
        if not items:
            return Answer(not wanted)
        readable_item = any_of(_read(index, item) for index, item in items)
        if readable_item.value is None:
            return readable_item
        return Answer(readable_item.value is not wanted)

    return ask


def _public(argument: object) -> Condition:
    categories = TypeAdapter(list[Category]).validate_python(argument)

    def ask(situation: Facts) -> Answer:
        items = [item for _, item in personal(situation.report) or [] if item.category in categories]
        return Answer(bool(items) and all(item.classification == "public" for item in items))

    return ask


def _no_personal_data(argument: object) -> Condition:
    wanted = TypeAdapter(bool).validate_python(argument)

    def ask(situation: Facts) -> Answer:
        items = personal(situation.report)
        if items is None:
            return Answer(None, ("which categories of data are affected is not known",), ("data",))
        return Answer((not items) is wanted)

    return ask


def _special_people(argument: object) -> Condition:
    TypeAdapter(bool).validate_python(argument)

    def ask(situation: Facts) -> Answer:
        groups = situation.report.people
        if groups is None:
            return Answer(None, ("who is affected is not known",), ("people",))
        return any_of(_special(index, group) for index, group in enumerate(groups))

    return ask


def _special(index: int, group: PeopleGroup) -> Answer:
    if group.count == 0:
        return Answer(False)
    if group.minors or group.vulnerable:
        return Answer(True)
    missing = [name for name in ("minors", "vulnerable") if getattr(group, name) is None]
    return Answer(None if missing else False, missing=tuple(f"people[{index}].{name}" for name in missing))


def _exfiltration(argument: object) -> Condition:
    TypeAdapter(bool).validate_python(argument)

    def ask(situation: Facts) -> Answer:
        if Circumstance.EXFILTRATION_EXCLUDED in situation.report.circumstances:
            return Answer(False)
        return _on_purpose(situation.report)

    return ask


def _malice(argument: object) -> Condition:
    TypeAdapter(bool).validate_python(argument)
    return lambda situation: _on_purpose(situation.report)


def _on_purpose(report: Report) -> Answer:
    if report.cause is None:
        return Answer(None, missing=("cause",))
    return Answer(report.cause is not Cause.ACCIDENTAL)


EXPOSURE_WORDS: Mapping[str, Word] = {
    **FACT_WORDS,
    "exposed": _exposed,
    "unreadable": _unreadable,
    "public": _public,
    "no_personal_data": _no_personal_data,
    "special_people": _special_people,
    "exfiltration_possible": _exfiltration,
    "malice": _malice,
}
