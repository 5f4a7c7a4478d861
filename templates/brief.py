"""What a text is drafted from: the facts, the duty, the organisation's own voice and what has been done. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Literal

from models.duty import Duty, Severity
from models.report import Report
from models.vocabulary import Audience

Words = Mapping[str, str]  # one thing said in several languages: {"en": ..., "zh": ...}

NO_WORDS: Words = MappingProxyType({})
NO_ANSWERS: Mapping[str, Words] = MappingProxyType({})


@dataclass(frozen=True)
class Voice:
    """Who speaks: the organisation's names and contact points. An empty field is one that nobody has set yet."""

    organisation: str = ""
    contact_name: str = ""
    contact_email: str = ""
    contact_phone: str = ""
    hotline: str = ""
    website: str = ""
    address: str = ""
    dpo_name: str = ""
    dpo_email: str = ""
    signatory: str = ""
    signatory_title: str = ""
    press_name: str = ""
    press_email: str = ""
    press_phone: str = ""
    domains: tuple[str, ...] = ()
    sign_off: tuple[tuple[str, str], ...] = ()  # language, then the words before the signature
    tone: Literal["warm", "sober"] = "warm"  # sober: no words of regret


@dataclass(frozen=True)
class Measure:
    """One containment step in public words per language; `done_at` is None while it is only planned."""

    texts: Words
    done_at: datetime | None = None


@dataclass(frozen=True)
class Remedy:
    """What puts right a text that was sent: which text, when, under whose reference, why, and what it had said of which facts."""

    act: Literal["correction", "withdrawal"]
    subject: str
    sent_at: datetime
    reference: str
    reason: str
    changes: tuple[tuple[str, str], ...] = ()  # the path of a fact that changed, and how the text had put it


@dataclass(frozen=True)
class Brief:
    """Everything that one text may say, and to whom, in which language and form it says it.

    `answers` are what people answered to the questions of `Draft.missing`: content key, then language, then words.
    `form` is None for the first form that the audience has; `wanted` are the languages that the law or the readers ask for
    and that there is no such text in.
    """

    number: str
    report: Report
    facts_version: int
    severity: Severity
    audience: Audience
    language: str
    voice: Voice
    duty: Duty | None
    measures: tuple[Measure, ...]
    now: datetime
    zone: str = "UTC"
    others_told: tuple[str, ...] = ()
    form: str | None = None
    people_told_at: datetime | None = None
    wanted: tuple[str, ...] = ()
    remedy: Remedy | None = None

    @property
    def is_late(self) -> bool:
        """Whether the duty's time is over."""
        return self.duty is not None and self.duty.due_at is not None and self.now > self.duty.due_at

    answers: Mapping[str, Words] = field(default_factory=lambda: NO_ANSWERS)
