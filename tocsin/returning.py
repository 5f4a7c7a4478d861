from pathlib import Path
from typing import Annotated

import typer

from flows.acts.people_returned import take_in
from flows.desk import open_desk
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, print_json


def bounces(
    number: Number,
    files: Annotated[list[Path], typer.Argument(help="Mails (.eml), an mbox, a Maildir, a folder, or JSON Lines.")],
    relay: Annotated[
        str, typer.Option("--relay", help="Whose events the JSON Lines hold: tocsin, ses, postmark ...")
    ] = "tocsin",
    by: By = None,
    json: Json = False,
) -> None:
    """Take in what came back: delivery and abuse reports, replies, an endpoint's events; who bounced gets the next channel.

    Example: tocsin people bounces INC-2026-0001 /var/mail/bounces
    """
    desk = open_desk()
    taken = take_in(desk, number, files, by=actor(by, desk.settings), relay=desk.intake.relay(relay))
    if json:
        replies = [{"person": person, "key": key} for person, key in taken.replies]
        print_json(
            {"number": number, **taken.said, "not_ours": taken.not_ours, "moved_on": taken.moved_on, "replies": replies}
        )
        return
    said = ", ".join(f"{count} {what}" for what, count in sorted(taken.said.items())) or "nothing of ours"
    line(f"{number}: {said}; {taken.not_ours} fit no message; {taken.moved_on} people go to their next channel")
    for person, key in taken.replies:
        line(f"Somebody answered: person {person} (message {key})")
    if taken.moved_on:
        line(f"Next: tocsin people send {number}")
