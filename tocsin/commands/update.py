import sys
from typing import Annotated

import typer

from flows.acts.update import update as apply
from flows.as_json import updated_json
from flows.desk import open_desk
from models.document import read_document
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, print_json, table

app = typer.Typer()


@app.command()
def update(
    number: Number,
    file: Annotated[
        str, typer.Argument(help="New facts in YAML or JSON, in the report's format; - for standard input.")
    ],
    by: By = None,
    json: Json = False,
) -> None:
    """Add facts to an incident and print what changed: facts, duties, clocks, and texts that no longer hold.

    Example: tocsin update INC-2026-0001 new-facts.yaml
    """
    document = read_document("standard input", sys.stdin.buffer.read()) if file == "-" else read_document(file)
    desk = open_desk()
    found = apply(desk, number, document, by=actor(by, desk.settings))
    added, moved, stale = found.added, found.moved, found.stale
    if json:
        print_json(updated_json(found))
        return
    if not added.changed:
        line(f"{number}: nothing in it was new; facts version {added.version} stays")
        return
    line(f"{number}: facts version {added.version}")
    table(("fact", "was", "is"), ((path, _shown(old), _shown(new)) for path, old, new in added.changed))
    if moved:
        table(
            ("duty", "stage", "change", "due"), ((c.provision, c.stage, c.change, c.after.get("due_at")) for c in moved)
        )
    else:
        line("No duty changed.")
    for text in stale:
        line(
            f"Stale: notice {text.notice} ({text.audience}, {text.language}): {text.path} was {text.old}, is {text.new}; {text.mend}"
        )


def _shown(value: object) -> str:
    return "not known" if value is None else str(value)
