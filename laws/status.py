"""A legal status that a report may not have thought of naming: asked of those whom it may concern."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, field_validator

from laws.part import Part
from laws.question import Facts
from models.condition import FACT_WORDS, Answer, Condition, Word, parse_condition
from models.vocabulary import STATUS_MEANINGS, Attribute


class _StatusQuestion(Part):
    status: Attribute = Field(alias="is")
    asked_of: Any  # Any: a condition, checked by its parser

    @field_validator("asked_of", mode="before")
    @classmethod
    def _parsed(cls, raw: object) -> Condition:
        return parse_condition(raw, FACT_WORDS, ("asked_of",))


def _status(argument: object) -> Condition:
    question = _StatusQuestion.model_validate(argument)
    status, means = question.status, STATUS_MEANINGS[question.status]
    path = "organisation.attributes"
    how = f"list {status.value} in {path}, or in {path}_ruled_out"
    listed = Answer(True, (f"{path}: {status.value}",))
    ruled_out = Answer(False, (f"the organisation is not {means}",))
    not_said = Answer(None, (f"whether the organisation is {means} is not said ({how})",), (path,))
    not_listed = Answer(False, (f"{path} does not include {status.value}",))

    def ask(situation: Facts) -> Answer:
        organisation = situation.report.organisation
        if status in (organisation.attributes or ()):
            return listed
        if status in (organisation.attributes_ruled_out or ()):
            return ruled_out
        if organisation.attributes is None or question.asked_of(situation).value is not False:
            return not_said
        return not_listed

    return ask


STATUS_WORDS: Mapping[str, Word] = {"status": _status}
