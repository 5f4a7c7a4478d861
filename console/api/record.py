"""The record of an incident: its timeline, its ledger verified and exported; the register over all of them."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from console.may import AUDITS, SEES, Audits
from console.once import OnceRoute
from console.paging import AskedPage, one_page
from console.signed_in import AtDesk, Visible
from flows.acts.register import register
from flows.acts.register_file import register_json
from flows.acts.timeline import timeline
from flows.as_json import Json
from flows.desk import Desk
from models.incident import find
from models.ledger import exported, verify_stored
from models.store import reading

router = APIRouter(tags=["record"], route_class=OnceRoute)


@router.get("/incidents/{number}/timeline", dependencies=[SEES])
def events(desk: AtDesk, number: Visible, paging: AskedPage) -> Json:
    """Everything that happened, in order."""
    return one_page(timeline(desk, number), paging, lambda event: event.seq)


@router.get("/incidents/{number}/ledger/verification", dependencies=[AUDITS])
def verified(
    desk: AtDesk,
    number: Visible,
    head: Annotated[
        str | None, Query(pattern=r"^[0-9a-f]{64}$", description="A last hash known from elsewhere.")
    ] = None,
) -> Json:
    """Verify the chain; 409 names the first entry that was altered."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        count = verify_stored(session, incident, known=head)
        return {"number": number, "verified": True, "entries": count, "head": incident.ledger_head}


@router.get("/incidents/{number}/ledger", response_class=StreamingResponse, dependencies=[AUDITS])
def ledger(desk: AtDesk, number: Visible) -> StreamingResponse:
    """The ledger as JSON Lines, as `tocsin ledger NUMBER export` writes it."""
    headers = {"content-disposition": f'attachment; filename="{number}.jsonl"'}
    return StreamingResponse(_lines(desk, number), media_type="application/jsonl", headers=headers)


def _lines(desk: Desk, number: str) -> Iterator[str]:
    with reading(desk.engine) as session:
        for line in exported(session, find(session, number)):
            yield f"{line}\n"


@router.get("/register", response_class=StreamingResponse)
def breach_register(
    viewer: Audits,
    desk: AtDesk,
    since: Annotated[date | None, Query(alias="from")] = None,
    until: Annotated[date | None, Query(alias="to")] = None,
    rehearsals: bool = False,
) -> StreamingResponse:
    """The breach register over the incidents that you may see."""
    entries = register(desk, since=since, until=until, rehearsals=rehearsals, seen_by=viewer.person_id)
    return StreamingResponse(register_json(desk, entries), media_type="application/json")
