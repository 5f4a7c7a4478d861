from pathlib import Path
from typing import Annotated

import typer

from flows.acts.people_proof import export_proof, proof, verify_proof
from flows.desk import open_desk
from tocsin.output import Json, Number, line, print_json, table


def show_proof(
    number: Number,
    person: Annotated[str | None, typer.Option("--person", help="All that was sent to this one, by the id.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="Write it, signed: FILE, FILE.sig and FILE.pub.")] = None,
    verify: Annotated[
        Path | None, typer.Option("--verify", help="Check an exported file against its signature.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The public key to check with; default: FILE.pub.")] = None,
    json: Json = False,
) -> None:
    """Prove who was told: per duty how many, by which text and when the last; per person all that was sent.

    Example: tocsin people proof INC-2026-0001 --to proof.json
    """
    if verify is not None:
        verify_proof(verify, key or verify.with_name(f"{verify.name}.pub"))
        if json:
            print_json({"file": str(verify), "as_it_was_signed": True})
        else:
            line(f"{verify}: as it was signed")
        return
    desk = open_desk()
    document = proof(desk, number, person)
    if to is not None:
        exported = export_proof(desk, document, to)
        if not json:
            line(f"{number}: {exported.document}, its signature {exported.signature} and the key {exported.public_key}")
            return
    if json:
        print_json(document)
        return
    table(
        ("duty", "due", "told", "on the way", "not reached", "last told", "limit", "text"),
        (
            (d["provision"], d["due"], d["told"], d["on_the_way"], d["not_reached"], d["last_told_at"], d["limit"],
             ", ".join(f"{sha[:12]}: {count}" for sha, count in d["texts"].items()))
            for d in document["duties"]
        ),
    )  # fmt: skip
    if person:
        table(
            ("channel", "state", "sent", "text", "tries", "answer"),
            ((m["channel"], m["state"], m["sent_at"], (m["text"] or "")[:12], m["tries"], m["answer"])
             for m in document["person"]["messages"]),
        )  # fmt: skip
