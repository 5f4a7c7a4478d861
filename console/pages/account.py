"""One's own account: the second factor, the browsers that are signed in, and the tokens of one's programs."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.page import page
from console.signed_in import ENROLMENT, AtDesk, OwnForm, SignedIn
from flows.acts import accounts, second_factor, tokens
from flows.acts.accounts import Viewer
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError

router = APIRouter()
Text = Annotated[str, Form()]


def in_a_browser(viewer: Viewer) -> None:
    """Refuse a program: what opens the account is changed by the person alone."""
    if viewer.scopes is not None:
        raise NotAllowedError("an account is changed by the person who signs in, not by a token")


@router.get("/account")
def account(request: Request, desk: AtDesk, viewer: SignedIn) -> Response:
    """Everything by which the viewer gets in."""
    in_a_browser(viewer)
    return _account(request, desk, viewer)


def _account(request: Request, desk: Desk, viewer: Viewer, token: str = "") -> Response:
    return page(
        request,
        "account.html",
        login=second_factor.login_of(desk, viewer),
        codes_left=second_factor.recovery_codes_left(desk, viewer),
        browsers=accounts.browsers(desk, viewer),
        tokens=tokens.tokens(desk, viewer.name),
        scopes=[scope.value for scope in tokens.Scope],
        token=token,
    )


@router.get(ENROLMENT)
def enrol(request: Request, desk: AtDesk, viewer: SignedIn) -> Response:
    """A new secret, as a picture for the authenticator."""
    in_a_browser(viewer)
    return _enrolment(request, desk, viewer, second_factor.offer(desk, viewer))


@router.post(ENROLMENT, dependencies=[OwnForm])
def confirm(request: Request, desk: AtDesk, viewer: SignedIn, code: Text) -> Response:
    """Put the second factor on; the recovery codes are shown this once."""
    in_a_browser(viewer)
    try:
        codes = second_factor.confirm(desk, viewer, code)
    except BadInputError as wrong:
        secret = second_factor.offered(desk, viewer)
        if secret is None:
            raise
        return _enrolment(request, desk, viewer, secret, str(wrong))
    return page(request, "recovery_codes.html", codes=codes)


def _enrolment(request: Request, desk: Desk, viewer: Viewer, secret: str, message: str = "") -> Response:
    return page(
        request,
        "second_factor.html",
        status=422 if message else 200,
        picture=second_factor.picture(secret, second_factor.login_of(desk, viewer)),
        secret=secret,
        message=message,
        must=desk.settings.second_factor != "optional",
    )


@router.post(f"{ENROLMENT}/off", dependencies=[OwnForm])
def take_off(desk: AtDesk, viewer: SignedIn, code: Text) -> Response:
    """Take the second factor off."""
    in_a_browser(viewer)
    second_factor.take_off(desk, viewer, code)
    return RedirectResponse("/account", 303)


@router.post("/account/browsers/end", dependencies=[OwnForm])
def end_others(desk: AtDesk, viewer: SignedIn) -> Response:
    """Sign out of every other browser."""
    in_a_browser(viewer)
    accounts.sign_out_elsewhere(desk, viewer)
    return RedirectResponse("/account", 303)


@router.post("/account/tokens", dependencies=[OwnForm])
def make_token(
    request: Request,
    desk: AtDesk,
    viewer: SignedIn,
    purpose: Text,
    scope: Annotated[list[tokens.Scope], Form()],
    days: Annotated[int, Form(ge=1, le=366)],
) -> Response:
    """Make a token and show it this once."""
    in_a_browser(viewer)
    made = tokens.make_token(
        desk, viewer.name, purpose=purpose, scopes=scope, by=viewer.name, lasts=timedelta(days=days)
    )
    return _account(request, desk, viewer, made)


@router.post("/account/tokens/{number}/revoke", dependencies=[OwnForm])
def revoke_token(desk: AtDesk, viewer: SignedIn, number: int) -> Response:
    """End one of one's own tokens."""
    in_a_browser(viewer)
    tokens.revoke_token(desk, number, by=viewer.name, name=viewer.name)
    return RedirectResponse("/account", 303)
