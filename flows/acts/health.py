"""What is configured, reachable and missing; each finding says how to mend it."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from flows.acts.subscriptions import must_be_readable, subscriptions
from flows.desk import Desk, open_desk
from flows.organisation import read_organisation
from flows.server import answers, local_address
from flows.settings import Settings, laws_from
from migrations.upgrade import HEAD, version_of
from models.errors import BadInputError, TocsinError
from models.store import reading
from models.tables import TicketWatch
from people.roster import encrypts_by_openssl
from playbooks.playbook import load_playbooks
from templates.checklist import checklist
from templates.language import languages

OURS = (
    "tocsin",
    "console",
    "flows",
    "playbooks",
    "laws",
    "templates",
    "integrations",
    "people",
    "models",
    "migrations",
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine, missing but not needed, or wrong."""

    what: str
    state: str  # ok, off, wrong
    detail: str


def health(settings: Settings) -> Iterator[Finding]:
    """Look at everything once; nothing is changed, except that missing tables are made."""
    yield _tried("packages", _packages)
    yield _tried("home folder", lambda: _home(settings))
    yield _tried("database", lambda: _database(settings))
    yield _tried("laws", lambda: f"{sum(len(law.provisions) for law in laws_from(settings).laws)} provisions")
    yield _tried("playbooks", lambda: ", ".join(load_playbooks(*((settings.playbooks,) if settings.playbooks else ()))))
    yield _tried("templates", lambda: _templates(settings.templates))
    yield _pdf()
    yield _rosters()
    yield _organisation(settings)
    yield _prefect(settings)
    yield from _channels(settings)


def _templates(own: Path | None) -> str:
    if faults := checklist(own):
        raise BadInputError(faults[0] + (f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""))
    return ", ".join(languages())


def _tried(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, "ok", look())
    except TocsinError as error:
        return Finding(what, "wrong", str(error))


def _packages() -> str:
    """Each top-level name must be ours: they are plain words that another package might take."""
    root = Path(__file__).parents[2]
    for name in OURS:
        found = Path(str(import_module(name).__file__))
        if root not in found.parents:
            raise TocsinError(f"{name!r} is not ours but {found.parent}; uninstall the package that brought it")
    return f"{len(OURS)} top-level packages are ours"


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True)
    if not os.access(settings.home, os.W_OK):
        raise TocsinError(f"{settings.home} cannot be written; mend its permissions or set TOCSIN_HOME")
    return str(settings.home.resolve())


def _database(settings: Settings) -> str:
    desk: Desk = open_desk(settings)
    assert version_of(desk.engine) == HEAD, "opening the desk brings the tables up to date"
    return f"{desk.engine.url.render_as_string(hide_password=True)}, tables at {HEAD}"


def _pdf() -> Finding:
    from integrations.pdf import fonts_of_this_machine

    return _tried("PDF", fonts_of_this_machine)


def _rosters() -> Finding:
    if encrypts_by_openssl():
        return Finding("rosters", "ok", "encrypted by OpenSSL")
    weaker = "encrypted by DuckDB's own AES, whose random numbers are weaker than OpenSSL's"
    return Finding(
        "rosters", "off", f"{weaker}: keep the disk encrypted, and see the end of docs/how-to/rosters.md for OpenSSL"
    )


def _organisation(settings: Settings) -> Finding:
    if settings.organisation is None:
        return Finding(
            "organisation",
            "off",
            "TOCSIN_ORGANISATION is not set: notices lack contact points; see docs/how-to/configure.md",
        )
    return _tried("organisation", lambda: read_organisation(settings.organisation).name or "no name in it")


def _prefect(settings: Settings) -> Finding:
    address = os.environ.get("PREFECT_API_URL", f"{local_address(settings.server_port)}/api").removesuffix("/api")
    if answers(address):
        return Finding("Prefect server", "ok", address)
    return Finding("Prefect server", "off", f"none answers at {address}; start one with `tocsin serve`")


def _channels(settings: Settings) -> Iterator[Finding]:
    outbox = f"the outbox folder {settings.home / 'outbox'} takes its place"
    if settings.smtp_host:
        yield _tried("mail", lambda: _reached(settings.smtp_host or "", settings.smtp_port))
    else:
        yield Finding("mail", "off", f"TOCSIN_SMTP_HOST is not set; {outbox}")
    yield Finding(
        "Slack",
        "ok" if settings.slack_token else "off",
        _slack(settings) if settings.slack_token else f"TOCSIN_SLACK_TOKEN is not set; {outbox}",
    )
    for name, address in (("Teams", settings.teams_url), ("Mattermost", settings.mattermost_url)):
        if address:
            yield Finding(name, "ok", "an address is set; cards go there")
    if settings.tickets:
        yield ticket_health(settings)
    yield subscription_health(settings)
    yield Finding(
        "webhook",
        "ok" if settings.webhook_url else "off",
        "set" if settings.webhook_url else f"TOCSIN_WEBHOOK_URL is not set; {outbox}",
    )


def ticket_health(settings: Settings) -> Finding:
    """Whether tickets can be made there now, and what the watch last found wrong."""
    return _tried("tickets", lambda: _tickets(settings))


def subscription_health(settings: Settings) -> Finding:
    """Whether those who subscribed to events hear them."""
    try:
        desk = open_desk(settings)
        told = subscriptions(desk)
        must_be_readable(desk)
    except TocsinError as error:
        return Finding("subscriptions", "wrong", str(error))
    failing = [f"{one.subscription} ({one.host})" for one in told if one.failures]
    if failing:
        advice = f"`tocsin subscriptions deliveries {failing[0].partition(' ')[0]}` shows its answers"
        return Finding("subscriptions", "wrong", f"{', '.join(failing)} did not take the last event; {advice}")
    return Finding("subscriptions", "ok" if told else "off", f"told of events: {len(told)}")


def _tickets(settings: Settings) -> str:
    desk = open_desk(settings)
    system = desk.channels.tickets
    assert system is not None, "it is set"
    reached = system.checked()
    with reading(desk.engine) as session:
        watched = session.get(TicketWatch, system.name)
    wrong = f"; when last asked what became of tickets: {watched.last_error}" if watched and watched.last_error else ""
    return reached + wrong


def _slack(settings: Settings) -> str:
    ways = [
        name
        for name, set_ in (("socket mode", settings.slack_app_token), ("HTTP", settings.slack_signing_secret))
        if set_
    ]
    return f"token set; answers come by {' and '.join(ways)}" if ways else "token set; nothing is answered from there"


def _reached(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), timeout=3):
            return f"{host}:{port} answers"
    except OSError as error:
        raise TocsinError(
            f"{host}:{port} cannot be reached ({error}); mail waits until it can, check TOCSIN_SMTP_HOST"
        ) from error
