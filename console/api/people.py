"""The affected people, counted; the roster itself is not read over HTTP."""

from fastapi import APIRouter

from console.may import SEES, AddsFacts
from console.once import OnceRoute
from console.signed_in import AtDesk, Visible
from flows.acts.people import accept_counts, count_people
from flows.as_json import Json, proposal_json

router = APIRouter(tags=["people"], route_class=OnceRoute)


@router.get("/incidents/{number}/people/counts", dependencies=[SEES])
def counts(desk: AtDesk, number: Visible) -> Json:
    """How many people of which place, and what would change if the counts were facts."""
    return {"number": number, **proposal_json(count_people(desk, number)), "facts_version": None}


@router.post("/incidents/{number}/people/counts/accept")
def accept(viewer: AddsFacts, desk: AtDesk, number: Visible) -> Json:
    """Make the counts facts."""
    proposal = count_people(desk, number)
    added, _ = accept_counts(desk, number, by=viewer.name)
    return {"number": number, **proposal_json(proposal), "facts_version": added.version}
