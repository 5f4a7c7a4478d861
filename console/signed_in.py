"""Who is asking: the signed-in viewer, their rights, and the incidents that they may know of."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Form, Header, Request

from console.rights import Right, rights_of_viewer
from flows.acts.accounts import Viewer, viewer_of
from flows.acts.membership import is_visible
from flows.acts.sightings import saw
from flows.acts.tokens import person_of
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError, TocsinError
from models.incident import find
from models.store import reading

COOKIE = "tocsin_session"
ENROLMENT = "/account/second-factor"
WITHOUT_SECOND_FACTOR = {ENROLMENT, "/sign-out", "/language"}


class SignInNeededError(TocsinError):
    """Nobody is signed in, and the page is not for everybody."""


class SecondFactorNeededError(TocsinError):
    """Whoever is signed in has to set up a second factor before anything else."""


class TokenRefusedError(SignInNeededError):
    """The token that a program brought is unknown, too old or revoked."""


def desk_of(request: Request) -> Desk:
    """The desk that the application serves."""
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(desk_of)]


def signed_in(request: Request, desk: AtDesk) -> Viewer:
    """Whoever is signed in, or for whom a program acts by a token; raises `SignInNeededError` otherwise.

    A token that does not hold is refused, whatever cookie comes with it.
    """
    bearer = bearer_of(request)
    viewer = viewer_of(desk, request.cookies.get(COOKIE, "")) if bearer is None else person_of(desk, bearer)
    if viewer is None and bearer is not None:
        raise TokenRefusedError("the token is unknown, too old or revoked; make one with `tocsin team token make`")
    if viewer is None:
        raise SignInNeededError("sign in first")
    request.state.viewer = viewer
    if _lacks_second_factor(desk, viewer) and request.url.path not in WITHOUT_SECOND_FACTOR:
        raise SecondFactorNeededError("set up a second factor first; your organisation asks for one")
    return viewer


def _lacks_second_factor(desk: Desk, viewer: Viewer) -> bool:
    if viewer.scopes is not None or viewer.has_second_factor or viewer.by_single_sign_on:
        return False
    rule = desk.settings.second_factor
    return rule == "all" or (rule == "signers" and Right.SIGN in rights_of_viewer(viewer))


def bearer_of(request: Request) -> str | None:
    """The token of an `Authorization: Bearer` header, or None where there is no such header."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


SignedIn = Annotated[Viewer, Depends(signed_in)]


def address_of(request: Request) -> str:
    """The network address that a request comes from."""
    return request.client.host if request.client else ""


def agent_of(request: Request) -> str:
    """The program that a request says it comes from."""
    return request.headers.get("user-agent", "")


def needs(right: Right, *others: Right) -> Callable[[Viewer], Viewer]:
    """A dependency that lets only somebody with the right, or one of the others, pass; raises `NotAllowedError`."""

    def with_right(viewer: SignedIn) -> Viewer:
        if not {right, *others} & rights_of_viewer(viewer):
            lacking = "none of your roles has" if viewer.scopes is None else "this token or your roles do not have"
            raise NotAllowedError(f"this needs the right to {right.value.replace('_', ' ')}, which {lacking}")
        return viewer

    return with_right


def own_form(
    request: Request, viewer: SignedIn, csrf: Annotated[str, Form()] = "", x_csrf: Annotated[str, Header()] = ""
) -> None:
    """Refuse a form that another site sent in the viewer's name; no other site can send a token."""
    if viewer.scopes is not None:
        return
    if not secrets.compare_digest((csrf or x_csrf).encode(), viewer.csrf.encode()):
        request.state.forged = True
        raise NotAllowedError("this form is out of date; load the page again and send it once more")


OwnForm = Depends(own_form)


def visible(desk: AtDesk, viewer: SignedIn, number: str) -> str:
    """The incident's number, if the viewer may know of it; an answer as for one that does not exist otherwise."""
    with reading(desk.engine) as session:
        try:
            incident = find(session, number)
        except BadInputError:
            incident = None
        if incident is None or not is_visible(session, incident, viewer.person_id):
            raise NotThereError(f"there is no incident {number!r} that you may see")
        return incident.number


class NotThereError(TocsinError):
    """What is asked for does not exist, or the viewer may not learn that it does."""


Visible = Annotated[str, Depends(visible)]


def sees_personal(what: str, right: Right = Right.SEE_PEOPLE) -> Callable[..., Viewer]:
    """A dependency that lets only somebody pass who may see personal data of those affected, and notes that they do."""

    def noted(
        request: Request, desk: AtDesk, viewer: Annotated[Viewer, Depends(needs(right))], number: Visible
    ) -> Viewer:
        note_look(request, desk, number, viewer, what, 1)
        return viewer

    return noted


def note_look(request: Request, desk: Desk, number: str, viewer: Viewer, what: str, records: int) -> None:
    """Note that the viewer is shown personal data of those affected."""
    saw(
        desk,
        number,
        viewer.person_id,
        what,
        records=records,
        now=datetime.now(UTC),
        address=address_of(request),
        agent=agent_of(request),
    )
