from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from flows.acts.people_post import MOST, posted, write_letters
from flows.desk import open_desk
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, print_json


def letters(
    number: Number,
    to: Annotated[Path, typer.Option("--to", help="Folder for the PDFs and their manifests.")],
    most: Annotated[int, typer.Option("--batch", min=1, max=MOST, help="Letters in one file at most.")] = MOST,
    by: By = None,
    json: Json = False,
) -> None:
    """Write the letters that wait as PDFs ready to be printed, each with a manifest; each letter once.

    Example: tocsin people letters INC-2026-0001 --to print/
    """
    desk = open_desk()
    made = write_letters(desk, number, to, by=actor(by, desk.settings), most=most)
    if json:
        print_json(
            [
                {"batch": each.name, "letters": each.letters, "pdf": str(each.pdf), "sha256": each.sha256}
                for each in made
            ]
        )
        return
    for each in made:
        line(f"{each.pdf}: {each.letters} letters; manifest {each.manifest.name}")
    line(f"{number}: {sum(each.letters for each in made)} letters in {len(made)} files")
    if made:
        line(f"They hold names and addresses: remove them once printed. Then: tocsin people posted {number} BATCH")


def posted_batch(
    number: Number,
    batch: Annotated[str, typer.Argument(help="The file's name without .pdf.")],
    at: Annotated[datetime | None, typer.Option("--at", help="When, with an offset; default: now.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Say that a batch of letters was handed to the post.

    Example: tocsin people posted INC-2026-0001 INC-2026-0001-letters-0f3a9c1d2b4e
    """
    desk = open_desk()
    when = at.astimezone() if at is not None else None
    count = posted(desk, number, batch.removesuffix(".pdf"), by=actor(by, desk.settings), at=when)
    if json:
        print_json({"number": number, "batch": batch, "letters": count})
        return
    line(f"{number}: {count} letters were posted")
