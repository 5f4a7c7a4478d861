"""What came back after a sending: delivery reports (RFC 3464), abuse reports (RFC 5965), and replies.

Each is reduced to the key of the message that it is about, taken from its Message-ID, and to what it says. Only a reply
brings words; addresses stay in the mail.
"""

import hashlib
import mailbox
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from email.parser import BytesParser
from pathlib import Path
from typing import Literal

from integrations.intake.mailbox import header_of, words_of
from models.errors import BadInputError

Said = Literal["delivered", "bounced", "delayed", "complained", "opted_out", "replied", "automatic", "unknown"]
LARGEST = 10_000_000  # bytes of one mail
_KEY = re.compile(r"<([A-Za-z0-9_.-]+)@[^>\s]+>")
_IN_ADDRESS = re.compile(r"[+=]([A-Za-z0-9-]+)\.([0-9a-f]{32})@", re.IGNORECASE)
SENT_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True)
class Reply:
    """What somebody wrote; `identity` tells one mail from the next."""

    identity: str = field(repr=False)
    words: str = field(repr=False)


@dataclass(frozen=True)
class Returned:
    """One thing that came back; `keys` are what its Message-IDs could be, the likeliest first."""

    said: Said
    keys: tuple[str, ...]
    status: str = ""
    reply: Reply | None = None


def returned_in(path: Path) -> Iterator[Returned]:
    """What came back in a file or folder: a mail (.eml), an mbox, a Maildir, or a folder of mails.

    Raises `BadInputError` for a file that is not there.
    """
    if path.is_dir():
        yield from _in_folder(path)
    elif not path.is_file():
        raise BadInputError(f"{path}: there is no such file; name a mail, an mbox, a Maildir or JSON Lines")
    elif path.open("rb").read(5) == b"From ":
        yield from map(read_returned, (bytes(each) for each in mailbox.mbox(path, create=False)))
    else:
        yield read_returned(_content(path))


def _in_folder(path: Path) -> Iterator[Returned]:
    folders = [path / name for name in ("cur", "new")] if (path / "cur").is_dir() else [path]
    for folder in folders:
        for file in sorted(each for each in folder.iterdir() if each.is_file()):
            yield read_returned(_content(file))


def _content(file: Path) -> bytes:
    with file.open("rb") as content:
        return content.read(LARGEST)


def read_returned(content: bytes) -> Returned:
    """What one mail says."""
    try:
        mail = message_from_bytes(content[:LARGEST], policy=policy.compat32)
    except (MessageError, ValueError):  # whatever a mail from outside may be
        return Returned("unknown", ())
    kind = str(mail.get_param("report-type") or "").lower()
    if mail.get_content_type() == "multipart/report" and kind == "delivery-status":
        return _delivery_report(mail)
    if mail.get_content_type() == "multipart/report" and kind == "feedback-report":
        return Returned("complained", _original(mail) + _by_address(mail))
    answered = _keys(str(mail.get(name, "")) for name in ("In-Reply-To", "References"))
    answered += _by_address(mail)
    if _is_automatic(mail):
        return Returned("automatic", answered)
    return Returned("replied", answered, reply=_reply(content)) if answered else Returned("unknown", ())


def _is_automatic(mail: Message) -> bool:
    """Whether a program wrote it (RFC 3834, and what programs said before there was that)."""
    said = str(mail.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    return (
        said != "no"
        or any(mail.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress"))
        or str(mail.get("Precedence", "")).strip().lower() in ("bulk", "junk", "list", "auto_reply")
        or str(mail.get("Return-Path", "")).strip() == "<>"
    )


def _reply(content: bytes) -> Reply:
    """Its words, as far as they can be read, with the subject above them."""
    mail = BytesParser(policy=policy.default).parsebytes(content[:LARGEST])
    assert isinstance(mail, EmailMessage), "that policy makes no other"
    words = "\n\n".join(part.strip() for part in (header_of(mail, "subject"), words_of(mail, ("plain", "html"))))
    return Reply(header_of(mail, "message-id").strip() or hashlib.sha256(content).hexdigest(), words)


def _delivery_report(mail: Message) -> Returned:
    blocks = [
        block for part in mail.walk() if part.get_content_type() == "message/delivery-status" for block in _blocks(part)
    ]
    actions = {str(block.get("Action", "")).strip().lower() for block in blocks}
    statuses = [found[0] for block in blocks if (found := _STATUS.search(str(block.get("Status", ""))))]
    hard = any(status.startswith("5") for status in statuses)
    status = next((one for one in statuses if one.startswith("5")), statuses[0] if statuses else "")
    said: Said = "unknown"
    if "failed" in actions:
        said = "bounced" if hard or not statuses else "delayed"
    elif "delayed" in actions:
        said = "delayed"
    elif actions & {"delivered", "relayed", "expanded"}:
        said = "delivered"
    return Returned(said, _original(mail) + _by_address(mail), status)


def _blocks(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, Message)] if isinstance(payload, list) else []


def _original(mail: Message) -> tuple[str, ...]:
    """The keys in the message that is enclosed, in whole or by its headers."""
    found = []
    for part in mail.walk():
        if part is mail:
            continue
        found.append(str(part.get("Message-ID", "")))
        if part.get_content_type() == "text/rfc822-headers":
            found += [line for line in str(part.get_payload()).splitlines() if line.lower().startswith("message-id:")]
    return _keys(found)


def _by_address(mail: Message) -> tuple[str, ...]:
    """The keys in the addresses that it came to, see TOCSIN_SMTP_RETURN_PATH."""
    found = (key for name in SENT_TO for key in _IN_ADDRESS.findall(str(mail.get(name, ""))))
    return tuple(f"{number.upper()}.{rest.lower()}" for number, rest in found)  # some servers write all of it small


def _keys(headers: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for header in headers for key in _KEY.findall(header)))


def said_by_event(said: Said, *, key: str = "", message_id: str = "", status: str = "") -> Returned:
    """One event of a relay; a failure whose code is 4.x.x is none for good."""
    keys = (key,) if key else _keys([f"<{message_id.strip().strip('<>')}>"])
    found = _STATUS.search(status)
    soft = said == "bounced" and found is not None and found[1] == "4"
    return Returned("delayed" if soft else said, keys, found[0] if found else "")
