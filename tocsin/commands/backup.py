from pathlib import Path
from typing import Annotated

import typer

from flows.acts.backup import back_up
from flows.desk import open_desk
from models.clock import rfc3339
from tocsin.output import Json, line, print_json

app = typer.Typer()


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder.")],
    json: Json = False,
) -> None:
    """Copy database, outbox and evidence into a folder while everything runs, with a manifest of hashes.

    Example: tocsin backup /srv/backup/2026-11-24
    """
    manifest = back_up(open_desk(), folder)
    size = sum(kept.size for kept in manifest.files)
    if json:
        print_json(
            {"folder": str(folder), "taken_at": rfc3339(manifest.taken_at), "files": len(manifest.files), "bytes": size}
        )
        return
    line(
        f"{folder}: {len(manifest.files)} files, {size:,} bytes, as of {rfc3339(manifest.taken_at)}. It holds everything"
    )
    line("that is confidential in the incidents; keep it as safe as they are.")
