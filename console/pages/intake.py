"""Where other tools send their alerts. Nobody signs in: each message is signed by its sender, or shows a token."""

from collections import Counter

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from console.collector import Collector
from console.signed_in import AtDesk
from flows.acts.audit import note
from flows.desk import Desk
from integrations.intake.source import LARGEST_ALERT_BYTES, ForgedError, Headers, Source, must_show_token
from models.errors import BadInputError, StoreUnavailableError

router = APIRouter()

RETRY_AFTER_SECONDS = "5"


@router.post("/intake/{source}")
async def take(request: Request, desk: AtDesk, source: str) -> Response:
    """Keep the alerts of one message: 202 with what became of them, 401 for a forged one, 404 where nobody may send."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if source not in desk.intake.sources or desk.intake.secret_of(source) is None:
        return _refused(404, f"no tool may send alerts as {source!r}; add it to the file that TOCSIN_INTAKE names")
    body = await _body(request)
    if body is None:
        return _refused(413, f"at most {LARGEST_ALERT_BYTES} bytes are read")
    try:
        known = desk.intake.source(source)
        _check(desk, known, body, headers)
        taken = await _collector(request).take(known.read(body, headers))
    except ForgedError as error:
        address = request.client.host if request.client else None
        note(desk, "intake.refused", who=None, source=source, address=address, why=str(error))
        return _refused(401, str(error))
    except BadInputError as error:
        return _refused(422, str(error))
    except StoreUnavailableError as error:
        return _refused(503, str(error), {"retry-after": RETRY_AFTER_SECONDS})
    return JSONResponse({"taken": dict(Counter(each.what for each in taken))}, 202)


def _check(desk: Desk, source: Source, body: bytes, headers: Headers) -> None:
    secret = desk.intake.secret_of(source.name)
    assert secret is not None, "it was looked for before the body was read"
    if source.check is not None:
        source.check(body, headers, secret, desk.clock())
    else:
        must_show_token(headers, secret)


async def _body(request: Request) -> bytes | None:
    """The body, or None for one that is too large; never more than that is held."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_ALERT_BYTES:
            return None
    return bytes(body)


def _collector(request: Request) -> Collector:
    state = request.app.state
    if not hasattr(state, "collector"):
        state.collector = Collector(state.desk)
    collector: Collector = state.collector
    return collector


def _refused(status: int, why: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": why}, status, headers)
