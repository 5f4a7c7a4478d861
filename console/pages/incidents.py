"""The front page: every open incident that the viewer may see, the one whose clock runs out first at the top."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from console.page import page
from console.rights import Right
from console.signed_in import AtDesk, needs
from flows.acts.accounts import Viewer
from flows.acts.membership import visible_numbers
from flows.acts.standing import standing

router = APIRouter()


@router.get("/")
def incidents(
    request: Request, desk: AtDesk, viewer: Annotated[Viewer, Depends(needs(Right.REPORT))], closed: bool = False
) -> Response:
    """List them; closed ones too when asked."""
    found = [standing(desk, number) for number in visible_numbers(desk, viewer.person_id, closed=closed)]
    found.sort(key=lambda one: (one.next_due is None, one.next_due or one.opened_at))
    return page(request, "incidents.html", incidents=found, closed=closed)
