"""Facts: all that is known in one form; what new ones would change is shown before anybody accepts them."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.carrying_on import carry_on
from console.controls import ROWS, Given, Posted, facts_in, given_by, row_paths
from console.fact_form import form_words
from console.in_incident import incident_page
from console.rights import Right
from console.signed_in import AtDesk, OwnForm, Visible, needs
from flows.acts.accounts import Viewer
from flows.acts.evaluate import evaluate
from flows.acts.foresee import foresee
from flows.acts.report import add_facts
from flows.acts.stale import refresh_stale
from flows.desk import Desk
from models.document import Document, read_document
from models.errors import BadInputError
from models.incident import facts_of, find
from models.store import reading

router = APIRouter()
Adder = Annotated[Viewer, Depends(needs(Right.ADD_FACTS))]
Text = Annotated[str, Form()]
SINGLE = (
    "title",
    "kind",
    "cause",
    "effects",
    "records",
    "identifiability",
    "circumstances",
    *(
        f"times.{name}"
        for name in ("occurred_from", "occurred_to", "detected_at", "aware_at", "contained_at", "determined_at")
    ),
    *(f"times.{name}" for name in ("materiality_determined_at", "classified_at", "ransom_paid_at")),
    *(f"organisation.{name}" for name in ("name", "country", "subdivision", "timezone", "role", "establishments")),
    *(f"organisation.{name}" for name in ("handled_in", "sectors", "attributes", "attributes_ruled_out")),
    *(f"impact.{name}" for name in ("whole_system_down_minutes", "main_function_down_minutes", "official_site")),
    *(f"impact.altered_pages.{name}" for name in ("homepage_minutes", "other_page_minutes", "reposts", "views")),
    *(f"impact.{name}" for name in ("threat", "official_grade")),
)


@router.get("/incidents/{number}/facts")
def facts(request: Request, desk: AtDesk, viewer: Adder, number: Visible) -> Response:  # noqa: ARG001 - who may
    """The form with what is known."""
    return _form(request, desk, number, _shown(*_known(desk, number)), message="")


@router.post("/incidents/{number}/facts/change", dependencies=[Depends(needs(Right.ADD_FACTS)), OwnForm])
def change(
    request: Request, desk: AtDesk, number: Visible, given: Posted, yaml: Text = "", then: Text = ""
) -> Response:
    """What would change, with the choice to accept it; keeps nothing."""
    try:
        return _foreseen(request, desk, number, _entered(desk, number, given, yaml), then)
    except BadInputError as wrong:
        return _form(request, desk, number, given, message=_said(wrong), status=422)


@router.post("/incidents/{number}/facts", dependencies=[OwnForm])
def accept(
    request: Request,
    desk: AtDesk,
    viewer: Adder,
    number: Visible,
    document: Text,
    version: Annotated[int, Form()],
    later: BackgroundTasks,
    then: Text = "",
) -> Response:
    """Add the facts, unless others came meanwhile: then what would change is shown again."""
    facts = read_document("the form", document.encode()).data
    if version != _known(desk, number)[2]:
        return _foreseen(request, desk, number, facts, then, meanwhile=True)
    add_facts(desk, number, Document(facts, "the form", {}), by=viewer.name)
    evaluate(desk, number)
    refresh_stale(desk, number)
    later.add_task(carry_on, desk, number)
    to = "/undecided" if then == "undecided" else ""
    return RedirectResponse(f"/incidents/{number}{to}", 303, background=later)


def _known(desk: Desk, number: str) -> tuple[dict[str, Any], str, int]:  # Any: plain JSON
    with reading(desk.engine) as session:
        incident = find(session, number)
        report = facts_of(session, incident).model_dump(mode="json", by_alias=True)
        return report, incident.zone, incident.facts_version


def _shown(report: dict[str, Any], zone_name: str, _version: int = 0) -> Given:  # Any: plain JSON
    paths = [*SINGLE, *(path for name in ROWS for path in row_paths(report, name))]
    return given_by(report, zone_name, paths)


def _entered(desk: Desk, number: str, given: Given, yaml: str) -> object:
    """Only what was changed in the form, so that nobody takes back what others added meanwhile."""
    if yaml.strip():
        return read_document("the facts", yaml.encode()).data
    report, zone_name, _ = _known(desk, number)
    before = _shown(report, zone_name)
    news = {path: entered for path, entered in given.items() if _plain(entered) != _plain(before.get(path, []))}
    lists = {path.split("[")[0] for path in news if "[" in path}
    rows = {path: entered for path, entered in given.items() if path.split("[")[0] in lists}
    return facts_in({**news, **rows}, (given.get("organisation.timezone") or [zone_name])[0] or zone_name, report)


def _plain(entered: Any) -> list[str]:  # Any: what was entered under one path
    return sorted(part.strip() for value in entered for part in value.split(",") if part.strip())


def _foreseen(
    request: Request, desk: Desk, number: str, facts: object, then: str, *, meanwhile: bool = False
) -> Response:
    return incident_page(
        request,
        desk,
        number,
        "facts_change.html",
        foresight=foresee(desk, number, Document(facts, "the form", {})),
        document=json.dumps(facts, ensure_ascii=False),
        meanwhile=meanwhile,
        then=then,
    )


def _form(request: Request, desk: Desk, number: str, given: Given, *, message: str, status: int = 200) -> Response:
    words = form_words(request, given)
    return incident_page(request, desk, number, "facts.html", status=status, message=message, single=SINGLE, **words)


def _said(wrong: BadInputError) -> str:
    return str(wrong).removeprefix("the form: ")
