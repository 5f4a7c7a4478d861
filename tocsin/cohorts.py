from pathlib import Path
from typing import Annotated

import typer

from flows.acts.people_cohorts import Lists, Planned, plan_cohorts
from flows.desk import open_desk
from flows.people_json import cohorts_json
from models.cohorts import SuppressionList
from models.document import nearest
from models.errors import BadInputError
from people.cohort import read_cohorts
from tocsin.acting import actor
from tocsin.output import By, Json, Number, line, print_json, table

REASONS = {
    "deceased": "deceased: their next of kin is for a person to write to",
    "law_enforcement_hold": "kept back on the request of law enforcement",
    "under_investigation": "kept back while they are under investigation",
    "no_cohort": "fits no cohort",
    "no_place": "lives in no known country, so no duty says what to tell",
    "no_text": "no text for the place in the forms of the cohort; `tocsin notices` lists the texts",
    "no_address": "no address for any channel of the cohort",
}


def cohorts(
    number: Number,
    rules: Annotated[
        Path | None,
        typer.Option("--cohorts", help="YAML file of the rules; without it, those of the playbook, or ours."),
    ] = None,
    suppress: Annotated[
        list[str] | None, typer.Option("--suppress", help="LIST=FILE: people who are on a suppression list.")
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Keep who gets what, so that it can be sent.")] = False,
    by: By = None,
    json: Json = False,
) -> None:
    """Show who gets which text by which channel, who is suppressed, and whom nothing reaches; keep it with --accept.

    Example: tocsin people cohorts INC-2026-0001 --cohorts cohorts.yaml --suppress deceased=deceased.csv
    """
    lists, given = _lists(suppress or []), read_cohorts(rules) if rules else None
    desk = open_desk()
    planned = plan_cohorts(desk, number, given, lists, accepted_by=actor(by, desk.settings) if accept else None)
    if json:
        print_json({"number": number, **cohorts_json(planned), "accepted": accept})
        return
    _show(planned)
    line(
        f"{number}: kept; nobody has been written to yet"
        if accept
        else f"Nothing is kept yet; accept with --accept: tocsin people cohorts {number} --accept"
    )


def _lists(given: list[str]) -> Lists:
    return [_list(each) for each in given]


def _list(given: str) -> tuple[SuppressionList, Path]:
    name, _, file = given.partition("=")
    known = [each.value for each in SuppressionList]
    if name not in known or not file:
        raise BadInputError(f"--suppress {given}: write LIST=FILE{nearest(name, known)}")
    return SuppressionList(name), Path(file)


def _show(planned: Planned) -> None:
    assigned = planned.assigned
    line(f"{assigned.people} people = {assigned.reached} to be written to + {assigned.people - assigned.reached} not")
    if assigned.groups:
        table(
            ("cohort", "text", "language", "first by", "people", "tells also", "and texts for"),
            (
                (g.cohort, g.text_key, g.language, g.channel, g.people, g.also, ", ".join(g.further))
                for g in assigned.groups
            ),
        )
    if assigned.unreached:
        table(("people", "not written to: why"), ((n, REASONS[reason]) for reason, n in assigned.unreached.items()))
    for name, listed in planned.lists.items():
        line(f"{name}: {listed.entries} entries, of which {listed.not_found} name nobody in the roster")
