from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from flows.acts.people import (
    Proposal,
    accept_counts,
    count_people,
    export_set_aside,
    forget_people,
    list_merges,
    list_set_aside,
    load_people,
    roster_folder,
    undo_merge,
)
from flows.as_json import proposal_json
from flows.desk import open_desk
from models.errors import BadInputError
from people.columns import Mapping, read_mapping
from people.loading import Preview
from people.loading import preview as preview_of
from people.roster import STORE, encrypts_by_openssl
from tocsin.acting import actor
from tocsin.casework import answer, case, list_cases, substitute
from tocsin.cohorts import cohorts
from tocsin.output import By, Json, Number, line, print_json, table
from tocsin.posting import letters, posted_batch
from tocsin.proving import show_proof
from tocsin.returning import bounces, mailbox
from tocsin.sending import pause, resume, send, show_progress, stop

app = typer.Typer(no_args_is_help=True)
app.command()(cohorts)
for _command in (send, pause, resume, stop, letters, bounces, mailbox, substitute, case, answer):
    app.command()(_command)
app.command("progress")(show_progress)
app.command("proof")(show_proof)
app.command("posted")(posted_batch)
app.command("cases")(list_cases)

Files = Annotated[
    list[str],
    typer.Argument(help="CSV, TSV, XLSX, Parquet, JSON Lines, or 'postgres:SELECT ...' (PGHOST, PGDATABASE ...)."),
]
MapFile = Annotated[Path | None, typer.Option("--map", help="YAML file that says which column is which field.")]


@app.callback()
def people() -> None:
    """Load rosters of affected people, count them, and turn the counts into facts.

    Example: tocsin people load INC-2026-0001 customers.csv staff.xlsx
    """


@app.command()
def load(
    number: Number,
    files: Files,
    map_file: MapFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether the columns are matched rightly.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Load files of affected people: kept, duplicate, or set aside with line and reason.

    Example: tocsin people load INC-2026-0001 customers.csv staff.xlsx
    """
    desk, mapping = open_desk(), read_mapping(map_file)
    if not (yes or json or map_file):
        for file in files:
            _show(preview_of(file, mapping))
        typer.confirm("Are the columns matched rightly?", abort=True)
    is_first = not (roster_folder(desk.settings, number) / STORE).exists()
    loaded = load_people(desk, number, files, mapping, by=actor(by, desk.settings))
    if json:
        print_json({"number": number, **asdict(loaded)})
        return
    line(
        f"{number}: {loaded.read} read = {loaded.kept} kept + {loaded.duplicates} duplicates + {loaded.set_aside} set aside"
    )
    if loaded.set_aside:
        line(f"Set aside, with line and reason: tocsin people set-aside {number}")
    if loaded.not_understood:
        line(f"{loaded.not_understood} kept people have a value that could not be read; it is kept as it was given")
    if is_first and not encrypts_by_openssl():
        line(
            "The roster is encrypted by DuckDB's own AES, weaker than OpenSSL's: keep the disk encrypted too, see `tocsin doctor`"
        )
    line(f"Next: tocsin people counts {number}")


@app.command()
def preview(files: Files, map_file: MapFile = None, json: Json = False) -> None:
    """Show how files would be read: encoding, delimiter, and which column is which field.

    Example: tocsin people preview customers.csv --map columns.yaml
    """
    mapping: Mapping = read_mapping(map_file)
    found = [preview_of(file, mapping) for file in files]
    if json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        _show(each)


@app.command()
def counts(
    number: Number,
    accept: Annotated[bool, typer.Option("--accept", help="Make the counts facts.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Count the people, and show which facts and duties the counts change before they are accepted.

    Example: tocsin people counts INC-2026-0001 --accept --as "Lea Martin"
    """
    desk = open_desk()
    proposal = count_people(desk, number)
    version = accept_counts(desk, number, by=actor(by, desk.settings))[0].version if accept else None
    if json:
        print_json({"number": number, **proposal_json(proposal), "facts_version": version})
        return
    _show_counts(proposal)
    if version is not None:
        line(f"{number}: facts version {version}")
    elif proposal.changed:
        line(f"Nothing is kept yet; accept with: tocsin people counts {number} --accept")


@app.command("set-aside")
def set_aside(
    number: Number,
    to: Annotated[
        Path | None, typer.Option("--to", help="Write the rows, which hold personal data, into this new file.")
    ] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Count the rows that could not be used, by file and reason; --to writes them out, which goes on the ledger.

    Example: tocsin people set-aside INC-2026-0001 --to set_aside.csv
    """
    desk = open_desk()
    found = list_set_aside(desk, number)
    written = export_set_aside(desk, number, to, by=actor(by, desk.settings)) if to else None
    if json:
        print_json({"number": number, "set_aside": [asdict(each) for each in found], "written": written})
        return
    table(("file", "why", "rows", "first line"), ((s.file, s.reason, s.rows, s.first_line) for s in found))
    line(
        f"{written} rows written to {to}" if to else f"The rows themselves: tocsin people set-aside {number} --to FILE"
    )


@app.command()
def merges(
    number: Number,
    limit: Annotated[int, typer.Option("--limit", min=1)] = 100,
    json: Json = False,
) -> None:
    """List which rows were taken for one person, and why.

    Example: tocsin people merges INC-2026-0001
    """
    found = list_merges(open_desk(), number, limit)
    if json:
        print_json([asdict(each) for each in found])
        return
    table(
        ("kept", "merged", "why", ""),
        ((each.kept, each.merged, each.explanation, "undone" if each.undone else "") for each in found),
    )


@app.command()
def undo(
    number: Number,
    merged: Annotated[str, typer.Argument(help="The id in the column `merged`.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Take a merge back: the two rows are two people again, and stay so.

    Example: tocsin people undo INC-2026-0001 4fc63bcc836c5290
    """
    desk = open_desk()
    undo_merge(desk, number, merged, by=actor(by, desk.settings))
    if json:
        print_json({"number": number, "undone": merged})
        return
    line(f"{number}: {merged} is a person of its own again")


@app.command()
def forget(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Destroy the key.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Destroy the roster's key when the retention period has ended; the counts stay in the facts.

    Example: tocsin people forget INC-2026-0001 --yes
    """
    if not yes:
        raise BadInputError("nobody reads the roster again after this; say --yes to destroy its key")
    desk = open_desk()
    destroyed = forget_people(desk, number, by=actor(by, desk.settings))
    if json:
        print_json({"number": number, "destroyed": destroyed})
        return
    line(f"{number}: the key is destroyed; the counts remain" if destroyed else f"{number}: there is no key to destroy")


def _show(preview: Preview) -> None:
    line(f"{preview.file}: {preview.kind}, {preview.encoding}, delimiter {preview.delimiter!r}")
    table(("column", "is"), ((column.name, column.field or "left out") for column in preview.columns))


def _show_counts(proposal: Proposal) -> None:
    counts = proposal.counts
    line(f"{counts.people} people, of whom {counts.unplaced} in no known country")
    table(
        ("place", "relationship", "minors", "people", "languages"),
        ((g.jurisdiction, g.relationship, g.minors, g.count, ", ".join(g.languages)) for g in counts.groups),
    )
    line("Reachable by " + ", ".join(f"{name}: {number}" for name, number in counts.channels.items()))
    if counts.categories:
        line("Data: " + ", ".join(f"{name}: {number}" for name, number in counts.categories.items()))
    if not proposal.changed:
        line("The facts say the same already.")
        return
    table(("fact", "is", "would be"), proposal.changed)
    table(
        ("duty", "stage", "to", "is", "would be"),
        ((d.provision, d.stage, d.recipient, d.was, d.now) for d in proposal.duties),
    )
