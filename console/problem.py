"""Errors of the HTTP API as RFC 9457 problems: one line for a person, and a type for a program."""

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from console.signed_in import NotThereError, SecondFactorNeededError, SignInNeededError
from models.errors import (
    BadInputError,
    LedgerAlteredError,
    NotAllowedError,
    OvertakenError,
    StoreUnavailableError,
    TocsinError,
    TooLargeError,
    TooManyTriesError,
    UnknownNameError,
)

MEDIA_TYPE = "application/problem+json"
# The first that fits names the problem; what fits none is our own fault.
KINDS: Sequence[tuple[type[Exception], int, str, str]] = (
    (SignInNeededError, 401, "sign-in-needed", "Sign in, or send a token"),
    (SecondFactorNeededError, 403, "second-factor-needed", "Set up a second factor first"),
    (NotThereError, 404, "not-there", "Not there, or not yours to see"),
    (UnknownNameError, 404, "not-there", "Not there, or not yours to see"),
    (TooManyTriesError, 429, "too-many-tries", "Too many tries"),
    (OvertakenError, 409, "overtaken", "It is not any more as you have seen it"),
    (LedgerAlteredError, 409, "ledger-altered", "The record was altered"),
    (NotAllowedError, 403, "not-allowed", "Refused"),
    (TooLargeError, 413, "too-large", "Too large"),
    (BadInputError, 422, "bad-input", "What was sent cannot be used"),
    (StoreUnavailableError, 503, "store-unavailable", "The database cannot be used just now"),
)
TITLES = {400: "Not a request that can be read", 404: "No such address", 405: "Not done to this address"}
CODES = {status: code for _, status, code, _ in reversed(KINDS)} | {405: "no-such-method"}


def problem(request: Request, error: Exception) -> JSONResponse:
    """The answer that tells of an error."""
    if isinstance(error, RequestValidationError):
        return _answer(request, 422, "bad-input", "What was sent cannot be used", **_mistakes(error))
    if isinstance(error, HTTPException):
        code = CODES.get(error.status_code, "unreadable")
        title = TITLES.get(error.status_code, str(error.detail))
        return _answer(request, error.status_code, code, title, detail=str(error.detail))
    for kind, status, code, title in KINDS:
        if isinstance(error, kind):
            return _answer(request, status, code, title, detail=str(error))
    return _answer(request, 500, "failed", "Something failed on our side", detail=_own_fault(error))


def _own_fault(error: Exception) -> str:
    return (
        str(error) if isinstance(error, TocsinError) else "the console's log says what failed; nothing was half-written"
    )


def _mistakes(error: RequestValidationError) -> dict[str, Any]:  # Any: plain JSON
    """Each mistake with the place where it stands; what was sent is not repeated, it may be a secret."""
    found = [
        {"at": ".".join(str(part) for part in one["loc"]), "message": one["msg"].removeprefix("Value error, ")}
        for one in error.errors()
    ]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return {"detail": f"{found[0]['at']}: {found[0]['message']}{more}", "errors": found}


def _answer(request: Request, status: int, code: str, title: str, **more: Any) -> JSONResponse:  # Any: plain JSON
    body = {"type": f"urn:tocsin:problem:{code}", "title": title, "status": status, "instance": request.url.path}
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({**body, **more}, status_code=status, headers=headers, media_type=MEDIA_TYPE)
