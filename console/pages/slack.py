"""Where Slack sends what people do there. Each request is signed by Slack, fresh, and taken once."""

import asyncio
from datetime import UTC, datetime
from hashlib import sha256

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response

from console.signed_in import AtDesk, NotThereError
from console.slack import slack_app
from flows.acts.slack_seen import first_time
from flows.desk import Desk
from integrations.intake.source import ForgedError
from integrations.slack_signature import must_be_slacks
from models.errors import StoreUnavailableError

router = APIRouter()

LARGEST_BYTES = 1_000_000


@router.post("/slack/commands")
@router.post("/slack/interactions")
@router.post("/slack/events")
async def take(request: Request, desk: AtDesk) -> Response:
    """Do what Slack says that a person did: 401 for a forged, stale or replayed request, 404 where Slack is not set up."""
    secret = desk.settings.slack_signing_secret
    if secret is None or desk.settings.slack_token is None:
        raise NotThereError("Slack is not set up here")
    body = await _body(request)
    if body is None:
        return PlainTextResponse(f"at most {LARGEST_BYTES} bytes are read", 413)
    try:
        signature = must_be_slacks(body, request.headers, secret.get_secret_value(), datetime.now(UTC))
        key = sha256(signature.encode()).hexdigest()
        if not await asyncio.to_thread(first_time, desk, key):
            raise ForgedError("this request was taken before; it is a replay")
        text = to_bolt_request(request, body)
    except (ForgedError, UnicodeDecodeError) as error:
        return PlainTextResponse(str(error), 401)
    except StoreUnavailableError as error:
        return PlainTextResponse(str(error), 503)
    return to_starlette_response(await asyncio.to_thread(_app(request, desk).dispatch, text))


async def _body(request: Request) -> bytes | None:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BYTES:
            return None
    return bytes(body)


def _app(request: Request, desk: Desk) -> App:
    state = request.app.state
    if not hasattr(state, "slack"):
        state.slack = slack_app(desk)
    app: App = state.slack
    return app
