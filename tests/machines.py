"""Several machines on this one: PostgreSQL, Redis, Prefect servers behind one address, workers, and the watch.

`python -m tests.machines` runs 12 incidents at once, or `--incidents 100`, on two servers and three workers, and kills a worker
and a server in the middle; then a few more, while PostgreSQL is restarted and Redis loses all that it held. It ends with 1 if anything is
lost or sent twice. The breach is a small one, of seven notices in one language, so that the machines have to be many and
not their texts.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlmodel import col, func, or_, select

from flows.acts.playbook import start_playbook
from flows.acts.read_notice import notice_list
from flows.acts.report import open_incident
from flows.acts.unfinished import unfinished
from flows.desk import Desk, open_desk
from flows.server import answers, free_port
from flows.settings import Settings
from models.clock import VirtualClock
from models.document import read_document
from models.errors import StoreUnavailableError
from models.incident import find
from models.ledger import entries, verify_stored
from models.report import report_of
from models.store import reading
from models.tables import Delivery, Incident, Lease, Notice
from tests.conftest import DEMO, START
from tests.flows.kills.sinks import Sinks, sinks_running
from tests.flows.meridia import REPORTER, carry, join_team, sign
from tests.one_address import OneAddress
from tests.postgres import PostgresServer, postgres_running
from tests.redis import Redis, redis_running

ROOT = Path(__file__).parents[1]
SCENARIO = "machines"
MAILED = ("authority", "press", "staff", "customer_care")
UNSIGNED = "internal_record"  # asks what was done against the breach, which nobody answers here
LATER = "followup"  # what the press is told next is drafted by whatever run comes after, and not signed here
BREACH = report_of(
    read_document(
        "breach.yaml",
        b"""
title: Open storage bucket with the names of newsletter readers
kind: misconfiguration
cause: accidental
effects: [confidentiality]
times: {detected_at: 2026-11-23T06:50:00+01:00, aware_at: 2026-11-23T08:30:00+01:00}
organisation:
  {name: Meridia Mobility SA, country: FR, timezone: Europe/Paris, role: controller, establishments: [FR], sectors: [transport]}
data:
  - {category: name, classification: confidential, encrypted: false}
  - {category: contact, classification: confidential, encrypted: false}
identifiability: maximum
records: 1200
people: [{jurisdiction: FR, count: 1200, relationship: customer, minors: false, vulnerable: false, languages: [fr]}]
circumstances: [publicly_exposed]
""",
    )
)
RUNS_AT_ONCE = 3
AWAY_SECONDS = 20
LIMIT_SECONDS = 600
LIMIT_SECONDS_EACH = 60  # an incident takes about 15 s of two cores that nothing else uses
QUIET_LOOKS = 5  # so often in a row is nothing left to do


@dataclass
class Machines:
    """What runs, by name, and the desk of whoever works with it."""

    home: Path
    environment: dict[str, str]
    desk: Desk
    redis: Redis
    postgres: PostgresServer
    sinks: Sinks
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *command: str, **more: str) -> None:
        """Start a process called `name`; what it says goes to a file of that name."""
        with (self.home / f"{name}.out").open("ab") as out:
            self.running[name] = subprocess.Popen(
                [sys.executable, *command],
                env=self.environment | {"PREFECT_HOME": str(self.home / "prefect" / name)} | more,
                cwd=ROOT,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """SIGKILL the process and everything that it started, as a machine that loses its power."""
        killed(self.running.pop(name))

    def lose_redis(self) -> None:
        """Redis is gone for a while, and comes back with nothing in it."""
        self.redis.kill()
        time.sleep(AWAY_SECONDS)
        self.redis.start()

    def lose_power(self) -> None:
        """A worker and a server lose their power, and do not come back."""
        self.kill("worker-0")
        self.kill("server-0")

    def end(self) -> None:
        """End what still runs, in order."""
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                killed(process)


def killed(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL a process, its session, and everything that it started in sessions of their own."""
    below = _children(process.pid)  # read now: once it is gone, nothing says whose they were
    os.killpg(process.pid, signal.SIGKILL)
    for child in below:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    process.wait()


def _children(parent: int) -> list[int]:
    """Every process below `parent`, in whatever session."""
    found: list[int] = []
    below = {parent}
    stats = [path.read_text().rpartition(")") for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    pairs = [(int(head.split(" ", 1)[0]), int(tail.split()[1])) for head, _, tail in stats]
    while fresh := {process for process, its_parent in pairs if its_parent in below} - below:
        found += fresh
        below |= fresh
    return found


@contextmanager
def machines(postgres: PostgresServer, home: Path, *, servers: int, workers: int) -> Iterator[Machines]:
    """Servers on PostgreSQL and Redis behind one address, workers, one watch, and the mail server that notices go to."""
    with ExitStack() as stack:
        redis = stack.enter_context(redis_running())
        sinks = stack.enter_context(sinks_running())
        ports = [free_port() for _ in range(servers)]
        door = stack.enter_context(closing(OneAddress(ports)))
        settings = _settings(home, postgres.new_database(), sinks)
        environment = _environment(settings, postgres.new_database(), redis.url, door.port)
        desk = open_desk(settings)
        stack.callback(desk.engine.dispose)
        found = Machines(home, environment, desk, redis, postgres, sinks)
        stack.callback(found.end)
        for index, port in enumerate(ports):
            found.start(f"server-{index}", "-m", "flows.prefect_app", "--port", str(port))
            if index == 0:
                _wait_for(port)  # it makes Prefect's tables
        for index in range(workers):
            found.start(f"worker-{index}", "-m", "tocsin", "serve", "--only", "worker")
        found.start("watch", "-m", "tocsin", "serve", "--only", "watch", "--every", "1")
        for port in ports:
            _wait_for(port)
        yield found


def _settings(home: Path, ours: str, sinks: Sinks) -> Settings:
    """The demo's organisation on a clock that stands still, whose notices all go by mail."""
    clock = VirtualClock(home / "clock")
    clock.set(START)
    organisation = home / "organisation.yaml"
    addresses = "".join(f"\n  {audience}: {SCENARIO}@sinks.example" for audience in MAILED)
    organisation.write_text(f"{(DEMO / 'organisation.yaml').read_text()}\naddresses:{addresses}\n")
    given = {
        "home": home,
        "database_url": ours,
        "clock": clock.path,
        "organisation": organisation,
        "languages": "en",
        "worker_runs": RUNS_AT_ONCE,
        "smtp_host": "127.0.0.1",
        "smtp_port": sinks.smtp_port,
        "smtp_security": "none",
        "smtp_sender": "Tocsin <tocsin@machines.example>",
    }
    return Settings.model_validate(given)


def _environment(settings: Settings, prefects: str, redis: str, port: int) -> dict[str, str]:
    address = f"http://127.0.0.1:{port}/api"
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "PREFECT_"))}
    ours = settings.model_dump(exclude_unset=True) | {"languages": "en"}
    return (
        mine
        | {f"TOCSIN_{name.upper()}": str(value) for name, value in ours.items()}
        | {
            "PREFECT_API_URL": address,
            "PREFECT_SERVER_UI_API_URL": address,
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": prefects.replace("postgresql://", "postgresql+asyncpg://"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_DOCKET_URL": redis.replace("/0", "/1"),
            "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
            "PREFECT_MESSAGING_CACHE": "prefect_redis.messaging",
            "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
            "PREFECT_REDIS_MESSAGING_URL": redis,
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
        }
    )


def _wait_for(port: int) -> None:
    limit = time.monotonic() + 120
    while not answers(f"http://127.0.0.1:{port}"):
        assert time.monotonic() < limit, f"the server on {port} did not start"
        time.sleep(0.2)


@dataclass(frozen=True)
class Outcome:
    """What became of the incidents: everything that a person would count afterwards."""

    incidents: int
    notices: Counter[int]  # how many incidents sent so many notices
    incomplete: tuple[str, ...]  # incidents that sent other notices than one that nothing disturbs
    lost: tuple[str, ...]  # keys that the record has as sent and that never arrived, or that wait for ever
    doubled: tuple[str, ...]  # keys that arrived more than once, and the ledger knows of no doubt
    uncertain: tuple[str, ...]  # keys of which a dead run left it unknown whether they arrived
    entries: int  # on the ledgers, all of which verify
    seconds: float  # from the reports until nothing moved any more

    @property
    def flaws(self) -> int:
        """How much of it is wrong."""
        return len(self.incomplete) + len(self.lost) + len(self.doubled)

    def show(self) -> None:
        """Print it."""
        complete = self.incidents - len(self.incomplete)
        print(f"{complete} of {self.incidents} incidents complete {self.incomplete or ''}")
        print("notices sent by an incident: " + ", ".join(f"{n} by {many}" for n, many in sorted(self.notices.items())))
        print(
            f"arrived at the mail server: lost {len(self.lost)} {self.lost or ''}, doubled {len(self.doubled)} {self.doubled or ''},"
        )
        print(f"  of unknown arrival at first, and settled under the same identity: {len(self.uncertain)}")
        print(f"{self.entries:,} ledger entries, all of which verify", flush=True)


def work(found: Machines, count: int, faults: Sequence[Callable[[], None]] = ()) -> Outcome:
    """Report `count` incidents at once, sign what is drafted, and wait until nothing moves; the faults come one after the
    other, evenly over the incidents that have sent something."""
    desk = found.desk
    with TemporaryDirectory() as folder:
        expected = undisturbed(Path(folder))
    join_team(desk)
    numbers = [open_incident(desk, BREACH, by=REPORTER) for _ in range(count)]
    began = rested = time.monotonic()
    for number in numbers:
        start_playbook(desk, number)  # from here on the watch has it carried
    limit = began + LIMIT_SECONDS + count * LIMIT_SECONDS_EACH
    quiet, coming = 0, deque(faults)
    while quiet < QUIET_LOOKS and time.monotonic() < limit:
        with suppress(StoreUnavailableError):  # it is being restarted
            moved = _sign_all(desk)
            if coming and len(_sent(desk)) > count * (len(faults) - len(coming) + 1) // (len(faults) + 2):
                coming.popleft()()
            quiet = 0 if moved or coming or not _at_rest(desk) else quiet + 1
            rested = rested if quiet else time.monotonic()
        time.sleep(1)
    assert not coming, "not every fault has come: too little has moved"
    return _outcome(found, numbers, expected, rested - began)


def undisturbed(home: Path) -> Counter[str]:
    """The notices that such an incident sends where nothing is in its way: one in this process, without Prefect."""
    clock = VirtualClock(home / "clock")
    clock.set(START)
    given = {"home": home, "clock": clock.path, "organisation": DEMO / "organisation.yaml", "languages": "en"}
    desk = open_desk(Settings.model_validate(given))
    join_team(desk)
    number = open_incident(desk, BREACH, by=REPORTER)
    while carry(desk, number) or _sign_all(desk):
        pass
    sent = _sent(desk)[number]
    desk.engine.dispose()
    return sent


def _sign_all(desk: Desk) -> int:
    """Sign every draft that can be signed of incidents that no run carries just now; gives the number of texts."""
    with reading(desk.engine) as session:
        carried = select(Lease.incident_id).where(col(Lease.expires_at) > datetime.now(UTC))
        rows = session.exec(
            select(Incident.number, Notice.id)
            .join(Notice, col(Notice.incident_id) == col(Incident.id))
            .where(Notice.state == "draft", col(Notice.held).is_(False), col(Incident.id).not_in(carried))
            .where(Notice.audience != UNSIGNED, Notice.form != LATER)
        ).all()
    drafts: dict[str, set[int | None]] = defaultdict(set)
    for number, notice in rows:
        drafts[number].add(notice)
    for number, of_it in drafts.items():
        sign(desk, number, *(line for line in notice_list(desk, number) if line.notice in of_it))
    return len(rows)


def _sent(desk: Desk) -> dict[str, Counter[str]]:
    """By incident, what its notices are that the record has as sent, and how many of each."""
    with reading(desk.engine) as session:
        rows = session.exec(
            select(Incident.number, Delivery)
            .join(Delivery, col(Delivery.incident_id) == col(Incident.id))
            .where(Delivery.purpose == "notice", Delivery.state == "sent")
        ).all()
    sent: dict[str, Counter[str]] = defaultdict(Counter)
    for number, row in rows:
        sent[number][str(row.body["what"])] += 1
    return sent


def _at_rest(desk: Desk) -> bool:
    """Whether no run carries an incident or will try again, and none has anything left to do."""
    with reading(desk.engine) as session:
        now = datetime.now(UTC)
        later = or_(col(Lease.expires_at) > now, col(Lease.not_before) > now)
        carried = session.exec(select(func.count()).select_from(Lease).where(later)).one()
    return carried == 0 and not unfinished(desk)


def _outcome(found: Machines, numbers: Sequence[str], expected: Counter[str], seconds: float) -> Outcome:
    sent, (arrived, _) = _sent(found.desk), found.sinks.seen(SCENARIO)
    with reading(found.desk.engine) as session:
        rows = session.exec(select(Delivery)).all()
        chains = [list(entries(session, find(session, number))) for number in numbers]
        verified = sum(verify_stored(session, find(session, number)) for number in numbers)
    unknown = {entry["payload"]["key"] for chain in chains for entry in chain if entry["kind"] == "delivery.uncertain"}
    mailed = {row.key for row in rows if row.channel == "smtp"}
    waiting = {row.key for row in rows if row.state != "sent"}
    return Outcome(
        len(numbers),
        Counter(sent[number].total() for number in numbers),
        tuple(number for number in numbers if sent[number] != expected),
        tuple(sorted(waiting | (mailed - set(arrived)))),
        tuple(sorted(key for key, times in arrived.items() if key not in mailed or (times > 1 and key not in unknown))),
        tuple(sorted(unknown)),
        verified,
        seconds,
    )


def main() -> int:
    """Run both, print what became of it, and say by the status whether all of it is right."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--incidents", type=int, default=12)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--few", type=int, default=5, help="incidents while PostgreSQL restarts and Redis is away")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    flaws = 0
    with postgres_running() as postgres:
        if given.incidents:
            print(
                f"{given.incidents} incidents, {given.workers} workers, 2 servers; one of each loses its power",
                flush=True,
            )
            flaws += _run(postgres, given.incidents, given.workers, lambda found: [found.lose_power])
        if given.few:
            print(
                f"{given.few} incidents, 1 worker, 1 server; PostgreSQL restarts, Redis is away and comes back empty",
                flush=True,
            )
            flaws += _run(postgres, given.few, 1, lambda found: [found.postgres.restart, found.lose_redis], servers=1)
    return 1 if flaws else 0


def _run(
    postgres: PostgresServer,
    count: int,
    workers: int,
    faults: Callable[[Machines], Sequence[Callable[[], None]]],
    *,
    servers: int = 2,
) -> int:
    folder = tempfile.mkdtemp(prefix="tocsin-machines-")
    with machines(postgres, Path(folder), servers=servers, workers=workers) as found:
        outcome = work(found, count, faults(found))
        print(f"done after {outcome.seconds:.0f} s")
        outcome.show()
    if outcome.flaws:
        print(f"what they said is in {folder}")
    else:
        shutil.rmtree(folder)
    return outcome.flaws


if __name__ == "__main__":
    sys.exit(main())
