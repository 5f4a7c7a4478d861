from typing import Annotated

import typer

from flows.acts.people_carry import carry_sending
from flows.acts.people_control import pause as pause_sending
from flows.acts.people_control import resume as resume_sending
from flows.acts.people_control import stop as stop_sending
from flows.acts.people_plan import start_sending
from flows.acts.people_progress import Progress, progress
from flows.acts.people_send import CONNECTIONS
from flows.desk import Desk, open_desk
from flows.people_json import progress_json
from flows.senders import start_senders
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, local, print_json, table

Why = Annotated[str | None, typer.Option("--why", help="Why.")]


def send(
    number: Number,
    wave: Annotated[
        str | None, typer.Option("--wave", help="How far it may go: review, first or rest; default: the next one.")
    ] = None,
    rate: Annotated[float | None, typer.Option("--rate", min=0.01, help="At most so many e-mails a second.")] = None,
    domain_rate: Annotated[
        float | None, typer.Option("--domain-rate", min=0.01, help="At most so many a second to one domain.")
    ] = None,
    connections: Annotated[int, typer.Option("--connections", min=1, max=64)] = CONNECTIONS,
    here: Annotated[
        bool, typer.Option("--here", help="Send in this process, also where workers are heard of.")
    ] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Send the signed texts to the people of the roster: to the reviewers, then a first share, then the rest.

    Example: tocsin people send INC-2026-0001 --rate 50 --domain-rate 10
    """
    desk = open_desk()
    limits = {name: value for name, value in (("email", rate), ("domain", domain_rate)) if value is not None}
    started = start_sending(desk, number, by=actor(by, desk.settings), wave=wave, limits=limits)
    if not json:
        line(f"{number}: wave {started.wave}, {started.planned} new messages, {started.left} to send")
    _carry(desk, number, connections, here=here, json=json)
    _tell(desk, number, json=json)


def _carry(desk: Desk, number: str, connections: int, *, here: bool, json: bool) -> None:
    workers = 0 if here else start_senders(desk, number)
    if workers:
        if not json:
            line(f"{number}: {workers} workers send; see `tocsin people progress {number}`")
        return
    tally = carry_sending(desk, number, connections=connections)
    if tally.trouble and not json:
        line(f"{number}: {tally.trouble}")


def pause(number: Number, why: Why = None, by: By = None, json: Json = False) -> None:
    """Let nothing more leave, within seconds, until it is resumed.

    Example: tocsin people pause INC-2026-0001 --why "wrong telephone number in the letter"
    """
    desk = open_desk()
    pause_sending(desk, number, by=actor(by, desk.settings), why=why)
    _tell(desk, number, json=json)


def resume(
    number: Number,
    connections: Annotated[int, typer.Option("--connections", min=1, max=64)] = CONNECTIONS,
    here: Annotated[
        bool, typer.Option("--here", help="Send in this process, also where workers are heard of.")
    ] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Go on after a pause.

    Example: tocsin people resume INC-2026-0001
    """
    desk = open_desk()
    resume_sending(desk, number, by=actor(by, desk.settings))
    _carry(desk, number, connections, here=here, json=json)
    _tell(desk, number, json=json)


def stop(
    number: Number,
    why: Annotated[str, typer.Option("--why", help="Why.")],
    by: By = None,
    json: Json = False,
) -> None:
    """End the sending: what has not left is withdrawn.

    Example: tocsin people stop INC-2026-0001 --why "the facts changed"
    """
    desk = open_desk()
    withdrawn = stop_sending(desk, number, by=actor(by, desk.settings), why=why)
    if json:
        print_json({"number": number, "withdrawn": withdrawn})
        return
    line(f"{number}: stopped; {withdrawn} messages were withdrawn")


def show_progress(number: Number, json: Json = False) -> None:
    """Where the sending stands: sent, came back, left, how fast, and when it ends against the limit.

    Exit status 1 while the limit will be missed.

    Example: tocsin people progress INC-2026-0001
    """
    found = _tell(open_desk(), number, json=json)
    if found.too_slow:
        raise typer.Exit(1)


def _tell(desk: Desk, number: str, *, json: bool) -> Progress:
    found = progress(desk, number)
    if json:
        print_json({"number": number, **progress_json(found)})
        return found
    why = f" ({found.why})" if found.why else ""
    line(f"{number}: {found.state}{why}; wave {found.wave}; {found.people} people")
    table(
        ("channel", "messages"),
        (
            (channel, ", ".join(f"{n} {state}" for state, n in counts.items()))
            for channel, counts in found.channels.items()
        ),
    )
    if found.left:
        end = (
            f"the last leaves at {local(found.expected_end, found.zone)}"
            if found.expected_end
            else "nothing left lately"
        )
        line(f"{found.left} left to send, {found.rate} a second: {end}")
    if found.due_at:
        line(f"Limit: {local(found.due_at, found.zone)}{', WHICH WILL BE MISSED' if found.too_slow else ''}")
    if found.doubtful:
        line(
            f"{found.doubtful} may have been taken without our hearing of it; {found.twice} of them were sent again under the same Message-ID"
        )
    if found.unreached:
        line("Not written to: " + ", ".join(f"{reason}: {count}" for reason, count in found.unreached.items()))
    return found
