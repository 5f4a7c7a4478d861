"""What a breach can lead to for the people affected, and what they can do, by the kind of data and of breach."""

from collections.abc import Iterable
from functools import cache

from pydantic import BaseModel, ConfigDict

from models.document import read_document, validated
from models.report import Report
from models.vocabulary import Category, Effect
from templates.phrases import FOLDER


class Outlook(BaseModel):
    """Risks and pieces of advice, by the names of their phrases."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    risks: list[str]
    advice: list[str]


class Risks(Outlook):
    """The file `risks.yaml`: every risk and advice in the order of a text, and which data bring which."""

    categories: dict[Category, Outlook]
    effects: dict[Effect, Outlook]


@cache
def read_risks() -> Risks:
    """The one table of risks and advice."""
    return validated(Risks, read_document(FOLDER / "risks.yaml"))


def likely_risks(report: Report) -> tuple[str, ...]:
    """The names of what the breach can lead to, gravest first; none while neither data nor effects are known."""
    table = read_risks()
    return _in_order(table.risks, (name for outlook in _outlooks(report, table) for name in outlook.risks))


def fitting_advice(report: Report) -> tuple[str, ...]:
    """The names of what affected people can do, most urgent first."""
    table = read_risks()
    return _in_order(table.advice, (name for outlook in _outlooks(report, table) for name in outlook.advice))


def _outlooks(report: Report, table: Risks) -> list[Outlook]:
    effects = report.effects if report.effects is not None else [Effect.CONFIDENTIALITY]
    by_data = [table.categories[item.category] for item in report.data or () if _touched(effects)]
    return by_data + [table.effects[effect] for effect in effects]


def _touched(effects: Iterable[Effect]) -> bool:
    """Whether others may have got at the data: what they then can do with them is a risk."""
    return Effect.CONFIDENTIALITY in effects


def _in_order(order: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    chosen = set(wanted)
    return tuple(name for name in order if name in chosen)
