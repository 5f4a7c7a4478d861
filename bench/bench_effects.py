"""What the lease and the ledger cost a step, against the same write of the step's row without them; and many approvals at once.

Run with `python -m bench.bench_effects`. The floor is one transaction that changes the step's row, with the same engine and
the same durability; the four ways alternate. Then a step as a whole, with its effect's row and receipt, in a run that holds
the lease and in one that holds none. Then a thousand approvals by eight people at once, each through the act itself. On
SQLite, and on PostgreSQL where it is installed.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlmodel import select

from bench.machine import described, spread, verdict
from flows.acts.contain import perform, ready_steps
from flows.acts.playbook import start_playbook
from flows.acts.report import open_incident
from flows.acts.sign import approve
from flows.acts.team import add_member
from flows.desk import Desk, open_desk
from flows.settings import Settings
from integrations.channel import Settlement
from models import lease
from models.clock import VirtualClock
from models.document import read_document
from models.incident import find, identity
from models.ledger import record, verify_stored
from models.message import Message, Taken
from models.report import report_of
from models.store import reading, writing
from models.tables import Approval, Incident, Notice, NoticeVersion, Step
from models.vocabulary import PersonRole
from tests.conftest import START
from tests.postgres import PostgresMissingError, postgres_running

ROUNDS = 200
APPROVALS, INCIDENTS, PEOPLE, AT_ONCE = 1_000, 50, 8, 8
AIM = 3.0
PLAYBOOK = """
name: bench
title: {en: Bench}
applies: {kind: misconfiguration}
steps:
"""
STEP = '  - {key: act%d, phase: contain, title: {en: Act}, action: call_webhook, with: {to: "setting:firewall", event: go}}\n'


@dataclass
class Taking:
    """A channel that takes everything at once, so that only our own part is measured."""

    name: str = "webhook"
    settles: Settlement = "idempotency_key"
    taken: list[str] = field(default_factory=list)

    def send(self, message: Message) -> Taken:
        self.taken.append(message.key)
        return Taken(message.key, "taken")

    def was_taken(self, message: Message) -> bool | None:  # noqa: ARG002 - the channel names it
        return None


def prepared(home: Path, url: str, steps: int) -> tuple[Desk, str]:
    """A desk with an incident whose playbook has so many steps, all ready."""
    clock = VirtualClock(home / "clock")
    clock.set(START)
    (home / "own").mkdir()
    (home / "own" / "bench.yaml").write_text(PLAYBOOK + "".join(STEP % index for index in range(steps)))
    desk = open_desk(Settings(home=home, clock=clock.path, database_url=url, playbooks=home / "own"))
    desk.__dict__["channels"] = replace(desk.channels, webhook=Taking())
    report = report_of(read_document("r.yaml", b"title: Open bucket\nkind: misconfiguration"))
    number = open_incident(desk, report, by="Nadia Roux")
    start_playbook(desk, number)
    ready_steps(desk, number)
    return desk, number


def carrying(desk: Desk, number: str) -> Desk:
    """The desk of a run that holds the lease."""
    with writing(desk.engine) as session:
        held = lease.take(session, identity(find(session, number)), lease.this_run(), datetime.now(UTC), lambda _: True)
    return desk.carrying(held)


def touched(desk: Desk, number: str, *, told: bool) -> None:
    """One transaction that changes a step's row, with an entry in the ledger or without."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        row = session.exec(select(Step).where(Step.incident_id == incident.id).limit(1)).one()
        row.attempts += 1
        session.add(row)
        if told:
            payload = {"step": row.key, "title": row.title, "attempt": row.attempts}
            record(session, incident, "step.started", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)


def timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def per_transaction(desk: Desk, number: str) -> None:
    """Print the four ways of one transaction."""
    run = carrying(desk, number)
    ways: dict[str, Callable[[], None]] = {
        "floor, the row alone": lambda: touched(desk, number, told=False),
        "with the lease": lambda: touched(run, number, told=False),
        "with the ledger": lambda: touched(desk, number, told=True),
        "with both": lambda: touched(run, number, told=True),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, act in ways.items():
            taken[name].append(timed(act))
    floor = median(taken["floor, the row alone"])
    for name, seconds in taken.items():
        print(f"  {name:24}{spread(seconds)}  ratio {median(seconds) / floor:.2f}")
    ratio = median(taken["with both"]) / floor
    print(f"  lease and ledger together {ratio:.2f} times the write alone; aim at most {AIM}: {verdict(ratio, AIM)}")


def per_step(desk: Desk, number: str, steps: int) -> None:
    """Print what a step takes as a whole, with and without a lease held; the ledger is in both."""
    run = carrying(desk, number)
    held: list[float] = []
    free: list[float] = []
    for index in range(steps):
        mine, costs = (run, held) if index % 2 else (desk, free)
        costs.append(timed(lambda mine=mine, index=index: perform(mine, number, f"act{index}")))  # type: ignore[misc]
    print(f"  {'whole step, no lease':24}{spread(free)}")
    print(f"  {'whole step, lease held':24}{spread(held)}  ratio {median(held) / median(free):.2f}")


def approvals(desk: Desk) -> None:
    """Print how long a thousand approvals take, by several at once, and that each was kept once."""
    people = [f"Signer {index}" for index in range(PEOPLE)]
    for name in people:
        add_member(desk, name, [PersonRole.LEGAL])
    report = report_of(read_document("r.yaml", b"title: Open bucket\nkind: misconfiguration"))
    numbers = [open_incident(desk, report, by="Nadia Roux") for _ in range(INCIDENTS)]
    wanted = [(number, notice) for number in numbers for notice in _notices(desk, number, APPROVALS // INCIDENTS)]
    started = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [
            pool.submit(approve, desk, number, notice, by=people[index % PEOPLE])
            for index, (number, notice) in enumerate(wanted)
        ]:
            done.result()
    seconds = time.perf_counter() - started
    with reading(desk.engine) as session:
        kept = len(session.exec(select(Approval.id)).all())
        for incident in session.exec(select(Incident)):
            verify_stored(session, incident)
    print(
        f"  {kept} approvals by {AT_ONCE} at once in {seconds:.1f} s, {kept / seconds * 60:,.0f} a minute; every chain holds"
    )


def _notices(desk: Desk, number: str, count: int) -> list[int]:
    with writing(desk.engine) as session:
        incident = find(session, number)
        rows = [
            Notice(
                key=f"{number}:{index}",
                incident_id=identity(incident),
                audience="authority",
                form="filing",
                language="en",
                recipient=f"Authority {index}",
                version=1,
            )
            for index in range(count)
        ]
        session.add_all(rows)
        session.flush()
        session.add_all(
            NoticeVersion(
                notice_id=identity(row),
                version=1,
                subject="Filing",
                text=f"Filing {row.key}",
                sha256=f"{identity(row):064x}",
                facts_version=1,
                facts_used=[],
                missing=[],
                findings=[],
                author="tocsin",
                created_at=desk.clock(),
            )
            for row in rows
        )
        return [identity(row) for row in rows]


@contextmanager
def databases() -> Iterator[dict[str, Callable[[Path], str]]]:
    """Where each kind of database lies; PostgreSQL only where it is installed, and without fsync, as the tests run it."""
    kinds: dict[str, Callable[[Path], str]] = {"SQLite": lambda home: f"sqlite:///{home / 'tocsin.db'}"}
    try:
        with postgres_running() as server:
            yield kinds | {"PostgreSQL": lambda _: server.new_database()}
    except PostgresMissingError as missing:
        print(f"without PostgreSQL: {missing}")
        yield kinds


def main() -> None:
    """Print each figure with its floor, on both databases."""
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        del os.environ[name]
    print(described())
    steps = ROUNDS // 2
    with tempfile.TemporaryDirectory() as folder, databases() as kinds:
        for name, where in kinds.items():
            home = Path(folder) / name
            home.mkdir()
            desk, number = prepared(home, where(home), steps)
            print(f"{name}:")
            per_transaction(desk, number)
            per_step(desk, number, steps)
            approvals(desk)
            desk.engine.dispose()


if __name__ == "__main__":
    main()
