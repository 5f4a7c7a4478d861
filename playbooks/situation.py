"""What a playbook's conditions ask of: the facts, and how earlier steps came out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from models.condition import FACT_WORDS, Answer, Condition, Word
from models.report import Report

RawCondition = dict[str, Any]  # Any: the words and arguments of a condition are checked by its parser


@dataclass(frozen=True)
class Result:
    """How a step came out: its outcome in one word, and whether it was done at all."""

    outcome: str
    done: bool


@dataclass(frozen=True)
class Situation:
    """The facts, and the results of the steps that are settled."""

    report: Report
    results: Mapping[str, Result]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class StepQuestion(BaseModel):
    """Whether a step was done, or came out in one of the ways named; `done` is any answer of a step that was done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    outcome: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = ("done",)


def _step(argument: object) -> Condition:
    question = StepQuestion.model_validate(argument)

    def ask(situation: Situation) -> Answer:
        result = situation.results.get(question.key)
        if result is None:
            return Answer(None, (f"{question.key} is not settled",), (f"steps.{question.key}",))
        came = result.outcome in question.outcome or (result.done and "done" in question.outcome)
        return Answer(came, (f"{question.key} came out as {result.outcome}",))

    return ask


PLAYBOOK_WORDS: Mapping[str, Word] = {**FACT_WORDS, "step": _step}

Mention = tuple[tuple[str | int, ...], StepQuestion]


def mentions(condition: object, at: tuple[str | int, ...] = ()) -> Iterator[Mention]:
    """Every step that a parsed-and-accepted condition asks about, with where in the condition it stands."""
    if not isinstance(condition, dict):
        return
    for word, argument in condition.items():
        inside = (*at, word)
        if word == "step":
            yield inside, StepQuestion.model_validate(argument)
        elif word == "not":
            yield from mentions(argument, inside)
        elif word in ("all", "any"):
            for index, part in enumerate(argument):
                yield from mentions(part, (*inside, index))


def spoken(condition: RawCondition) -> str:
    """A condition on one line as a person would say it."""
    [(word, argument)] = condition.items()
    if word == "not":
        return f"not ({spoken(argument)})"
    if word in ("all", "any"):
        return f" {'and' if word == 'all' else 'or'} ".join(_bracketed(part) for part in argument)
    if word == "step":
        question = StepQuestion.model_validate(argument)
        return f"{question.key} is {' or '.join(question.outcome)}"
    return f"{word} {_listed(argument)}"


def _bracketed(condition: RawCondition) -> str:
    return f"({spoken(condition)})" if {"all", "any"} & condition.keys() else spoken(condition)


def _listed(argument: object) -> str:
    if isinstance(argument, dict):
        return ", ".join(f"{key} {_listed(value)}" for key, value in argument.items())
    if isinstance(argument, list | tuple):
        return " or ".join(str(item) for item in argument)
    return str(argument)
