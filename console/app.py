"""The console: one ASGI application with the pages that people use. Every module of `console/pages` is a part of it."""

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

import console.pages
from console.http_api import PREFIX, http_api
from console.page import page
from console.problem import problem
from console.signed_in import (
    ENROLMENT,
    NotThereError,
    SecondFactorNeededError,
    SignInNeededError,
    TokenRefusedError,
    address_of,
)
from flows.acts.accounts import Viewer
from flows.acts.audit import note
from flows.desk import Desk
from models.errors import (
    BadInputError,
    NotAllowedError,
    StoreUnavailableError,
    TocsinError,
    TooLargeError,
    TooManyTriesError,
)

HERE = Path(__file__).parent
OWN_HOST_ONLY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": OWN_HOST_ONLY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
}
STATUS = {
    NotThereError: 404,
    BadInputError: 422,
    TooLargeError: 413,
    TooManyTriesError: 429,
    NotAllowedError: 403,
    StoreUnavailableError: 503,
}
REFUSALS = {  # what of it stands on the audit stream
    401: "refused.not_signed_in",
    403: "refused",
    404: "refused.not_there",
    413: "refused.too_large",
    429: "refused.too_many",
}


def create_app(desk: Desk) -> FastAPI:
    """The console over one desk."""
    app = FastAPI(title="Tocsin", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for module in sorted(part.name for part in pkgutil.iter_modules(console.pages.__path__)):
        app.include_router(importlib.import_module(f"console.pages.{module}").router)
    app.mount(PREFIX, http_api(desk))
    app.add_exception_handler(SignInNeededError, _to_sign_in)
    app.add_exception_handler(SecondFactorNeededError, _to_enrolment)
    app.add_exception_handler(TocsinError, _refused)
    app.middleware("http")(_with_headers)
    return app


async def _with_headers(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
    request.state.viewer, request.state.forged = None, _from_another_site(request)
    if request.state.forged:
        refused = NotAllowedError("another site sent this; open the page here and send it again")
        response = await _refused(request, refused)
    else:
        response = await go_on(request)
    _audit(request, response.status_code)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.url.path.startswith("/static/"):
        response.headers["cache-control"] = "public, max-age=3600"
    return response


def _from_another_site(request: Request) -> bool:
    """Whether a browser says that a page of another site made it send this; programs say nothing of the kind."""
    return request.method not in ("GET", "HEAD") and request.headers.get("sec-fetch-site") == "cross-site"


def _route_of(request: Request) -> str:
    """The route's own path, with that of the application that it is mounted in."""
    route = request.scope.get("route")
    return request.url.path if route is None else f"{request.scope.get('root_path', '')}{route.path}"


def _audit(request: Request, status: int) -> None:
    """Note a refusal on the audit stream, by the route's own path: the one asked for may hold a one-time link."""
    viewer: Viewer | None = request.state.viewer
    kind = "refused.forged" if request.state.forged else REFUSALS.get(status)
    if kind is None or (status == 404 and viewer is None):
        return  # a stranger who looks for what is nowhere
    note(
        request.app.state.desk,
        kind,
        who=viewer.name if viewer else None,
        method=request.method,
        path=_route_of(request),
        incident=request.path_params.get("number"),
        address=address_of(request),
        agent=request.headers.get("user-agent", ""),
    )


async def _to_sign_in(request: Request, error: Exception) -> Response:
    if isinstance(error, TokenRefusedError) or request.url.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": str(error)}
        return JSONResponse(problem, 401, {"www-authenticate": "Bearer"}, "application/problem+json")
    return RedirectResponse(f"/sign-in?then={request.url.path}" if request.method == "GET" else "/sign-in", 303)


async def _to_enrolment(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette calls it so
    return RedirectResponse(ENROLMENT, 303)


async def _refused(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(PREFIX):
        return problem(request, error)
    status = next((number for kind, number in STATUS.items() if isinstance(error, kind)), 500)
    return page(request, "refused.html", status=status, message=str(error))
