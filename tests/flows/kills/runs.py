"""Whole runs under Prefect, killed at any moment and run again: what a run that nobody killed sends, arrives once."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flows.acts.draft import draft_texts
from flows.acts.evaluate import evaluate
from flows.acts.report import open_incident
from flows.desk import Desk, open_desk
from flows.server import environment, free_port, running
from models.clock import VirtualClock
from models.report import read_report
from models.tables import Delivery
from tests.conftest import DEMO, START
from tests.flows.kills.effects import NUMBER, Kind, Outcome, carry
from tests.flows.kills.points import Point
from tests.flows.kills.scenario import PASSES, Databases, Tally, organisation_for, settings_for
from tests.flows.kills.sinks import Sinks
from tests.flows.meridia import EVERYBODY, REPORTER, every, join_team, ledger, notices, sign

ROOT = Path(__file__).parents[3]
KIND = Kind("whole run", lambda desk: None, carry, None, has_sink=True, asks=False)
ALL_RUNS = 4
LIMIT_SECONDS = 180


@dataclass(frozen=True)
class Course:
    """A signed incident to copy, and the Prefect server that its runs show themselves to."""

    databases: Databases
    sinks: Sinks
    home: Path
    address: str
    prefect: dict[str, str]

    def copy(self, name: str) -> "Copy":
        home = self.home.parent / name
        shutil.copytree(self.home, home)
        (home / "organisation.yaml").write_text(f"addresses: {{authority: {name}@sinks.example}}\n")
        return Copy(self, name, home, self.databases.copy(self.address, home))


@dataclass(frozen=True)
class Copy:
    """One copy, in which runs are killed and others follow."""

    course: Course
    name: str
    home: Path
    address: str

    def start(self) -> subprocess.Popen[bytes]:
        """One run, in a process of its own."""
        settings = settings_for(self.course.sinks, KIND, self.home, self.address, self.name)
        ours = {
            f"TOCSIN_{name.upper()}": value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
            for name in settings.model_fields_set
            if (value := getattr(settings, name)) is not None
        }
        ours |= {"TOCSIN_ORGANISATION": str(self.home / "organisation.yaml")}
        mine = {name: value for name, value in os.environ.items() if not name.startswith(("TOCSIN_", "PREFECT_"))}
        command = [sys.executable, "-m", "tocsin", "respond", NUMBER]
        with (self.home / "run.log").open("ab") as log:
            return subprocess.Popen(
                command, env={**mine, **self.course.prefect, **ours}, cwd=ROOT, stdout=log, stderr=log
            )

    def to_the_end(self) -> None:
        """Run again, each time some time later, until nothing is left to send."""
        clock = VirtualClock(self.home / "clock")
        for _ in range(ALL_RUNS):
            clock.set(clock() + PASSES)
            assert self.start().wait(LIMIT_SECONDS) == 0, (self.home / "run.log").read_text()[-2000:]
            if {row.state for row in self.rows()} <= {"sent", "to_hand_over"}:
                return

    def desk(self) -> Desk:
        return open_desk(settings_for(self.course.sinks, KIND, self.home, self.address, self.name))

    def rows(self) -> list[Delivery]:
        desk = self.desk()
        try:
            return every(desk, Delivery, NUMBER)
        finally:
            desk.engine.dispose()

    def uncertain(self) -> set[str]:
        desk = self.desk()
        try:
            return {entry["payload"]["key"] for entry in ledger(desk, NUMBER, "delivery.uncertain")}
        finally:
            desk.engine.dispose()

    def acts(self) -> Counter[str]:
        return self.course.sinks.seen(self.name)[0]

    def away(self) -> None:
        self.course.databases.drop(self.address)
        shutil.rmtree(self.home)


def whole_runs(tally: Tally, databases: Databases, sinks: Sinks, home: Path, count: int, dice: random.Random) -> None:
    """Kill so many whole runs, each of a fresh copy."""
    port = free_port()
    address = _prepared(databases, sinks, home)
    with running(home.parent / "prefect", port):
        course = Course(databases, sinks, home, address, environment(home.parent / "prefect", port))
        whole = course.copy(f"{databases.name}0")
        started = time.monotonic()
        assert whole.start().wait(LIMIT_SECONDS) == 0, (whole.home / "run.log").read_text()[-2000:]
        seconds = time.monotonic() - started
        wanted = _effects(whole)
        whole.away()
        for index in range(1, count + 1):
            copy = course.copy(f"{databases.name}{index}")
            moment = dice.uniform(0.3 * seconds, seconds)  # before, Prefect is still being loaded
            run = copy.start()
            time.sleep(moment)
            with suppress(ProcessLookupError):
                run.send_signal(signal.SIGKILL)
            if run.wait() == -signal.SIGKILL:
                copy.to_the_end()
                tally.add(databases.name, KIND.name, Point("time", moment), _outcome(copy, wanted))
            copy.away()
    databases.drop(address)


def _prepared(databases: Databases, sinks: Sinks, home: Path) -> str:
    """An incident of which every text that can be signed is."""
    home.mkdir(parents=True)
    VirtualClock(home / "clock").set(START)
    address = databases.new(home)
    desk = open_desk(settings_for(sinks, KIND, home, address, "preparing"))
    desk.__dict__["organisation"] = organisation_for(KIND, "preparing")
    join_team(desk)
    open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by=REPORTER)
    evaluate(desk, NUMBER)
    for audiences in EVERYBODY:
        draft_texts(desk, NUMBER, audiences)
    sign(desk, NUMBER, *(line for line in notices(desk, NUMBER) if not line.errors))
    desk.engine.dispose()
    return address


def _effects(copy: Copy) -> set[str]:
    """The keys of what is to be said to others; how announcements to the team are grouped depends on when they are made."""
    return {row.key for row in copy.rows() if row.purpose in ("notice", "step")}


def _outcome(copy: Copy, wanted: set[str]) -> Outcome:
    rows = {row.key: row for row in copy.rows()}
    acts = copy.acts() + Counter(path.stem for path in (copy.home / "outbox").glob("*.json"))
    uncertain = copy.uncertain()
    mail = {key for key, row in rows.items() if row.channel == "smtp"}
    lost = [key for key in wanted | set(rows) if key not in rows or not acts[key] or rows[key].state != "sent"]
    copies = {key for key, number in acts.items() if number > 1}
    excused = copies & mail & uncertain
    doubled = [*(copies - excused), *(set(acts) - set(rows)), *(_effects(copy) - wanted)]
    return Outcome(tuple(sorted(lost)), tuple(sorted(doubled)), tuple(sorted(uncertain)), tuple(sorted(excused)))
