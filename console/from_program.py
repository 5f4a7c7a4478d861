"""What another program sends to us without signing in: its headers and body, and how it is refused."""

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from flows.acts.audit import note
from flows.desk import Desk
from integrations.intake.source import ForgedError

LATER = {"retry-after": "5"}  # seconds


def headers_of(request: Request) -> dict[str, str]:
    """The headers, with names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


async def body_of(request: Request, most: int) -> bytes | None:
    """The body, or None for one of more than `most` bytes; never more than that is held."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            return None
    return bytes(body)


def refused(status: int, why: str, headers: dict[str, str] | None = None) -> Response:
    """The answer to what is not taken."""
    return JSONResponse({"error": why}, status, headers)


def forged(request: Request, desk: Desk, source: str, error: ForgedError) -> Response:
    """The answer to what does not prove itself, which stands on the audit stream."""
    address = request.client.host if request.client else None
    note(desk, "intake.refused", who=None, source=source, address=address, why=str(error))
    return refused(401, str(error))
