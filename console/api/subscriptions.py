"""Subscriptions: addresses outside that are told of events; for administrators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from console.asked import Asked, Number
from console.may import ADMINISTERS, Administers
from console.once import OnceRoute
from console.paging import AskedPage, cursor_of, one_page
from console.signed_in import AtDesk
from flows.acts import subscriptions as acts
from flows.acts.event_kinds import EventKind
from flows.acts.tell_subscribers import send_test
from flows.as_json import Json
from models.errors import BadInputError
from models.plain import plain

router = APIRouter(tags=["subscriptions"], route_class=OnceRoute)
ONE = "/subscriptions/{subscription}"


def not_kept(request: Request) -> None:
    """An answer that holds a secret is kept for nobody, also not for whoever asks again."""
    if "idempotency-key" in request.headers:
        raise BadInputError("the secret is shown once and kept nowhere; send this without an Idempotency-Key")


class Wanted(Asked):
    """Which address is to be told of what."""

    url: Annotated[str, Field(max_length=acts.LONGEST_URL)]
    kinds: tuple[EventKind, ...] = Field((), description="None: every kind.")
    everything: bool = Field(False, description="Also of private incidents.")


@router.get("/subscriptions", dependencies=[ADMINISTERS])
def list_subscriptions(desk: AtDesk, paging: AskedPage) -> Json:
    """Who is told of what, the newest first; of an address its host alone."""
    return one_page(acts.subscriptions(desk), paging, lambda one: one.subscription)


@router.post("/subscriptions", status_code=201, dependencies=[Depends(not_kept)])
def subscribe(viewer: Administers, desk: AtDesk, asked: Wanted) -> Json:
    """Tell an address of events from now on; the answer holds the secret, this once. 422 for an address inside."""
    made: Json = plain(acts.subscribe(desk, asked.url, asked.kinds, by=viewer.name, everything=asked.everything))
    return made


@router.post(ONE + "/remove")
def unsubscribe(viewer: Administers, desk: AtDesk, subscription: Number) -> Json:
    """Tell it of nothing more."""
    ended: Json = plain(acts.unsubscribe(desk, subscription, by=viewer.name))
    return ended


@router.post(ONE + "/test", dependencies=[ADMINISTERS])
def test(desk: AtDesk, subscription: Number) -> Json:
    """Send it an event of the kind `test` now; `state` says whether it was taken, `answer` what it said."""
    sent: Json = plain(send_test(desk, subscription))
    return sent


@router.get(ONE + "/deliveries", dependencies=[ADMINISTERS])
def deliveries(desk: AtDesk, subscription: Number, paging: AskedPage) -> Json:
    """What became of each event, the latest first."""
    before = paging.after if isinstance(paging.after, int) else None
    found = acts.event_deliveries(desk, subscription, limit=paging.limit + 1, before=before)
    shown = found[: paging.limit]
    return {"items": plain(shown), "next": cursor_of(shown[-1].delivery) if len(found) > paging.limit else None}


@router.post(ONE + "/deliveries/{delivery}/again")
def again(viewer: Administers, desk: AtDesk, subscription: Number, delivery: Number) -> Json:
    """Put one event back in the queue, under its key."""
    acts.tell_again(desk, subscription, delivery, by=viewer.name)
    return {"subscription": subscription, "delivery": delivery, "by": viewer.name}
