import time
from typing import Annotated

import typer

from flows.acts.acknowledge import acknowledge, snooze
from flows.acts.watch import Fired, watch_once
from flows.desk import open_desk
from laws.clock import moment_of
from models.clock import rfc3339, zone
from models.errors import StoreUnavailableError
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, print_json

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def watch(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One pass, then leave.")] = False,
    every: Annotated[float, typer.Option("--every", help="Seconds between passes.")] = 5.0,
    json: Json = False,
) -> None:
    """The deadline monitor: fire every alert that is due, each once, and try again what could not be sent.

    Example: tocsin watch --once
    """
    if context.invoked_subcommand is not None:
        return
    desk = open_desk()
    if once or json:
        fired = watch_once(desk)
        print_json([_json(alert) for alert in fired]) if json else _show(fired)
        return
    line("Watching; Ctrl-C ends it.")
    while True:
        try:
            _show(watch_once(desk), quiet=True)
        except StoreUnavailableError as error:
            line(f"{error}; watching goes on")
        time.sleep(every)


@app.command()
def ack(
    number: Number,
    provision: Annotated[
        str | None, typer.Argument(help="One duty's provision; without it, all of the incident.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Say that alerts were seen, so that nobody further up is told. The next rung comes all the same.

    Example: tocsin watch ack INC-2026-0001 eu-gdpr-33 --as "Lea Martin"
    """
    desk = open_desk()
    found = acknowledge(desk, number, provision, by=actor(by, desk.settings), note=note)
    if json:
        print_json([{"provision": one.provision, "stage": one.stage, "rungs": list(one.rungs)} for one in found])
        return
    for one in found:
        line(f"{one.provision} ({one.stage}): acknowledged {', '.join(one.rungs)}")


@app.command("snooze")
def snooze_(
    number: Number,
    provision: Annotated[str, typer.Argument(help="The duty's provision.")],
    until: Annotated[str, typer.Option("--until", help="When alerts come again, with its offset.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands on the ledger.")],
    stage: Annotated[
        str | None, typer.Option("--stage", help="One stage of the duty; without it, each that runs.")
    ] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Put off the alerts of one duty, never past its limit; the highest of them comes at the end.

    Example: tocsin watch snooze INC-2026-0001 eu-gdpr-33 --until 2026-11-25T08:00:00+01:00 --reason "filing is being signed"
    """
    desk = open_desk()
    end = moment_of(until, zone("UTC"))
    found = snooze(desk, number, provision, until=end, reason=reason, by=actor(by, desk.settings), stage=stage)
    if json:
        print_json(
            [
                {"provision": one.provision, "stage": one.stage, "until": rfc3339(one.until), "rungs": list(one.rungs)}
                for one in found
            ]
        )
        return
    for one in found:
        put_off = f"put off {', '.join(one.rungs)}" if one.rungs else "no alert would have come before"
        line(f"{one.provision} ({one.stage}): until {rfc3339(one.until)}, {put_off}")


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
