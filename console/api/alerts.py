"""Alarms of deadlines: seen, or put off."""

from fastapi import APIRouter

from console.asked import Asked, Moment, Name, Words
from console.may import Acknowledges
from console.once import OnceRoute
from console.signed_in import AtDesk, Visible
from flows.acts.acknowledge import acknowledge, snooze
from flows.as_json import Json
from models.plain import plain

router = APIRouter(tags=["alerts"], route_class=OnceRoute)


class Seen(Asked):
    """Which alarms were seen: of one provision, or without it all of the incident's."""

    provision: Name | None = None
    note: Words | None = None


@router.post("/incidents/{number}/alerts/acknowledge")
def seen(viewer: Acknowledges, desk: AtDesk, number: Visible, asked: Seen) -> Json:
    """Say that they were seen, so that nobody further up is told; 409 where none waits for it."""
    return {"items": plain(acknowledge(desk, number, asked.provision, by=viewer.name, note=asked.note)), "next": None}


class Snooze(Asked):
    """What is put off until when, and why."""

    provision: Name
    until: Moment
    reason: Words
    stage: Name | None = None


@router.post("/incidents/{number}/alerts/snooze")
def put_off(viewer: Acknowledges, desk: AtDesk, number: Visible, asked: Snooze) -> Json:
    """Put off the alarms of one duty, never past its limit."""
    found = snooze(
        desk, number, asked.provision, until=asked.until, reason=asked.reason, by=viewer.name, stage=asked.stage
    )
    return {"items": plain(found), "next": None}
