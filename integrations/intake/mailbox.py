"""E-mail to a mailbox: one message as it came (RFC 5322). A thread of answers is one alert."""

import re
from collections.abc import Sequence
from email import policy
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime

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
            summary=summary_of(f"From {header_of(message, 'from')}", words_of(message)),
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
    except (MessageError, LookupError, ValueError, KeyError, AttributeError):  # an unknown charset, a broken part
        return ""


SOURCE = Source("mail", "E-mail to a mailbox", read)
