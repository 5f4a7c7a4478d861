from typing import Annotated

import typer

from flows.acts.close import close
from flows.acts.review import reviewed, write_review
from flows.desk import open_desk
from models.plain import plain
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, print_json, table

app = typer.Typer()


@app.command()
def review(
    number: Number,
    closing: Annotated[str | None, typer.Option("--close", help="Close the incident, with this reason.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """What the record says of how the response went: figures, what was late, what is still to do; --close ends the incident.

    Example: tocsin review INC-2026-0001 --close "all told, systems restored" --as "Ines Duarte"
    """
    desk = open_desk()
    if closing is not None:
        close(desk, number, by=actor(by, desk.settings), reason=closing)
        write_review(desk, number)
    found = reviewed(desk, number)
    if json:
        print_json(plain(found) | {"summary": found.summary})
        return
    line(f"{number}: {found.summary}. {found.ledger_entries} ledger entries verified.")
    table(
        ("from ... to ...", "hours"),
        ((name, "not known" if hours is None else hours) for name, hours in found.hours.items()),
    )
    table(("what", "how many"), found.counts.items())
    for text in found.overrides:
        line(f"  override: {text}")
    for action in found.actions:
        line(f"  to do: {action}")
