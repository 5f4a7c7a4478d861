from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from flows.settings import laws_from, read_settings
from laws.assessment import due_json
from laws.clock import moment_of
from laws.due import due_of
from laws.start import QUESTIONS
from models.clock import zone
from models.document import nearest
from models.errors import BadInputError
from tocsin.output import Json, line, local, print_json

app = typer.Typer()


@app.command()
def due(
    provision: Annotated[str, typer.Argument(help="A provision's id, such as eu-gdpr-33.")],
    start: Annotated[str, typer.Option("--from", help="When the period's event happened, with its offset.")],
    timezone: Annotated[str | None, typer.Option("--timezone", help="IANA zone in which days end.")] = None,
    calendar: Annotated[
        str | None, typer.Option("--calendar", help="Whose holidays count, such as DE or US-CA.")
    ] = None,
    stage: Annotated[
        str | None, typer.Option("--stage", help="One stage of a staged duty; default: all, from the first.")
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also", help="A further event that the clock asks about, such as awareness=2026-11-20T10:00:00Z."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Work out one clock, step by step.

    Example: tocsin due eu-gdpr-33 --from 2026-03-27T18:00:00+01:00 --timezone Europe/Paris
    """
    laws = laws_from(read_settings())
    read_in = zone(timezone) if timezone else ZoneInfo("UTC")
    others = dict(_event(text, read_in) for text in also or ())
    found = due_of(laws, provision, moment_of(start, read_in), timezone, calendar, stage, others=others)
    if json:
        print_json(due_json(provision, found))
        return
    shown_zone = timezone or laws.provision(provision)[0].timezone or "UTC"
    for each in found:
        line(f"{provision} ({each.stage}):")
        for number, step in enumerate(each.steps, 1):
            line(f"  {number}. {step}")
        line(f"  Due: {local(each.due_at, shown_zone) or 'no time to show'}")
        if each.due_statutory and each.due_statutory != each.due_at:
            line(f"  The law itself allows until {local(each.due_statutory, shown_zone)}; alarms use the earlier time.")


def _event(text: str, read_in: ZoneInfo) -> tuple[str, datetime]:
    name, _, moment = text.partition("=")
    if name not in QUESTIONS:
        raise BadInputError(f"--also: no event is called {name!r}{nearest(name, QUESTIONS)}")
    return name, moment_of(moment, read_in)
