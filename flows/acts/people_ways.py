"""The ways to a person: a mail server that takes many mails on one connection, and an endpoint that takes messages for phones."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from flows.acts.people_claim import InHand
from flows.acts.people_texts import PersonText
from flows.desk import Desk
from integrations.dkim_key import DkimKey, read_dkim_key
from integrations.exchange import host_of
from integrations.loopback import is_loopback
from integrations.mail_form import MailForm, recipient_of
from integrations.outcome import Outcome, outcome_of
from integrations.smtp import SmtpServer
from integrations.smtp_session import SmtpSession
from integrations.webhook import Webhook
from models.cohorts import Channel
from models.errors import BadInputError, DeliveryError, NotAllowedError, RefusedDeliveryError
from models.incident import find
from models.store import reading
from people.letter import Addressee, in_html

_STATUS = re.compile(r"\b[1-5]\d\d\b")


class Way(Protocol):
    """One connection by which messages of one channel leave."""

    def written(self, row: InHand, person: Addressee) -> Any:  # Any: whatever `send` takes, or an `Outcome`
        """The message to one person, or why there is none."""

    def connect(self) -> None:
        """See that something takes messages; raises `TemporaryDeliveryError` or `RefusedDeliveryError`."""

    def send(self, message: Any) -> Outcome:  # Any: as above
        """Hand one over."""

    def close(self) -> None:
        """Done."""


@dataclass
class ByMail:
    """One connection to the mail server."""

    session: SmtpSession
    dkim: DkimKey | None = None
    key_header: str | None = None
    return_path: str | None = None
    _forms: dict[tuple[int, int], MailForm] = field(default_factory=dict)

    def written(self, row: InHand, person: Addressee) -> Any:  # Any: as `Way` says
        """Recipient, mail, and whom reports go to."""
        if person.email is None:
            return Outcome("refused", "no e-mail address")
        parts = row.text.wording.parts(person)
        try:
            recipient = recipient_of(person.email)
            mail = self._form(row.text).written(row.key, person.email, parts, in_html(parts), row.dated_at)
        except RefusedDeliveryError:
            return Outcome("refused", "not an e-mail address")
        sender = self.return_path.replace("{key}", row.key) if self.return_path is not None else None
        return recipient, self.dkim.signed(mail) if self.dkim is not None else mail, sender

    def connect(self) -> None:
        """See that there is a connection."""
        self.session.connect()

    def send(self, message: Any) -> Outcome:  # Any: as `Way` says
        """Hand the mail over."""
        recipient, mail, sender = message
        return self.session.send(recipient, mail, sender)

    def close(self) -> None:
        """End the connection."""
        self.session.close()

    def _form(self, text: PersonText) -> MailForm:
        known = (text.notice_id, text.version)
        if known not in self._forms:
            self._forms[known] = MailForm(
                self.session.settings.sender, text.subject, text.language, text.text, text.html, self.key_header
            )
        return self._forms[known]


@dataclass
class ByWebhook:
    """The endpoint that passes messages on to phones or into an account, each once for its key."""

    endpoint: Webhook
    channel: Channel

    def written(self, row: InHand, person: Addressee) -> Any:  # Any: as `Way` says
        """Key and JSON."""
        to = person.phone if self.channel is Channel.SMS else person.identifier
        if to is None:
            return Outcome("refused", "no address for this channel")
        text = row.text.bare.filled(row.text.wording.parts(person))
        payload = {
            "action": "message_person",
            "channel": self.channel.value,
            "to": to,
            "text": text,
            "language": row.text.language,
        }
        return row.key, {**payload, "key": row.key}

    def connect(self) -> None:
        """Nothing: each message has a connection of its own."""

    def send(self, message: Any) -> Outcome:  # Any: as `Way` says
        """Post it."""
        key, payload = message
        try:
            self.endpoint.post(key, payload)
        except DeliveryError as error:
            status = _STATUS.search(str(error))
            return outcome_of(error, f"HTTP {status[0]}" if status else type(error).__name__)
        return Outcome("sent", "taken by the endpoint")

    def close(self) -> None:
        """Nothing."""


def ways_out(desk: Desk, number: str) -> Callable[[], Mapping[str, Way]]:
    """Makes the ways of one connection, by channel; raises `BadInputError` where none is set."""
    with reading(desk.engine) as session:
        rehearsal = find(session, number).rehearsal
    mail = desk.channels.mail if isinstance(desk.channels.mail, SmtpServer) else None
    webhook = desk.channels.webhook if isinstance(desk.channels.webhook, Webhook) else None
    if mail is None and webhook is None:
        raise BadInputError("no way to people is set: set TOCSIN_SMTP_HOST and TOCSIN_SMTP_SENDER, then send again")
    if rehearsal:
        mail = mail if mail is not None and is_loopback(mail.host) else None
        webhook = webhook if webhook is not None and is_loopback(host_of(webhook.url)) else None
    if mail is None and webhook is None:
        raise NotAllowedError(f"{number} is a rehearsal: it sends to servers on this machine only")
    key = _dkim(desk, mail) if mail is not None else None

    def made() -> Mapping[str, Way]:
        found: dict[str, Way] = {}
        if mail is not None:
            settings = desk.settings
            found[Channel.EMAIL.value] = ByMail(
                SmtpSession(mail), key, settings.smtp_key_header, settings.smtp_return_path
            )
        if webhook is not None:
            found |= {way.value: ByWebhook(webhook, way) for way in (Channel.SMS, Channel.IN_APP)}
        return found

    return made


def _dkim(desk: Desk, mail: SmtpServer) -> DkimKey | None:
    file = desk.settings.dkim_key
    return read_dkim_key(file, desk.settings.dkim_selector, mail.sender) if file is not None else None
