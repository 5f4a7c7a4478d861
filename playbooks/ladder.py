"""The ladder of warnings of a clock: at how much time left, who is told, by which way, and who next if nobody answers."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from models.document import read_document, validated
from models.vocabulary import PersonRole
from playbooks.period import Period, in_words, period_of

DEFAULT = Path(__file__).parent / "ladders" / "default.yaml"

Way = Literal["chat", "mail", "webhook", "page"]
SHARES = {0.5: "half the time left", 0.25: "a quarter of the time left", 0.1: "a tenth of the time left"}
HOUR = timedelta(hours=1)


def _left(value: object) -> object:
    if isinstance(value, (float, timedelta)):
        return value
    if value == "limit":
        return timedelta(0)
    share = re.fullmatch(r"(\d{1,2}(?:\.\d+)?) ?%", str(value))
    if share is None:
        try:
            return period_of(value)
        except ValueError as error:
            raise ValueError(f"{value!r} is not a time left; write 50%, 1 hour, 2 days or limit") from error
    if float(share[1]) == 0:
        raise ValueError("0% is the limit; write limit")
    return float(share[1]) / 100


def _left_in_words(value: float | timedelta) -> str:
    if isinstance(value, float):
        return f"{value * 100:.10g}%"
    return in_words(value) if value else "limit"


Left = Annotated[float | timedelta, BeforeValidator(_left), PlainSerializer(_left_in_words)]


class Part(BaseModel):
    """Base of every part of a ladder: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rung(Part):
    """One warning: when this much of the time is left, tell this role by these ways."""

    left: Left
    tell: PersonRole
    by: Annotated[tuple[Way, ...], Field(min_length=1)] = ("chat",)
    acknowledge_within: Period | None = None

    @property
    def name(self) -> str:
        """How the rung is called in alerts and on the record."""
        if isinstance(self.left, float):
            return SHARES.get(self.left, f"{self.left * 100:.10g} % of the time left")
        if self.left == HOUR:
            return "one hour left"
        return f"{in_words(self.left)} left" if self.left else "the limit"

    @property
    def is_limit(self) -> bool:
        """Whether it is reached when the time runs out."""
        return self.left == timedelta(0)

    def due(self, starts: datetime, ends: datetime) -> datetime:
        """When this rung is reached on a clock from `starts` to `ends`."""
        left = (ends - starts) * self.left if isinstance(self.left, float) else self.left
        return ends - left


class Ladder(Part):
    """The warnings of clocks up to a length; after the limit the last of them repeats."""

    up_to: Period | None = None
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    then_every: Period | None = HOUR
    acknowledge_within: Period | None = None
    escalate: tuple[PersonRole, ...] = ()

    @model_validator(mode="after")
    def _ends_at_the_limit(self) -> "Ladder":
        names = [rung.name for rung in self.rungs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"the rung {twice!r} stands twice; keep one, `escalate` names who is told next")
        if not any(rung.is_limit for rung in self.rungs):
            raise ValueError("no rung at the limit; add {left: limit, tell: ROLE}")
        if self.escalate and not self.acknowledge_within and not any(rung.acknowledge_within for rung in self.rungs):
            raise ValueError("escalate without acknowledge_within: say after how long the next role is told")
        return self

    @property
    def limit(self) -> Rung:
        """The rung at the limit."""
        return next(rung for rung in self.rungs if rung.is_limit)

    def rung(self, name: str) -> Rung | None:
        """The rung called so, if the ladder has it."""
        return next((rung for rung in self.rungs if rung.name == name), None)

    def answer_within(self, rung: Rung | None) -> timedelta | None:
        """How long a warning may stay unacknowledged before the next role is told."""
        return (rung.acknowledge_within if rung else None) or self.acknowledge_within

    def above(self, role: str) -> PersonRole | None:
        """Who is told next when `role` does not answer; None where nobody is left."""
        roles = list(self.escalate)
        if role not in roles:
            return roles[0] if roles else None
        return next(iter(roles[roles.index(PersonRole(role)) + 1 :]), None)


def _for_every_length(ladders: tuple[Ladder, ...]) -> tuple[Ladder, ...]:
    lengths = [ladder.up_to for ladder in ladders]
    if len(set(lengths)) < len(lengths):
        raise ValueError("two ladders for the same length of clock; keep one, or give them different `up_to`")
    if ladders and None not in lengths:
        raise ValueError("no ladder for longer clocks; leave `up_to` out of one of them")
    return ladders


Ladders = Annotated[tuple[Ladder, ...], AfterValidator(_for_every_length)]


class LadderFile(Part):
    """A file that holds nothing but ladders."""

    ladders: Ladders


@cache
def default_ladders() -> tuple[Ladder, ...]:
    """The ladders that hold where neither the playbook nor the organisation has its own."""
    return validated(LadderFile, read_document(DEFAULT)).ladders


def ladder_for(ladders: Sequence[Ladder], length: timedelta) -> Ladder:
    """The ladder for a clock of this length: the one with the shortest `up_to` that it fits in."""
    fitting = [ladder for ladder in ladders if ladder.up_to is None or length <= ladder.up_to]
    return min(fitting, key=lambda ladder: ladder.up_to or timedelta.max)
