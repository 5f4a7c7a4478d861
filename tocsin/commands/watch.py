import time
from typing import Annotated

import typer

from flows.acts.watch import Fired, watch_once
from flows.desk import open_desk
from models.clock import rfc3339
from tocsin.output import Json, line, print_json

app = typer.Typer()


@app.command()
def watch(
    once: Annotated[bool, typer.Option("--once", help="One pass, then leave.")] = False,
    every: Annotated[float, typer.Option("--every", help="Seconds between passes.")] = 5.0,
    json: Json = False,
) -> None:
    """The deadline monitor: fire every alert that is due, each once, and try again what could not be sent.

    Example: tocsin watch --once
    """
    desk = open_desk()
    if once or json:
        fired = watch_once(desk)
        print_json([_json(alert) for alert in fired]) if json else _show(fired)
        return
    line("Watching; Ctrl-C ends it.")
    while True:
        _show(watch_once(desk), quiet=True)
        time.sleep(every)


def _json(alert: Fired) -> dict[str, object]:
    return {
        "number": alert.number,
        "provision": alert.provision,
        "stage": alert.stage,
        "rung": alert.rung,
        "role": alert.role,
        "due_at": rfc3339(alert.due_at),
        "lateness_seconds": alert.lateness.total_seconds(),
        "delivery": alert.delivery,
    }


def _show(fired: list[Fired], *, quiet: bool = False) -> None:
    for alert in fired:
        line(f"{alert.number}: {alert.rung} for {alert.provision} ({alert.stage}), told {alert.role}")
    if not fired and not quiet:
        line("Nothing is due.")
