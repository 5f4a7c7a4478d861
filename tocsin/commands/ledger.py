import json as json_module
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from flows.desk import open_desk
from models.errors import BadInputError
from models.incident import find
from models.ledger import exported, verify_exported, verify_stored
from models.store import reading
from tocsin.output import Json, Number, line, print_json

app = typer.Typer()


@app.command()
def ledger(
    number: Number,
    act: Annotated[str, typer.Argument(help="verify or export")],
    file: Annotated[
        Path | None, typer.Argument(help="verify: an exported file; export: where to write (default: standard output).")
    ] = None,
    head: Annotated[
        str | None, typer.Option("--head", help="A last hash known from elsewhere; shows that nothing was cut off.")
    ] = None,
    json: Json = False,
) -> None:
    """Verify an incident's ledger, in the database or from an exported file, or export it as JSON Lines.

    Example: tocsin ledger INC-2026-0001 export ledger.jsonl
    """
    if act == "verify":
        verified, last = _verify(number, file, head)
        if json:
            print_json({"number": number, "verified": True, "entries": verified, "head": last})
        else:
            line(f"{number}: {verified} entries, each follows from the one before it; head {last}")
    elif act == "export":
        _export(number, file)
    else:
        raise BadInputError(f"{act!r} is neither verify nor export; see `tocsin ledger --help`")


def _verify(number: str, file: Path | None, known: str | None) -> tuple[int, str]:
    if file is not None:
        lines = _lines(file)
        return verify_exported(lines, head=known, number=number), json_module.loads(lines[0])["head"]
    with reading(open_desk().engine) as session:
        incident = find(session, number)
        return verify_stored(session, incident, known=known), incident.ledger_head


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split("\n")  # a text may hold other line ends than this one
    except OSError as error:
        raise BadInputError(
            f"{file}: cannot be read ({error.strerror}); export one with `tocsin ledger NUMBER export`"
        ) from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"{file}: not UTF-8 text; an exported ledger is JSON Lines") from error


def _export(number: str, file: Path | None) -> None:
    with reading(open_desk().engine) as session:
        lines = exported(session, find(session, number))
        if file is None:
            for entry in lines:
                sys.stdout.write(entry + "\n")
        else:
            _write(file, lines)


def _write(file: Path, lines: Iterable[str]) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="\n") as target:
            target.writelines(entry + "\n" for entry in lines)
    except OSError as error:
        raise BadInputError(f"{file}: cannot be written ({error.strerror}); check the path") from error
