"""Reporting an incident: little is asked first, "not known yet" is an answer, and the rest can follow later."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Depends, Request, Response
from fastapi.responses import RedirectResponse

from console.carrying_on import carry_on
from console.controls import Given, Posted, facts_in, given_by
from console.fact_form import form_page
from console.page import page
from console.rights import Right
from console.signed_in import AtDesk, OwnForm, needs
from flows.acts.accounts import Viewer
from flows.acts.contain import ready_steps
from flows.acts.evaluate import evaluate
from flows.acts.membership import visible_numbers
from flows.acts.playbook import start_playbook
from flows.acts.report import open_incident
from flows.desk import Desk
from laws.assess import assess
from models.document import Document, validated
from models.errors import BadInputError
from models.incident import facts_of, find
from models.report import Report, implausible
from models.store import reading
from models.vocabulary import Verdict

router = APIRouter()
Reporter = Annotated[Viewer, Depends(needs(Right.REPORT))]
ABOUT_US = tuple(
    f"organisation.{name}"
    for name in ("name", "country", "subdivision", "timezone", "role", "establishments", "sectors", "attributes")
)
MOST_QUESTIONS = 6


@router.get("/report")
def form(request: Request, desk: AtDesk, viewer: Reporter) -> Response:
    """The form, with the organisation as the last report that the viewer sees gave it."""
    given, source = _our_organisation(desk, viewer)
    return form_page(request, "report.html", given, message="", source=source)


@router.post("/report/preview", dependencies=[OwnForm])
def preview(request: Request, desk: AtDesk, viewer: Reporter, given: Posted) -> Response:  # noqa: ARG001 - who may
    """What the law would say to what is filled in so far; keeps nothing."""
    try:
        report = _report(given, title="-")
    except BadInputError as wrong:
        return page(request, "report_preview.html", message=_said(wrong), duties=(), undecided=0, asked=(), warnings=())
    duties = assess(report, desk.laws, desk.clock().date()).duties
    required = [duty for duty in duties if duty.verdict is Verdict.REQUIRED and not duty.advice]
    open_ones = [duty for duty in duties if duty.verdict is Verdict.UNDECIDED]
    asked = _most_asked(path for duty in open_ones for path in dict.fromkeys(duty.missing_facts))
    required.sort(key=lambda duty: (duty.due_at is None, duty.due_at or desk.clock()))
    return page(
        request,
        "report_preview.html",
        message="",
        duties=required,
        undecided=len(open_ones),
        asked=asked,
        warnings=implausible(report),
    )


@router.post("/report", dependencies=[OwnForm])
def send(request: Request, desk: AtDesk, viewer: Reporter, given: Posted, later: BackgroundTasks) -> Response:
    """Open the incident, apply the law and start its playbook."""
    try:
        report = _report(given)
    except BadInputError as wrong:
        return form_page(request, "report.html", given, status=422, message=_said(wrong), source="")
    number = open_incident(desk, report, by=viewer.name)
    evaluate(desk, number)
    start_playbook(desk, number)
    ready_steps(desk, number)
    later.add_task(carry_on, desk, number)
    return RedirectResponse(f"/incidents/{number}", 303, background=later)


def _report(given: Given, title: str = "") -> Report:
    zone_name = (given.get("organisation.timezone") or ["UTC"])[0]
    facts: dict[str, Any] = facts_in(given, zone_name)  # Any: plain JSON
    facts["title"] = facts.get("title") or title
    return validated(Report, Document(facts, "the form", {}))


def _said(wrong: BadInputError) -> str:
    return str(wrong).removeprefix("the form: ")


def _our_organisation(desk: Desk, viewer: Viewer) -> tuple[Given, str]:
    numbers = visible_numbers(desk, viewer.person_id, closed=True)
    if not numbers:
        return {"organisation.name": [desk.organisation.name or ""]}, ""
    with reading(desk.engine) as session:
        report = facts_of(session, find(session, numbers[0])).model_dump(mode="json", by_alias=True)
    return given_by(report, "UTC", ABOUT_US), numbers[0]


def _most_asked(paths: Iterable[str]) -> list[tuple[str, int]]:
    return Counter(paths).most_common(MOST_QUESTIONS)
