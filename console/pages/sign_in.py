"""Signing in and out, and setting a password by a link."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.page import LOCALES, page
from console.signed_in import COOKIE, AtDesk, OwnForm, SignedIn
from flows.acts import accounts
from models.errors import BadInputError, NotAllowedError

router = APIRouter()
Text = Annotated[str, Form()]


@router.get("/sign-in")
def form(request: Request, then: str = "/") -> Response:
    """The form that asks for name and password."""
    return page(request, "sign_in.html", then=_inside(then), login="", message="")


@router.post("/sign-in")
def enter(request: Request, desk: AtDesk, login: Text, password: Text, then: Text = "/") -> Response:
    """Sign in, and go on to the page that was asked for."""
    try:
        token = accounts.sign_in(desk, login, password, address=_address(request), agent=_agent(request))
    except NotAllowedError as refused:
        return page(request, "sign_in.html", status=403, then=_inside(then), login=login, message=str(refused))
    response = RedirectResponse(_inside(then), 303)
    response.set_cookie(
        COOKIE,
        token,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
        max_age=int(accounts.SIGN_IN_LASTS.total_seconds()),
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
    return RedirectResponse(_inside(then), 303)


def _inside(path: str) -> str:
    """The path, if it is one of ours; the front page for anything that could lead elsewhere."""
    safe = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if safe else "/"


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _agent(request: Request) -> str:
    return request.headers.get("user-agent", "")
