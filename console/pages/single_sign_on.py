"""Signing in by the organisation's own provider."""

from collections.abc import Iterator
from typing import Annotated

import httpx
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from console.page import page
from console.pages.sign_in import inside, with_cookie
from console.signed_in import COOKIE, AtDesk, address_of, agent_of
from flows.acts import single_sign_on
from flows.acts.accounts import SIGN_IN_LASTS
from flows.desk import Desk
from integrations.guarded import operators_client
from models.errors import NotAllowedError

router = APIRouter()
STATE = "tocsin_single_sign_on"
WAY = "/sign-in/single-sign-on"


def http_client() -> Iterator[httpx.Client]:
    """The connection to the provider, for one request."""
    with operators_client() as client:
        yield client


Http = Annotated[httpx.Client, Depends(http_client)]


def _callback(desk: Desk) -> str:
    return f"{desk.settings.console()}{WAY}/back"


@router.get(WAY)
def begin(request: Request, desk: AtDesk, http: Http, then: str = "/") -> Response:
    """Send the browser to the provider."""
    address, state = single_sign_on.begin(desk, http, _callback(desk), inside(then))
    return with_cookie(request, STATE, state, address, single_sign_on.TRY_LASTS)


@router.get(f"{WAY}/back")
def finish(request: Request, desk: AtDesk, http: Http) -> Response:
    """The browser comes back with the provider's answer."""
    answer, kept = dict(request.query_params), request.cookies.get(STATE, "")
    try:
        token, then = single_sign_on.finish(
            desk, http, _callback(desk), answer, kept, address=address_of(request), agent=agent_of(request)
        )
    except NotAllowedError as refused:
        refusal = page(
            request, "sign_in.html", status=403, then="/", login="", message=str(refused), single_sign_on=True
        )
        refusal.delete_cookie(STATE)
        return refusal
    response: RedirectResponse = with_cookie(request, COOKIE, token, inside(then), SIGN_IN_LASTS)
    response.delete_cookie(STATE)
    return response
