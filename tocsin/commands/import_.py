import json as json_module
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
import yaml

from flows.acts.report import open_incident
from flows.desk import open_desk
from integrations.imported import ImportedReport
from integrations.us_lists import reports_from_hhs, reports_from_washington
from integrations.veris import reports_from_veris
from models.document import nearest
from models.errors import BadInputError
from models.report import Report
from tocsin.acting import actor
from tocsin.output import By, Json, line, print_json, table

Record = tuple[int, ImportedReport]  # with its place in the file

app = typer.Typer()
FORMATS: dict[str, Callable[[Iterable[str], str], Iterator[ImportedReport]]] = {
    "veris": reports_from_veris,
    "hhs": reports_from_hhs,
    "washington": reports_from_washington,
}


@app.command("import")
def import_(
    kind: Annotated[
        str, typer.Argument(metavar="FORMAT", help="veris; hhs or washington for those authorities' public lists.")
    ],
    file: Annotated[Path, typer.Argument(help="VERIS JSON, an array of it, or one object a line; CSV for the lists.")],
    into: Annotated[
        Path | None, typer.Option("--into", help="Write each report into this folder, to be completed and reported.")
    ] = None,
    only: Annotated[int | None, typer.Option("--only", help="Just this record, counted from 1.")] = None,
    opening: Annotated[bool, typer.Option("--open", help="Open an incident for each report at once.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Turn records of another format into reports; what a record does not say stays unknown.

    Example: tocsin import veris incidents.jsonl --into reports/
    """
    if kind not in FORMATS:
        raise BadInputError(f"unknown format {kind!r}{nearest(kind, FORMATS)}")
    found = [(index, one) for index, one in enumerate(_read(kind, file), 1) if only in (None, index)]
    if not found:
        raise BadInputError(f"{file}: no record {only}" if only else f"{file}: no record in it")
    numbers = _opened([one.report for _, one in found], by) if opening else [None] * len(found)
    paths = [_written(into, index, one) if into else None for index, one in found]
    done = list(zip(found, numbers, paths, strict=True))
    print_json([_json(*one) for one in done]) if json else _show(done)


def _json(record: Record, number: str | None, path: Path | None) -> dict[str, object]:
    index, one = record
    return {
        "record": index,
        "incident_id": one.incident_id,
        "number": number,
        "file": path and str(path),
        "warnings": one.warnings,
        "report": one.report.model_dump(mode="json", by_alias=True),
    }


def _show(done: Sequence[tuple[Record, str | None, Path | None]]) -> None:
    heads = ("record", "report", "kind", "where", "doubts", "")
    table(heads, (_row(*one) for one in done))
    line(f"{len(done)} reports. Unknown facts stay unknown: add them with `tocsin update NUMBER FILE`.")


def _row(record: Record, number: str | None, path: Path | None) -> tuple[object, ...]:
    index, one = record
    facts = one.report
    return index, facts.title[:70], facts.kind, facts.organisation.country, len(one.warnings), number or path


def _read(kind: str, file: Path) -> Iterator[ImportedReport]:
    try:
        with file.open(encoding="utf-8-sig", newline="" if kind != "veris" else None) as lines:
            yield from FORMATS[kind](lines, str(file))
    except UnicodeDecodeError as error:
        raise BadInputError(f"{file}: not UTF-8 text; save it as UTF-8") from error
    except OSError as error:
        raise BadInputError(f"{file}: cannot be read ({error.strerror}); check the path") from error


def _opened(reports: list[Report], by: str | None) -> list[str | None]:
    desk = open_desk()
    return [open_incident(desk, report, by=actor(by, desk.settings)) for report in reports]


def _written(folder: Path, index: int, one: ImportedReport) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{index:03d}.yaml"
    known = json_module.loads(one.report.model_dump_json(by_alias=True, exclude_none=True, exclude_defaults=True))
    doubts = "".join(f"# {warning}\n" for warning in one.warnings)
    path.write_text(doubts + yaml.safe_dump(known, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
