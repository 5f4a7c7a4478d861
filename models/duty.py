"""What the law answers: an assessment, made of a severity and of duties. Plain values, no database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, PlainSerializer

from models.vocabulary import Audience, Confidence, Level, Verdict

Words = Annotated[Sequence[str], AfterValidator(tuple), PlainSerializer(tuple, return_type=tuple[str, ...])]
"""Sentences, as a tuple where they are kept, whenever they are put together."""

ClockState = Literal["running", "not_started", "no_number", "paused"]


@dataclass(frozen=True)
class Severity:
    """How severe the breach is for the people affected, by a named method, with every term explained."""

    method: str
    score: float
    level: Level
    terms: dict[str, float]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Duty:
    """One answer of one provision (or contract) for one stage and recipient, as the law stood on the day asked.

    `due_at` is the conservative instant that alarms use; `due_statutory` is later where the law grants more.
    Both are None where the law gives no number or its clock has not started.
    """

    provision: str
    jurisdiction: str
    name: str
    audience: Audience
    recipient: str
    stage: str
    verdict: Verdict
    citation: str
    source: str
    version_from: date
    checked: date
    confidence: Confidence
    reasons: Words
    missing_facts: Words = ()
    clock_from: str | None = None
    clock_state: ClockState = "no_number"
    standard: str | None = None
    starts_at: datetime | None = None
    due_at: datetime | None = None
    due_statutory: datetime | None = None
    working: Words = ()
    content: tuple[str, ...] = ()
    language: str | None = None
    channel: str | None = None
    advice: bool = False
    phased: bool = False
    zone: str = "UTC"
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes a duty the same one under later facts."""
        return (self.provision, self.stage, self.recipient)


@dataclass(frozen=True)
class Assessment:
    """Severity and every duty's answer, from one version of the facts and the law of one day."""

    number: str | None
    facts_version: int
    as_of: date
    severity: Severity
    duties: tuple[Duty, ...]
    assumptions: tuple[str, ...] = field(default=())
