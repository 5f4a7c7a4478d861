"""How the command speaks: one JSON document for programs, plain lines and tables for people."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

import typer

from models.clock import zone
from models.plain import plain

Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]
By = Annotated[str | None, typer.Option("--as", help="Who acts; default: TOCSIN_ACTOR, or the login name.")]
Number = Annotated[str, typer.Argument(help="The incident's number, such as INC-2026-0001.")]


def print_json(value: object) -> None:
    """Write one JSON document."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n")


def line(text: str = "") -> None:
    """Write one line for a person."""
    sys.stdout.write(text + "\n")


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Write a table for a person, as wide as the terminal."""
    from rich import box
    from rich.console import Console  # slow to import, and not needed for --json
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*headings, title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console = Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 140)
    console.print(drawn)


def local(moment: datetime | None, zone_name: str) -> str:
    """A time as a person in the zone reads it, with the zone's abbreviation."""
    if moment is None:
        return ""
    return moment.astimezone(zone(zone_name)).strftime("%Y-%m-%d %H:%M %Z")


def left(due: datetime | None, now: datetime) -> str:
    """How long until `due`, or how long ago, in the two largest units."""
    if due is None:
        return ""
    seconds = int((due - now).total_seconds())
    days, rest = divmod(abs(seconds), 86_400)
    hours, rest = divmod(rest, 3_600)
    parts = f"{days} d {hours} h" if days else f"{hours} h {rest // 60} min"
    return parts if seconds >= 0 else f"{parts} over"
