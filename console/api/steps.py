"""Steps of an incident's playbook, each act under the name of whoever sends it."""

from typing import Annotated

from fastapi import APIRouter, Path

from console.asked import Asked, Hash, Name, Why, Words
from console.may import SEES, DoesSteps, SignsSteps
from console.once import OnceRoute
from console.paging import AskedPage, one_page
from console.signed_in import AtDesk, Visible
from flows.acts.playbook import step_rows
from flows.acts.tickets import tickets_of
from flows.acts.work import approve_step, assign_step, finish_step, refuse_step, skip_step, tell_event, try_again
from flows.as_json import Json, step_json
from models.incident import find
from models.store import reading

router = APIRouter(tags=["steps"], route_class=OnceRoute)
Key = Annotated[str, Path(max_length=300, description="As the list gives it; it may hold slashes.")]
STEP = "/incidents/{number}/steps/{key:path}"


@router.get("/incidents/{number}/steps", dependencies=[SEES])
def list_steps(desk: AtDesk, number: Visible, paging: AskedPage) -> Json:
    """Every step with its state, in the playbook's order."""
    with reading(desk.engine) as session:
        rows = list(step_rows(session, find(session, number)).values())
    tickets = tickets_of(desk, number)
    return one_page(rows, paging, lambda row: row.key, lambda row: step_json(row, tickets.get(row.key)))


class Done(Asked):
    """A step that was done, with its answer where it asks for one."""

    answer: Name | None = None
    note: Words | None = None


@router.post(STEP + "/done")
def done(viewer: DoesSteps, desk: AtDesk, number: Visible, key: Key, asked: Done) -> Json:
    """Say that it is done; 409 where nobody is asked to do it now."""
    finish_step(desk, number, key, by=viewer.name, outcome=asked.answer, note=asked.note)
    return _said(number, key, "done", viewer.name)


@router.post(STEP + "/skip")
def skip(viewer: DoesSteps, desk: AtDesk, number: Visible, key: Key, asked: Why) -> Json:
    """Leave it undone, with a reason."""
    skip_step(desk, number, key, by=viewer.name, reason=asked.reason)
    return _said(number, key, "skip", viewer.name)


class Assignment(Asked):
    """To whom a step is given."""

    to: Name


@router.post(STEP + "/assign")
def assign(viewer: DoesSteps, desk: AtDesk, number: Visible, key: Key, asked: Assignment) -> Json:
    """Give it to a person."""
    assign_step(desk, number, key, to=asked.to, by=viewer.name)
    return _said(number, key, "assign", viewer.name)


class Signature(Asked):
    """Which wording of the step was read."""

    sha256: Hash | None = None


@router.post(STEP + "/approve")
def approve(viewer: SignsSteps, desk: AtDesk, number: Visible, key: Key, asked: Signature) -> Json:
    """Sign it; the answer names the roles that are still to sign. 409 where it does not wait for a signature."""
    still = approve_step(desk, number, key, by=viewer.name, sha256=asked.sha256)
    return {**_said(number, key, "approve", viewer.name), "still_needed": list(still)}


@router.post(STEP + "/refuse")
def refuse(viewer: SignsSteps, desk: AtDesk, number: Visible, key: Key, asked: Why) -> Json:
    """Refuse to sign it: it is not done."""
    refuse_step(desk, number, key, by=viewer.name, reason=asked.reason)
    return _said(number, key, "refuse", viewer.name)


@router.post(STEP + "/retry")
def retry(viewer: DoesSteps, desk: AtDesk, number: Visible, key: Key) -> Json:
    """Have one that failed tried again with the next pass."""
    try_again(desk, number, key, by=viewer.name)
    return _said(number, key, "retry", viewer.name)


@router.post("/incidents/{number}/events/{event}")
def event(viewer: DoesSteps, desk: AtDesk, number: Visible, event: str) -> Json:
    """Say that something happened which a step waits for."""
    tell_event(desk, number, event, by=viewer.name)
    return _said(number, event, "event", viewer.name)


def _said(number: str, key: str, act: str, by: str) -> Json:
    return {"number": number, "step": key, "act": act, "by": by}
