"""The breach register of GDPR Art. 33(5) for machines: the public output format `tocsin-register-1`, an entry for each incident."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FORMAT = "tocsin-register-1"

Told = Literal["told", "to be told", "overdue", "undecided", "not started"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RegisterDuty(_Part):
    """One duty to tell somebody, and whether and when it was met."""

    provision: str
    citation: str
    stage: str
    audience: str
    recipient: str
    standing: Told
    due_at: datetime | None
    told_at: datetime | None
    late: bool = Field(description="Told after its limit, or not told although the limit has passed.")
    references: tuple[str, ...] = Field(description="Under which references the other side has it.")
    decided: str | None = Field(description="Who decided it and why, where the facts did not.")


class RegisterRefusal(_Part):
    """One law that reaches the incident and under which nobody is told, with the reasons."""

    provision: str
    citation: str
    audience: str
    recipient: str
    reasons: tuple[str, ...]
    decided: str | None = Field(description="Who decided it and why, where the facts did not.")


class RegisterMeasure(_Part):
    """One remedial action."""

    text: str
    done_at: datetime | None


class RegisterPlace(_Part):
    """How many of the people affected live in a place."""

    place: str = Field(description="ISO 3166 code.")
    count: int | None


class RegisterEntry(_Part):
    """One incident in the register. Times are RFC 3339 in UTC; what is not known is null. It names no affected person."""

    number: str
    title: str
    rehearsal: bool
    state: Literal["open", "closed"]
    zone: str
    recorded_at: datetime
    recorded_by: str
    closed_at: datetime | None
    facts_version: int
    organisation: str | None
    role: str | None
    kind: str | None
    cause: str | None
    affected: tuple[str, ...] = Field(description="Confidentiality, integrity, availability.")
    occurred_from: datetime | None
    occurred_to: datetime | None
    detected_at: datetime | None
    aware_at: datetime | None
    contained_at: datetime | None
    data: tuple[str, ...]
    records: int | None
    people: int | None
    places: tuple[RegisterPlace, ...]
    relationships: tuple[str, ...]
    minors: bool | None
    vulnerable: bool | None
    severity: str
    severity_score: float
    effects: tuple[str, ...] = Field(description="What the breach can lead to for the people affected.")
    measures: tuple[RegisterMeasure, ...]
    measures_planned: str | None
    told: tuple[RegisterDuty, ...]
    not_told: tuple[RegisterRefusal, ...]
    late_reasons: str | None = Field(description="Why something was told after its limit, where somebody has said so.")


class Register(_Part):
    """The whole register."""

    format: Literal["tocsin-register-1"] = "tocsin-register-1"
    organisation: str | None
    made_at: datetime
    entries: tuple[RegisterEntry, ...]
