"""Several machines on this one: PostgreSQL, Redis, Prefect servers behind one address, workers, and the watch.

`python -m tests.machines` runs 100 incidents at once on two servers and three workers, and kills a worker and a server in
the middle; it ends with 1 if anything is lost or sent twice.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel import col, func, or_, select

from flows.acts.playbook import start_playbook
from flows.acts.read_notice import notice_list
from flows.acts.report import open_incident
from flows.acts.sign import approve
from flows.acts.unfinished import unfinished
from flows.desk import Desk, open_desk
from flows.server import answers, free_port
from flows.settings import Settings
from models.clock import VirtualClock
from models.errors import NotAllowedError
from models.incident import find
from models.ledger import verify_stored
from models.report import read_report
from models.store import reading
from models.tables import Delivery, Incident, Lease, Receipt
from tests.conftest import DEMO, START
from tests.flows.meridia import REPORTER, SIGNERS, join_team
from tests.postgres import PostgresServer, postgres_running
from tests.redis import redis_running

ROOT = Path(__file__).parents[1]
LIMIT_SECONDS = 1_800
QUIET_LOOKS = 5  # so often in a row is nothing left to do


class OneAddress:
    """Passes each connection on to a server that takes it, as a load balancer does."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = list(ports)
        self.port = free_port()
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=200)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        turn = 0
        with suppress(OSError):  # closed at the end
            while True:
                near, _ = self._listener.accept()
                turn += 1
                threading.Thread(target=self._pass_on, args=(near, turn), daemon=True).start()

    def _pass_on(self, near: socket.socket, turn: int) -> None:
        for step in range(len(self.ports)):
            with suppress(OSError):
                far = socket.create_connection(("127.0.0.1", self.ports[(turn + step) % len(self.ports)]), timeout=5)
                far.settimeout(None)
                threading.Thread(target=_copy, args=(far, near), daemon=True).start()
                _copy(near, far)
                return
        near.close()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@dataclass
class Machines:
    """What runs, by name, and the desk of whoever works with it."""

    home: Path
    database: str
    environment: dict[str, str]
    desk: Desk
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
        process = self.running.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        for child in _children(process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        """End what still runs, in order."""
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def _children(parent: int) -> list[int]:
    """Every process below `parent`, in whatever session; read before it is gone, or by what it left."""
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
    """Servers on PostgreSQL and Redis behind one address, workers, and one watch."""
    with ExitStack() as stack:
        redis = stack.enter_context(redis_running())
        ports = [free_port() for _ in range(servers)]
        door = stack.enter_context(closing(OneAddress(ports)))
        clock = VirtualClock(home / "clock")
        clock.set(START)
        ours = postgres.new_database()
        environment = _environment(home, ours, postgres.new_database(), redis, door.port)
        desk = open_desk(
            Settings(home=home, database_url=ours, clock=clock.path, organisation=DEMO / "organisation.yaml")
        )
        stack.callback(desk.engine.dispose)
        found = Machines(home, ours, environment, desk)
        stack.callback(found.end)
        for index, port in enumerate(ports):
            found.start(f"server-{index}", "-m", "flows.prefect_app", "--port", str(port))
            _wait_for(port)
        for index in range(workers):
            found.start(f"worker-{index}", "-m", "tocsin", "serve", "--only", "worker")
        found.start("watch", "-m", "tocsin", "serve", "--only", "watch", "--every", "1")
        yield found


def _environment(home: Path, ours: str, prefects: str, redis: str, port: int) -> dict[str, str]:
    address = f"http://127.0.0.1:{port}/api"
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "PREFECT_"))}
    return mine | {
        "TOCSIN_HOME": str(home),
        "TOCSIN_DATABASE_URL": ours,
        "TOCSIN_CLOCK": str(home / "clock"),
        "TOCSIN_ORGANISATION": str(DEMO / "organisation.yaml"),
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


def _wait_for(port: int) -> None:
    limit = time.monotonic() + 120
    while not answers(f"http://127.0.0.1:{port}"):
        assert time.monotonic() < limit, f"the server on {port} did not start"
        time.sleep(0.2)


@dataclass(frozen=True)
class Outcome:
    """What became of the incidents: everything that a person would count afterwards."""

    incidents: int
    deliveries: Counter[str]  # by state
    sent: Counter[int]  # how many incidents sent so many notices: one number for all, if nothing was lost
    doubled: int  # deliveries with more than one receipt
    stalled: tuple[str, ...]  # incidents that did not come to their end
    entries: int  # on the ledgers, all of which verify


def work(found: Machines, count: int, *, kill: bool) -> Outcome:
    """Report `count` incidents at once, sign what is drafted, and wait until nothing moves; with `kill`, a worker and a
    server lose their power in the middle."""
    desk = found.desk
    join_team(desk)
    facts = read_report(str(DEMO / "first_facts.yaml"))
    numbers = [open_incident(desk, facts, by=REPORTER) for _ in range(count)]
    for number in numbers:
        start_playbook(desk, number)  # from here on the watch has it carried
    limit, killed, quiet = time.monotonic() + LIMIT_SECONDS, not kill, 0
    while quiet < QUIET_LOOKS and time.monotonic() < limit:
        signed = sum(_sign(desk, number) for number in numbers)
        done = _sent_counts(desk)
        if not killed and sum(1 for number in numbers if done[number]) >= max(count // 4, 1):
            found.kill("worker-0")
            found.kill("server-0")
            killed = True
        quiet = quiet + 1 if killed and not signed and _at_rest(desk) else 0
        time.sleep(1)
    return _outcome(desk, numbers)


def _sign(desk: Desk, number: str) -> int:
    """Sign every draft that can be signed; gives the number of signatures."""
    given = 0
    for notice in notice_list(desk, number):
        if notice.state != "draft" or notice.held:
            continue
        for role in notice.still_needed:
            try:
                approve(desk, number, notice.notice, by=SIGNERS[role])
            except NotAllowedError:  # it states what is still open
                continue
            given += 1
    return given


def _sent_counts(desk: Desk) -> Counter[str]:
    with reading(desk.engine) as session:
        rows = session.exec(
            select(Incident.number, func.count())
            .join(Delivery, col(Delivery.incident_id) == col(Incident.id))
            .where(Delivery.purpose == "notice", Delivery.state == "sent")
            .group_by(Incident.number)
        )
        return Counter(dict(rows.all()))


def _at_rest(desk: Desk) -> bool:
    """Whether no run carries an incident or will try again, and none has anything left to do."""
    with reading(desk.engine) as session:
        now = datetime.now(UTC)
        later = or_(col(Lease.expires_at) > now, col(Lease.not_before) > now)
        carried = session.exec(select(func.count()).select_from(Lease).where(later)).one()
    return carried == 0 and not unfinished(desk)


def _outcome(desk: Desk, numbers: Sequence[str]) -> Outcome:
    done = _sent_counts(desk)
    most = max(done.values(), default=0)
    with reading(desk.engine) as session:
        states = Counter(session.exec(select(Delivery.state)).all())
        per_delivery = session.exec(select(func.count()).select_from(Receipt).group_by(col(Receipt.delivery_id))).all()
        entries = sum(verify_stored(session, find(session, number)) for number in numbers)
    return Outcome(
        len(numbers),
        states,
        Counter(done[number] for number in numbers),
        sum(1 for receipts in per_delivery if receipts > 1),
        tuple(number for number in numbers if done[number] < most),
        entries,
    )


def main() -> int:
    """Run it, print what became of it, and say by the status whether all of it is right."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--incidents", type=int, default=100)
    parser.add_argument("--workers", type=int, default=3)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-machines-") as folder,
        postgres_running() as postgres,
        machines(postgres, Path(folder), servers=2, workers=given.workers) as found,
    ):
        began = time.monotonic()
        outcome = work(found, given.incidents, kill=True)
        print(f"{outcome.incidents} incidents, {given.workers} workers and 2 servers, one of each killed")
        print(f"done after {time.monotonic() - began:.0f} s: {dict(outcome.deliveries)}")
        print(f"notices sent by an incident, and by how many incidents: {dict(outcome.sent)}")
        print(f"lost: {len(outcome.stalled)} {outcome.stalled}; doubled: {outcome.doubled}")
        print(f"{outcome.entries} ledger entries, all of which verify")
    return 1 if outcome.stalled or outcome.doubled or set(outcome.deliveries) != {"sent"} else 0


if __name__ == "__main__":
    sys.exit(main())
