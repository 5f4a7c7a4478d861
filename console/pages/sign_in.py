"""Signing in and out, and setting a password by a link."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.page import LOCALES, page
from console.signed_in import COOKIE, AtDesk, OwnForm, SignedIn, address_of, agent_of, desk_of
from flows.acts import accounts, second_factor
from flows.acts.accounts import CODE_WAITS, SIGN_IN_LASTS
from flows.acts.single_sign_on import is_set
from models.errors import BadInputError, NotAllowedError, TooManyTriesError

router = APIRouter()
Text = Annotated[str, Form()]
HALF = "tocsin_code"  # the cookie of a sign-in that waits for its code


@router.get("/sign-in")
def form(request: Request, desk: AtDesk, then: str = "/") -> Response:
    """The form that asks for name and password."""
    return page(request, "sign_in.html", then=inside(then), login="", message="", single_sign_on=is_set(desk))


@router.post("/sign-in")
def enter(request: Request, desk: AtDesk, login: Text, password: Text, then: Text = "/") -> Response:
    """Sign in, and go on to the page that was asked for."""
    try:
        begun = accounts.sign_in(desk, login, password, address=address_of(request), agent=agent_of(request))
    except NotAllowedError as refused:
        return page(
            request,
            "sign_in.html",
            status=_status(refused),
            then=inside(then),
            login=login,
            message=str(refused),
            single_sign_on=is_set(desk),
        )
    if begun.asks_code:
        return with_cookie(request, HALF, begun.token, f"/sign-in/code?then={quote(inside(then))}", CODE_WAITS)
    return with_cookie(request, COOKIE, begun.token, inside(then), SIGN_IN_LASTS)


@router.get("/sign-in/code")
def code_form(request: Request, desk: AtDesk, then: str = "/") -> Response:
    """The form that asks for the second factor."""
    if not second_factor.is_asked_for(desk, request.cookies.get(HALF, "")):
        return RedirectResponse("/sign-in", 303)
    return page(request, "code.html", then=inside(then), message="")


@router.post("/sign-in/code")
def enter_code(request: Request, desk: AtDesk, code: Text, then: Text = "/") -> Response:
    """End the sign-in with a code of the authenticator, or a recovery code."""
    half = request.cookies.get(HALF, "")
    try:
        token = second_factor.finish_sign_in(desk, half, code, address=address_of(request), agent=agent_of(request))
    except NotAllowedError as refused:
        again = "code.html" if second_factor.is_asked_for(desk, half) else "sign_in.html"
        return page(
            request,
            again,
            status=_status(refused),
            then=inside(then),
            login="",
            message=str(refused),
            single_sign_on=is_set(desk),
        )
    response = with_cookie(request, COOKIE, token, inside(then), SIGN_IN_LASTS)
    response.delete_cookie(HALF)
    return response


def _status(refused: NotAllowedError) -> int:
    return 429 if isinstance(refused, TooManyTriesError) else 403


def with_cookie(request: Request, name: str, token: str, then: str, lasts: timedelta) -> RedirectResponse:
    """Send the browser on, with a cookie that neither scripts nor other sites can use."""
    response = RedirectResponse(then, 303)
    response.set_cookie(
        name,
        token,
        httponly=True,
        samesite="lax",
        secure="https" in (request.url.scheme, urlsplit(desk_of(request).settings.console()).scheme),
        max_age=int(lasts.total_seconds()),
    )
    return response


@router.post("/sign-out", dependencies=[OwnForm])
def leave(request: Request, desk: AtDesk) -> Response:
    """Sign out of this browser."""
    accounts.sign_out(desk, request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE)
    return response


@router.get("/welcome/{token}")
def welcome(request: Request, desk: AtDesk, token: str) -> Response:
    """The form that sets a password by a link."""
    name = accounts.link_for(desk, token)
    return page(request, "welcome.html", token=token, name=name, login="", given="", message="")


@router.post("/welcome/{token}")
def accept(request: Request, desk: AtDesk, token: str, login: Text, password: Text, name: Text = "") -> Response:
    """Set the password, and go to the sign-in form."""
    try:
        accounts.accept(desk, token, login=login, password=password, name=name or None)
    except BadInputError as wrong:
        known = accounts.link_for(desk, token)
        return page(
            request, "welcome.html", status=422, token=token, name=known, login=login, given=name, message=str(wrong)
        )
    return RedirectResponse("/sign-in", 303)


@router.post("/language", dependencies=[OwnForm])
def language(desk: AtDesk, viewer: SignedIn, language: Text, then: Text = "/") -> Response:
    """Read the console in another language from now on."""
    if language not in LOCALES:
        raise BadInputError(f"the console does not speak {language!r}; it speaks {', '.join(LOCALES)}")
    accounts.speak(desk, viewer, language)
    return RedirectResponse(inside(then), 303)


def inside(path: str) -> str:
    """The path, if it is one of ours; the front page for anything that could lead elsewhere."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe else "/"
