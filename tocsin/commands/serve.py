import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import httpx
import typer

from flows.acts.accounts import first_link
from flows.acts.halt import halt, open_numbers
from flows.acts.people_control import heed_cancelled
from flows.acts.people_mailbox import read_people_mailbox
from flows.acts.unfinished import idle, unfinished
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.heartbeat import Pulse, beating
from flows.prefect_gates import cancelled_runs, keep_gates
from flows.saved_filter import save_filter
from flows.senders import tag_of
from flows.senders import take_up as take_up_sendings
from flows.server import ended, environment, local_address, running, waited_for
from flows.settings import Settings, read_settings
from flows.start import POOL, deploy, nudge, prefect_ready
from flows.telling import telling
from integrations.maildir import MailboxFolder
from models.errors import StoreUnavailableError
from models.incident import find
from models.store import reading
from tocsin.commands.demo import rehearsal
from tocsin.output import line
from tocsin.pace import rest

app = typer.Typer()
LOGGED = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING"}  # in a file of its own, where errors are looked for
SOON = {"PREFECT_WORKER_QUERY_SECONDS": "2"}  # after a decision, and after a run that ended, nobody waits for ten
ASKED_AGAIN_SECONDS = 10
MAILBOX_SECONDS = 30
CANCELLER = "Prefect UI"  # Prefect's own server knows no users, so that it cannot say more


class Part(StrEnum):
    """What one machine can run of the whole."""

    SERVER = "server"
    WORKER = "worker"
    WATCH = "watch"
    CONSOLE = "console"
    SLACK = "slack"


@app.command()
def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="What the demo left; also chosen while there is nothing else.")
    ] = False,
    every: Annotated[float, typer.Option("--every", help="Seconds between passes of the deadline watch.")] = 5.0,
    only: Annotated[
        list[Part] | None, typer.Option("--only", help="One part, for this machine; repeat for several. Default: all.")
    ] = None,
) -> None:
    """The console, Prefect server with its UI, a worker, and the deadline watch, until Ctrl-C.

    Example: tocsin serve
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended in order by a service manager too
    settings, parts = _chosen(demo), frozenset(only or Part)
    desk = open_desk(settings)
    seen = Seen(MailboxFolder(settings.people_mailbox) if settings.people_mailbox else None)
    line(f"Starting, with everything in {settings.home} ...")
    with ExitStack() as stack:
        started = list(_begun(desk, parts, stack))
        pulse = stack.enter_context(beating(settings, line)) if Part.WATCH in parts else None
        if pulse:
            stack.enter_context(telling(desk, line))
            line(f"The watch looks every {every:g} s.")
        line("Ctrl-C ends it all.")
        try:
            while all(process.poll() is None for _, process in started):
                began = time.monotonic()
                if pulse:
                    _look_after(desk, pulse, seen, began + every)
                rest(began, every)
        except KeyboardInterrupt:
            line("Ending; nothing is lost, the next start goes on.")
            return
        [ended_one, *_] = [name for name, process in started if process.poll() is not None]
        line(f"The {ended_one} ended by itself; {settings.home / f'{ended_one}.log'} says why.")
        raise typer.Exit(1)


def _begun(desk: Desk, parts: frozenset[Part], stack: ExitStack) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start each part that is a process of its own; `stack` ends them, the last one first."""
    settings = desk.settings
    address = _prefect(settings, parts, stack)
    if Part.WORKER in parts:
        asyncio.run(deploy(settings.watch_silence))
        of_it = ("--pool", POOL, "--type", "process", "--limit", str(settings.runs_at_once()))
        yield _started(settings, stack, "worker", "prefect", "worker", "start", *of_it)
        line("A worker carries incidents.")
    if Part.CONSOLE in parts:
        yield _started(settings, stack, "console", "console")
        line(f"Console: {settings.console()}")
        _invite_first(desk, settings)
    if Part.SLACK in parts and settings.answers_in_slack:
        yield _started(settings, stack, "slack", "console.slack_socket")
        line(f"Slack is kept up to date{', and listened to by socket mode' if settings.slack_app_token else ''}.")
    line(f"Prefect UI: {address}/runs")


def _prefect(settings: Settings, parts: frozenset[Part], stack: ExitStack) -> str:
    """The address of the Prefect server: one of this machine, or the one that `PREFECT_API_URL` names."""
    given = os.environ.get("PREFECT_API_URL")
    os.environ.update(environment(settings.home, settings.server_port))
    if Part.SERVER in parts:
        address = stack.enter_context(running(settings.home, settings.server_port, settings.server_host))
    elif given:
        address = given.removesuffix("/api")
    else:
        address = local_address(settings.server_port)
    if given and Part.SERVER not in parts:
        os.environ["PREFECT_API_URL"] = given
        waited_for(address)
    prefect_ready(settings)
    return address


def _chosen(demo: bool) -> Settings:
    settings = read_settings()
    nothing_else = settings.database_url is None and not (settings.home / "tocsin.db").exists()
    if demo or (nothing_else and (settings.home / "demo" / "tocsin.db").exists()):
        line("This is the demo's rehearsal: its clock stands still, and nothing leaves this machine.")
        return rehearsal()
    return settings


def whole_paths(settings: Settings) -> dict[str, str]:
    """The settings that name a file or folder, written out: a run is begun in another folder than this one."""
    return {f"TOCSIN_{name.upper()}": str(value.absolute()) for name, value in settings if isinstance(value, Path)}


def _started(settings: Settings, stack: ExitStack, name: str, *module: str) -> tuple[str, subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", *module]
    with (settings.home / f"{name}.log").open("ab") as log:
        # In a session of its own, so that a Ctrl-C reaches us first and the process is ended in order.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
        environ = {
            **SOON,
            **os.environ,
            **whole_paths(settings),
            **LOGGED,
            "PATH": path,
        }  # the worker's runs are begun by `python`
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environ, start_new_session=True)
    stack.callback(ended, process.pid)
    return name, process


def _invite_first(desk: Desk, settings: Settings) -> None:
    token = first_link(desk)
    if token:
        line(
            f"Nobody can sign in yet. This link makes the first administrator, once: {settings.console()}/welcome/{token}"
        )


@dataclass
class Seen:
    """What the watch of this process has done about each incident: shown, and asked for."""

    mailbox: MailboxFolder | None = None
    shown: dict[str, int] = field(default_factory=dict)  # how much of its ledger the Prefect UI has been brought up to
    asked: dict[str, tuple[int, float]] = field(default_factory=dict)  # for which pass a run was asked for, and when
    read_at: float = -MAILBOX_SECONDS  # when the mailbox was read, and which of its mails are not about mails to people
    passed_over: set[str] = field(default_factory=set)


def _look_after(desk: Desk, pulse: Pulse, seen: Seen, until: float) -> None:
    """Fire what is due, have what no run is doing taken up, and show it; a database that is down for a while ends nothing."""
    try:
        for alert in watch_once(desk):
            line(f"{alert.number}: {alert.rung} for {alert.provision} ({alert.stage}), told {alert.role}")
        pulse.passed()
        _read_mailbox(desk, seen)
        _heed_cancelled(desk, open_numbers(desk))
        _take_up(desk, seen)
        _show(desk, seen, until)
    except StoreUnavailableError as error:
        line(f"{error}; watching goes on")
    except httpx.HTTPError as error:
        line(f"The Prefect server does not answer ({type(error).__name__}); what it shows is brought up later")


def _read_mailbox(desk: Desk, seen: Seen) -> None:
    """What came back from people is taken in every half minute."""
    if seen.mailbox is None or time.monotonic() < seen.read_at + MAILBOX_SECONDS:
        return
    seen.read_at = time.monotonic()
    found = read_people_mailbox(desk, seen.mailbox, seen.passed_over)
    if found["case"]:
        line(f"{found['case']} people answered; each is a case with a clock: tocsin people cases NUMBER")


def _heed_cancelled(desk: Desk, numbers: Iterable[str]) -> None:
    """What somebody cancelled in the Prefect UI is noted, and not started again."""
    numbers = set(numbers)
    for run in cancelled_runs(desk.settings):
        said = f"{run['name']}: {run['state'].get('message') or ''}"
        for number in numbers & set(run["tags"]):
            if halt(desk, number, run=run["id"], by=CANCELLER, said=said):
                line(f"{number}: a run was cancelled; nothing is carried on until `tocsin respond {number}`")
        for number in (number for number in numbers if tag_of(number) in run["tags"]):
            if heed_cancelled(desk, number, run=run["id"], by=CANCELLER, said=said):
                line(
                    f"{number}: a run of its sending was cancelled; it is paused until `tocsin people resume {number}`"
                )


def _take_up(desk: Desk, seen: Seen) -> None:
    """Have what no run is doing taken up; what was asked for a moment ago is given time to start."""
    now = time.monotonic()
    with reading(desk.engine) as session:
        passes = {number: find(session, number).passes for number in unfinished(desk)}
    seen.asked = {
        number: asked
        for number, asked in seen.asked.items()
        if passes.get(number) == asked[0] and asked[1] > now - ASKED_AGAIN_SECONDS
    }
    wanted = {number: passed for number, passed in passes.items() if number not in seen.asked}
    seen.asked |= {number: (passed, now) for number, passed in wanted.items()}
    for number in nudge(desk.settings, wanted, datetime.now(UTC)) if wanted else ():
        line(f"{number}: a run carries it on")
    for number in take_up_sendings(desk):
        line(f"{number}: a run sends to its people")


def _show(desk: Desk, seen: Seen, until: float) -> None:
    """Bring the Prefect UI up to what was done elsewhere since: pages, events and open questions.

    What is not done by `until` is left to the next pass, for a slow server must not hold up the alerts.
    """
    from flows.board import publish  # imports Prefect, whose settings stand only now

    behind = {number: count for number, count in idle(desk).items() if seen.shown.get(number) != count}
    for number, count in behind.items():
        if number not in seen.shown:
            save_filter(desk.settings, number)
        asyncio.run(publish(desk, number))
        keep_gates(desk, number)
        seen.shown[number] = count
        if time.monotonic() > until:
            return
