"""One message to one recipient, and what the other side answered when it took it. Plain values, no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message; `kind` is its media type, such as application/pdf."""

    name: str
    kind: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Message:
    """What is to reach one recipient, under a key that makes a second sending recognisable.

    `key` is derived by the caller from what the message is. `to` is an address in the words of the channel: an e-mail
    address, a Slack channel, a name. `about` says what the text belongs to (provision, stage, sha256) and holds nothing
    personal. `blocks` are Slack blocks that a chat shows in place of the text. `written_at` is when it was put in the
    queue, so that a mail bears the same date however often it is tried; `tried_at` is when it was last tried, if it was;
    `attachments` go with a mail.
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
    written_at: datetime | None = None
    attachments: Sequence[Attachment] = ()
    tried_at: datetime | None = None

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
