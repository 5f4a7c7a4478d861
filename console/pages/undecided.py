"""What is still open: the facts that decide duties, each answerable in place, and what texts cannot say yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from console.controls import Ask, control, given_by
from console.fact_form import form_words
from console.in_incident import incident_page
from console.rights import Right
from console.signed_in import AtDesk, OwnForm, Visible, needs
from flows.acts.accounts import Viewer
from flows.acts.answer import answer
from flows.acts.evaluate import decide
from flows.acts.kept_duties import KeptDuty, kept_duties
from flows.acts.question import questions
from flows.acts.standing import standing
from models.incident import facts_of, find
from models.store import reading
from models.vocabulary import Verdict

router = APIRouter()
Looker = Annotated[Viewer, Depends(needs(Right.SEE))]
Decider = Annotated[Viewer, Depends(needs(Right.DECIDE))]
Worker = Annotated[Viewer, Depends(needs(Right.DO_STEPS))]
Text = Annotated[str, Form()]


@dataclass(frozen=True)
class OpenFact:
    """One fact that is not known, and the duties that hang on it."""

    path: str
    in_place: bool  # whether one control asks for it; a whole list is filled in on the facts page
    duties: tuple[KeptDuty, ...]


@router.get("/incidents/{number}/undecided")
def undecided(request: Request, desk: AtDesk, viewer: Looker, number: Visible) -> Response:  # noqa: ARG001 - who may
    """The open questions, the one that decides most first."""
    found = _open_facts(kept_duties(desk, number, ("undecided",)))
    starts = [wait for wait in standing(desk, number).waits if wait.kind == "fact"]
    paths = [one.path for one in found if one.in_place] + [wait.reference for wait in starts]
    with reading(desk.engine) as session:
        incident = find(session, number)
        report = facts_of(session, incident).model_dump(mode="json", by_alias=True)
        given = given_by(report, incident.zone, paths)
    words = form_words(request, given)
    asked = questions(desk, number)
    return incident_page(request, desk, number, "undecided.html", open=found, starts=starts, questions=asked, **words)


@router.post("/incidents/{number}/duties/decide", dependencies=[OwnForm])
def settle(
    desk: AtDesk, viewer: Decider, number: Visible, provision: Text, verdict: Annotated[Verdict, Form()], reason: Text
) -> Response:
    """Decide a duty that the facts leave undecided, with a reason."""
    decide(desk, number, provision, verdict, reason=reason, by=viewer.name)
    return RedirectResponse(f"/incidents/{number}/duties", 303)


@router.post("/incidents/{number}/answers", dependencies=[OwnForm])
def reply(desk: AtDesk, viewer: Worker, number: Visible, key: Text, language: Text, words: Text) -> Response:
    """Answer what texts leave open; they are drafted again with the next pass."""
    answer(desk, number, key, words, language, by=viewer.name)
    return RedirectResponse(f"/incidents/{number}/undecided#{key}", 303)


def _open_facts(duties: Iterable[KeptDuty]) -> list[OpenFact]:
    by_path: dict[str, list[KeptDuty]] = {}
    for kept in duties:
        for path in dict.fromkeys(kept.duty.missing_facts):
            by_path.setdefault(path, []).append(kept)
    found = [OpenFact(path, control(path).ask is not Ask.ROWS, tuple(hanging)) for path, hanging in by_path.items()]
    return sorted(found, key=lambda one: -len(one.duties))
