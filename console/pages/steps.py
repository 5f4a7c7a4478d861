"""Steps: what is to be done by whom; done, signed, assigned, skipped with a reason, with evidence of any size."""

from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from console.carrying_on import carry_on
from console.in_incident import incident_page
from console.page import language_for
from console.rights import Right
from console.signed_in import AtDesk, OwnForm, Visible, needs, own_form
from console.upload import Upload, announced, receive
from flows.acts.accounts import Viewer
from flows.acts.evidence import Incoming, begin_evidence, keep_evidence
from flows.acts.membership import members_of
from flows.acts.step_list import step_list
from flows.acts.work import approve_step, assign_step, evidence_name, finish_step, refuse_step, skip_step, try_again
from flows.desk import Desk
from models.errors import BadInputError
from playbooks.plan import StepState

router = APIRouter()
Worker = Annotated[Viewer, Depends(needs(Right.DO_STEPS))]
Text = Annotated[str, Form()]
TO_DO = (StepState.WAITING_FOR_PERSON, StepState.WAITING_FOR_APPROVAL, StepState.FAILED)
OVER = (StepState.DONE, StepState.SKIPPED, StepState.NOT_NEEDED)


@router.get("/incidents/{number}/steps", dependencies=[Depends(needs(Right.SEE))])
def steps(request: Request, desk: AtDesk, number: Visible) -> Response:
    """Those that wait for somebody, then those to come, then those that are over."""
    found = step_list(desk, number, language_for(request, request.state.viewer))
    return incident_page(
        request,
        desk,
        number,
        "steps.html",
        groups={
            "to_do": [step for step in found if step.state in TO_DO],
            "to_come": [step for step in found if step.state not in (*TO_DO, *OVER)],
            "over": [step for step in found if step.state in OVER],
        },
        members=members_of(desk, number),
    )


@router.post("/incidents/{number}/steps", dependencies=[OwnForm])
def act(
    desk: AtDesk,
    viewer: Worker,
    number: Visible,
    later: BackgroundTasks,
    step: Text,
    act: Text,
    outcome: Text = "",
    words: Text = "",
    to: Text = "",
    sha256: Text = "",
) -> Response:
    """Do what the viewer says with one step, in their name."""
    _act(desk, number, step, act, viewer.name, outcome=outcome, words=words.strip(), to=to, sha256=sha256)
    later.add_task(carry_on, desk, number)
    return RedirectResponse(f"/incidents/{number}/steps#step-{step}", 303, background=later)


def _act(
    desk: Desk, number: str, step: str, act: str, by: str, *, outcome: str, words: str, to: str, sha256: str
) -> None:
    match act:
        case "done":
            finish_step(desk, number, step, by=by, outcome=outcome or None, note=words or None)
        case "skip":
            skip_step(desk, number, step, by=by, reason=_reason(words))
        case "assign":
            assign_step(desk, number, step, to=to, by=by)
        case "approve":
            approve_step(desk, number, step, by=by, sha256=sha256)
        case "refuse":
            refuse_step(desk, number, step, by=by, reason=_reason(words))
        case "retry":
            try_again(desk, number, step, by=by)
        case _:
            raise BadInputError(f"{act!r} is nothing that can be done with a step")


def _reason(words: str) -> str:
    if not words:
        raise BadInputError("this needs a reason; it goes on the ledger")
    return words


@router.post("/incidents/{number}/evidence")
async def attach(request: Request, desk: AtDesk, viewer: Worker, number: Visible) -> Response:
    """Keep a file as evidence of a step; it is hashed as it streams in."""

    def begin(fields: dict[str, str]) -> Incoming:
        own_form(request, viewer, fields.get("csrf", ""), request.headers.get("x-csrf", ""))
        return begin_evidence(desk, number, announced(request))

    upload = Upload()
    try:
        await receive(request, upload, begin)
        if upload.file is None or not upload.file_name:
            raise BadInputError("no file was chosen; choose one and send it again")
        step = upload.fields.get("step", "")
        name = upload.fields.get("name", "").strip()
        name = name or await run_in_threadpool(evidence_name, desk, number, step, PurePath(upload.file_name))
        await run_in_threadpool(keep_evidence, desk, number, step, name[:200], upload.file, by=viewer.name)
    finally:
        upload.discard()
    return RedirectResponse(f"/incidents/{number}/steps#step-{step}", 303)
