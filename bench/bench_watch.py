"""A pass of the watch over a million open clocks against the same pass over ten thousand (the floor), with as many due;
and how late alerts come at a thousand a minute against the passes' own distance.

An alert is taken by a way out that does nothing, so that what is measured is ours and the database's.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.machine import spread, verdict
from bench.open_clocks import TO_AN_INCIDENT, add_clocks, add_incidents, add_rungs, settle
from flows.acts.prove import prove
from flows.acts.watch import watch_once
from flows.channels import Channels
from flows.desk import Desk, open_desk
from flows.settings import Settings
from integrations.channel import Settlement
from models.message import Message, Taken
from tests.postgres import PostgresMissingError, postgres_running

FEW, MANY = 10_000, 1_000_000
DUE = 100  # one to an incident
PASSES = 9
AIM = 1.2
A_MINUTE = 1_000
EVERY_SECONDS = 5.0
ROOT = Path(__file__).parents[1]
RUNG = "half the time left"


@dataclass
class Nowhere:
    """A way out that takes everything at once."""

    name: str = "outbox"
    settles: Settlement = "idempotency_key"
    taken: int = 0

    def send(self, message: Message) -> Taken:
        self.taken += 1
        return Taken(message.key, "taken")

    def was_taken(self, message: Message) -> bool | None:  # noqa: ARG002 - the channel names it
        return None


@dataclass(frozen=True, kw_only=True)
class DeskToNowhere(Desk):
    way: Nowhere = field(default_factory=Nowhere)

    @property
    def channels(self) -> Channels:
        return Channels(self.way, None, None, None, {}, "responders")


def main() -> None:
    """Both measurements on both databases."""
    with databases() as found:
        for name, few, many, minute in found:
            print(f"-- {name}", flush=True)
            compare_passes(few, many)
            lateness(minute)


@contextmanager
def databases() -> Iterator[Sequence[tuple[str, str, str, str]]]:
    """Three empty databases of each kind."""
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        sqlite = tuple(f"sqlite:///{folder}/{name}.db" for name in ("few", "many", "minute"))
        os.environ["TOCSIN_HOME"] = folder
        try:
            with postgres_running() as server:
                postgres = tuple(server.new_database() for _ in range(3))
                yield (("SQLite", *sqlite), ("PostgreSQL", *postgres))
        except PostgresMissingError as missing:
            print(f"PostgreSQL is left out: {missing}")
            yield (("SQLite", *sqlite),)


def compare_passes(few: str, many: str) -> None:
    desks = {count: filled(url, count) for count, url in ((FEW, few), (MANY, many))}
    times: dict[tuple[str, int], list[float]] = {}
    for turn in range(PASSES + 1):  # alternating, so that other load meets both; the first is left out
        for count, desk in desks.items():
            for what, due in (("nothing due", 0), (f"{DUE} due", DUE)):
                seconds, processor = one_pass(desk, due, turn)
                if turn:
                    times.setdefault((what, count), []).append(seconds)
                    times.setdefault((f"{what}, processor", count), []).append(processor)
    for what in dict.fromkeys(what for what, _ in times):
        floor, other = times[what, FEW], times[what, MANY]
        ratio = median(other) / median(floor)
        print(f"{what:22} {FEW:>9,} open clocks  {spread(floor)}")
        print(f"{what:22} {MANY:>9,} open clocks  {spread(other)}  ratio {ratio:.2f}, aim {AIM}: {verdict(ratio, AIM)}")
    for desk in desks.values():
        desk.engine.dispose()


def filled(url: str, count: int) -> DeskToNowhere:
    now = datetime.now(UTC)
    plain = open_desk(Settings(database_url=url))
    desk = DeskToNowhere(plain.settings, plain.engine)
    began = time.monotonic()
    add_incidents(desk.engine, 1, count // TO_AN_INCIDENT, now)
    add_clocks(desk.engine, 1, count, now)
    add_rungs(desk.engine, 1, count, now + timedelta(hours=18), "a quarter of the time left")
    settle(desk.engine)
    print(f"{count:,} clocks opened in {time.monotonic() - began:.0f} s", flush=True)
    return desk


def one_pass(desk: DeskToNowhere, due: int, turn: int) -> tuple[float, float]:
    """The seconds of a pass with so many due, each of another incident, by the clock and of this process's processor."""
    if due:
        now = datetime.now(UTC)
        add_rungs(desk.engine, 1, due * TO_AN_INCIDENT, now, f"{turn} % of the time left", every=TO_AN_INCIDENT)
    began, worked = time.perf_counter(), time.process_time()
    fired = watch_once(desk)
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    assert len(fired) == due, f"{len(fired)} fired where {due} were due"
    return seconds, processor


def lateness(url: str) -> None:
    """`tocsin watch` in a process of its own, with as many alerts due in a minute, evenly, each of another incident."""
    desk = open_desk(Settings(database_url=url))
    now = datetime.now(UTC)
    add_incidents(desk.engine, 1, A_MINUTE, now)
    add_clocks(desk.engine, 1, A_MINUTE * TO_AN_INCIDENT, now)
    settle(desk.engine)
    start = datetime.now(UTC) + timedelta(seconds=5)
    for index in range(1, A_MINUTE + 1):
        at = start + timedelta(seconds=60) * (index / A_MINUTE)
        duty = index * TO_AN_INCIDENT
        add_rungs(desk.engine, duty, duty, at, RUNG)
    began = datetime.now(UTC)
    if began > start:
        print(f"(the first {(began - start).total_seconds():.0f} s were over before the watch began)")
    watch = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "watch", "--every", str(EVERY_SECONDS)],
        cwd=ROOT,
        env={**os.environ, "TOCSIN_DATABASE_URL": url, "TOCSIN_SERVER_PORT": "1"},
        stdout=subprocess.DEVNULL,
    )
    time.sleep(max(0.0, (start - began).total_seconds()) + 60 + 3 * EVERY_SECONDS)
    watch.terminate()
    watch.wait()
    said = prove(desk, start, datetime.now(UTC)).warned
    late = sorted((one.sent_at - one.ought_at).total_seconds() for one in said if one.sent_at)
    print(
        f"{A_MINUTE:,} alerts in a minute, a pass each {EVERY_SECONDS:g} s: {len(late):,} sent; late p50 "
        f"{quantile(late, 0.5):.2f} s, p99 {quantile(late, 0.99):.2f} s, at most {late[-1]:.2f} s "
        f"(a pass that costs nothing: {EVERY_SECONDS / 2:.2f} s and {EVERY_SECONDS * 0.99:.2f} s)",
        flush=True,
    )
    desk.engine.dispose()


def quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


if __name__ == "__main__":
    main()
