"""When a law lets a substitute notice stand for letters: figures by provision (`methods/substitute.yaml`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from laws.part import Part, Text
from models.document import read_document, validated

FILE = Path(__file__).parent / "methods" / "substitute.yaml"


class Ground(Part):
    """The figures of one provision; a figure that the law does not have is None."""

    citation: Text
    source: str | None
    cost_over: int | None = None
    people_over: int | None = None
    not_reached_from: int | None = None


class Grounds(Part):
    """The figures of all provisions."""

    checked: date
    currency: str
    grounds: Mapping[str, Ground]


@dataclass(frozen=True)
class Substitute:
    """Whether a substitute notice is open under one provision, with the reasons."""

    provision: str
    open: bool
    reasons: tuple[str, ...]
    citation: str


def substitute(provision: str, *, due: int, not_reached: int, cost: float | None) -> Substitute | None:
    """What the law says of a substitute notice, given how many people it is due to, how many of them were not reached, and
    what telling them one by one costs (None: not known); None for a provision without figures."""
    table = grounds()
    ground = table.grounds.get(provision)
    if ground is None:
        return None
    reasons = []
    if ground.not_reached_from is not None and not_reached >= ground.not_reached_from:
        reasons.append(f"{not_reached} people were not reached; the law asks for it from {ground.not_reached_from}")
    if ground.people_over is not None and due > ground.people_over:
        reasons.append(f"{due} people are to be told, more than {ground.people_over}")
    if ground.cost_over is not None and cost is not None and cost > ground.cost_over:
        reasons.append(f"telling them costs {cost:.0f} {table.currency}, more than {ground.cost_over}")
    return Substitute(provision, bool(reasons), tuple(reasons), ground.citation)


@cache
def grounds() -> Grounds:
    """The figures, read once."""
    return validated(Grounds, read_document(FILE))
