"""The feed of deadlines that a calendar program reads; whoever has its address reads it."""

from fastapi import APIRouter, Response

from console.signed_in import AtDesk, NotThereError
from flows.acts.calendar import feed

router = APIRouter()


@router.get("/calendar/{token}.ics")
def deadlines(desk: AtDesk, token: str) -> Response:
    """The deadlines that the feed's person sees; raises `NotThereError` for an address that opens nothing."""
    found = feed(desk, token)
    if found is None:
        raise NotThereError("no calendar is here; `tocsin calendar feed NAME` makes an address")
    return Response(found, media_type="text/calendar; charset=utf-8")
