"""The front page: every open incident that the viewer may see, the one whose clock runs out first at the top."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from console.page import page as rendered
from console.rights import Right, rights_of_viewer
from console.signed_in import AtDesk, SignedIn
from flows.acts.accounts import Viewer
from flows.acts.incident_list import incident_list
from models.errors import NotAllowedError

router = APIRouter()


def _who_looks(viewer: SignedIn) -> Viewer:
    """Whoever may see or report incidents; an auditor may only see, an administrator only report."""
    if not {Right.SEE, Right.REPORT} & rights_of_viewer(viewer):
        raise NotAllowedError("this needs the right to see or to report, which neither this token nor your roles have")
    return viewer


@router.get("/")
def incidents(
    request: Request,
    desk: AtDesk,
    viewer: Annotated[Viewer, Depends(_who_looks)],
    closed: bool = False,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
) -> Response:
    """List them, a page at a time; closed ones too when asked."""
    found = incident_list(desk, viewer.person_id, closed=closed, page=page)
    return rendered(request, "incidents.html", found=found, closed=closed)
