"""Where the ticket system says that a ticket changed. Nothing it says is taken as said: the ticket is read back."""

import json

from fastapi import APIRouter, BackgroundTasks, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from console.carrying_on import carry_on
from console.from_program import LATER, body_of, forged, headers_of, refused
from console.signed_in import AtDesk
from flows.acts.ticket_watch import ticket_told
from integrations.intake.source import ForgedError, must_be_signed, must_show_token
from models.errors import DeliveryError, StoreUnavailableError

router = APIRouter()

LARGEST_MESSAGE_BYTES = 1_000_000


@router.post("/tickets/{system}")
async def told(request: Request, desk: AtDesk, system: str, later: BackgroundTasks) -> Response:
    """Read one ticket back of which its system says that it changed: 202, or 401 for a forged message."""
    secret = desk.settings.tickets_secret
    if system != desk.settings.tickets or secret is None or not secret.get_secret_value():
        return refused(404, f"no {system!r} may send here; set TOCSIN_TICKETS and TOCSIN_TICKETS_SECRET")
    body = await body_of(request, LARGEST_MESSAGE_BYTES)
    if body is None:
        return refused(413, f"at most {LARGEST_MESSAGE_BYTES} bytes are read")
    try:
        _check(request, system, body, secret.get_secret_value().encode())
    except ForgedError as error:
        return forged(request, desk, system, error)
    reference = _reference(body)
    if reference is None:
        return refused(422, "no ticket is named: `issue.key`, or `number`")
    try:
        number = await run_in_threadpool(ticket_told, desk, reference)
    except (DeliveryError, StoreUnavailableError) as error:
        return refused(503, f"{error}; the watch asks again", LATER)
    if number is not None:
        later.add_task(carry_on, desk, number)
    return JSONResponse({"ticket": reference, "news": number is not None}, 202, background=later)


def _check(request: Request, system: str, body: bytes, secret: bytes) -> None:
    """Jira signs what it sends; a rule in ServiceNow shows the token that it was given."""
    headers = headers_of(request)
    if system == "jira":
        must_be_signed(body, secret, headers.get("x-hub-signature", ""), prefix="sha256=")
    else:
        must_show_token(headers, secret)


def _reference(body: bytes) -> str | None:
    """The name of the ticket: `issue.key` as Jira sends it, or `number`."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    issue = said.get("issue") if isinstance(said, dict) else None
    found = issue.get("key") if isinstance(issue, dict) else said.get("number") if isinstance(said, dict) else None
    return found[:200] if isinstance(found, str) and found else None
