"""The people affected: how many of whom, who gets which text, how the sending goes, and who wrote back; never a name."""

import io
import json
import zipfile
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.in_incident import incident_page
from console.page import page
from console.rights import Right, rights_of_viewer
from console.signed_in import AtDesk, NotThereError, OwnForm, Visible, needs, sees_personal
from flows.acts.accounts import Viewer
from flows.acts.people import counts_of, facts_from
from flows.acts.people_cases import WAYS, answer_case, cases, open_case, topics, words_of
from flows.acts.people_cohorts import plan_cohorts
from flows.acts.people_control import pause, resume, stop
from flows.acts.people_noted import roster_noted, undelivered
from flows.acts.people_plan import WAVES, has_sending, start_sending
from flows.acts.people_progress import Progress, progress
from flows.acts.people_proof import proof, signed_proof
from flows.acts.people_upload import waiting_file
from flows.desk import Desk
from flows.senders import start_senders
from models.errors import BadInputError, NotAllowedError
from models.incident import facts_of, find
from models.store import reading

router = APIRouter()
Sees = Depends(needs(Right.SEE))
Looker = Annotated[Viewer, Sees]
Sender = Annotated[Viewer, Depends(needs(Right.SEND_TO_PEOPLE))]
Answerer = Annotated[Viewer, Depends(needs(Right.ANSWER_PEOPLE))]
Text = Annotated[str, Form(max_length=5_000)]
Rate = Annotated[str, Form(max_length=20)]
MOST_CASES = 200


@router.get("/incidents/{number}/people")
def people(request: Request, desk: AtDesk, viewer: Looker, number: Visible) -> Response:
    """What is known of them without opening the roster."""
    with reading(desk.engine) as session:
        facts = facts_of(session, find(session, number)).model_dump(mode="json", by_alias=True)
    answers = Right.ANSWER_PEOPLE in rights_of_viewer(viewer)
    return incident_page(
        request,
        desk,
        number,
        "people.html",
        facts=facts,
        roster=roster_noted(desk, number),
        progress=_progress(desk, number),
        undelivered=undelivered(desk, number),
        cases=cases(desk, number, limit=MOST_CASES) if answers else [],
        topics=topics(desk, number),
        ways=WAYS,
        waves=WAVES,
        waits=waiting_file(desk, number) is not None,
    )


@router.get("/incidents/{number}/people/progress", dependencies=[Sees])
def how_far(request: Request, desk: AtDesk, number: Visible) -> Response:
    """The part of the page that refreshes by itself while something is sent."""
    return page(
        request,
        "people_progress.html",
        number=number,
        progress=_progress(desk, number),
        undelivered=undelivered(desk, number),
    )


@router.get("/incidents/{number}/people/counts", dependencies=[Sees])
def counted(request: Request, desk: AtDesk, number: Visible) -> Response:
    """The roster counted now, and the way to make the counts facts."""
    counts = counts_of(desk, number)
    with reading(desk.engine) as session:
        known = facts_of(session, find(session, number)).model_dump(mode="json", by_alias=True)
    facts = facts_from(counts, known) if counts.groups else {}
    document = json.dumps(facts, ensure_ascii=False) if any(known[key] != facts[key] for key in facts) else ""
    return incident_page(request, desk, number, "people_counts.html", counts=counts, document=document)


@router.get("/incidents/{number}/people/cohorts", dependencies=[Sees])
def cohorts(request: Request, desk: AtDesk, number: Visible) -> Response:
    """Who would get which text by the rules of the playbook or our own; keeps nothing."""
    planned = plan_cohorts(desk, number, None, [])
    return incident_page(
        request, desk, number, "people_cohorts.html", planned=planned, roster=roster_noted(desk, number)
    )


@router.post("/incidents/{number}/people/cohorts", dependencies=[OwnForm])
def assigned(desk: AtDesk, viewer: Sender, number: Visible, rules: Text, reached: Annotated[int, Form()]) -> Response:
    """Keep who gets what, if it is still what was shown."""
    noted = roster_noted(desk, number)
    if noted.assigned and not noted.is_stale:  # it may keep lists that this page does not know
        raise NotAllowedError(f"{noted.assigned.by} has accepted who gets what; `tocsin people cohorts` changes it")
    planned = plan_cohorts(desk, number, None, [])
    if (planned.rules_sha256, planned.assigned.reached) != (rules, reached):
        raise BadInputError("the people, the texts or the rules changed meanwhile; look at it once more")
    plan_cohorts(desk, number, None, [], accepted_by=viewer.name)
    return RedirectResponse(f"/incidents/{number}/people", 303)


@router.post("/incidents/{number}/people/sending", dependencies=[OwnForm])
def control(
    desk: AtDesk,
    viewer: Sender,
    number: Visible,
    later: BackgroundTasks,
    act: Text,
    why: Text = "",
    email: Rate = "",
    domain: Rate = "",
) -> Response:
    """Open the next wave, pause, resume or stop, in the viewer's name."""
    match act:
        case "send":
            limits = {name: _rate(given) for name, given in (("email", email), ("domain", domain)) if given.strip()}
            start_sending(desk, number, by=viewer.name, limits=limits)
        case "pause":
            pause(desk, number, by=viewer.name, why=why.strip() or None)
        case "resume":
            resume(desk, number, by=viewer.name)
        case "stop" if why.strip():
            stop(desk, number, by=viewer.name, why=why.strip())
        case "stop":
            raise BadInputError("this needs a reason; it goes on the ledger")
        case _:
            raise BadInputError(f"{act!r} is nothing that can be done with a sending")
    if act in ("send", "resume"):
        later.add_task(start_senders, desk, number)
    return RedirectResponse(f"/incidents/{number}/people#sending", 303, background=later)


@router.get("/incidents/{number}/people/proof", dependencies=[Depends(needs(Right.SEE_TEXTS))])
def proven(desk: AtDesk, number: Visible) -> Response:
    """The proof with its signature and the public key, as one archive."""
    if not has_sending(desk, number):
        raise NotThereError(f"nothing is being sent to the people of {number} yet")
    signed = signed_proof(desk, proof(desk, number))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("proof.json", signed.document)
        archive.writestr("proof.json.sig", signed.signature)
        archive.writestr("proof.json.pub", signed.public_key)
    headers = {"content-disposition": f'attachment; filename="{number}-proof.zip"'}
    return Response(packed.getvalue(), media_type="application/zip", headers=headers)


@router.post("/incidents/{number}/people/cases", dependencies=[OwnForm])
def asked(
    desk: AtDesk, viewer: Answerer, number: Visible, person: Text, way: Text, topic: Text, words: Text
) -> Response:
    """Note that somebody affected wrote or called."""
    topic = "_".join(topic.lower().split())
    made = open_case(desk, number, person.strip(), by=viewer.name, way=way, topic=topic, words=words)
    return RedirectResponse(f"/incidents/{number}/people#case-{made.case}", 303)


@router.get("/incidents/{number}/people/cases/{case}")
def said(
    request: Request,
    desk: AtDesk,
    number: Visible,
    case: int,
    viewer: Annotated[Viewer, Depends(sees_personal("a case", Right.ANSWER_PEOPLE))],  # noqa: ARG001 - notes the look
) -> Response:
    """What was said in one case, and answered; each look is noted."""
    return incident_page(request, desk, number, "people_case.html", case=case, words=words_of(desk, number, case))


@router.post("/incidents/{number}/people/cases/{case}", dependencies=[OwnForm])
def answered(desk: AtDesk, viewer: Answerer, number: Visible, case: int, words: Text) -> Response:
    """Note the answer; its clock ends."""
    answer_case(desk, number, case, by=viewer.name, words=words)
    return RedirectResponse(f"/incidents/{number}/people#cases", 303)


def _progress(desk: Desk, number: str) -> Progress | None:
    return progress(desk, number) if has_sending(desk, number) else None


def _rate(given: str) -> float:
    try:
        rate = float(given.replace(",", "."))
    except ValueError:
        rate = 0.0
    if not 0.01 <= rate <= 100_000:
        raise BadInputError(f"{given!r} is no number of messages a second; write one such as 50")
    return rate
