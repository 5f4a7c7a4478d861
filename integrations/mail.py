"""A message as an e-mail: the same bytes however often it is sent, to a mail server or into the outbox."""

import hashlib
import re
from datetime import datetime
from email import policy
from email.errors import MessageError
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.utils import format_datetime

from models.errors import BadInputError, RefusedDeliveryError
from models.message import Message

# Seven bits on the wire, so that no server on the way has to re-encode the signed words.
_POLICY = policy.SMTP.clone(cte_type="7bit")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_ID_LEFT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


def mail_of(message: Message, sender: str, recipient: Address | Group, date: datetime) -> EmailMessage:
    """The message as MIME, text and HTML beside each other, with its attachments and a Message-ID derived from the key.

    It is dated when it was written, or `date` where that is not known.

    Raises `RefusedDeliveryError` for a header that holds a line break.
    """
    mail = EmailMessage(policy=_POLICY if str(recipient).isascii() else _POLICY.clone(utf8=True))
    try:
        mail["From"] = sender
        mail["To"] = recipient
        mail["Subject"] = _one_line("subject", message.subject)
        mail["Date"] = format_datetime(message.written_at or date)
        mail["Message-ID"] = message_id(message.key, domain_of(sender))
    except (ValueError, MessageError) as error:
        raise RefusedDeliveryError(f"a header of the mail to {message.to!r} cannot be written: {error}") from error
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    mail["Content-Language"] = _one_line("language", message.language)
    for one in message.attachments:
        main, _, sub = one.kind.partition("/")
        mail.add_attachment(one.content, maintype=main, subtype=sub, filename=_one_line("file's name", one.name))
    _bound(mail, message.key)
    return mail


def _bound(mail: EmailMessage, key: str) -> None:
    """Boundaries made of the key: the standard library's are random, and would make a second copy another mail."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{digest}.{number}")


def message_id(key: str, domain: str) -> str:
    """`<key@domain>`, so that a second copy carries the same identity; a key unfit for it stands as its SHA-256."""
    left = key if _ID_LEFT.fullmatch(key) and len(key) <= 200 else hashlib.sha256(key.encode()).hexdigest()
    return f"<{left}@{domain}>"


def sender_address(sender: str) -> str:
    """The bare address in `Name <address>`, or a `BadInputError` that says so."""
    parsed = EmailMessage(policy=_POLICY)
    try:
        parsed["From"] = _one_line("sender", sender)
        [address] = parsed["From"].addresses
    except (ValueError, RefusedDeliveryError, MessageError) as error:
        raise BadInputError(f"{sender!r} is not one sender; write it as Name <address@example.org>") from error
    if not address.domain or not address.username:
        raise BadInputError(f"{sender!r} has no address in it; write it as Name <address@example.org>")
    return str(address.addr_spec)


def domain_of(sender: str) -> str:
    """The domain that Message-IDs carry, in the letters that a header can hold."""
    return _ascii_domain(sender_address(sender).rpartition("@")[2])


def recipient_address(to: str) -> Address:
    """The one address that `to` is, or a `RefusedDeliveryError` that says so."""
    local, _, domain = _one_line("recipient", to).rpartition("@")
    try:
        # The standard library reads only ASCII names (RFC 5322); RFC 6531 allows any letter where it allows one of them.
        Address(addr_spec=f"{_BEYOND_ASCII.sub('x', local)}@{_ascii_domain(domain)}")
    except (ValueError, MessageError, IndexError) as error:
        raise RefusedDeliveryError(f"{to!r} is not one e-mail address; correct the recipient") from error
    if not local or not domain:
        raise RefusedDeliveryError(f"{to!r} is not a whole e-mail address; correct the recipient")
    return Address(username=local, domain=_ascii_domain(domain))


def recipient_named(to: str) -> Group:
    """A recipient that has no address, such as a portal: named in words, with nobody listed."""
    return Group(_one_line("recipient", to), ())


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise RefusedDeliveryError(f"{domain!r} is not a domain name; correct the address") from error


def _one_line(what: str, value: str) -> str:
    if _CONTROL.search(value):
        raise RefusedDeliveryError(f"the {what} {value!r} holds a line break or control sign; write it on one line")
    return value
