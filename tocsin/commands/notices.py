from pathlib import Path
from typing import Annotated

import typer

from flows.desk import open_desk
from tocsin.notice_acts import ACTS, Typed, act_on
from tocsin.output import By, Json, Number

app = typer.Typer()


@app.command()
def notices(
    number: Number,
    act: Annotated[str, typer.Argument(help=", ".join(ACTS))] = "list",
    notice: Annotated[
        str | None,
        typer.Argument(
            help="The notice's id; for send and sent, also a delivery's key; for answer, the question's; for ask, a form."
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Argument(
            help="edit: the new text in Markdown; answer: the words; - for standard input. restore: the version."
        ),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option("--language", help="answer, ask: in which language (en); export: of a portal sheet's own words."),
    ] = None,
    sha256: Annotated[
        str | None,
        typer.Option("--sha256", help="approve, edit: the hash of the text you read (8 characters or more)."),
    ] = None,
    since: Annotated[int | None, typer.Option("--from", help="diff: the earlier version (the one before).")] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="diff: the later version (the latest); export: the folder for the files.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help="export: text, html, docx, pdf, json, sheet, several with commas, or all.")
    ] = "pdf",
    reason: Annotated[
        str | None, typer.Option("--reason", help="reject, hold, correct, withdraw, approve --override: why.")
    ] = None,
    note: Annotated[
        str | None, typer.Option("--note", help="approve: what you make of the warnings, where there are any.")
    ] = None,
    overriding: Annotated[
        bool,
        typer.Option(
            "--override",
            help="approve: without signatures or before the playbook's hold ends; a second person and a reason are needed.",
        ),
    ] = False,
    until: Annotated[str | None, typer.Option("--until", help="hold: the time at which it ends by itself.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="sent: when it was filed, with its zone.")] = None,
    reference: Annotated[
        str | None, typer.Option("--reference", help="sent: under which reference the other side has it.")
    ] = None,
    evidence: Annotated[
        Path | None, typer.Option("--evidence", help="sent: a file that proves it, such as the portal's confirmation.")
    ] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """List notices; show, check, edit, compare, approve, reject, hold, release, send, export; answer what they leave open.

    `ask` drafts what the facts do not call for: substitute, newspaper, sms, and any form that the facts do not call for yet.

    Nothing leaves unsigned. `sent` says that a person filed one by hand, such as in an authority's portal.

    Example: tocsin notices INC-2026-0001 approve 7 --sha256 4be0c1f2 --as "Lea Martin"
    """
    act_on(
        Typed(
            desk=open_desk(),
            number=number,
            act=act,
            notice=notice,
            file=file,
            spoken=language,
            sha256=sha256,
            since=since,
            to=to,
            formats=formats,
            reason=reason,
            note=note,
            overriding=overriding,
            until=until,
            at=at,
            reference=reference,
            evidence=evidence,
            by=by,
            json=json,
        )
    )
