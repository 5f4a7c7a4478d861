from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from flows.settings import Settings, laws_from, read_settings
from laws.assess import assess as assessed
from laws.assessment import assessment_json
from models.clock import VirtualClock
from models.duty import Assessment
from models.errors import BadInputError
from models.report import implausible, read_report
from tocsin.output import Json, left, line, local, print_json, table

app = typer.Typer()


@app.command()
def assess(
    what: Annotated[str, typer.Argument(help="An incident's number, or a report file.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="Read the law of that day, such as 2025-12-31.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also list what is not required.")] = False,
    json: Json = False,
) -> None:
    """Severity and duties, with their reasons and citations; nothing is stored.

    Example: tocsin assess breach.yaml --as-of 2025-12-31
    """
    settings = read_settings()
    now = VirtualClock(settings.clock)() if settings.clock else datetime.now(UTC)
    found = _assessment(what, _day(as_of), settings, now)
    if json:
        print_json(assessment_json(found))
    else:
        _show(found, now, every=every)


def _day(given: str | None) -> date | None:
    if given is None:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise BadInputError(f"--as-of {given!r} is not a day; write it as 2025-12-31") from error


def _assessment(what: str, day: date | None, settings: Settings, now: datetime) -> Assessment:
    if Path(what).is_file() or not what.startswith("INC-"):
        report = read_report(what)
        for warning in implausible(report):
            typer.echo(f"tocsin: warning: {warning}", err=True)
        return assessed(report, laws_from(settings), day or now.date())
    from flows.acts.evaluate import assess_incident  # the database is slow to import, and a file needs none
    from flows.desk import open_desk

    return assess_incident(open_desk(settings), what, day)


def _show(found: Assessment, now: datetime, *, every: bool) -> None:
    severity = found.severity
    line(f"Severity: {severity.level.value.replace('_', ' ')} ({severity.score:g}, {severity.method})")
    for reason in severity.reasons:
        line(f"  - {reason}")
    for assumption in found.assumptions:
        line(f"  - assumed: {assumption}")
    for verdict, title in (("required", "Required"), ("undecided", "Undecided"), ("not_required", "Not required")):
        duties = [duty for duty in found.duties if duty.verdict.value == verdict]
        if not duties or (verdict == "not_required" and not every):
            continue
        table(
            (
                "provision",
                "stage",
                "to",
                "due",
                "left",
                "citation",
                "why" if verdict != "undecided" else "would decide it",
            ),
            (
                (
                    duty.provision,
                    duty.stage,
                    duty.recipient,
                    local(duty.due_at, duty.zone) or (duty.standard or duty.clock_state).replace("_", " "),
                    left(duty.due_at, now),
                    duty.citation,
                    "; ".join(duty.missing_facts if verdict == "undecided" else duty.reasons),
                )
                for duty in duties
            ),
            title=f"{title} ({len(duties)})",
        )
    quiet = sum(duty.verdict.value == "not_required" for duty in found.duties)
    if quiet and not every:
        line(f"Not required: {quiet} (--all lists them with their reasons)")
    checked = min((duty.checked for duty in found.duties), default=found.as_of)
    line(f"Not legal advice. Law of {found.as_of}; the oldest of these provisions was last checked on {checked}.")
