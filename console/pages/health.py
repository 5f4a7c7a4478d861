"""Whether this process lives and can do its work, for whoever starts, stops and balances machines. Says nothing more."""

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError

from console.signed_in import AtDesk
from migrations.upgrade import HEAD, version_of

router = APIRouter()


@router.get("/health")
def health() -> Response:
    """The process lives."""
    return JSONResponse({"status": "alive"})


@router.get("/ready")
def ready(desk: AtDesk) -> Response:
    """The database answers and stands at this version's tables; 503 otherwise."""
    try:
        is_ready = version_of(desk.engine) == HEAD
    except DBAPIError:
        is_ready = False
    return JSONResponse({"status": "ready" if is_ready else "not ready"}, status_code=200 if is_ready else 503)
