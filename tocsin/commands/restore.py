from pathlib import Path
from typing import Annotated

import typer

from flows.acts.backup import check_backup, restore
from flows.settings import read_settings
from models.clock import rfc3339
from tocsin.output import Json, line, print_json

app = typer.Typer()


@app.command("restore")
def restore_(
    folder: Annotated[Path, typer.Argument(help="The back-up's folder.")],
    check: Annotated[bool, typer.Option("--check", help="Only hash every file of it.")] = False,
    json: Json = False,
) -> None:
    """Bring a back-up into an empty installation; nothing is sent until a person has looked at each open incident.

    Example: tocsin restore /srv/backup/2026-11-24
    """
    if check:
        manifest = check_backup(folder)
        said = {"folder": str(folder), "taken_at": rfc3339(manifest.taken_at), "files": len(manifest.files)}
        print_json(said) if json else line(f"{folder}: whole, {said['files']} files, as of {said['taken_at']}")
        return
    found = restore(read_settings(), folder)
    if json:
        print_json(found.model_dump(mode="json"))
        return
    line(
        f"Restored as of {rfc3339(found.taken_at)}: {found.incidents} incidents, {found.ledger_entries} ledger entries verified."
    )
    if found.halted:
        line(
            f"Halted until somebody has looked, since it is not known what went out after that: {', '.join(found.halted)}"
        )
        line(
            f"{found.uncertain} deliveries are uncertain. Look at each with `tocsin status NUMBER`; say what arrived with"
        )
        line(
            "`tocsin notices NUMBER sent KEY --at T --reference R`; then `tocsin respond NUMBER` carries it on. Its alerts run meanwhile."
        )
