import time
from datetime import timedelta
from typing import Annotated

import typer

from flows.acts.acknowledge import acknowledge, snooze
from flows.acts.ladder import Fired
from flows.acts.prove import Proof, Warned, prove
from flows.acts.tell_subscribers import tell_subscribers
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.heartbeat import beating
from flows.telling import telling
from laws.clock import moment_of
from models.clock import rfc3339, zone
from models.errors import StoreUnavailableError
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, print_json, table
from tocsin.pace import rest

app = typer.Typer(add_completion=False)


@app.callback(invoke_without_command=True)
def watch(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="One pass, then leave.")] = False,
    every: Annotated[float, typer.Option("--every", help="Seconds between passes.")] = 5.0,
    proof: Annotated[bool, typer.Option("--prove", help="Show what the watch did in a period.")] = False,
    since: Annotated[str | None, typer.Option("--from", help="prove: its beginning; default: a week ago.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="prove: its end; default: now.")] = None,
    limit: Annotated[float, typer.Option("--limit", help="prove: seconds after which an alert is late.")] = 60.0,
    json: Json = False,
) -> None:
    """The deadline monitor: fire every alert that is due, each once, try again what could not be sent, and tell subscriptions.

    With --prove: every alert of a period, when due, when fired, and gaps; exit status 1 if one was missed or late.

    Example: tocsin watch --once
    """
    if context.invoked_subcommand is not None:
        return
    desk = open_desk()
    if proof:
        _prove(desk, since, until, timedelta(seconds=limit), json=json)
        return
    if once or json:
        fired = watch_once(desk)
        tell_subscribers(desk)
        print_json([_json(alert) for alert in fired]) if json else _show(fired)
        return
    line("Watching; Ctrl-C ends it.")
    with beating(desk.settings, line) as pulse, telling(desk, line):
        while True:
            began = time.monotonic()
            try:
                _show(watch_once(desk), quiet=True)
                pulse.passed()
            except StoreUnavailableError as error:
                line(f"{error}; watching goes on")
            rest(began, every)


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
        print_json(found)
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
        print_json(found)
        return
    for one in found:
        put_off = f"put off {', '.join(one.rungs)}" if one.rungs else "no alert would have come before"
        line(f"{one.provision} ({one.stage}): until {rfc3339(one.until)}, {put_off}")


def _prove(desk: Desk, since: str | None, until: str | None, limit: timedelta, *, json: bool) -> None:
    start, end = (moment_of(given, zone("UTC")) if given else None for given in (since, until))
    found = prove(desk, start, end, limit)
    print_json(_proof_json(found)) if json else _show_proof(found)
    if found.flaws:
        raise typer.Exit(1)


def _proof_json(found: Proof) -> dict[str, object]:
    return {
        "from": rfc3339(found.since),
        "to": rfc3339(found.until),
        "late_after_seconds": found.late_after.total_seconds(),
        "alerts": [_warned_json(one) for one in found.warned],
        "gaps": [{"from": rfc3339(gap.since), "to": rfc3339(gap.until)} for gap in found.gaps],
        "flaws": len(found.flaws),
    }


def _warned_json(one: Warned) -> dict[str, object]:
    return {
        "number": one.number,
        "provision": one.provision,
        "stage": one.stage,
        "rung": one.rung,
        "role": one.role,
        "due_at": rfc3339(one.due_at),
        "ought_at": rfc3339(one.ought_at),
        "fired_at": rfc3339(one.fired_at) if one.fired_at else None,
        "sent_at": rfc3339(one.sent_at) if one.sent_at else None,
        "lateness_seconds": one.lateness.total_seconds() if one.lateness is not None else None,
        "outcome": one.outcome,
        "why": one.why,
    }


def _show_proof(found: Proof) -> None:
    table(
        ("due", "incident", "duty", "alert", "to", "late", "outcome", "why"),
        (
            (
                rfc3339(one.due_at.replace(microsecond=0)),
                one.number,
                f"{one.provision} ({one.stage})",
                one.rung,
                one.role,
                f"{one.lateness.total_seconds():.1f} s" if one.lateness is not None else "",
                one.outcome,
                one.why,
            )
            for one in found.warned
        ),
        title=f"Alerts from {rfc3339(found.since)} to {rfc3339(found.until)}",
    )
    for gap in found.gaps:
        line(f"Nobody watched from {rfc3339(gap.since)} to {rfc3339(gap.until)}.")
    line(
        f"{len(found.warned)} alerts, {len(found.flaws)} of them missed, not sent or more than "
        f"{found.late_after.total_seconds():g} s late; {len(found.gaps)} gaps."
    )


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
