import fcntl
import os
import time
from pathlib import Path
from typing import IO, Annotated

import typer

from flows.server import environment, free_port, running
from flows.settings import WAYS_OUT, Settings, read_settings
from models.errors import NotAllowedError
from tocsin.output import line

app = typer.Typer()
_held: list[IO[str]] = []  # a lock lasts as long as its file is open


@app.command()
def demo(
    keep_open: Annotated[
        bool, typer.Option("--keep-open", help="Leave the Prefect UI open at the end, until Ctrl-C.")
    ] = False,
) -> None:
    """One real-shaped breach from report to sent notices, on this machine and on a rehearsal's clock; nothing leaves.

    Example: tocsin demo --keep-open
    """
    settings = rehearsal()
    _alone(settings.home)
    began = time.monotonic()
    line("Tocsin demo: a ransomware breach, from its report to its last notice. Nothing leaves this machine.")
    line(f"Everything is kept in {settings.home}; starting the embedded Prefect server ...")
    with running(settings.home, settings.server_port) as address:
        line(f"Prefect UI: {address} (after {time.monotonic() - began:.0f} s)")
        try:
            number = _tell(settings)
        except KeyboardInterrupt:
            line("\nStopped. Nothing is lost: run `make demo` again and it goes on from here.")
            raise typer.Exit(130) from None
        line()
        line(f"Done in {time.monotonic() - began:.0f} s. The whole story: {number}")
        line(
            f"  make serve                                   opens it again; then look at {address}/runs and .../artifacts"
        )
        line(f"  TOCSIN_HOME={settings.home} .venv/bin/tocsin timeline {number}")
        line(f"  TOCSIN_HOME={settings.home} .venv/bin/tocsin ledger {number} verify")
        if keep_open:
            _wait(address)


def _alone(home: Path) -> None:
    """Refuse a second demo beside this one; the lock ends with the process, however it ends."""
    lock = (home / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise NotAllowedError("another demo is running here; wait for it, or end it") from error
    _held.append(lock)


def rehearsal() -> Settings:
    """Settings of the demo's own: its home, its clock, its organisation and a port nobody uses."""
    home = read_settings().home / "demo"
    home.mkdir(parents=True, exist_ok=True)
    port_file = home / "port"
    if not port_file.exists():
        port_file.write_text(str(free_port()))
    port = int(port_file.read_text())
    os.environ.update(
        {
            "TOCSIN_HOME": str(home),
            "TOCSIN_DATABASE_URL": f"sqlite:///{home / 'tocsin.db'}",
            "TOCSIN_CLOCK": str(home / "clock"),
            "TOCSIN_ORGANISATION": str(Path(__file__).parents[1] / "demo" / "data" / "organisation.yaml"),
            "TOCSIN_LANGUAGES": "en,zh",
            "TOCSIN_SERVER_PORT": str(port),
            **environment(home, port),
        }
    )
    for name in list(os.environ):  # a rehearsal reaches nobody, whatever is configured
        ways = tuple(f"TOCSIN_{way.partition('_')[0].upper()}" for way in WAYS_OUT)
        if name.startswith((*ways, "TOCSIN_LAWS", "TOCSIN_PLAYBOOKS", "TOCSIN_TEMPLATES")):
            del os.environ[name]
    return read_settings()


def _tell(settings: Settings) -> str:
    from flows.desk import open_desk
    from models.clock import VirtualClock
    from tocsin.demo.story import STARTS, Demo
    from tocsin.demo.telling import Teller

    assert settings.clock is not None, "set above"
    clock = VirtualClock(settings.clock)
    if not settings.clock.exists():
        clock.set(STARTS)
    story = Demo(open_desk(settings), clock, Teller())
    story.run()
    return story.number


def _wait(address: str) -> None:
    line(f"The Prefect UI stays open at {address}; Ctrl-C ends it.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        line()
