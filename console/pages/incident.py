"""One incident: what runs out first and what waits for whom, then everything that is known and was done."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from console.in_incident import incident_page
from console.page import Words, words_for
from console.rights import Right
from console.signed_in import AtDesk, Visible, needs
from console.story import teller
from flows.acts.kept_duties import kept_duties
from flows.acts.membership import members_of
from flows.acts.playbook import step_rows
from flows.acts.read_notice import notice_list
from flows.acts.standing import standing
from flows.acts.timeline import firsts, latest
from flows.desk import Desk
from flows.picture import MILESTONES, PictureWords, picture_of
from flows.server import ui_address
from models.incident import facts_of, find
from models.store import reading
from models.tables import Step

router = APIRouter(dependencies=[Depends(needs(Right.SEE))])
LATEST = 12
A_PAGE = 200
MEANWHILE = ("open", "undecided", "met")


@router.get("/incidents/{number}")
def incident(request: Request, desk: AtDesk, number: Visible) -> Response:
    """Show it."""
    now = standing(desk, number)
    with reading(desk.engine) as session:
        found = find(session, number)
        report = facts_of(session, found).model_dump(mode="json", by_alias=True)
    return incident_page(
        request,
        desk,
        number,
        "incident.html",
        standing=now,
        first=now.first,
        facts=report,
        duties=kept_duties(desk, number, MEANWHILE),
        steps=_steps(desk, number),
        notices=notice_list(desk, number),
        members=members_of(desk, number),
        events=latest(desk, number, LATEST, say=teller(words_for(request))),
        runs=f"{ui_address(desk.settings.server_port)}/runs?tags={number}",
    )


@router.get("/incidents/{number}/timeline.svg")
def picture(request: Request, desk: AtDesk, number: Visible) -> Response:
    """Its clocks and milestones on one axis of time, in the viewer's language."""
    words = _picture_words(words_for(request))
    drawn = picture_of(standing(desk, number), firsts(desk, number, MILESTONES), words)
    return Response(drawn, media_type="image/svg+xml")


@router.get("/incidents/{number}/timeline")
def story(
    request: Request,
    desk: AtDesk,
    number: Visible,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> Response:
    """Everything that happened, the newest first, a page at a time."""
    events = latest(desk, number, A_PAGE, before, teller(words_for(request)))
    more = events[-1].seq if len(events) == A_PAGE else None
    return incident_page(request, desk, number, "timeline.html", events=events, more=more)


@router.get("/incidents/{number}/duties")
def duties(request: Request, desk: AtDesk, number: Visible) -> Response:
    """Every duty with its reasons, those that do not arise too."""
    return incident_page(
        request,
        desk,
        number,
        "duties.html",
        arising=kept_duties(desk, number, MEANWHILE),
        others=kept_duties(desk, number, ("closed",)),
        standing=standing(desk, number),
    )


def _picture_words(words: Words) -> PictureWords:
    return PictureWords(
        marks={kind: words.say(f"picture.{name.replace(' ', '_')}") for kind, name in MILESTONES.items()},
        now=words.say("picture.now"),
        days=words.say("picture.days", days="{days}"),
        more=words.say("picture.more", count="{count}"),
        moment=words.say("picture.moment"),
        title=words.say("incident.picture"),
        label=lambda clock: f"{clock.provision} {words.stage(clock.stage)}".strip(),
    )


def _steps(desk: Desk, number: str) -> list[Step]:
    with reading(desk.engine) as session:
        return list(step_rows(session, find(session, number)).values())
