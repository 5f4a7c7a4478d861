import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Annotated

import typer

from flows.acts.accounts import first_link
from flows.acts.unfinished import unfinished
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.heartbeat import Pulse, beating
from flows.server import ended, environment, running
from flows.settings import Settings, read_settings
from flows.start import POOL, deploy, nudge, prefect_ready
from models.errors import StoreUnavailableError
from models.incident import find
from models.store import reading
from tocsin.commands.demo import rehearsal
from tocsin.output import line

app = typer.Typer()


@app.command()
def serve(
    demo: Annotated[
        bool, typer.Option("--demo", help="What the demo left; also chosen while there is nothing else.")
    ] = False,
    every: Annotated[float, typer.Option("--every", help="Seconds between passes of the deadline watch.")] = 5.0,
) -> None:
    """The console, Prefect server with its UI, a worker, and the deadline watch, until Ctrl-C.

    Example: tocsin serve
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ended in order by a service manager too
    settings = _chosen(demo)
    desk = open_desk(settings)
    os.environ.update(environment(settings.home, settings.server_port))
    line(f"Starting, with everything in {settings.home} ...")
    with ExitStack() as stack:
        address = stack.enter_context(running(settings.home, settings.server_port))
        prefect_ready(settings)
        asyncio.run(deploy(settings.watch_silence))
        worker = _started(settings, "worker", "prefect", "worker", "start", "--pool", POOL, "--type", "process")
        console = _started(settings, "console", "console")
        stack.callback(ended, worker.pid)
        stack.callback(ended, console.pid)
        line(f"Console: {settings.console()}")
        _invite_first(desk, settings)
        line(f"Prefect UI: {address}/runs")
        line(f"A worker carries incidents; the watch looks every {every:g} s. Ctrl-C ends it all.")
        pulse = stack.enter_context(beating(settings, line))
        try:
            while worker.poll() is None and console.poll() is None:
                _look_after(desk, pulse)
                time.sleep(every)
        except KeyboardInterrupt:
            line("Ending; nothing is lost, the next start goes on.")
            return
        which = "worker" if worker.poll() is not None else "console"
        line(f"The {which} ended by itself; {settings.home / f'{which}.log'} says why.")
        raise typer.Exit(1)


def _chosen(demo: bool) -> Settings:
    settings = read_settings()
    nothing_else = settings.database_url is None and not (settings.home / "tocsin.db").exists()
    if demo or (nothing_else and (settings.home / "demo" / "tocsin.db").exists()):
        line("This is the demo's rehearsal: its clock stands still, and nothing leaves this machine.")
        return rehearsal()
    return settings


def _started(settings: Settings, name: str, *module: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", *module]
    with (settings.home / f"{name}.log").open("ab") as log:
        # In a session of its own, so that a Ctrl-C reaches us first and the process is ended in order.
        return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)


def _invite_first(desk: Desk, settings: Settings) -> None:
    token = first_link(desk)
    if token:
        line(
            f"Nobody can sign in yet. This link makes the first administrator, once: {settings.console()}/welcome/{token}"
        )


def _look_after(desk: Desk, pulse: Pulse) -> None:
    """Fire what is due, and have what no run is doing taken up; a database that is down for a while ends nothing."""
    try:
        for alert in watch_once(desk):
            line(f"{alert.number}: {alert.rung} for {alert.provision} ({alert.stage}), told {alert.role}")
        pulse.passed()
        _take_up(desk)
    except StoreUnavailableError as error:
        line(f"{error}; watching goes on")


def _take_up(desk: Desk) -> None:
    for number in unfinished(desk):
        with reading(desk.engine) as session:
            passes = find(session, number).passes
        if nudge(desk.settings, number, passes):
            line(f"{number}: a run carries it on")
