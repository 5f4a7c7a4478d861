"""One text as e-mail to many: all that is the same for everybody is encoded once, so that a mail costs little to make.

The same MIME as `integrations/mail.py` writes: text and HTML beside each other in seven bits, the Message-ID from the key.
"""

import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from integrations.mail import domain_of, mail_of, message_id, recipient_address
from models.message import Message
from models.pieces import Pieces

_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9.-]+")
_LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_SOFT_BREAK = b"=\r\n"
_DOT_FIRST = re.compile(rb"(^|\n)\.")
_PER_PERSON = frozenset({"to", "date", "message-id", "content-type", "mime-version", "content-transfer-encoding"})


class MailForm:
    """One text from one sender, ready to be filled in; `text` and `html` hold the same words.

    `key_header` bears each mail's key too, for a relay that gives mails an id of its own.
    """

    def __init__(
        self, sender: str, subject: str, language: str, text: Pieces, html: Pieces | None, key_header: str | None = None
    ) -> None:
        self._domain, self._key_header = domain_of(sender), key_header
        self._boundary = f"tocsin-{hashlib.sha256(''.join(text.fixed).encode()).hexdigest()[:24]}".encode()
        self._fixed, self._slots = _in_one(self._parts(sender, subject, language, text, html))

    def written(
        self, key: str, to: str, values: Mapping[str, str], html_values: Mapping[str, str], date: datetime
    ) -> bytes:
        """The mail to one person, with CRLF line ends and no line that begins with a dot.

        Raises `RefusedDeliveryError` for what is no e-mail address.
        """
        out = [_headers(message_id(key, self._domain), to, date)]
        if self._key_header is not None:
            out.append(f"{self._key_header}: {key}\r\n".encode())
        encoded: dict[tuple[bool, str], bytes] = {}
        for slot, fixed in zip((None, *self._slots), self._fixed, strict=True):
            if slot is not None:
                if slot not in encoded:
                    encoded[slot] = _encoded((html_values if slot[0] else values)[slot[1]])
                out.append(encoded[slot])
            out.append(fixed)
        return b"".join(out)

    def _parts(
        self, sender: str, subject: str, language: str, text: Pieces, html: Pieces | None
    ) -> Iterator[bytes | tuple[bool, Pieces]]:
        yield _common_headers(sender, subject, language)
        if html is None:
            yield _kind(b"plain")
            yield False, text
            return
        yield b'Content-Type: multipart/alternative;\r\n boundary="' + self._boundary + b'"\r\n\r\n'
        yield b"--" + self._boundary + b"\r\n" + _kind(b"plain")
        yield False, text
        yield b"\r\n--" + self._boundary + b"\r\n" + _kind(b"html")
        yield True, html
        yield b"\r\n--" + self._boundary + b"--\r\n"


def recipient_of(to: str) -> Address:
    """The address that stands in the envelope; raises `RefusedDeliveryError` for none, or more than one."""
    if len(to) <= _LONGEST_ADDRESS and _PLAIN_ADDRESS.fullmatch(to):
        local, _, domain = to.rpartition("@")
        return Address(username=local, domain=domain)
    return recipient_address(to)


def _headers(identity: str, to: str, date: datetime) -> bytes:
    plain = len(to) <= _LONGEST_ADDRESS and _PLAIN_ADDRESS.fullmatch(to)
    named = to if plain else str(recipient_address(to))
    return f"To: {named}\r\nMessage-ID: {identity}\r\nDate: {format_datetime(date)}\r\n".encode()


def _common_headers(sender: str, subject: str, language: str) -> bytes:
    """The headers that every mail has alike, as Python's own MIME writer folds and encodes them."""
    message = Message("key", "nobody@example.org", subject, "", language=language)
    mail: EmailMessage = mail_of(message, sender, recipient_address(message.to), datetime.fromtimestamp(0).astimezone())
    for name in {name.lower() for name in mail} & _PER_PERSON:
        del mail[name]
    return bytes(mail).partition(b"\r\n\r\n")[0] + b"\r\nMIME-Version: 1.0\r\n"


def _kind(subtype: bytes) -> bytes:
    head = b"Content-Type: text/" + subtype + b'; charset="utf-8"\r\n'
    return head + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"


def _in_one(parts: Iterator[bytes | tuple[bool, Pieces]]) -> tuple[tuple[bytes, ...], tuple[tuple[bool, str], ...]]:
    """The whole mail as fixed bytes and, between them, slots: which part, and whether it stands in HTML."""
    fixed, slots = [b""], []
    for part in parts:
        if isinstance(part, bytes):
            fixed[-1] += part
            continue
        is_html, pieces = part
        for index, words in enumerate(pieces.fixed):
            if index:
                slots.append((is_html, pieces.parts[index - 1]))
                fixed.append(_SOFT_BREAK)
            fixed[-1] += _encoded(words) + (_SOFT_BREAK if index < len(pieces.parts) else b"")
    return tuple(fixed), tuple(slots)


def _encoded(words: str) -> bytes:
    """Words in quoted-printable; they begin a line, and no line of them begins with a dot, which SMTP would double."""
    lines = binascii.b2a_qp(words.replace("\r\n", "\n").replace("\r", "\n").encode())
    return _DOT_FIRST.sub(rb"\1=2E", lines).replace(b"\n", b"\r\n")
