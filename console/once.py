"""Requests that change something: of bounded size, and done once for one `Idempotency-Key`."""

from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Message

from console.problem import problem
from console.signed_in import desk_of, signed_in
from flows.acts.repeated import Given, begin_answer, forget_answer, keep_answer
from models.document import LARGEST_DOCUMENT_BYTES
from models.errors import BadInputError, TocsinError

LONGEST_KEY = 200
MEDIA_TYPE = "application/json"
REFUSED = (TocsinError, RequestValidationError, HTTPException)
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OnceRoute(APIRoute):
    """A route whose answer to a key is kept: the same request again gets the same answer, and does nothing."""

    def get_route_handler(self) -> Handler:
        """The handler, which reads no body larger than a document and looks at the key first."""
        handle = super().get_route_handler()

        async def once(request: Request) -> Response:
            bounded = Request(request.scope, _bounded(request))
            try:
                _without_nul(request)
                key = bounded.headers.get("idempotency-key")
                if key is None or bounded.method != "POST":
                    return await handle(bounded)
                return await _once(bounded, key, handle)
            except REFUSED as error:
                return problem(request, error)

        return once


def _without_nul(request: Request) -> None:
    """No name, key or number holds a NUL, which PostgreSQL does not even look for."""
    if "\x00" in request.scope["path"] or "%00" in request.url.query:
        raise HTTPException(404, "nothing is called by a name that holds a NUL")


class StreamedRoute(APIRoute):
    """A route that reads its body piece by piece, of any size: what it keeps is known by its hash, so that no key is needed."""

    def get_route_handler(self) -> Handler:
        """The handler, whose refusals are problems."""
        handle = super().get_route_handler()

        async def streamed(request: Request) -> Response:
            try:
                _without_nul(request)
                return await handle(request)
            except REFUSED as error:
                return problem(request, error)

        return streamed


def _bounded(request: Request) -> Callable[[], Coroutine[Any, Any, Message]]:
    """The request's body, refused with 413 as soon as it is known to be too large; none of it is kept then."""
    declared, seen = request.headers.get("content-length", ""), 0

    async def receive() -> Message:
        nonlocal seen
        if declared.isdecimal() and int(declared) > LARGEST_DOCUMENT_BYTES:
            raise _too_large()
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_DOCUMENT_BYTES:
            raise _too_large()
        return message

    return receive


def _too_large() -> HTTPException:
    return HTTPException(
        413, f"at most {LARGEST_DOCUMENT_BYTES} bytes are read; send the facts and not the data itself"
    )


async def _once(request: Request, key: str, handle: Handler) -> Response:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadInputError(f"an Idempotency-Key has between 1 and {LONGEST_KEY} printable ASCII signs")
    desk, body = desk_of(request), await request.body()
    asked = sha256(f"{request.url.path}?{request.url.query}\n".encode() + body).hexdigest()
    viewer = await run_in_threadpool(signed_in, request, desk)
    given = await run_in_threadpool(begin_answer, desk, viewer.person_id, key, asked)
    if given is not None:
        headers = {"idempotency-replayed": "true"} | ({"location": given.location} if given.location else {})
        return Response(given.body, given.status, headers, media_type=MEDIA_TYPE)
    try:
        response = await handle(request)
    except REFUSED:  # nothing was done; after any other error it is not known, and the key stays taken
        await run_in_threadpool(forget_answer, desk, viewer.person_id, key)
        raise
    kept = Given(response.status_code, bytes(response.body), response.headers.get("location"))
    await run_in_threadpool(keep_answer, desk, viewer.person_id, key, kept)
    return response
