"""Where a mail relay tells what became of mails to people. Nobody signs in: the relay signs, or shows a token."""

from collections import Counter

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from console.collector import collector_of
from console.from_program import LATER, body_of, forged, headers_of, refused
from console.signed_in import AtDesk
from flows.acts.people_returned import take_events
from flows.desk import Desk
from integrations.intake.source import LARGEST_ALERT_BYTES, ForgedError
from integrations.relays.relay import Told
from models.errors import BadInputError, StoreUnavailableError

router = APIRouter()


@router.post("/returned/{relay}")
async def take(request: Request, desk: AtDesk, relay: str) -> Response:
    """Keep what one message says: 202 with what that was, 401 for a forged one, 404 where nobody may send."""
    if relay not in desk.intake.relays or desk.intake.relay_secret_of(relay) is None:
        return refused(404, f"no relay may send as {relay!r}; add it to `relays` in the file that TOCSIN_INTAKE names")
    body = await body_of(request, LARGEST_ALERT_BYTES)
    if body is None:
        return refused(413, f"at most {LARGEST_ALERT_BYTES} bytes are read")
    try:
        told = _told(desk, relay, body, headers_of(request))
        said = await collector_of(request.app.state, "returned", take_events).take(told.events)
    except ForgedError as error:
        return forged(request, desk, relay, error)
    except BadInputError as error:
        return refused(422, str(error))
    except StoreUnavailableError as error:
        return refused(503, str(error), LATER)
    return JSONResponse({"taken": dict(Counter(said))}, 202)


def _told(desk: Desk, name: str, body: bytes, headers: dict[str, str]) -> Told:
    relay, secret = desk.intake.relay(name), desk.intake.relay_secret_of(name)
    assert secret is not None, "it was looked for before the body was read"
    relay.check(body, headers, secret, desk.clock())
    told = relay.read(body)
    if told.confirm is not None:
        _keep_address(desk, name, told.confirm)
    return told


def _keep_address(desk: Desk, name: str, address: str) -> None:
    """For whoever set the relay up: it sends nothing before somebody has opened this address."""
    file = desk.settings.home / "relays" / f"{name}.confirm"
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file.write_text(f"{address}\n")
