"""A notice on paper: one exact text, with what says which text it is, who signed it, and whether it may leave."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from models.clock import zone
from models.printable import one_line
from templates.language import language as speak
from templates.page import plain
from templates.phrases import Phrases

# Where people print on US Letter (Unicode CLDR, paperSize); everywhere else it is A4.
_LETTER = frozenset(["BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"])


@dataclass(frozen=True)
class Signature:
    """One person's signature on exactly this text."""

    person: str
    role: str
    at: datetime


@dataclass(frozen=True)
class Paper:
    """One version of a notice, ready to be shown in any format. Times are instants; `zone` is where they are read."""

    number: str
    notice: int
    language: str
    subject: str
    text: str
    sha256: str
    version: int
    facts_version: int
    state: str  # draft, approved, sent, withdrawn
    signatures: tuple[Signature, ...]
    written_at: datetime
    zone: str
    organisation: str
    place: str = ""  # ISO 3166 code of whoever it goes to
    rehearsal: bool = False
    logo: bytes | None = None

    @property
    def may_leave(self) -> bool:
        """Whether enough people have signed exactly this text."""
        return self.state in ("approved", "sent")

    @property
    def is_letter_size(self) -> bool:
        """Whether its reader prints on US Letter and not on A4."""
        return is_letter_size(self.place)

    @property
    def title(self) -> str:
        """What stands above the text, in one line."""
        return one_line(self.subject) or f"{self.number} {self.notice}"

    @cached_property
    def phrases(self) -> Phrases:
        """The words of its language."""
        return speak(self.language).phrases

    def say(self, key: str) -> str:
        """One of the words that stand around a text."""
        return plain(str(self.phrases.say(f"paper.{key}"))).strip()

    @property
    def standing(self) -> str:
        """Whether it may leave, in one line that nobody can overlook; a rehearsal says that it is one."""
        state = self.say(self.state)
        return f"{self.say('rehearsal')} · {state}" if self.rehearsal else state

    @property
    def mark(self) -> str:
        """What names exactly this text, for the foot of every page."""
        return f"{self.number} · {self.notice} · {self.say('version')} {self.version} · SHA-256 {self.sha256}"

    def record(self) -> tuple[tuple[str, str], ...]:
        """What is known of the text, as label and value."""
        return (
            (self.say("standing"), self.standing),
            (self.say("reference"), f"{self.number}, {self.notice}"),
            (self.say("version"), str(self.version)),
            (self.say("facts_version"), str(self.facts_version)),
            (self.say("written"), self.moment(self.written_at)),
            (self.say("sha256"), self.sha256),
        )

    def signed(self) -> tuple[tuple[str, str, str], ...]:
        """Who signed it: name, role in the text's language, time."""
        return tuple(
            (one_line(one.person), str(self.phrases.say(f"words.person_role.{one.role}")), self.moment(one.at))
            for one in self.signatures
        )

    def moment(self, instant: datetime) -> str:
        """A time as its zone's clock shows it, in a form that every language reads."""
        local = instant.astimezone(zone(self.zone))
        offset = local.strftime("%z")
        return f"{local:%Y-%m-%d %H:%M} (UTC{offset[:3]}:{offset[3:5]})"


def text_of(paper: Paper) -> str:
    """The paper as plain text: its standing, the words, and what names them."""
    signed = "".join(f"{name}, {role}, {at}\n" for name, role, at in paper.signed())
    approvals = f"\n{paper.say('approvals')}:\n{signed}" if signed else ""
    record = "".join(f"{label}: {value}\n" for label, value in paper.record())
    return f"[{paper.standing}]\n\n{plain(paper.text)}\n{'-' * 20}\n{record}{approvals}"


def is_letter_size(place: str) -> bool:
    """Whether people in a place, an ISO 3166 code, print on US Letter and not on A4."""
    return place.split("-")[0] in _LETTER
