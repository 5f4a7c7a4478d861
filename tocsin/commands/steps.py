from pathlib import Path
from typing import Annotated

import typer

from flows.acts.contain import ready_steps
from flows.acts.evidence import preserve_file
from flows.acts.playbook import start_playbook, step_rows
from flows.acts.tickets import tickets_of
from flows.acts.work import (
    approve_step,
    assign_step,
    evidence_name,
    finish_step,
    refuse_step,
    skip_step,
    tell_event,
    try_again,
)
from flows.as_json import step_json
from flows.desk import Desk, open_desk
from models.errors import BadInputError
from models.incident import find
from models.store import reading
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, local, print_json, table

app = typer.Typer()
ACTS = ("list", "done", "skip", "assign", "approve", "refuse", "retry", "evidence", "event")


@app.command()
def steps(
    number: Number,
    act: Annotated[str, typer.Argument(help=", ".join(ACTS))] = "list",
    key: Annotated[str | None, typer.Argument(help="The step's key; for event, its name.")] = None,
    file: Annotated[Path | None, typer.Argument(help="evidence: the file to keep.")] = None,
    outcome: Annotated[
        str | None, typer.Option("--answer", help="done: the answer, where the step asks for one.")
    ] = None,
    note: Annotated[str | None, typer.Option("--note")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="skip, refuse: why.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="assign: whom to.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="evidence: what it is, as the step asks for it.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """List the steps of an incident's playbook; do, skip, assign, sign, refuse or retry one, attach evidence, tell an event.

    Example: tocsin steps INC-2026-0001 done confirm_scope --as "Sam Okoro" --note "two servers"
    """
    desk = open_desk()
    if act == "list":
        _list(desk, number, json=json)
        return
    if act not in ACTS:
        raise BadInputError(f"{act!r} is not an act; known are {', '.join(ACTS)}")
    if key is None:
        raise BadInputError(f"{act} needs the key of a step; `tocsin steps {number}` lists them")
    who = actor(by, desk.settings)
    said = _do(desk, number, act, key, who, file=file, outcome=outcome, note=note, reason=reason, to=to, name=name)
    print_json({"number": number, "step": key, "act": act, "by": who, "said": said}) if json else line(f"{key}: {said}")


def _do(
    desk: Desk,
    number: str,
    act: str,
    key: str,
    who: str,
    *,
    file: Path | None,
    outcome: str | None,
    note: str | None,
    reason: str | None,
    to: str | None,
    name: str | None,
) -> str:
    match act:
        case "done":
            finish_step(desk, number, key, by=who, outcome=outcome, note=note)
            return "done"
        case "skip":
            skip_step(desk, number, key, by=who, reason=_needed(reason, "--reason"))
            return "skipped"
        case "assign":
            assign_step(desk, number, key, to=_needed(to, "--to"), by=who)
            return f"assigned to {to}"
        case "approve":
            missing = approve_step(desk, number, key, by=who)
            return (
                f"signed; still needed: {', '.join(missing)}" if missing else "signed; it goes ahead with the next pass"
            )
        case "refuse":
            refuse_step(desk, number, key, by=who, reason=_needed(reason, "--reason"))
            return "refused; it is not done"
        case "event":
            tell_event(desk, number, key, by=who)
            return "noted; what waited for it goes ahead with the next pass"
        case "retry":
            try_again(desk, number, key, by=who)
            return "tried again with the next pass"
    path = Path(_needed(str(file) if file else None, "a file"))
    kept = preserve_file(desk, number, key, path, by=who, name=name or evidence_name(desk, number, key, path))
    return f"kept {kept.name}, {kept.size} bytes, SHA-256 {kept.sha256}"


def _needed(value: str | None, what: str) -> str:
    if not value:
        raise BadInputError(f"this needs {what}; see `tocsin steps --help`")
    return value


def _list(desk: Desk, number: str, *, json: bool) -> None:
    start_playbook(desk, number)
    ready_steps(desk, number)
    with reading(desk.engine) as session:
        incident = find(session, number)
        rows = list(step_rows(session, incident).values())
    tickets = tickets_of(desk, number)
    if json:
        print_json([step_json(row, tickets.get(row.key)) for row in rows])
        return
    if not rows:
        line(f"No playbook fits {number} yet; add the fact `kind` with `tocsin update {number} FILE`.")
        return
    table(
        ("step", "phase", "title", "state", "who", "due", "why", *(("ticket",) if tickets else ())),
        (
            (
                row.key,
                row.phase,
                row.title,
                row.state.replace("_", " "),
                row.assigned_to or row.role,
                local(row.due_at, row.zone),
                row.reason,
                *((tickets[row.key].words if row.key in tickets else "",) if tickets else ()),
            )
            for row in rows
        ),
        title=f"{incident.playbook}: steps of {number}",
    )
