"""The team and its ways in: people, roles, invitations, second factors and tokens. No incident is seen by it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.page import page
from console.pages.account import in_a_browser
from console.rights import Right
from console.signed_in import AtDesk, OwnForm, needs
from flows.acts import accounts, second_factor, tokens
from flows.acts.accounts import Viewer
from flows.acts.team import add_member, members, remove_member
from flows.desk import Desk
from models.vocabulary import PersonRole

router = APIRouter()
Text = Annotated[str, Form(max_length=200)]
Administers = Annotated[Viewer, Depends(needs(Right.ADMINISTER))]


@router.get("/admin", dependencies=[Depends(needs(Right.ADMINISTER))])
def team(request: Request, desk: AtDesk) -> Response:
    """Everybody, and every token."""
    return _team(request, desk)


def _team(request: Request, desk: Desk, *, invited: str = "", link: str = "") -> Response:
    return page(
        request,
        "admin.html",
        team=members(desk),
        roles=[role.value for role in PersonRole],
        tokens=tokens.tokens(desk),
        invited=invited,
        link=link,
    )


@router.post("/admin/people", dependencies=[OwnForm])
def add(
    desk: AtDesk, viewer: Administers, name: Text, role: Annotated[list[PersonRole], Form()], email: Text = ""
) -> Response:
    """Add a person, or more roles to one who is there."""
    in_a_browser(viewer)
    add_member(desk, name.strip(), role, email=email.strip() or None)
    return RedirectResponse("/admin", 303)


@router.post("/admin/people/remove", dependencies=[OwnForm])
def remove(desk: AtDesk, viewer: Administers, name: Text) -> Response:
    """Take a person's right to act, and end every sign-in and token of theirs."""
    in_a_browser(viewer)
    remove_member(desk, name)
    return RedirectResponse("/admin", 303)


@router.post("/admin/people/invite", dependencies=[OwnForm])
def invite(request: Request, desk: AtDesk, viewer: Administers, name: Text) -> Response:
    """A link by which the person sets a password, shown this once."""
    in_a_browser(viewer)
    token = accounts.invite(desk, name, by=viewer.name)
    return _team(request, desk, invited=name, link=f"{desk.settings.console()}/welcome/{token}")


@router.post("/admin/people/reset", dependencies=[OwnForm])
def reset(desk: AtDesk, viewer: Administers, name: Text) -> Response:
    """Take a second factor off of somebody who has lost it."""
    in_a_browser(viewer)
    second_factor.reset(desk, name, by=viewer.name)
    return RedirectResponse("/admin", 303)


@router.post("/admin/tokens/{number}/revoke", dependencies=[OwnForm])
def revoke(desk: AtDesk, viewer: Administers, number: int) -> Response:
    """End anybody's token."""
    tokens.revoke_token(desk, number, by=viewer.name)
    return RedirectResponse("/admin", 303)
