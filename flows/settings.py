"""Everything the environment may set, read once, by the outermost layer, under `TOCSIN_...`."""

import os
from datetime import time
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import ByteSize, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from integrations.networks import Allowed, allowed_targets
from integrations.syslog import syslog_address
from laws.law import Laws, load_laws
from models.errors import BadInputError
from models.vocabulary import PersonRole

PUBLIC_FORMS = ("page", "holding", "full", "followup", "banner")
COMPONENT_STATUSES = ("degraded_performance", "partial_outage", "major_outage", "under_maintenance")
WAYS_OUT = (
    "smtp_host",
    "slack_token",
    "slack_app_token",
    "teams_url",
    "mattermost_url",
    "webhook_url",
    "pager",
    "tickets",
    "statuspage_page",
    "syslog",
    "heartbeat_url",
)
"""Each of these, once set, has something reach others; a rehearsal has none."""


class Settings(BaseSettings):
    """One installation's settings. Every one has a default that works on a single machine with nothing else on it."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_", extra="ignore")

    home: Path = Field(Path(".tocsin"), description="Folder for the database, the outbox, evidence and caches.")
    database_url: str | None = Field(
        None, description="sqlite:///FILE or postgresql://...; default: tocsin.db in the home folder."
    )
    laws: Path | None = Field(None, description="Folder of law files that add to or replace ours.")
    playbooks: Path | None = Field(None, description="Folder of playbooks that add to or replace ours.")
    templates: Path | None = Field(None, description="Folder of the organisation's own templates, by language.")
    organisation: Path | None = Field(
        None, description="YAML file with the organisation's contact points and addresses."
    )
    languages: Annotated[tuple[str, ...], NoDecode] = Field(
        ("en", "zh"), description="Languages of press, staff and care texts, comma-separated."
    )
    people_keys: Path | None = Field(
        None, description="Folder of the keys of the rosters; default: people/keys in the home folder."
    )
    syslog: str | None = Field(None, description="udp://host:port of a SIEM that gets a copy of the audit stream.")
    intake: Path | None = Field(
        None, description="YAML file with the tools and relays that may send to us, and the rules."
    )
    people_mailbox: Path | None = Field(
        None, description="Maildir of what comes back from people, which `serve` reads."
    )
    clock: Path | None = Field(None, description="File with a rehearsal's time; unset: the machine's time.")
    actor: str | None = Field(None, description="Who acts when no --as is given.")
    server_port: int = Field(4200, description="Port of the Prefect server that `serve` starts.")
    server_host: str = Field("127.0.0.1", description="Address that this Prefect server listens on.")
    watch_silence: int = Field(120, ge=10, description="Seconds without a pass after which people are told.")
    worker_runs: int | None = Field(None, ge=1, description="Runs that one worker carries at once.")
    retention_days: int | None = Field(None, ge=1, description="Days after closing that words and evidence are kept.")
    heartbeat_url: str | None = Field(None, description="Asked after each half minute in which the watch ran.")
    prefect_answers: bool = Field(True, description="Whether open questions can be answered in the Prefect UI.")
    console_host: str = Field("127.0.0.1", description="Address that the console listens on.")
    console_port: int = Field(4280, description="Port of the console that `serve` starts.")
    console_url: str | None = Field(None, description="How the console is reached from outside, for links.")
    upload_limit: ByteSize | None = Field(
        None, ge=1, description="Largest file that the console and the API take, such as 10GiB."
    )
    many_records: int = Field(
        1_000, ge=1, description="Records of affected people a day that are unusual for one person."
    )
    office_hours: str = Field("07:00-20:00", description="When it is usual to look at them, Monday to Friday.")
    private_targets: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Hosts and networks not public that users may set as targets, comma-separated."
    )
    second_factor: Literal["optional", "signers", "all"] = Field(
        "optional", description="Who has to sign in with a second factor."
    )
    oidc_issuer: str | None = Field(None, description="Address of the OpenID provider for single sign-on.")
    oidc_client_id: str | None = Field(None, description="Under which name the console is registered there.")
    oidc_client_secret: SecretStr | None = Field(None, description="Its secret, where the provider gives one.")

    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: Literal["starttls", "implicit", "none"] = "starttls"
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_sender: str | None = None
    smtp_key_header: str | None = Field(
        None,
        pattern=r"^[A-Za-z][A-Za-z0-9-]{0,70}$",
        description="Header that bears a mail's key, for a relay that gives it back in its events.",
    )
    smtp_return_path: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]+[+=]\{key\}@[A-Za-z0-9.-]+$",
        description="Where reports on mails to people go, with {key} for the mail's key.",
    )
    dkim_key: Path | None = Field(
        None, description="PEM file by which mail to people is signed (DKIM); else the relay does."
    )
    dkim_selector: str = Field("tocsin", description="Under which selector DNS has its public half.")
    slack_token: SecretStr | None = None
    slack_channel: str | None = None
    slack_signing_secret: SecretStr | None = Field(None, description="Checks what Slack sends to /slack/... over HTTP.")
    slack_app_token: SecretStr | None = Field(None, description="Lets `serve` take Slack's requests by socket mode.")
    slack_base_url: str | None = Field(None, description="Another Slack-shaped server, for tests.")
    teams_url: SecretStr | None = Field(None, description="A workflow's or incoming webhook's address in Teams.")
    mattermost_url: SecretStr | None = Field(None, description="An incoming webhook's address in Mattermost.")
    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    webhook_receipt: Literal["any", "reference"] = "any"

    pager: Literal["pagerduty", "opsgenie"] | None = Field(
        None, description="The service that pages whoever is on call."
    )
    pager_key: SecretStr | None = Field(None, description="PagerDuty's routing key, or Opsgenie's API key.")
    pager_url: str | None = Field(None, description="Another address of the same shape, such as Opsgenie's in the EU.")

    tickets: Literal["jira", "servicenow"] | None = Field(None, description="Where steps become tickets.")
    tickets_url: str | None = Field(None, description="Its address, such as https://example.atlassian.net.")
    tickets_user: str | None = Field(
        None, description="The account: Jira Cloud's e-mail address, or a user; without one the token stands alone."
    )
    tickets_token: SecretStr | None = Field(
        None, description="API token, personal access token, password or OAuth token."
    )
    tickets_secret: SecretStr | None = Field(None, description="Checks what the ticket system sends to /tickets/...")
    ticket_roles: Annotated[tuple[PersonRole, ...], NoDecode] = Field(
        (), description="Whose tasks become tickets, comma-separated; unset: everybody's."
    )
    jira_project: str | None = Field(None, description="Key of the project that gets the issues.")
    jira_issue_type: str = Field("Task", description="Of which type they are.")
    jira_edition: Literal["cloud", "data_center"] = Field("cloud", description="Which Jira it is.")
    servicenow_table: str = Field("incident", description="Table of the records, such as sn_si_incident.")
    servicenow_close_code: str = Field("Solution provided", description="The close code that its forms ask for.")

    statuspage_page: str | None = Field(None, description="Id of the status page that gets signed public texts.")
    statuspage_key: SecretStr | None = Field(None, description="Its API key.")
    statuspage_url: str | None = Field(None, description="Another address of the same shape.")
    statuspage_forms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("page",), description="Which press texts go there, comma-separated: page, holding, full, followup, banner."
    )
    statuspage_language: str | None = Field(None, description="In which language; default: the first of the languages.")
    statuspage_components: Annotated[tuple[tuple[str, str], ...], NoDecode] = Field(
        (), description="Components while it is open, such as abc123=degraded_performance, comma-separated."
    )
    statuspage_notifies: bool = Field(True, description="Whether the page tells its subscribers.")

    @field_validator("languages", "ticket_roles", "private_targets", "statuspage_forms", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("private_targets")
    @classmethod
    def _hosts_and_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            allowed_targets(value)
        except BadInputError as error:
            raise ValueError(str(error)) from error
        return value

    @field_validator("statuspage_forms")
    @classmethod
    def _public_forms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for form in value:
            if form not in PUBLIC_FORMS:
                raise ValueError(f"{form!r} is no public text; known are {', '.join(PUBLIC_FORMS)}")
        return value

    @field_validator("statuspage_components", mode="before")
    @classmethod
    def _components(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().partition("=") for part in value.split(",") if part.strip()]
        for name, _, status in pairs:
            if not name or status not in COMPONENT_STATUSES:
                raise ValueError(f"write ID=STATUS with one of {', '.join(COMPONENT_STATUSES)}")
        return tuple((name, status) for name, _, status in pairs)

    @field_validator("office_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        opens, closes = _two_times(value)
        if opens >= closes:
            raise ValueError("write it as 07:00-20:00, from the earlier to the later")
        return value

    @field_validator("console_host", "server_host")
    @classmethod
    def _an_address(cls, value: str) -> str:
        ip_address(value)
        return value

    @field_validator("syslog")
    @classmethod
    def _a_syslog(cls, value: str | None) -> str | None:
        try:
            return value if value is None else "udp://{}:{}".format(*syslog_address(value))
        except BadInputError as error:
            raise ValueError(str(error)) from error

    def without_ways_out(self) -> "Settings":
        """The same with nothing that reaches anybody."""
        return self.model_copy(update=dict.fromkeys(WAYS_OUT))

    def console(self) -> str:
        """The console's address, for links."""
        return (self.console_url or f"http://{self.console_host}:{self.console_port}").rstrip("/")

    def opening_hours(self) -> tuple[time, time]:
        """From when until when the office is open."""
        return _two_times(self.office_hours)

    @property
    def targets(self) -> Allowed:
        """Where targets that users set may be, besides public addresses."""
        return allowed_targets(self.private_targets)

    @property
    def answers_in_slack(self) -> bool:
        """Whether what people press in Slack reaches us."""
        return self.slack_token is not None and (self.slack_signing_secret or self.slack_app_token) is not None

    def runs_at_once(self) -> int:
        """How many runs one worker carries at once: two for each processor where nothing is set, and at least four."""
        return self.worker_runs or max(4, 2 * (os.cpu_count() or 1))

    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{self.home / 'tocsin.db'}"


def _two_times(written: str) -> tuple[time, time]:
    opens, _, closes = written.partition("-")
    return time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())


def read_settings() -> Settings:
    """The settings from the environment; raises `BadInputError` that names the variable."""
    try:
        return Settings()
    except ValidationError as error:
        detail = error.errors()[0]
        name = "TOCSIN_" + "_".join(str(part) for part in detail["loc"]).upper()
        raise BadInputError(f"{name}: {detail['msg']}; correct it in the environment") from error


def laws_from(settings: Settings) -> Laws:
    """The law data, ours and the organisation's own over it; needs no database."""
    return load_laws(*((settings.laws,) if settings.laws else ()), cache=settings.home / "cache")
