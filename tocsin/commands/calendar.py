import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.acts.calendar import calendar as calendar_of
from flows.acts.calendar import end_feed, make_feed
from flows.desk import open_desk
from models.errors import BadInputError
from models.incident import find
from models.store import reading
from tocsin.output import Json, line, print_json

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Somebody of the team.")]


@app.callback()
def calendar() -> None:
    """Deadlines for calendar programs: a file, or a feed for one person.

    Example: tocsin calendar feed "Lea Martin"
    """


@app.command()
def export(
    numbers: Annotated[list[str] | None, typer.Argument(help="Incidents; none: every open one.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="The file; default: standard output.")] = None,
) -> None:
    """Write the deadlines as an iCalendar file.

    Example: tocsin calendar export INC-2026-0001 --to deadlines.ics
    """
    desk = open_desk()
    with reading(desk.engine) as session:
        known = [find(session, number).number for number in numbers or ()]
    written = calendar_of(desk, known or None)
    if to is None:
        sys.stdout.write(written.decode())
        return
    try:
        to.write_bytes(written)
    except OSError as error:
        raise BadInputError(f"{to} cannot be written ({error.strerror})") from error
    line(f"{to}: {written.count(b'BEGIN:VEVENT')} deadlines")


@app.command()
def feed(name: Name, json: Json = False) -> None:
    """Make the address of a feed with the incidents that somebody sees; an older one ends. Whoever has it reads the feed.

    Example: tocsin calendar feed "Lea Martin"
    """
    address = make_feed(open_desk(), name)
    if json:
        print_json({"name": name, "address": address})
        return
    line(address)
    line("It is shown once. Subscribe to it in a calendar; `tocsin calendar end` makes it useless.")


@app.command()
def end(name: Name, json: Json = False) -> None:
    """End somebody's feed.

    Example: tocsin calendar end "Lea Martin"
    """
    ended = end_feed(open_desk(), name)
    if json:
        print_json({"name": name, "ended": ended})
    else:
        line(f"The feed of {name} is ended" if ended else f"{name} had no feed")
