"""Who may send what to the HTTP API: a right of the person and of the token, and no request made by another site."""

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from console.rights import Right
from console.signed_in import SignedIn, needs
from flows.acts.accounts import Viewer
from flows.acts.tokens import Scope
from models.errors import NotAllowedError

READS = frozenset({"GET", "HEAD"})


def may(right: Right, scope: Scope | None = None) -> Callable[[Request, Viewer], Viewer]:
    """A dependency that lets pass whoever has the right, by a token or by a page of this site's own.

    `scope` is what a token needs beside the right. Raises `NotAllowedError`.
    """
    has_right = needs(right)

    def allowed(request: Request, viewer: SignedIn) -> Viewer:
        has_right(viewer)
        if viewer.scopes is None:
            _is_own(request, viewer)
        elif scope is not None and scope not in viewer.scopes:
            raise NotAllowedError(f"this needs a token with the scope {scope.value}")
        return viewer

    return allowed


def _is_own(request: Request, viewer: Viewer) -> None:
    """A browser sends the cookie along for other sites too, so that a change needs what only our pages know."""
    sent = request.headers.get("x-csrf", "")
    if request.method not in READS and not secrets.compare_digest(sent.encode(), viewer.csrf.encode()):
        request.state.forged = True
        raise NotAllowedError("a request with a cookie needs the header X-CSRF of the page; a program sends a token")


# Where the name of whoever asks is not needed.
SEES = Depends(may(Right.SEE))
READS_TEXTS = Depends(may(Right.SEE_TEXTS))
AUDITS = Depends(may(Right.AUDIT))
REPORTS = Depends(may(Right.REPORT))
ADDS_FACTS = Depends(may(Right.ADD_FACTS))
ADMINISTERS = Depends(may(Right.ADMINISTER))

Sees = Annotated[Viewer, SEES]
Audits = Annotated[Viewer, AUDITS]
Reports = Annotated[Viewer, REPORTS]
EditsTexts = Annotated[Viewer, Depends(may(Right.EDIT_TEXTS))]
Signs = Annotated[Viewer, Depends(may(Right.SIGN))]
Releases = Annotated[Viewer, Depends(may(Right.RELEASE))]
Administers = Annotated[Viewer, ADMINISTERS]
AddsFacts = Annotated[Viewer, ADDS_FACTS]
Decides = Annotated[Viewer, Depends(may(Right.DECIDE))]
SendsToPeople = Annotated[Viewer, Depends(may(Right.SEND_TO_PEOPLE))]
DoesSteps = Annotated[Viewer, Depends(may(Right.DO_STEPS))]
SignsSteps = Annotated[Viewer, Depends(may(Right.DO_STEPS, Scope.SIGN))]
Acknowledges = Annotated[Viewer, Depends(may(Right.SEE, Scope.ACT))]  # whoever sees an alarm may say so
Closes = Annotated[Viewer, Depends(may(Right.SIGN))]  # which roles close, the act says
