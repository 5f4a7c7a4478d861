"""What `tocsin notices NUMBER export` does and says."""

import dataclasses
from pathlib import Path

from flows.acts.export import WRITERS, export_notices
from flows.desk import Desk
from models.errors import BadInputError
from tocsin.output import line, print_json


def export(
    desk: Desk,
    number: str,
    notice: int | None,
    formats: str,
    folder: str | None,
    language: str | None,
    *,
    json: bool,
) -> None:
    """Write the files and name each of them; `formats` is one of them, several with commas between, or all."""
    if folder is None:
        raise BadInputError("export needs a folder for the files; give it with --to FOLDER")
    wanted = list(WRITERS) if formats == "all" else [name.strip() for name in formats.split(",") if name.strip()]
    made = []
    for one in export_notices(desk, number, notice, wanted, Path(folder), language):
        made.append(dataclasses.asdict(one))
        if not json:
            line(f"{one.file}  {'approved' if one.may_leave else one.state + ', NOT APPROVED'}")
    if json:
        print_json(made)
    elif not made:
        line(f"No text has been drafted for {number}; `tocsin respond {number}` drafts them.")
