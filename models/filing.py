"""A notice for machines: the public output format `tocsin-filing-1`, whose `text` gives `sha256`."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from models.vocabulary import Audience

FORMAT = "tocsin-filing-1"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FilingField(_Part):
    """One part of the text under its own heading, in the order of the text."""

    key: str | None = Field(
        description="The content it gives, such as likely_consequences; null for a heading of ours."
    )
    heading: str
    text: str = Field(description="The part as plain text.")


class FilingFact(_Part):
    """One fact that the text states or hangs on."""

    path: str = Field(description="Where the fact stands in the report.")
    value: str = Field(description="Its plain value; the empty string while it is not known.")
    shown: str = Field(description="The words by which the text states it.")


class FilingGap(_Part):
    """What the text leaves open."""

    key: str
    question: str


class FilingApproval(_Part):
    """One signature on exactly this text."""

    person: str
    role: str
    at: datetime


class FilingDuty(_Part):
    """The duty that the notice meets, as it was last worked out."""

    provision: str
    citation: str
    jurisdiction: str
    stage: str
    channel: str | None
    due_at: datetime | None
    met_at: datetime | None


class Filing(_Part):
    """One version of a notice. Times are RFC 3339 in UTC."""

    format: Literal["tocsin-filing-1"] = "tocsin-filing-1"
    incident: str
    notice: int
    rehearsal: bool
    state: Literal["draft", "approved", "sent", "withdrawn"]
    may_leave: bool = Field(description="Whether enough people have signed exactly this text.")
    audience: Audience
    form: str
    language: str
    recipient: str
    organisation: str
    duty: FilingDuty | None
    subject: str
    text: str = Field(description="The text that was signed, in Markdown; its UTF-8 bytes give `sha256`.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    version: int
    facts_version: int
    written_at: datetime
    fields: tuple[FilingField, ...]
    facts: tuple[FilingFact, ...]
    missing: tuple[FilingGap, ...]
    approvals: tuple[FilingApproval, ...]
