"""Facts of an incident: read, added, and tried out before they are."""

from typing import Annotated

from fastapi import APIRouter, Query

from console.asked import ReportDocument, documented
from console.may import ADDS_FACTS, SEES, AddsFacts
from console.once import OnceRoute
from console.paging import LARGEST_NUMBER
from console.signed_in import AtDesk, Visible
from flows.acts.foresee import foresee
from flows.acts.update import update
from flows.as_json import Json, foresight_json, updated_json
from models.incident import facts_of, find
from models.store import reading

router = APIRouter(tags=["facts"], route_class=OnceRoute)
NEW = documented(
    "Facts", "New facts in the report's format, laid over the known ones; a list replaces the known list whole."
)


@router.get("/incidents/{number}/facts", dependencies=[SEES])
def facts(
    desk: AtDesk,
    number: Visible,
    version: Annotated[int | None, Query(ge=1, le=LARGEST_NUMBER, description="Default: the latest.")] = None,
) -> Json:
    """One version of everything known."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        known = facts_of(session, incident, version)
        shown = version or incident.facts_version
    return {"number": number, "facts_version": shown, "facts": known.model_dump(mode="json", by_alias=True)}


@router.post("/incidents/{number}/facts", openapi_extra=NEW)
def add(viewer: AddsFacts, desk: AtDesk, number: Visible, document: ReportDocument) -> Json:
    """Add facts; the answer says what changed: facts, duties, clocks, and texts that no longer hold."""
    return updated_json(update(desk, number, document, by=viewer.name))


@router.post("/incidents/{number}/facts/preview", openapi_extra=NEW, dependencies=[ADDS_FACTS])
def would_change(desk: AtDesk, number: Visible, document: ReportDocument) -> Json:
    """What adding these facts would change; nothing is kept."""
    return foresight_json(number, foresee(desk, number, document))
