"""The affected people, counted, and the sending to them; the roster itself is not read over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks
from pydantic import Field

from console.asked import Asked, Hash, Why, Words
from console.may import READS_TEXTS, SEES, AddsFacts, SendsToPeople
from console.once import OnceRoute
from console.signed_in import AtDesk, NotThereError, Visible
from flows.acts.people import accept_counts, count_people
from flows.acts.people_cohorts import plan_cohorts
from flows.acts.people_control import pause, resume, stop
from flows.acts.people_noted import roster_noted
from flows.acts.people_plan import has_sending, start_sending
from flows.acts.people_progress import progress
from flows.acts.people_proof import proof
from flows.as_json import Json, proposal_json
from flows.desk import Desk
from flows.people_json import cohorts_json, progress_json
from flows.senders import start_senders
from models.errors import OvertakenError

router = APIRouter(tags=["people"], route_class=OnceRoute)
PEOPLE = "/incidents/{number}/people"
Rate = Annotated[float | None, Field(ge=0.01, le=100_000)]


@router.get(PEOPLE + "/counts", dependencies=[SEES])
def counts(desk: AtDesk, number: Visible) -> Json:
    """How many people of which place, and what would change if the counts were facts."""
    return {"number": number, **proposal_json(count_people(desk, number)), "facts_version": None}


@router.post(PEOPLE + "/counts/accept")
def accept(viewer: AddsFacts, desk: AtDesk, number: Visible) -> Json:
    """Make the counts facts."""
    proposal = count_people(desk, number)
    added, _ = accept_counts(desk, number, by=viewer.name)
    return {"number": number, **proposal_json(proposal), "facts_version": added.version}


@router.get(PEOPLE + "/cohorts", dependencies=[SEES])
def cohorts(desk: AtDesk, number: Visible) -> Json:
    """Who would get which text by which channel, in numbers; keeps nothing."""
    return {"number": number, **cohorts_json(plan_cohorts(desk, number, None, [])), "accepted": False}


class Cohorts(Asked):
    """Which plan was read."""

    rules_sha256: Hash
    reached: int = Field(ge=0)


@router.post(PEOPLE + "/cohorts/accept")
def accept_cohorts(viewer: SendsToPeople, desk: AtDesk, number: Visible, asked: Cohorts) -> Json:
    """Keep who gets what; 409 where it is not what was read any more, or was accepted with lists of the command's."""
    noted = roster_noted(desk, number)
    if noted.assigned and not noted.is_stale:
        raise OvertakenError(f"{noted.assigned.by} has accepted who gets what; `tocsin people cohorts` changes it")
    planned = plan_cohorts(desk, number, None, [])
    if (planned.rules_sha256, planned.assigned.reached) != (asked.rules_sha256, asked.reached):
        raise OvertakenError("the people, the texts or the rules changed meanwhile; read it once more")
    kept = plan_cohorts(desk, number, None, [], accepted_by=viewer.name)
    return {"number": number, **cohorts_json(kept), "accepted": True}


@router.get(PEOPLE + "/progress", dependencies=[SEES])
def how_far(desk: AtDesk, number: Visible) -> Json:
    """Where the sending stands, and whether it will miss its limit; 404 where none was started."""
    return _standing(desk, number)


class Sending(Asked):
    """How far, and how fast."""

    wave: Literal["review", "first", "rest"] | None = Field(None, description="Default: the next one.")
    rate: Rate = Field(None, description="At most so many e-mails a second.")
    domain_rate: Rate = Field(None, description="At most so many a second to one domain.")


@router.post(PEOPLE + "/send")
def send(viewer: SendsToPeople, desk: AtDesk, number: Visible, asked: Sending, later: BackgroundTasks) -> Json:
    """Open the next wave; the workers send."""
    given = (("email", asked.rate), ("domain", asked.domain_rate))
    limits = {name: value for name, value in given if value is not None}
    start_sending(desk, number, by=viewer.name, wave=asked.wave, limits=limits)
    later.add_task(start_senders, desk, number)
    return _standing(desk, number)


class Pause(Asked):
    """Why nothing more is to leave."""

    why: Words | None = None


@router.post(PEOPLE + "/pause")
def let_nothing_leave(viewer: SendsToPeople, desk: AtDesk, number: Visible, asked: Pause) -> Json:
    """Let nothing more leave until it is resumed."""
    pause(desk, number, by=viewer.name, why=asked.why)
    return _standing(desk, number)


@router.post(PEOPLE + "/resume")
def go_on(viewer: SendsToPeople, desk: AtDesk, number: Visible, later: BackgroundTasks) -> Json:
    """Go on after a pause."""
    resume(desk, number, by=viewer.name)
    later.add_task(start_senders, desk, number)
    return _standing(desk, number)


@router.post(PEOPLE + "/stop")
def end(viewer: SendsToPeople, desk: AtDesk, number: Visible, asked: Why) -> Json:
    """End the sending: what has not left is withdrawn."""
    return {"number": number, "withdrawn": stop(desk, number, by=viewer.name, why=asked.reason)}


@router.get(PEOPLE + "/proof", dependencies=[READS_TEXTS])
def told(desk: AtDesk, number: Visible, person: Annotated[str | None, Field(max_length=100)] = None) -> Json:
    """Who was told: by duty how many, by which text and when the last; of a person, by opaque id, what was sent."""
    _must_be_sent(desk, number)
    return proof(desk, number, person)


def _standing(desk: Desk, number: str) -> Json:
    _must_be_sent(desk, number)
    return {"number": number, **progress_json(progress(desk, number))}


def _must_be_sent(desk: Desk, number: str) -> None:
    if not has_sending(desk, number):
        raise NotThereError(f"nothing is being sent to the people of {number} yet")
