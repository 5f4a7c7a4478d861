"""The people of the demo's breach: a roster, its cohorts, and the texts to them signed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flows.acts.people import load_people
from flows.acts.people_carry import carry_sending
from flows.acts.people_cohorts import plan_cohorts
from flows.acts.people_plan import start_sending
from flows.acts.people_send import Tally
from flows.channels import Channels
from flows.desk import Desk, open_desk
from flows.settings import Settings
from integrations.smtp import SmtpServer
from models.cohorts import Cohorts
from models.tables import PersonDelivery
from people.columns import Mapping
from tests.flows.meridia import DATA, LEGAL, RESPONDER, every, make_signable, notices, sign
from tests.flows.post import DeskByPost
from tests.integrations.sinks import MailSink, mail_server

NUMBER = "INC-2026-0001"
SENDER = "Meridia Mobility <privacy@meridia.example>"
HEAD = "given_name,family_name,email,street,city,postcode,country,language\n"
EVERYBODY = {"name": "everybody", "text": "letter", "texts": {"email": "email"}, "channels": ["email", "post"]}


def rules(**more: object) -> Cohorts:
    """One cohort, e-mail before post."""
    return Cohorts.model_validate({"cohorts": [EVERYBODY], **more})


def french(count: int, *, post: bool = False) -> str:
    """A roster of invented people in France with an address each."""
    where = "1 rue de l'Exemple,Paris,75001" if post else ",,"
    lines = (f"{name(n)},Planted,{email(n)},{where},FR,fr\n" for n in range(count))
    return HEAD + "".join(lines)


def name(n: int) -> str:
    """A given name of its own, in letters alone: signs and digits do not tell people apart."""
    letters = "".join(chr(97 + int(digit)) for digit in str(n))
    return f"Ana{letters}"


def email(n: int) -> str:
    """The address of the person with that name."""
    return f"{name(n).lower()}@planted{n % 3}.example"


def assign_people(desk: Desk, roster: str, cohorts: Cohorts | None = None, number: str = NUMBER) -> None:
    """Load a roster and accept who gets what."""
    file = Path(desk.settings.home) / "roster.csv"
    file.write_text(roster)
    load_people(desk, number, [str(file)], Mapping(), by=RESPONDER)
    file.unlink()
    plan_cohorts(desk, number, cohorts or rules(), [], accepted_by=LEGAL)


def sign_texts(desk: Desk, number: str = NUMBER, language: str = "fr") -> None:
    """Have the GDPR's texts to people signed in one language."""
    make_signable(desk, number)
    sign(desk, number, *notices(desk, number, provision="eu-gdpr-34", language=language))


def by_mail(desk: Desk, port: int) -> Desk:
    """The desk with a mail server on this machine."""
    server = SmtpServer("127.0.0.1", port, SENDER, desk.clock, security="none", local_hostname="localhost")
    ways: Channels = replace(desk.channels, mail=server)
    return DeskByPost(desk.settings, desk.engine, desk.clock, desk.held, ways=ways)


def copied(home: Path, to: Path, clock: Path) -> Desk:
    """A desk on a copy of a prepared home."""
    shutil.copytree(home, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("cache", "clock"))
    return open_desk(Settings(home=to, clock=clock, organisation=DATA / "organisation.yaml"))


@contextmanager
def sink_and_desk(desk: Desk, sink: MailSink | None = None) -> Iterator[tuple[MailSink, Desk]]:
    """A mail server that remembers, and the desk that sends to it."""
    with mail_server(sink or MailSink()) as running:
        yield running, by_mail(desk, running.port)


def send(desk: Desk, wave: str = "rest", *, connections: int = 2, number: str = NUMBER) -> Tally:
    """Open the wave and carry it."""
    start_sending(desk, number, by=LEGAL, wave=wave)
    return carry_sending(desk, number, connections=connections)


def rows(desk: Desk, **fields: object) -> list[PersonDelivery]:
    """The delivery rows."""
    return every(desk, PersonDelivery, NUMBER, **fields)
