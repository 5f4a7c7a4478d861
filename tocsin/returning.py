from pathlib import Path
from typing import Annotated

import typer

from flows.acts.people_mailbox import read_people_mailbox
from flows.acts.people_returned import take_in
from flows.desk import open_desk
from integrations.maildir import MailboxFolder
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
            {
                "number": number,
                **taken.said,
                "not_ours": taken.not_ours,
                "moved_on": taken.moved_on,
                "replies": replies,
                "cases": taken.cases,
            }
        )
        return
    said = ", ".join(f"{count} {what}" for what, count in sorted(taken.said.items())) or "nothing of ours"
    line(f"{number}: {said}; {taken.not_ours} fit no message; {taken.moved_on} people go to their next channel")
    if taken.cases:
        line(f"{taken.cases} new cases: tocsin people cases {number}")
    for person, key in taken.replies:
        line(f"Somebody answered: person {person} (message {key})")
    if taken.moved_on:
        line(f"Next: tocsin people send {number}")


def mailbox(
    folder: Annotated[Path, typer.Argument(help="A Maildir; what is about mails to people is marked as seen in it.")],
    json: Json = False,
) -> None:
    """Read the new mails of a mailbox: reports of delivery, and replies, each of which opens a case with a clock.

    Automatic answers are no cases. Mails that answer none of ours stay unseen.

    Example: tocsin people mailbox /var/mail/privacy
    """
    found = read_people_mailbox(open_desk(), MailboxFolder(folder))
    if json:
        print_json(dict(found))
        return
    named = {name: found.pop(name, 0) for name in ("case", "added", "not_ours", "no_key")}
    rest = "".join(f", {count} {said}" for said, count in sorted(found.items()))
    line(f"{named['case']} new cases, {named['added']} more mails of open ones{rest}")
    if named["not_ours"]:
        line(f"{named['not_ours']} are about no mail to people and stay unseen")
    if named["no_key"]:
        line(f"{named['no_key']} are of people whose roster's key is destroyed; answer them from the mailbox")
    if named["case"]:
        line("Next: tocsin people cases NUMBER")
