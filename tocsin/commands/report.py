import sys
from typing import Annotated

import typer

from flows.acts.report import open_incident
from flows.desk import open_desk
from models.document import read_document
from models.report import implausible, report_of
from tocsin.acting import actor
from tocsin.output import By, Json, line, print_json

app = typer.Typer()


@app.command()
def report(
    file: Annotated[str, typer.Argument(help="A report in YAML or JSON; - for standard input.")],
    respond: Annotated[bool, typer.Option("--respond", help="Start its playbook at once.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Validate a report, open an incident and print its number.

    Example: tocsin report breach.yaml --respond
    """
    document = read_document("standard input", sys.stdin.buffer.read()) if file == "-" else read_document(file)
    facts = report_of(document)
    desk = open_desk()
    number = open_incident(desk, facts, by=actor(by, desk.settings))
    warnings = implausible(facts)
    if json:
        print_json({"number": number, "facts_version": 1, "warnings": warnings})
    else:
        line(number)
        for warning in warnings:
            sys.stderr.write(f"tocsin: warning: {warning}\n")
    if respond:
        from flows.start import run_now  # imports Prefect, which takes a second

        run_now(desk.settings, "respond", number)
