"""One message to one recipient, and what the other side answered when it took it. Plain values, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Message:
    """What is to reach one recipient, under a key that makes a second sending recognisable.

    `key` is derived by the caller from what the message is. `to` is an address in the words of the channel: an e-mail
    address, a Slack channel, a name. `about` says what the text belongs to (provision, stage, sha256) and holds nothing
    personal. `blocks` are Slack blocks that a chat shows in place of the text.
    """

    key: str
    to: str
    subject: str
    text: str
    html: str | None = None
    language: str = "en"
    number: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    blocks: Sequence[Mapping[str, object]] = ()

    def as_json(self) -> dict[str, object]:
        """The message as plain values, ready for `json.dumps`; blocks are left out, since they only repeat the text."""
        return {
            "key": self.key,
            "number": self.number,
            "to": self.to,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "language": self.language,
            "about": dict(self.about),
        }


@dataclass(frozen=True)
class Taken:
    """The other side's own reference for the message, and its answer in one line."""

    reference: str
    detail: str
