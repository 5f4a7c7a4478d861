"""Incidents: the list, one of them, reporting, carrying on, closing."""

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import Field

from console.asked import ReportDocument, Why, documented
from console.may import SEES, Closes, DoesSteps, Reports, Sees
from console.once import OnceRoute
from console.paging import BEGIN_AGAIN, AskedPage, cursor_of
from console.signed_in import AtDesk, Visible
from flows.acts.close import close, reopen
from flows.acts.halt import resume
from flows.acts.overview import overview
from flows.acts.playbook import start_playbook
from flows.acts.report import open_incident
from flows.acts.review import write_review
from flows.acts.standing import standing
from flows.as_json import Json, incident_line_json, standing_json
from models.errors import BadInputError
from models.plain import plain
from models.report import implausible, report_of

router = APIRouter(tags=["incidents"], route_class=OnceRoute)


@router.get("/incidents")
def list_incidents(
    viewer: Sees, desk: AtDesk, paging: AskedPage, state: Literal["open", "closed", "all"] = "open"
) -> Json:
    """The incidents that you may see, the one whose clock runs out first at the top."""
    found = overview(
        desk,
        viewer.person_id,
        which=state,
        limit=paging.limit + 1,
        after=_place(paging.after) if paging.after else None,
    )
    shown = found[: paging.limit]
    more = len(found) > paging.limit
    return {"items": [incident_line_json(one) for one in shown], "next": cursor_of(shown[-1].place) if more else None}


def _place(key: Any) -> tuple[datetime | None, int]:  # Any: plain JSON
    match key:
        case [str(due), int(last)]:
            try:
                return datetime.fromisoformat(due), last
            except ValueError as error:
                raise BadInputError(BEGIN_AGAIN) from error
        case [None, int(last)]:
            return None, last
    raise BadInputError(BEGIN_AGAIN)


@router.post("/incidents", status_code=201, openapi_extra=documented("Report", "The facts known so far."))
def report(viewer: Reports, desk: AtDesk, document: ReportDocument, response: Response) -> Json:
    """Open an incident from a report."""
    facts = report_of(document)
    number = open_incident(desk, facts, by=viewer.name)
    response.headers["location"] = f"/api/v1/incidents/{number}"
    return {"number": number, "facts_version": 1, "warnings": implausible(facts)}


@router.get("/incidents/{number}", dependencies=[SEES])
def one_incident(desk: AtDesk, number: Visible) -> Json:
    """Where it stands: clocks, what waits for whom, what is done."""
    return standing_json(standing(desk, number))


@router.post("/incidents/{number}/respond", status_code=202)
def respond(viewer: DoesSteps, desk: AtDesk, number: Visible) -> Json:
    """Have it carried on, also where it was halted: its playbook is started, and the watch finds a worker for it."""
    resume(desk, number, by=viewer.name)
    return {"number": number, "playbook": start_playbook(desk, number)}


class Closing(Why):
    """The end of an incident."""

    despite: bool = Field(False, description="Close over what is open; the ledger lists it.")


@router.post("/incidents/{number}/close")
def end(viewer: Closes, desk: AtDesk, number: Visible, asked: Closing) -> Json:
    """Close it; 409 names what is open."""
    done = close(desk, number, by=viewer.name, reason=asked.reason, despite=asked.despite)
    if done.state == "closed":
        write_review(desk, number)
    return {"number": number, **plain(done)}


@router.post("/incidents/{number}/reopen")
def open_again(viewer: Closes, desk: AtDesk, number: Visible, asked: Why) -> Json:
    """Open a closed incident again, with its clocks."""
    reopen(desk, number, by=viewer.name, reason=asked.reason)
    return {"number": number, "state": "open", "follows": [], "left": []}
