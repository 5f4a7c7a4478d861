"""Alerts of other tools that wait for somebody: is it an incident, part of one, or nothing?"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.page import page
from console.rights import Right
from console.signed_in import AtDesk, OwnForm, needs
from flows.acts.accounts import Viewer
from flows.acts.intake import candidate, candidates, confirm, dismiss
from flows.acts.membership import visible_numbers
from models.document import as_yaml
from models.errors import NotAllowedError

router = APIRouter()

Responder = Annotated[Viewer, Depends(needs(Right.ADD_FACTS))]
Text = Annotated[str, Form()]


@router.get("/candidates")
def listed(request: Request, desk: AtDesk, _: Responder, decided: bool = False) -> Response:
    """List them, the gravest first."""
    return page(request, "candidates.html", candidates=candidates(desk, decided=decided), decided=decided)


@router.get("/candidates/{key}")
def one(request: Request, desk: AtDesk, viewer: Responder, key: str) -> Response:
    """What the alert says, and what to do with it."""
    found = candidate(desk, key)
    mine = visible_numbers(desk, viewer.person_id)
    return page(request, "candidate.html", one=found, facts=as_yaml(found.report), mine=mine)


@router.post("/candidates/{key}/confirm", dependencies=[OwnForm])
def confirmed(desk: AtDesk, viewer: Responder, key: str, into: Text = "") -> Response:
    """Make it an incident, or part of one that the viewer sees."""
    if into and into not in visible_numbers(desk, viewer.person_id):
        raise NotAllowedError(f"there is no open incident {into!r} that you may see")
    return RedirectResponse(f"/incidents/{confirm(desk, key, by=viewer.name, into=into or None)}", 303)


@router.post("/candidates/{key}/dismiss", dependencies=[OwnForm])
def dismissed(desk: AtDesk, viewer: Responder, key: str, reason: Text = "") -> Response:
    """Say that it is no incident, and why."""
    dismiss(desk, key, reason, by=viewer.name)
    return RedirectResponse("/candidates", 303)
