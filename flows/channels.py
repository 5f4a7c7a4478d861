"""Which way a message goes: the configured channel where there is one, the local outbox where there is none."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

from flows.organisation import OrganisationFile
from flows.settings import Settings
from integrations.channel import Channel
from integrations.guarded import operators_client
from integrations.jira import Jira
from integrations.json_api import JsonApi
from integrations.mattermost import Mattermost
from integrations.outbox import Outbox
from integrations.paging import Pager
from integrations.servicenow import ServiceNow
from integrations.slack import SLACK, Slack
from integrations.slack_workspace import Workspace
from integrations.smtp import SmtpServer
from integrations.statuspage import STATUSPAGE, StatusPage
from integrations.teams import Teams
from integrations.ticket import TicketSystem
from integrations.webhook import Webhook
from models.clock import Clock
from models.errors import BadInputError


@dataclass(frozen=True)
class Channels:
    """The ways out. A way that is not configured is None, and the outbox takes its place."""

    outbox: Channel
    mail: Channel | None
    chat: Channel | None
    webhook: Channel | None
    addresses: dict[str, str]
    chat_channel: str
    pager: Channel | None = None
    other_chats: tuple[Channel, ...] = ()  # which get a copy of every card
    workspace: Workspace | None = None  # the rest of Slack, where the chat is Slack
    tickets: TicketSystem | None = None
    status_page: StatusPage | None = None

    def named(self, name: str) -> Channel:
        """The channel that a row names; raises `BadInputError` when it is not configured any more."""
        for channel in self._all():
            if channel is not None and channel.name == name:
                return channel
        raise BadInputError(
            f"the channel {name!r} is not configured any more; set it again, or reject what waits for it"
        )

    def _all(self) -> tuple[Channel | None, ...]:
        return (
            self.outbox,
            self.mail,
            self.chat,
            self.webhook,
            self.pager,
            self.tickets,
            self.status_page,
            *self.other_chats,
        )

    def for_mail(self, *names: str) -> tuple[Channel, str]:
        """The way to a recipient known by any of `names`: mail where an address is set, else the outbox."""
        address = next((self.addresses[name] for name in names if name in self.addresses), None)
        if self.mail is not None and address is not None:
            return self.mail, address
        return self.outbox, address or names[0]

    def for_notice(self, recipient: str, audience: str, form: str, language: str) -> tuple[Channel, str]:
        """The way of a notice: the status page for what it takes, else as mail goes."""
        if self.status_page is not None and self.status_page.takes(audience, form, language):
            return self.status_page, self.status_page.page
        return self.for_mail(recipient, audience)

    def for_chat(self) -> tuple[Channel, str]:
        """The way to the responders: Slack, else Teams or Mattermost, else the outbox."""
        return (self.chat, self.chat_channel) if self.chat is not None else (self.outbox, self.chat_channel)

    def copies(self) -> list[tuple[Channel, str]]:
        """The further chats, each of which gets what the first one gets."""
        return [(channel, self.chat_channel) for channel in self.other_chats]

    def for_webhook(self, name: str) -> tuple[Channel, str]:
        """The way to a system of the organisation's: the webhook, else the outbox."""
        return (self.webhook or self.outbox), name

    def for_ticket(self, name: str) -> tuple[Channel, str]:
        """The way to where tickets are worked on: the ticket system, else the webhook, else the outbox."""
        return (self.tickets, self.tickets.place) if self.tickets is not None else self.for_webhook(name)

    def for_page(self, name: str) -> tuple[Channel, str]:
        """The way to whoever is on call: the paging service, else the responders' chat."""
        return (self.pager, name) if self.pager is not None else self.for_chat()


def channels_from(settings: Settings, organisation: OrganisationFile, clock: Clock) -> Channels:
    """The ways out that the settings name; raises `BadInputError` for a half-configured one."""
    slack = _slack(settings, clock)
    chats = [*([slack] if slack else []), *_by_webhook(settings, clock)]
    return Channels(
        outbox=Outbox(settings.home / "outbox", clock),
        mail=_mail(settings, clock),
        chat=chats[0] if chats else None,
        other_chats=tuple(chats[1:]),
        webhook=_webhook(settings, clock),
        pager=_pager(settings, clock),
        addresses=organisation.addresses,
        chat_channel=settings.slack_channel or "responders",
        workspace=Workspace(slack) if slack else None,
        tickets=_tickets(settings, clock),
        status_page=_status_page(settings, clock),
    )


def _mail(settings: Settings, clock: Clock) -> Channel | None:
    if settings.smtp_host is None:
        return None
    if settings.smtp_sender is None:
        raise BadInputError("TOCSIN_SMTP_HOST is set without TOCSIN_SMTP_SENDER; set the address that mail comes from")
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    return SmtpServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_sender,
        clock,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=password,
    )


def _slack(settings: Settings, clock: Clock) -> Slack | None:
    if settings.slack_token is None:
        return None
    if settings.slack_channel is None:
        raise BadInputError("TOCSIN_SLACK_TOKEN is set without TOCSIN_SLACK_CHANNEL; set the ID of the conversation")
    return Slack(
        operators_client(), settings.slack_token.get_secret_value(), clock, base_url=settings.slack_base_url or SLACK
    )


def _by_webhook(settings: Settings, clock: Clock) -> Iterator[Channel]:
    """The chats that take cards by an address which is itself the secret."""
    if settings.teams_url is not None:
        yield Teams(operators_client(), settings.teams_url.get_secret_value(), clock)
    if settings.mattermost_url is not None:
        yield Mattermost(operators_client(), settings.mattermost_url.get_secret_value(), clock)


def _webhook(settings: Settings, clock: Clock) -> Channel | None:
    if settings.webhook_url is None:
        return None
    secret = settings.webhook_secret.get_secret_value().encode() if settings.webhook_secret else b""
    return Webhook(operators_client(), settings.webhook_url, clock, secret, receipt=settings.webhook_receipt)


def _pager(settings: Settings, clock: Clock) -> Channel | None:
    if settings.pager is None:
        return None
    if settings.pager_key is None:
        raise BadInputError(
            "TOCSIN_PAGER is set without TOCSIN_PAGER_KEY; set the routing key or API key of the service"
        )
    return Pager(
        operators_client(), settings.pager, settings.pager_key.get_secret_value(), clock, settings.pager_url or ""
    )


def _tickets(settings: Settings, clock: Clock) -> TicketSystem | None:
    if settings.tickets is None:
        return None
    if settings.tickets_url is None or settings.tickets_token is None:
        raise BadInputError("TOCSIN_TICKETS is set without TOCSIN_TICKETS_URL and TOCSIN_TICKETS_TOKEN; set both")
    token = settings.tickets_token.get_secret_value()
    title = "Jira" if settings.tickets == "jira" else "ServiceNow"
    api = JsonApi(
        operators_client(),
        settings.tickets_url,
        _authorization(settings.tickets_user, token),
        clock,
        title,
        "TOCSIN_TICKETS_TOKEN",
    )
    if settings.tickets == "servicenow":
        return ServiceNow(api, settings.servicenow_table, settings.servicenow_close_code)
    if settings.jira_project is None:
        raise BadInputError("TOCSIN_TICKETS is jira without TOCSIN_JIRA_PROJECT; set the key of the project")
    return Jira(api, settings.jira_project, settings.jira_issue_type, settings.jira_edition)


def _status_page(settings: Settings, clock: Clock) -> StatusPage | None:
    if settings.statuspage_page is None:
        return None
    if settings.statuspage_key is None:
        raise BadInputError("TOCSIN_STATUSPAGE_PAGE is set without TOCSIN_STATUSPAGE_KEY; set the page's API key")
    key = f"OAuth {settings.statuspage_key.get_secret_value()}"
    url = settings.statuspage_url or STATUSPAGE
    api = JsonApi(operators_client(), url, key, clock, "the status page", "TOCSIN_STATUSPAGE_KEY")
    language = settings.statuspage_language or next(iter(settings.languages), "en")
    return StatusPage(
        api,
        settings.statuspage_page,
        settings.statuspage_forms,
        language,
        dict(settings.statuspage_components),
        settings.statuspage_notifies,
    )


def _authorization(user: str | None, token: str) -> str:
    return f"Basic {b64encode(f'{user}:{token}'.encode()).decode()}" if user else f"Bearer {token}"
