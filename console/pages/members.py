"""Who sees an incident: its members, those who broke the glass, and who looked at personal data."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.in_incident import incident_page
from console.page import page
from console.rights import Right
from console.signed_in import AtDesk, OwnForm, Visible, needs
from flows.acts import break_glass, membership
from flows.acts.accounts import Viewer
from flows.acts.sightings import sightings
from flows.acts.team import members
from models.errors import BadInputError, NotAllowedError

router = APIRouter()
Text = Annotated[str, Form(max_length=2_000)]
Manages = Annotated[Viewer, Depends(needs(Right.MANAGE_MEMBERS))]
Breaks = Annotated[Viewer, Depends(needs(Right.BREAK_GLASS))]


@router.get("/incidents/{number}/members", dependencies=[Depends(needs(Right.MANAGE_MEMBERS))])
def who(request: Request, desk: AtDesk, number: Visible) -> Response:
    """Its members, and whoever could become one."""
    standing = membership.memberships(desk, number)
    inside = {one.name for one in standing}
    others = [person.name for person in members(desk) if person.active and person.name not in inside]
    return incident_page(request, desk, number, "members.html", members=standing, others=others)


@router.post("/incidents/{number}/members", dependencies=[OwnForm])
def admit(desk: AtDesk, viewer: Manages, number: Visible, name: Text) -> Response:
    """Let somebody see it."""
    membership.add_to_incident(desk, number, name, by=viewer.name)
    return RedirectResponse(f"/incidents/{number}/members", 303)


@router.post("/incidents/{number}/members/remove", dependencies=[OwnForm])
def exclude(desk: AtDesk, viewer: Manages, number: Visible, name: Text) -> Response:
    """Take it out of somebody's sight; not out of one's own, so that somebody is always left."""
    if name == viewer.name:
        raise NotAllowedError("somebody else of the incident takes you out of it")
    membership.remove_from_incident(desk, number, name, by=viewer.name)
    return RedirectResponse(f"/incidents/{number}/members", 303)


@router.get("/incidents/{number}/seen", dependencies=[Depends(needs(Right.AUDIT))])
def seen(request: Request, desk: AtDesk, number: Visible) -> Response:
    """Who looked at personal data."""
    return incident_page(request, desk, number, "seen.html", sightings=sightings(desk, number))


@router.get("/glass", dependencies=[Depends(needs(Right.BREAK_GLASS))])
def glass(request: Request) -> Response:
    """The form that asks which incident, why and for how long."""
    return page(request, "glass.html", number="", reason="", message="")


@router.post("/glass", dependencies=[OwnForm])
def broken(
    request: Request,
    desk: AtDesk,
    viewer: Breaks,
    number: Text,
    reason: Text,
    hours: Annotated[int, Form(ge=1, le=24)] = 4,
) -> Response:
    """Break it, and go to the incident."""
    try:
        break_glass.break_glass(desk, number.strip(), viewer.name, reason=reason, lasts=timedelta(hours=hours))
    except (BadInputError, NotAllowedError) as wrong:
        return page(request, "glass.html", status=422, number=number, reason=reason, message=str(wrong))
    return RedirectResponse(f"/incidents/{number.strip()}", 303)
