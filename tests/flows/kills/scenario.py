"""One scenario: a fresh copy of what was prepared, a process that is killed, the runs that follow, and what came of it."""

import itertools
import os
import random
import shutil
import signal
import ssl
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlmodel import select

from flows.channels import Channels
from flows.desk import Desk, open_desk
from flows.organisation import OrganisationFile
from flows.settings import Settings
from integrations.outbox import Outbox
from integrations.slack import Slack
from integrations.smtp import SmtpServer
from integrations.webhook import Webhook
from models import lease
from models.clock import VirtualClock
from models.errors import LeaseHeldError
from models.incident import find, identity
from models.store import open_store, writing
from models.tables import Delivery
from tests.conftest import START
from tests.flows.kills.effects import NUMBER, Kind, Outcome, outcome
from tests.flows.kills.points import LineCount, Point, any_lines, any_moments, arm, trace
from tests.flows.kills.sinks import Sinks
from tests.flows.meridia import join_team
from tests.postgres import PostgresServer

RUNS_AFTERWARDS = 3
LOST_ITS_LEASE = 3  # how a process ends that was refused for it
PASSES = timedelta(minutes=20)  # longer than any wait between two tries
_scenarios = itertools.count(1)


@dataclass(frozen=True)
class Databases:
    """Where databases come from: files, or a PostgreSQL."""

    server: PostgresServer | None

    @property
    def name(self) -> str:
        return "postgres" if self.server else "sqlite"

    def new(self, home: Path) -> str:
        return self.server.new_database() if self.server else f"sqlite:///{home / 'tocsin.db'}"

    def copy(self, address: str, home: Path) -> str:
        return self.server.copy_of(address) if self.server else f"sqlite:///{home / 'tocsin.db'}"

    def drop(self, address: str) -> None:
        if self.server:
            self.server.drop_database(address)


@dataclass
class Cell:
    """The kills of one kind of effect on one database at one boundary."""

    kills: int = 0
    lost: int = 0
    doubled: int = 0
    uncertain: int = 0
    second_copies: int = 0


@dataclass
class Tally:
    """What all scenarios came to."""

    cells: dict[tuple[str, str, str], Cell] = field(default_factory=lambda: defaultdict(Cell))
    wrong: list[str] = field(default_factory=list)
    uncertain: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, database: str, kind: str, point: Point, found: Outcome) -> None:
        cell = self.cells[database, kind, point.boundary]
        cell.kills += 1
        cell.lost += len(found.lost)
        cell.doubled += len(found.doubled)
        cell.uncertain += len(found.uncertain)
        cell.second_copies += len(found.second_copies)
        for what in ("lost", "doubled"):
            self.wrong += [f"{what}: {key} ({kind}, {database}, {point})" for key in getattr(found, what)]
        self.uncertain[database, kind].update(found.uncertain)

    @property
    def kills(self) -> int:
        return sum(cell.kills for cell in self.cells.values())

    def kills_of(self, database: str, kind: str) -> int:
        return sum(cell.kills for (where, what, _), cell in self.cells.items() if (where, what) == (database, kind))

    @property
    def failed(self) -> bool:
        return bool(self.wrong)

    def show(self) -> None:
        print(
            f"\n{'database':10}{'effect':19}{'killed':35}{'kills':>6}{'lost':>6}{'doubled':>9}{'uncertain':>11}{'2nd copy':>10}"
        )
        for (database, kind, boundary), cell in self.cells.items():
            print(f"{database:10}{kind:19}{boundary:35}{_counts(cell)}")
        names = ("kills", "lost", "doubled", "uncertain", "second_copies")
        whole = Cell(*(sum(getattr(cell, name) for cell in self.cells.values()) for name in names))
        print(f"{'all':64}{_counts(whole)}\n")
        print(
            "uncertain on the way, by key and how often; the other side could not be asked, and each stands on the ledger:"
        )
        for (database, kind), keys in self.uncertain.items():
            for key, count in sorted(keys.items()):
                print(f"  {database:9} {kind:18} {count:4} x {key}")
        for line in self.wrong:
            print(f"WRONG {line}")


def _counts(cell: Cell) -> str:
    return f"{cell.kills:6}{cell.lost:6}{cell.doubled:9}{cell.uncertain:11}{cell.second_copies:10}"


@dataclass
class Stage:
    """What one kind was prepared to on one database: a home folder and a database to copy, and files that were read once."""

    databases: Databases
    sinks: Sinks
    kind: Kind
    home: Path
    address: str
    read: dict[str, object]

    @contextmanager
    def scenario(self) -> Iterator["Scenario"]:
        """A fresh copy with a part of the sinks of its own."""
        name = f"{'deaf' if self.kind.deaf else 's'}{next(_scenarios)}"
        home = self.home.parent / name
        shutil.copytree(self.home, home)
        address = self.databases.copy(self.address, home)
        try:
            yield Scenario(self, name, home, address)
        finally:
            self.databases.drop(address)
            shutil.rmtree(home)


def prepare(databases: Databases, sinks: Sinks, kind: Kind, home: Path) -> Stage:
    """Bring an incident to just before the effect."""
    home.mkdir(parents=True)
    clock = VirtualClock(home / "clock")
    clock.set(START)
    address = databases.new(home)
    desk = open_desk(settings_for(sinks, kind, home, address, "preparing"))
    desk.__dict__["organisation"] = organisation_for(kind, "preparing")
    join_team(desk)
    kind.prepare(desk)
    read = {
        "laws": desk.laws,
        "playbooks": desk.playbooks,
        "client": httpx.Client(),
        "tls": ssl.create_default_context(),
    }
    desk.engine.dispose()
    return Stage(databases, sinks, kind, home, address, read)


def settings_for(sinks: Sinks, kind: Kind, home: Path, address: str, scenario: str) -> Settings:
    """Every way out on the sinks, or none for what goes to the outbox."""
    ways = {
        "smtp_host": "127.0.0.1",
        "smtp_port": sinks.smtp_port,
        "smtp_security": "none",
        "smtp_sender": "Tocsin <tocsin@kills.example>",
        "slack_token": "xoxb-1",
        "slack_channel": "C1",
        "slack_base_url": sinks.url(scenario),
        "webhook_url": sinks.url(scenario, "hook"),
        "webhook_secret": "secret",
    }
    return Settings.model_validate(
        {"home": home, "clock": home / "clock", "database_url": address, **(ways if kind.has_sink else {})}
    )


def organisation_for(kind: Kind, scenario: str) -> OrganisationFile:
    """The authority's address, which leads to the scenario's part of the mail server."""
    return OrganisationFile(addresses={"authority": f"{scenario}@sinks.example"} if kind.has_sink else {})


@dataclass(frozen=True)
class Scenario:
    """One copy, in which one process is killed and others follow."""

    stage: Stage
    name: str
    home: Path
    address: str

    def desk(self) -> Desk:
        """A desk as a new process opens it, with the files that its parent has read."""
        kind = self.stage.kind
        settings = settings_for(self.stage.sinks, kind, self.home, self.address, self.name)
        desk = Desk(settings, open_store(self.address), VirtualClock(self.home / "clock"))
        desk.__dict__.update(self.stage.read)
        desk.__dict__["organisation"] = organisation_for(kind, self.name)
        desk.__dict__["channels"] = self.ways(desk)
        return desk

    def ways(self, desk: Desk) -> Channels:
        """The ways out as `channels_from` makes them, over a client and certificates that every process inherits."""
        sinks, read, clock = self.stage.sinks, self.stage.read, desk.clock
        outbox = Outbox(self.home / "outbox", clock)
        if not self.stage.kind.has_sink:
            return Channels(outbox, None, None, None, {}, "responders")
        client = read["client"]
        assert isinstance(client, httpx.Client)
        tls = read["tls"]
        assert isinstance(tls, ssl.SSLContext)
        sender = "Tocsin <tocsin@kills.example>"
        mail = SmtpServer("127.0.0.1", sinks.smtp_port, sender, clock, security="none", tls=tls)
        slack = Slack(client, "xoxb-1", clock, base_url=sinks.url(self.name))
        webhook = Webhook(client, sinks.url(self.name, "hook"), clock, b"secret")
        return Channels(outbox, mail, slack, webhook, desk.organisation.addresses, "C1")

    def act(self) -> None:
        """What the process does: a run takes the lease first, and gives it back."""
        kind, desk = self.stage.kind, self.desk()
        if not kind.leased:
            kind.act(desk)
            return
        with writing(desk.engine) as session:
            held = lease.take(
                session, identity(find(session, NUMBER)), lease.this_run(), datetime.now(UTC), lease.is_dead
            )
        kind.act(desk.carrying(held))
        with writing(desk.engine) as session:
            lease.give_back(session, held, datetime.now(UTC))

    def killed(self, point: Point) -> bool:
        """Run it in a process that dies at the point; tells whether it did."""
        pid = self.start(point, signal.SIGKILL)
        if point.what == "time":
            time.sleep(float(point.where))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        died = ended(pid) == -signal.SIGKILL
        self.stage.sinks.victim.choose(0, None)
        return died

    def start(self, point: Point, by: int) -> int:
        """Start it in a process to which the signal comes at the point; gives the process."""

        def doomed() -> None:
            if point.what == "sink":
                self.stage.sinks.victim.choose(os.getpid(), str(point.where), by)
            arm(point, by)
            self.act()

        return forked(doomed)

    def carried_on(self, *, once_more: bool) -> Outcome:
        """Let the runs that follow do what is left, each some time later; gives what came of it all."""
        found = Outcome(lost=("not yet",))
        for _ in range(RUNS_AFTERWARDS):
            if found.lost:
                self.run_again()
                found = self.outcome()
        if once_more:
            self.run_again()
            found = self.outcome()
        return found

    def run_again(self) -> None:
        """A new process that nobody kills, some time later."""
        clock = VirtualClock(self.home / "clock")
        clock.set(clock() + PASSES)
        self._presumed_dead()
        assert ended(forked(self.act)) == 0, "a run that nobody kills ends well"

    def outcome(self) -> Outcome:
        desk = self.desk()
        try:
            return outcome(self.stage.kind, desk, self.stage.sinks.seen(self.name)[0])
        finally:
            desk.engine.dispose()

    def _presumed_dead(self) -> None:
        """As if the two minutes had passed for which what the watch was sending is left to it."""
        if self.stage.kind.leased:
            return
        engine = open_store(self.address)
        with writing(engine) as session:
            for row in session.exec(select(Delivery).where(Delivery.state == "sending")):
                row.next_try_at = datetime.now(UTC)
                session.add(row)
        engine.dispose()

    def lines(self) -> int:
        """How many lines of ours run when nobody kills it."""
        count = self.home / "lines"

        def counted() -> None:
            lines = LineCount()
            trace(lines)
            self.act()
            count.write_text(str(lines.count))

        assert ended(forked(counted)) == 0
        return int(count.read_text())


def forked(act: Callable[[], None]) -> int:
    """Start a process that does this and ends."""
    pid = os.fork()
    if pid:
        return pid
    try:
        act()
        os._exit(0)
    except LeaseHeldError:
        os._exit(LOST_ITS_LEASE)
    except BaseException:  # noqa: BLE001 - whatever it is, the child must not go on as its parent
        traceback.print_exc()
        os._exit(1)


def ended(pid: int) -> int:
    """Wait for the process; its status, or the signal that killed it as a negative number."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def kill_at(tally: Tally, stage: Stage, points: Iterable[Point], dice: random.Random) -> None:
    """Kill a process at each point, let others go on, and count what came of it."""
    for point in points:
        with stage.scenario() as scenario:
            if scenario.killed(point):
                found = scenario.carried_on(once_more=dice.random() < 0.25)
                tally.add(stage.databases.name, stage.kind.name, point, found)


def any_points(stage: Stage, lines: int, moments: int, dice: random.Random) -> list[Point]:
    """So many of the lines that run, and of the moments that it takes."""
    with stage.scenario() as whole:
        count = whole.lines()
    with stage.scenario() as whole:
        started = time.monotonic()
        assert ended(forked(whole.act)) == 0
        seconds = time.monotonic() - started
    return [*any_lines(lines, count, dice), *any_moments(moments, seconds, dice)]
