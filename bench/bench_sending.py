"""Sending to a local mail server, against a bare loop on as many connections; and two workers against one, at 50 ms an answer.

Run with `python -m bench.bench_sending`; PEOPLE names the size, DATABASE=sqlite the database (else PostgreSQL).
"""

import asyncio
import os
import signal
import smtplib
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from statistics import median

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import update
from sqlmodel import select

from bench.machine import described, verdict
from flows.acts.people_carry import carry_sending
from flows.acts.people_texts import signed_text
from flows.desk import open_desk
from flows.settings import Settings
from integrations.mail_form import MailForm
from models.incident import find
from models.store import reading, writing
from models.tables import PersonDelivery
from people.letter import Addressee, in_html
from tests.conftest import DEMO
from tests.flows.affected import NUMBER, SENDER, by_mail, email
from tests.flows.people_kills import forked, prepared
from tests.integrations.sinks import free_port
from tests.postgres import postgres_running

PEOPLE, SLOW = int(os.environ.get("PEOPLE", "4000")), 1600
CONNECTIONS = 4
AIM_RATE, AIM_TWO = 0.8, 1.8
ANSWER_SECONDS = 0.05


class _Sink:
    def __init__(self, wait: float) -> None:
        self._wait = wait

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        if self._wait:
            await asyncio.sleep(self._wait)
        return "250 2.0.0 Ok"


@contextmanager
def sink(wait: float = 0.0) -> Iterator[int]:
    """A mail server in a process of its own, that takes so long to answer each mail."""
    port = free_port()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        await loop.create_server(lambda: SMTP(_Sink(wait), loop=loop), "127.0.0.1", port, backlog=200)
        await asyncio.Event().wait()

    process = forked(lambda: asyncio.run(serve()))
    try:
        time.sleep(1)
        yield port
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def bare(port: int, mail: bytes, people: int) -> float:
    """Mails a second by smtplib alone: the same mail, already written, on as many connections."""

    def share(start: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as server:
            for n in range(start, people, CONNECTIONS):
                server.sendmail("privacy@meridia.example", [email(n)], mail)

    started = time.perf_counter()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(share, range(CONNECTIONS)))
    return people / (time.perf_counter() - started)


def sent(settings: Settings, port: int, people: int, workers: int) -> float:
    """Mails a second by ours, each worker a process of its own with as many connections."""
    _again(settings, people)
    started = time.perf_counter()
    for process in [forked(lambda: _work(settings, port)) for _ in range(workers)]:
        assert os.waitpid(process, 0)[1] == 0
    return people / (time.perf_counter() - started)


def _work(settings: Settings, port: int) -> None:
    carry_sending(by_mail(open_desk(settings), port), NUMBER, connections=CONNECTIONS)


def _again(settings: Settings, people: int) -> None:
    """Put the first so many back, the others out of the way."""
    desk = open_desk(settings)
    with writing(desk.engine) as session:
        session.execute(update(PersonDelivery).values(state="withdrawn", sent_at=None, attempts=0, dated_at=None))
        session.execute(update(PersonDelivery).where(PersonDelivery.seq <= people).values(state="pending"))
    desk.engine.dispose()


def _one_mail(settings: Settings) -> bytes:
    """One person's mail, as ours writes it."""
    desk = open_desk(settings)
    with reading(desk.engine) as session:
        notice = session.exec(select(PersonDelivery.notice_id).limit(1)).one()
        text, _ = signed_text(session, find(session, NUMBER), notice)
    assert text is not None
    person = Addressee("0" * 16, 1, "Ana Planted", email(1), None, None, None, None, "FR", None)
    parts = text.wording.parts(person)
    form = MailForm(SENDER, text.subject, text.language, text.text, text.html)
    mail = form.written(f"{NUMBER}.key", email(1), parts, in_html(parts), desk.clock())
    desk.engine.dispose()
    return mail


def measure(settings: Settings) -> None:
    """The rates, by turns."""
    preparing = forked(lambda: prepared(open_desk(settings), PEOPLE))
    assert os.waitpid(preparing, 0)[1] == 0
    mail = _one_mail(settings)
    with sink() as port:
        pairs = [(bare(port, mail, PEOPLE), sent(settings, port, PEOPLE, 1)) for _ in range(3)]
    floor, ours = (median(rates) for rates in zip(*pairs, strict=True))
    print(f"{PEOPLE} mails of {len(mail)} bytes, {CONNECTIONS} connections, {settings.database().partition(':')[0]}")
    print(f"bare loop  {floor:7.0f} a second\nours       {ours:7.0f} a second")
    print(f"ratio      {ours / floor:.2f} (aim {AIM_RATE}: {verdict(AIM_RATE, ours / floor)})", flush=True)
    with sink(ANSWER_SECONDS) as port:
        one, two = (sent(settings, port, SLOW, workers) for workers in (1, 2))
    print(f"server answers in {ANSWER_SECONDS * 1000:.0f} ms: one worker {one:.0f}, two {two:.0f} a second")
    print(f"ratio      {two / one:.2f} (aim {AIM_TWO}: {verdict(AIM_TWO, two / one)})")


def main() -> None:
    """On a database of its own."""
    print(described(), flush=True)
    on_postgres = os.environ.get("DATABASE", "postgresql") == "postgresql"
    with tempfile.TemporaryDirectory() as name, postgres_running() if on_postgres else nullcontext() as postgres:
        address = postgres.new_database() if postgres else None
        measure(Settings(home=Path(name), database_url=address, organisation=DEMO / "organisation.yaml"))


if __name__ == "__main__":
    main()
