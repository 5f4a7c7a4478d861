"""Senders killed by SIGKILL at random over one sending to a real mail server; what arrived is compared with the roster.

`python -m tests.flows.people_kills` kills a hundred over 20,000 people on PostgreSQL, and ends with 1 if anybody was missed,
or got a second copy that the record does not own to.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from flows.acts.evaluate import evaluate
from flows.acts.people_carry import carry_sending
from flows.acts.people_plan import start_sending
from flows.acts.people_progress import progress
from flows.acts.report import open_incident
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.report import read_report
from tests.conftest import DEMO
from tests.flows.affected import NUMBER, assign_people, by_mail, email, french, rows, sign_texts
from tests.flows.meridia import LEGAL, REPORTER, contain, draft, join_team
from tests.integrations.sinks import free_port
from tests.postgres import postgres_running

WORKERS, CONNECTIONS = 3, 3
LIMIT_SECONDS = 1_800


@dataclass(frozen=True)
class Found:
    """What arrived, against the roster: people missed, copies too many that no record owns to, and those that one does."""

    people: int
    kills: int
    arrived: int
    missed: tuple[str, ...]
    unowned: tuple[str, ...]
    second_copies: int
    doubtful: int

    @property
    def right(self) -> bool:
        """Whether nobody was missed, and nobody written to twice without its being on record."""
        return not self.missed and not self.unowned


class _Sink:
    """A mail server that puts down each mail it takes before it says so."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        identity = content.partition(b"Message-ID: <")[2].partition(b"@")[0]
        os.write(self._file, envelope.rcpt_tos[0].encode() + b" " + identity + b"\n")
        return "250 2.0.0 Ok"


def forked(act: Callable[[], None]) -> int:
    """Run `act` in a process of its own; gives its id."""
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        act()
        status = 0
    finally:
        os._exit(status)


@contextmanager
def sink_running(file: Path) -> Iterator[int]:
    """The mail server in a process of its own; gives its port."""
    port = free_port()

    async def serve() -> None:
        sink = _Sink(file)
        loop = asyncio.get_running_loop()
        await loop.create_server(lambda: SMTP(sink, loop=loop), "127.0.0.1", port, backlog=200)
        await asyncio.Event().wait()

    process = forked(lambda: asyncio.run(serve()))
    try:
        time.sleep(0.5)
        yield port
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def kill_senders(desk_of: Callable[[], Desk], file: Path, people: int, kills: int, dice: random.Random) -> int:
    """Let senders work, kill one after each so many mails, and let the last ones finish; gives how many were killed."""

    def sender() -> None:
        carry_sending(desk_of(), NUMBER, connections=CONNECTIONS)

    running = [forked(sender) for _ in range(WORKERS)]
    killed = 0
    for number in range(kills):
        _wait_for(file, int(people * (number + dice.random()) / (kills + 1)))
        time.sleep(dice.random() * 0.05)
        victim = running.pop(dice.randrange(len(running)))
        os.kill(victim, signal.SIGKILL)
        _, status = os.waitpid(victim, 0)
        killed += os.WIFSIGNALED(status)
        running.append(forked(sender))
    for process in running:
        os.waitpid(process, 0)
    _finish(desk_of)
    return killed


def _wait_for(file: Path, lines: int) -> None:
    until = time.monotonic() + 30
    while (file.read_bytes().count(b"\n") if file.exists() else 0) < lines and time.monotonic() < until:
        time.sleep(0.01)


def _finish(desk_of: Callable[[], Desk]) -> None:
    """What the last of the killed left is taken up."""

    def finish() -> None:
        desk = desk_of()
        until = time.monotonic() + LIMIT_SECONDS
        while progress(desk, NUMBER).left and time.monotonic() < until:
            carry_sending(desk, NUMBER, connections=CONNECTIONS)

    os.waitpid(forked(finish), 0)


def compared(desk: Desk, file: Path, people: int, kills: int) -> Found:
    """What arrived, against the roster and the record."""
    arrived = Counter(tuple(line.split(" ")) for line in file.read_text().splitlines())
    copies = Counter(identity for _, identity in arrived.elements())
    doubtful = {row.key: row.doubtful for row in rows(desk)}
    reached = {to for to, _ in arrived}
    unsettled = [row.key for row in rows(desk) if row.state != "sent"]
    return Found(
        people=people,
        kills=kills,
        arrived=sum(arrived.values()),
        missed=(*sorted({email(n) for n in range(people)} - reached), *unsettled),
        unowned=tuple(key for key, count in copies.items() if count > 1 + doubtful.get(key, -1)),
        second_copies=sum(count - 1 for count in copies.values()),
        doubtful=sum(doubtful.values()),
    )


def prepared(desk: Desk, people: int) -> None:
    """An incident with a signed text and a roster, whose sending is planned."""
    join_team(desk)
    open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by=REPORTER)
    contain(desk, NUMBER)
    evaluate(desk, NUMBER)
    draft(desk, NUMBER)
    sign_texts(desk)
    planned(desk, people)


def planned(desk: Desk, people: int) -> None:
    """A roster of so many, and a row for each."""
    assign_people(desk, french(people))
    start_sending(desk, NUMBER, by=LEGAL, wave="rest")


def main() -> int:
    """The whole test, with its figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=6)
    given = parser.parse_args()
    with postgres_running() as postgres, tempfile.TemporaryDirectory() as name:
        folder, address = Path(name), postgres.new_database()
        settings = Settings(home=folder / "home", database_url=address, organisation=DEMO / "organisation.yaml")
        preparing = forked(lambda: prepared(open_desk(settings), given.people))
        if os.waitpid(preparing, 0)[1]:
            return 1
        started = time.monotonic()
        with sink_running(folder / "arrived") as port:
            kills = kill_senders(
                lambda: by_mail(open_desk(settings), port),
                folder / "arrived",
                given.people,
                given.kills,
                random.Random(given.seed),
            )
        found = compared(open_desk(settings), folder / "arrived", given.people, kills)
        print(
            f"{found.people} people, {found.kills} senders killed, {time.monotonic() - started:.0f} s: {found.arrived} mails arrived; "
            f"{len(found.missed)} missed; {found.second_copies} second copies, each of them among the {found.doubtful} in doubt "
            f"on record; {len(found.unowned)} second copies that no record owns to"
        )
    return 0 if found.right else 1


if __name__ == "__main__":
    sys.exit(main())
