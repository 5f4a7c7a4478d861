"""One connection to a mail server that takes many mails, one after the other."""

import smtplib
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from time import monotonic

from integrations.limit import Limit
from integrations.mail import sender_address
from integrations.outcome import Outcome, code_of
from integrations.smtp import SmtpServer

MOST_ON_ONE = 1_000  # mails; servers end connections that never end
LOOKS_EVERY = 5.0  # seconds, at whether an exchange takes too long


@dataclass
class SmtpSession:
    """Opened when first needed, and again when it was lost; not to be shared between threads."""

    settings: SmtpServer
    _server: smtplib.SMTP | None = None
    _limit: Limit = field(default_factory=Limit)
    _until: float | None = None
    _taken: int = 0

    def __post_init__(self) -> None:
        self._sender = sender_address(self.settings.sender)
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def connect(self) -> None:
        """See that there is a connection; raises as `SmtpServer.send` does, and nothing of a mail was said before."""
        if self._server is not None and self._taken >= MOST_ON_ONE:
            self._drop()
        if self._server is None:
            self._until, self._taken = monotonic() + self.settings.longest, 0
            self._limit = Limit()
            self._server = self.settings.opened(self._limit)
            self._until = None

    def send(self, recipient: Address, mail: bytes, sender: str | None = None) -> Outcome:
        """Hand one mail over, its lines ended by CRLF and none beginning with a dot; `connect` comes first."""
        server = self._server
        assert server is not None, "it was connected"
        self._until = monotonic() + self.settings.longest
        handed_over = False
        try:
            said = self._envelope(server, recipient, sender or self._sender)
            if said is not None:
                return said
            handed_over = True
            server.send(mail + b".\r\n")
            code, words = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Outcome("uncertain" if handed_over else "delayed", f"connection lost ({type(error).__name__})")
        finally:
            self._until = None
        return self._answered(code, words)

    def close(self) -> None:
        """End it; nobody waits for the goodbye."""
        self._over.set()
        self._drop()

    def _envelope(self, server: smtplib.SMTP, recipient: Address, sender: str) -> Outcome | None:
        """Name sender and recipient; None where the server waits for the mail."""
        to = recipient.addr_spec
        if not to.isascii() and not server.has_extn("smtputf8"):
            return Outcome("refused", "the server takes no address with letters beyond ASCII")
        option, server.command_encoding = ("", "ascii") if to.isascii() else (" SMTPUTF8", "utf-8")
        # Written here, one after the other: smtplib's own methods read every address anew.
        for wanted, command, argument in (
            (250, "MAIL", f"FROM:<{sender}>{option}"),
            (250, "RCPT", f"TO:<{to}>"),
            (354, "DATA", ""),
        ):
            code, words = server.docmd(command, argument)
            if code == wanted or (wanted == 250 and 250 <= code < 260):
                continue
            self._reset(server, code)
            return Outcome("delayed" if code < 500 else "refused", code_of(code, words))
        return None

    def _answered(self, code: int, words: bytes) -> Outcome:
        if not 250 <= code < 600:
            self._drop()
            return Outcome("uncertain", f"the server answered {code}, which is not SMTP")
        if code < 300:
            self._taken += 1
            return Outcome("sent", code_of(code, words))
        if code == 421:
            self._drop()
        return Outcome("delayed" if code < 500 else "refused", code_of(code, words))

    def _reset(self, server: smtplib.SMTP, code: int) -> None:
        """Ready for the next mail: a server that says 421 has ended the connection."""
        if code == 421 or server.rset()[0] != 250:
            self._drop()

    def _drop(self) -> None:
        if self._server is not None:
            with suppress(smtplib.SMTPException, OSError):  # it may be gone already
                self._server.putcmd("QUIT")
            self._server.close()
            self._server = None
        self._limit.close()

    def _watch(self) -> None:
        while not self._over.wait(LOOKS_EVERY):
            until = self._until
            if until is not None and monotonic() > until:
                self._limit.end()
