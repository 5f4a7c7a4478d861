import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.acts.intake import CandidateView, Taken, candidate, candidates, confirm, dismiss, open_by_rule, take_alerts
from flows.acts.people_mailbox import read_people_mailbox
from flows.desk import Desk, open_desk
from flows.intake_file import read_intake
from flows.settings import read_settings
from integrations.intake.source import IncomingAlert
from integrations.maildir import MailboxFolder
from models.clock import rfc3339
from models.document import as_yaml
from models.errors import BadInputError
from tocsin.acting import actor
from tocsin.output import By, Json, line, local, print_json, table

app = typer.Typer(no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="The candidate, such as C-12.")]


@app.callback()
def intake() -> None:
    """Alerts of other tools: each is a candidate that a person, or a rule, makes an incident.

    Example: tocsin intake take guardduty finding.json
    """


@app.command()
def sources(json: Json = False) -> None:
    """List the tools whose alerts can be read, and how each proves itself over HTTP.

    Example: tocsin intake sources
    """
    known = read_intake(read_settings().intake)
    rows = [
        {
            "name": name,
            "title": source.title,
            "proves_itself_by": "signature" if source.check else "token",
            "may_send": name in known.secrets,
        }
        for name, source in sorted(known.sources.items())
    ]
    if json:
        print_json(rows)
        return
    table(
        ("source", "what", "over HTTP"),
        (
            (row["name"], row["title"], f"by {row['proves_itself_by']}" if row["may_send"] else "not set up")
            for row in rows
        ),
    )


@app.command()
def take(
    source: Annotated[str, typer.Argument(help="The tool, as `tocsin intake sources` names it.")],
    files: Annotated[list[str], typer.Argument(help="Messages of it, each as it was sent; - for standard input.")],
    json: Json = False,
) -> None:
    """Read alerts from files. A file that cannot be read is named, and the others are taken.

    Example: tocsin intake take stix incident.json
    """
    desk = open_desk()
    known = desk.intake.source(source)
    alerts, broken = [], []
    for file in files:
        try:
            alerts += known.read(_content(file), {})
        except BadInputError as error:
            broken.append(f"{file}: {error}")
    _took(desk, alerts, json=json)
    if broken:
        raise BadInputError("; ".join(broken))


@app.command()
def mailbox(
    folder: Annotated[Path, typer.Argument(help="A Maildir; what was read is marked as seen in it.")],
    json: Json = False,
) -> None:
    """Read the new mails of a mailbox. Each thread is one candidate; what answers a mail to people is a case instead.

    Example: tocsin intake mailbox /var/mail/security
    """
    desk, box = open_desk(), MailboxFolder(folder)
    mail, alerts, broken = desk.intake.source("mail"), [], []
    answers = read_people_mailbox(desk, box)
    names = []
    for each in box.unseen():
        try:
            alerts += mail.read(each.content, {})
        except BadInputError as error:
            broken.append(f"{each.name}: {error}")
        names.append(each.name)
    _took(desk, alerts, json=json)
    if not json and answers["case"] + answers["added"]:
        line("Some mails answer mails to people; they are cases, and no alerts: tocsin people cases NUMBER")
    for key in names:  # only once they are kept
        box.seen(key)
    for why in broken:
        sys.stderr.write(f"tocsin: warning: {why}\n")


@app.command("list")
def list_(
    decided: Annotated[bool, typer.Option("--all", help="Decided ones too.")] = False,
    json: Json = False,
) -> None:
    """List the candidates that wait for somebody, the gravest first.

    Example: tocsin intake list
    """
    found = candidates(open_desk(), decided=decided)
    if json:
        print_json([_json(each) for each in found])
        return
    if not found:
        line("No candidate waits.")
        return
    table(
        ("", "source", "what", "severity", "times", "last", "state"),
        (
            (one.key, one.source, one.title, one.level, one.count, local(one.last_seen_at, one.zone), _state(one))
            for one in found
        ),
    )


@app.command()
def show(key: Key, json: Json = False) -> None:
    """Show what an alert says, what would be known, and what to check.

    Example: tocsin intake show C-12
    """
    one = candidate(open_desk(), key)
    if json:
        print_json(_json(one))
        return
    line(f"{one.key} {one.title}")
    line(
        f"{one.source}, {one.level or 'no severity said'}, {one.count} times, last {local(one.last_seen_at, one.zone)}; {_state(one)}"
    )
    for text in filter(None, (one.link, one.summary, as_yaml(one.report).rstrip())):
        line(f"\n{text}")
    for warning in one.warnings:
        line(f"Check: {warning}")
    if one.state == "open":
        line(f"Next: tocsin intake confirm {one.key}, or tocsin intake dismiss {one.key} --reason WHY")


@app.command("confirm")
def confirm_(
    key: Key,
    into: Annotated[str | None, typer.Option("--into", help="An open incident that it is part of.")] = None,
    by: By = None,
    json: Json = False,
) -> None:
    """Make a candidate an incident, or part of one; prints the incident's number.

    Example: tocsin intake confirm C-12 --as "Sam Okoro"
    """
    desk = open_desk()
    number = confirm(desk, key, by=actor(by, desk.settings), into=into)
    if json:
        print_json({"candidate": key, "number": number})
    else:
        line(number)


@app.command("dismiss")
def dismiss_(
    key: Key,
    reason: Annotated[str, typer.Option("--reason", help="Why it is no incident.")],
    by: By = None,
    json: Json = False,
) -> None:
    """Say that a candidate is no incident, and why.

    Example: tocsin intake dismiss C-12 --reason "Our own penetration test"
    """
    desk = open_desk()
    dismiss(desk, key, reason, by=actor(by, desk.settings))
    if json:
        print_json({"candidate": key, "state": "dismissed"})
    else:
        line(f"{key} is dismissed")


def _content(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise BadInputError(f"cannot be read ({error.strerror})") from error


def _took(desk: Desk, alerts: list[IncomingAlert], *, json: bool) -> None:
    taken: list[Taken] = take_alerts(desk, desk.intake, alerts)
    numbers = open_by_rule(desk)
    if json:
        print_json({"taken": [asdict(each) for each in taken], "incidents": numbers})
        return
    counts = Counter(each.what for each in taken)
    line(", ".join(f"{count} {what}" for what, count in counts.items()) or "No alert in it.")
    for number in numbers:
        line(f"{number} opened by a rule")
    if counts["new"]:
        line("Next: tocsin intake list")


def _state(one: CandidateView) -> str:
    over = ", over by what the tool says" if one.resolved and one.state == "open" else ""
    return f"{one.incident or one.state}{over}"


def _json(one: CandidateView) -> dict[str, Any]:  # Any: plain JSON
    times = ("first_seen_at", "last_seen_at", "decided_at")
    return {name: rfc3339(value) if name in times and value else value for name, value in asdict(one).items()}
