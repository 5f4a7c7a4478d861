"""E-mail to a mailbox: one message as it came (RFC 5322). A thread of answers is one alert."""

import re
from collections.abc import Iterator, Sequence
from email import policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

from integrations.intake.source import (
    LARGEST_ALERT_BYTES,
    Headers,
    IncomingAlert,
    Source,
    hash_of,
    on_one_line,
    summary_of,
    times_of,
)
from models.errors import BadInputError
from models.report import Report

_ANSWERED = re.compile(r"^(?:\s*(?:re|fwd?|aw|wg|tr|sv|rv|回复|转发)\s*[:：]\s*)+", re.IGNORECASE)
MOST_FORWARDED = 3  # mails within mails
MOST_HTML = 50_000  # signs of it that are read
UNREAD = ("script", "style", "title")
_IDENTITY = re.compile(r"<[^<>\s]+>")


def read(body: bytes, headers: Headers) -> list[IncomingAlert]:  # noqa: ARG001 - every source is read so
    """The alert that one message is; raises `BadInputError` for what is no message."""
    if len(body) > LARGEST_ALERT_BYTES:
        raise BadInputError(f"mail: {len(body)} bytes; at most {LARGEST_ALERT_BYTES} are read")
    message = _message(body)
    subject = _ANSWERED.sub("", header_of(message, "subject"))
    own = _IDENTITY.findall(header_of(message, "message-id"))
    thread = _IDENTITY.findall(f"{header_of(message, 'references')} {header_of(message, 'in-reply-to')}")
    return [
        IncomingAlert(
            source="mail",
            event=(own or [hash_of(body)])[0],
            about=(thread or own or [hash_of(body)])[0],
            report=Report(
                title=on_one_line(subject, "Mail without a subject"), times=times_of(detected_at=_date(message))
            ),
            summary=summary_of(f"From {header_of(message, 'from')}", *_all_words(message)),
            warnings=("read the mail itself: its sender is not proved, and what it says became no facts",),
        )
    ]


def _message(body: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(body)
    if not isinstance(message, EmailMessage) or not any(message.get(name) for name in ("from", "subject", "date")):
        raise BadInputError("mail: neither From, Subject nor Date; give one message as it was received (.eml)")
    return message


def header_of(message: EmailMessage, name: str) -> str:
    """A header's value, or nothing where it is missing or broken."""
    try:
        return str(message.get(name, ""))
    except (
        MessageError,
        ValueError,
        IndexError,
        AttributeError,
    ):  # what the standard library raises for broken headers
        return ""


def _date(message: EmailMessage) -> str | None:
    try:
        moment = parsedate_to_datetime(header_of(message, "date"))
    except (ValueError, TypeError, IndexError):
        return None
    return moment.isoformat() if moment.tzinfo else None


def words_of(message: EmailMessage, kinds: Sequence[str] = ("plain",)) -> str:
    """The text that a person reads, as far as it can be read: of the first of these kinds that there is."""
    try:
        part = message.get_body(kinds)
        return str(part.get_content()) if part is not None else ""
    except LookupError:  # a charset that nobody knows
        return _undecoded(part)
    except (MessageError, ValueError, AttributeError):  # a broken part
        return ""


def _undecoded(part: Message | None) -> str:
    content = part.get_payload(decode=True) if part is not None else None
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _all_words(message: EmailMessage, depth: int = 0) -> Iterator[str]:
    """What a person reads, without the marks of HTML; and what is forwarded in it, each with its subject."""
    yield words_of(message) or _bare(words_of(message, ("html",)))
    for part in message.iter_attachments() if message.is_multipart() and depth < MOST_FORWARDED else ():
        inner = part.get_payload(0) if part.get_content_type() == "message/rfc822" and part.is_multipart() else None
        if isinstance(inner, EmailMessage):
            yield f"Forwarded: {header_of(inner, 'subject')}, from {header_of(inner, 'from')}"
            yield from _all_words(inner, depth + 1)


class _Words(HTMLParser):
    """What a person reads of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.unread = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser names it
        self.unread += tag in UNREAD

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in UNREAD and self.unread > 0

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.said.append(data)


def _bare(html: str) -> str:
    words = _Words()
    words.feed(html[:MOST_HTML])
    return " ".join(" ".join(words.said).split())


SOURCE = Source("mail", "E-mail to a mailbox", read)
