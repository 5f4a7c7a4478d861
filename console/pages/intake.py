"""Where other tools send their alerts. Nobody signs in: each message is signed by its sender, or shows a token."""

from collections import Counter
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from console.collector import Collector, collector_of
from console.from_program import LATER, body_of, forged, headers_of, refused
from console.signed_in import AtDesk
from flows.acts.intake import Taken, open_by_rule, take_alerts
from flows.desk import Desk
from integrations.intake.source import LARGEST_ALERT_BYTES, ForgedError, Headers, IncomingAlert, Source, must_show_token
from models.errors import BadInputError, StoreUnavailableError

router = APIRouter()


@router.post("/intake/{source}")
async def take(request: Request, desk: AtDesk, source: str) -> Response:
    """Keep the alerts of one message: 202 with what became of them, 401 for a forged one, 404 where nobody may send."""
    headers = headers_of(request)
    if source not in desk.intake.sources or desk.intake.secret_of(source) is None:
        return refused(404, f"no tool may send alerts as {source!r}; add it to the file that TOCSIN_INTAKE names")
    body = await body_of(request, LARGEST_ALERT_BYTES)
    if body is None:
        return refused(413, f"at most {LARGEST_ALERT_BYTES} bytes are read")
    try:
        known = desk.intake.source(source)
        _check(desk, known, body, headers)
        taken = await _collector(request).take(known.read(body, headers))
    except ForgedError as error:
        return forged(request, desk, source, error)
    except BadInputError as error:
        return refused(422, str(error))
    except StoreUnavailableError as error:
        return refused(503, str(error), LATER)
    return JSONResponse({"taken": dict(Counter(each.what for each in taken))}, 202)


def _check(desk: Desk, source: Source, body: bytes, headers: Headers) -> None:
    secret = desk.intake.secret_of(source.name)
    assert secret is not None, "it was looked for before the body was read"
    if source.check is not None:
        source.check(body, headers, secret, desk.clock())
    else:
        must_show_token(headers, secret)


def _collector(request: Request) -> Collector[IncomingAlert, Taken]:
    return collector_of(request.app.state, "alerts", _keep)


def _keep(desk: Desk, alerts: Sequence[IncomingAlert]) -> list[Taken]:
    taken = take_alerts(desk, desk.intake, alerts)
    if any(each.what == "new" for each in taken):
        open_by_rule(desk)
    return taken
