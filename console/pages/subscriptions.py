"""Which addresses outside are told of events, and what became of each; for administrators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.page import page
from console.pages.account import in_a_browser
from console.pages.admin import Administers
from console.rights import Right
from console.signed_in import AtDesk, OwnForm, needs
from flows.acts import subscriptions as acts
from flows.acts.event_kinds import EventKind
from flows.acts.subscriptions import EventShown, Subscribed
from flows.acts.tell_subscribers import send_test
from flows.desk import Desk
from models.errors import BadInputError

router = APIRouter()
HERE = "/admin/subscriptions"
Url = Annotated[str, Form(max_length=acts.LONGEST_URL)]
Text = Annotated[str, Form(max_length=200)]


@router.get(HERE, dependencies=[Depends(needs(Right.ADMINISTER))])
def subscriptions(request: Request, desk: AtDesk) -> Response:
    """All of them."""
    return _all(request, desk)


def _all(request: Request, desk: Desk, made: Subscribed | None = None, message: str = "", url: str = "") -> Response:
    return page(
        request,
        "subscriptions.html",
        status=422 if message else 200,
        subscriptions=acts.subscriptions(desk),
        kinds=[kind.value for kind in EventKind],
        made=made,
        message=message,
        url=url,
    )


@router.post(HERE, dependencies=[OwnForm])
def add(
    request: Request,
    desk: AtDesk,
    viewer: Administers,
    url: Url,
    kind: Annotated[list[EventKind] | None, Form()] = None,
    everything: Annotated[bool, Form()] = False,
) -> Response:
    """Add one; its secret is shown this once."""
    in_a_browser(viewer)
    try:
        made = acts.subscribe(desk, url.strip(), kind or (), by=viewer.name, everything=everything)
    except BadInputError as refused:
        return _all(request, desk, message=str(refused), url=url)
    return _all(request, desk, made)


@router.get(HERE + "/{subscription}", dependencies=[Depends(needs(Right.ADMINISTER))])
def one(request: Request, desk: AtDesk, subscription: int, before: int | None = None) -> Response:
    """What became of its events."""
    return _one(request, desk, subscription, before)


def _one(
    request: Request, desk: Desk, number: int, before: int | None = None, sent: EventShown | None = None
) -> Response:
    found = acts.event_deliveries(desk, number, before=before)
    subscription = next(one for one in acts.subscriptions(desk) if one.subscription == number)
    return page(request, "subscription.html", subscription=subscription, deliveries=found, sent=sent)


@router.post(HERE + "/{subscription}/test", dependencies=[OwnForm])
def test(request: Request, desk: AtDesk, viewer: Administers, subscription: int) -> Response:
    """Send it a test now."""
    in_a_browser(viewer)
    return _one(request, desk, subscription, sent=send_test(desk, subscription))


@router.post(HERE + "/{subscription}/remove", dependencies=[OwnForm])
def remove(desk: AtDesk, viewer: Administers, subscription: int) -> Response:
    """Tell it of nothing more."""
    in_a_browser(viewer)
    acts.unsubscribe(desk, subscription, by=viewer.name)
    return RedirectResponse(HERE, 303)


@router.post(HERE + "/{subscription}/again/{delivery}", dependencies=[OwnForm])
def again(desk: AtDesk, viewer: Administers, subscription: int, delivery: int) -> Response:
    """Put one event back in the queue."""
    in_a_browser(viewer)
    acts.tell_again(desk, subscription, delivery, by=viewer.name)
    return RedirectResponse(f"{HERE}/{subscription}", 303)
