from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from flows.settings import Settings, laws_from, read_settings
from laws.assess import assess as assessed
from laws.assessment import assessment_json
from models.clock import VirtualClock
from models.duty import Assessment, Duty
from models.errors import BadInputError
from models.report import implausible, read_report
from models.vocabulary import Confidence, Verdict
from tocsin.output import Json, left, line, local, print_json

app = typer.Typer()
MOST_LISTED = 12


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
        if reason not in found.assumptions:
            line(f"  - {reason}")
    for assumption in found.assumptions:
        line(f"  - assumed: {assumption}")
    _show_required([duty for duty in found.duties if duty.verdict is Verdict.REQUIRED], now)
    _show_undecided([duty for duty in found.duties if duty.verdict is Verdict.UNDECIDED], now)
    if every:
        line("\nNot required")
        for duty in found.duties:
            if duty.verdict is Verdict.NOT_REQUIRED:
                line(f"  {duty.provision} ({duty.stage}): {'; '.join(duty.reasons)}")
    quiet = sum(duty.verdict.value == "not_required" for duty in found.duties)
    if quiet and not every:
        line(f"Not required: {quiet} (--all lists them with their reasons)")
    checked = min((duty.checked for duty in found.duties), default=found.as_of)
    line(f"Not legal advice. Law of {found.as_of}; the oldest of these provisions was last checked on {checked}.")


def _show_required(duties: list[Duty], now: datetime) -> None:
    for advice, title in ((False, "Required"), (True, "Advice (recommended, not required by law)")):
        chosen = [duty for duty in duties if duty.advice is advice]
        if chosen:
            line(f"\n{title}: {len(chosen)}")
        for duty in sorted(chosen, key=lambda one: (one.due_at is None, one.due_at or now)):
            low = f", confidence {duty.confidence.value}" if duty.confidence is not Confidence.HIGH else ""
            line(f"  {_name(duty)}: tell {duty.recipient}, {_limit(duty, now)}")
            line(f"      {duty.citation} (checked {duty.checked}{low})")
            line(f"      because {'; '.join(duty.reasons)}")


def _show_undecided(duties: list[Duty], now: datetime) -> None:
    """Undecided duties by the fact that would decide them, the one on which most hang first."""
    if duties:
        line(f"\nUndecided: {len(duties)}")
    by_fact: dict[str, list[Duty]] = {}
    for duty in duties:
        by_fact.setdefault(", ".join(duty.missing_facts), []).append(duty)
    for facts, chosen in sorted(by_fact.items(), key=lambda pair: -len(pair[1])):
        line(f"  hang on {facts}:")
        for duty in chosen[:MOST_LISTED]:
            low = " (low confidence)" if duty.confidence is Confidence.LOW else ""
            line(f"      {_name(duty)}: {duty.recipient}, {_limit(duty, now)}{low}")
            for question in (reason for reason in duty.reasons if " is not said" in reason):
                line(f"          {question}")
        if len(chosen) > MOST_LISTED:
            line(f"      and {len(chosen) - MOST_LISTED} more (--json lists them)")


def _name(duty: Duty) -> str:
    return duty.provision + ("" if duty.stage == "initial" else f" ({duty.stage})")


def _limit(duty: Duty, now: datetime) -> str:
    if duty.due_at:
        return f"by {local(duty.due_at, duty.zone)} ({left(duty.due_at, now)})"
    if duty.clock_state == "not_started":
        return f"clock starts with {(duty.clock_from or 'an event').replace('_', ' ')}"
    return (duty.standard or "no number in the law").replace("_", " ")
