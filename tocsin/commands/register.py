import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from flows.acts.register import has_only_rehearsals, register
from flows.acts.register_file import WRITERS, register_json, write_register
from flows.desk import Desk, open_desk
from models.errors import BadInputError
from models.register import RegisterEntry
from templates.register_page import register_text
from templates.register_words import RegisterWords
from tocsin.output import Json, line

app = typer.Typer()


@app.command(name="register")
def register_command(
    format: Annotated[str, typer.Option("--format", help=", ".join(WRITERS))] = "text",
    to: Annotated[Path | None, typer.Option("--to", help="The file; text needs none.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Only incidents recorded on this day or later.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Only incidents recorded on this day or before.")] = None,
    language: Annotated[str, typer.Option("--language", help="In which words: en or zh.")] = "en",
    rehearsals: Annotated[bool, typer.Option("--rehearsals", help="Rehearsals too, marked as such.")] = False,
    json: Json = False,
) -> None:
    """The breach register that GDPR Art. 33(5) asks for: each incident with its facts, effects, remedial action, whom it
    was told, when, and why not or why late.

    Example: tocsin register --format xlsx --to register.xlsx
    """
    desk, words = open_desk(), RegisterWords(language)
    entries = register(desk, since=_day(since), until=_day(until), rehearsals=rehearsals, language=language)
    if to is not None:
        count = write_register(desk, entries, "json" if json else format, to, language)
        if not json:
            line(f"{to}: {count} {'entry' if count == 1 else 'entries'}{_left_out(desk, rehearsals)}")
    elif json:
        sys.stdout.writelines(register_json(desk, entries))
    elif format == "text":
        _print(desk, entries, rehearsals, words)
    else:
        raise BadInputError(f"{format} needs a file; give it with --to register.{format}")


def _print(desk: Desk, entries: Iterator[RegisterEntry], rehearsals: bool, words: RegisterWords) -> None:
    something = False
    for piece in register_text(entries, words):
        sys.stdout.write(piece)
        something = True
    if not something:
        line(f"No incident is in the register{_left_out(desk, rehearsals)}.")


def _left_out(desk: Desk, rehearsals: bool) -> str:
    if rehearsals or not has_only_rehearsals(desk):
        return ""
    return "; every incident here is a rehearsal, --rehearsals shows them"


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInputError(f"{text!r} is no day; write one such as 2026-03-01") from error
