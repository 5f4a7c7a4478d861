"""A mail server, driven command by command, so that every failure says whether the mail may have been taken."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Literal

from integrations.channel import Settlement
from integrations.limit import Limit, limited
from integrations.loopback import is_loopback
from integrations.mail import mail_of, recipient_address, sender_address
from models.clock import Clock
from models.errors import (
    BadInputError,
    DeliveryError,
    RefusedDeliveryError,
    TemporaryDeliveryError,
    UncertainDeliveryError,
)
from models.message import Message, Taken

LONGEST_EXCHANGE = 90.0  # seconds; shorter than a delivery is presumed to be in living hands
Security = Literal["starttls", "implicit", "none"]


@dataclass(frozen=True)
class SmtpServer:
    """One mail server that takes our mail; `security` is "none" only on this machine itself.

    SMTP cannot be asked whether it took a mail: an uncertain one is sent again under the same Message-ID, by which
    the recipient's side can tell that it is the same mail. `timeout` is in seconds for each wait for more of an answer,
    `longest` for the whole exchange, however the server spreads its bytes.
    """

    host: str
    port: int
    sender: str
    clock: Clock
    security: Security = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)
    local_hostname: str | None = None
    longest: float = LONGEST_EXCHANGE
    name: str = "smtp"
    settles: Settlement = "same_identity"
    attaches: bool = True

    def __post_init__(self) -> None:
        """Check the settings, or raise `BadInputError`."""
        sender_address(self.sender)
        if self.security == "none" and not is_loopback(self.host):
            raise BadInputError(f"{self.host}: mail leaves this machine only encrypted; use starttls or implicit")
        if (self.user is None) is not (self.password is None):
            raise BadInputError(f"{self.host}: a user needs a password and a password a user; set both or neither")

    def send(self, message: Message) -> Taken:
        """Hand the mail to the server and return its Message-ID with the server's answer.

        Raises `TemporaryDeliveryError` for a server that is down or says 4xx, `RefusedDeliveryError` where it says 5xx
        or the message cannot be written as a mail, `UncertainDeliveryError` when the connection is lost after DATA.
        """
        recipient = recipient_address(message.to)
        mail = mail_of(message, self.sender, recipient, self.clock())
        with limited(self.longest) as limit, self._connected(limit) as server:
            self._envelope(server, recipient)
            answer = self._hand_over(server, mail)
        return Taken(str(mail["Message-ID"]), answer)

    def was_taken(self, message: Message) -> bool | None:  # noqa: ARG002 - the channel names it
        """Nothing: SMTP has no such question."""
        return None

    def opened(self, limit: Limit) -> smtplib.SMTP:
        """A connection on which a mail may be named, for whoever sends many; raises as `send` does."""
        with self._before_data("connecting"):
            server = self._open(limit)
        try:
            with self._before_data("greeting"):
                self._greet(server)
        except DeliveryError:
            server.close()
            raise
        return server

    @contextmanager
    def _connected(self, limit: Limit) -> Iterator[smtplib.SMTP]:
        server = self.opened(limit)
        try:
            yield server
            # What the server answered to DATA counts: nobody waits for its goodbye.
            with suppress(smtplib.SMTPException, OSError):
                server.putcmd("QUIT")
        finally:
            server.close()

    def _open(self, limit: Limit) -> smtplib.SMTP:
        server = _ImplicitTls(limit, self) if self.security == "implicit" else _Client(limit, self)
        code, said = server.connect(self.host, self.port)
        if code != 220:
            server.close()
            raise smtplib.SMTPConnectError(code, said)
        return server

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self.security == "starttls":
            self._must_be(220, *server.starttls(context=self.tls))
            server.ehlo()
        if self.user is not None and self.password is not None:
            server.login(self.user, self.password)

    def _envelope(self, server: smtplib.SMTP, recipient: Address) -> None:
        options = [] if recipient.addr_spec.isascii() else ["SMTPUTF8"]
        if options and not server.has_extn("smtputf8"):
            raise RefusedDeliveryError(f"{self.host} takes no address with letters beyond ASCII; use another address")
        with self._before_data("naming sender and recipient"):
            self._must_be(250, *server.mail(sender_address(self.sender), options))
            self._must_be(250, *server.rcpt(recipient.addr_spec))
            self._must_be(354, *server.docmd("DATA"))

    def _hand_over(self, server: smtplib.SMTP, mail: EmailMessage) -> str:
        try:
            server.send(_on_the_wire(mail))
            code, said = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise UncertainDeliveryError(
                f"{self.host} was lost after the mail was handed over ({_words(error)}); it may have been taken"
            ) from error
        if not 250 <= code < 600:
            raise UncertainDeliveryError(
                f"{self.host} answered the mail with {_text(said)!r}, which is not SMTP; it may have been taken"
            )
        self._must_be(250, code, said)
        return f"{code} {_text(said)}"

    def _must_be(self, wanted: int, code: int, said: bytes) -> None:
        if code == wanted or 250 <= wanted == code - code % 10:  # 251: it will be forwarded
            return
        if 400 <= code < 500:
            raise TemporaryDeliveryError(f"{self.host} answered {code} {_text(said)}; it may take the mail later")
        raise RefusedDeliveryError(f"{self.host} refused the mail with {code} {_text(said)}; correct it and send again")

    @contextmanager
    def _before_data(self, doing: str) -> Iterator[None]:
        """Nothing has been handed over yet: what goes wrong here can only delay the mail, or refuse it."""
        try:
            yield
        except smtplib.SMTPNotSupportedError as error:
            raise RefusedDeliveryError(f"{self.host} does not offer what is set: {error}; mend the settings") from error
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
            self._must_be(0, error.smtp_code, said)
        except (smtplib.SMTPException, OSError) as error:
            raise TemporaryDeliveryError(
                f"{self.host}:{self.port} failed while {doing} ({_words(error)}); the mail waits"
            ) from error


class _Client(smtplib.SMTP):
    """Python's client, whose connection is under our limit from its first byte."""

    def __init__(self, limit: Limit, settings: SmtpServer) -> None:
        super().__init__(local_hostname=settings.local_hostname, timeout=settings.timeout)
        self._limit, self._host = limit, settings.host  # the host is what starttls checks the certificate for

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # untyped there
        self._limit.hold(connection)
        return connection


class _ImplicitTls(smtplib.SMTP_SSL, _Client):
    """The same with TLS from the first byte."""

    def __init__(self, limit: Limit, settings: SmtpServer) -> None:
        smtplib.SMTP_SSL.__init__(
            self, local_hostname=settings.local_hostname, timeout=settings.timeout, context=settings.tls
        )
        self._limit, self._host = limit, settings.host


def _on_the_wire(mail: EmailMessage) -> bytes:
    """The mail with CRLF line ends, dots doubled, and the dot that ends it."""
    lines = bytes(mail).splitlines()
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines) + b".\r\n"


def _text(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())[:300]


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
