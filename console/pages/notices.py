"""The texts of one incident: read, edited beside what the checks find, signed as they stand, held, released, downloaded."""

import re
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, BackgroundTasks, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from console.carrying_on import carry_on
from console.in_incident import incident_page
from console.rights import Right
from console.signed_in import AtDesk, OwnForm, Visible, needs
from flows.acts.accounts import Viewer
from flows.acts.draft import RemedyAct
from flows.acts.edit import edit_notice, restore_version
from flows.acts.export import FILED, WRITERS
from flows.acts.paper import put_on_paper
from flows.acts.read_notice import NoticeLine, notice_list, notice_text, signature_lines
from flows.acts.release import hold, release
from flows.acts.remedy import put_right
from flows.acts.sign import approve, reject
from flows.acts.stale import stale_texts
from flows.acts.versions import compared, versions
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from templates.page import body

router = APIRouter(dependencies=[Depends(needs(Right.SEE_TEXTS))])

Editor = Annotated[Viewer, Depends(needs(Right.EDIT_TEXTS))]
Signer = Annotated[Viewer, Depends(needs(Right.SIGN))]
Releaser = Annotated[Viewer, Depends(needs(Right.RELEASE))]
Words = Annotated[str, Form()]

MEDIA_TYPES = {
    "text": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
    "json": "application/json",
    "sheet": "text/html; charset=utf-8",
}
SHOWN_STATES = ("draft", "approved", "sent")


@router.get("/incidents/{number}/notices")
def listed(request: Request, desk: AtDesk, number: Visible) -> Response:
    """Every text, those that wait for somebody first; what states an old fact is marked."""
    lines = [line for line in notice_list(desk, number) if line.state in SHOWN_STATES]
    lines.sort(key=lambda line: (SHOWN_STATES.index(line.state), not line.errors, line.notice))
    stale = {one.notice for one in stale_texts(desk, number)}
    return incident_page(request, desk, number, "notices.html", notices=lines, stale=stale)


@router.get("/incidents/{number}/notices/{notice}")
def one(request: Request, desk: AtDesk, number: Visible, notice: int) -> Response:
    """One text with what was found in it, who signed it, and its versions."""
    return _shown(request, desk, number, notice)


@router.post("/incidents/{number}/notices/{notice}/edit", dependencies=[OwnForm])
def edited(
    request: Request, desk: AtDesk, number: Visible, notice: int, viewer: Editor, text: Words = "", sha256: Words = ""
) -> Response:
    """Keep the text as the next version; one that somebody changed meanwhile is shown beside what was typed."""
    typed = text.replace("\r\n", "\n")
    try:
        edit_notice(desk, number, notice, typed, by=viewer.name, sha256=sha256)
    except (BadInputError, NotAllowedError) as refused:
        return _shown(request, desk, number, notice, typed=typed, message=str(refused), status=409)
    return _back(number, notice)


@router.post("/incidents/{number}/notices/{notice}/restore", dependencies=[OwnForm])
def restored(desk: AtDesk, number: Visible, notice: int, viewer: Editor, version: Annotated[int, Form()]) -> Response:
    """Make an earlier version's text the next version."""
    restore_version(desk, number, notice, version, by=viewer.name)
    return _back(number, notice)


@router.post("/incidents/{number}/notices/{notice}/approve", dependencies=[OwnForm])
def approved(
    request: Request,
    desk: AtDesk,
    number: Visible,
    notice: int,
    viewer: Signer,
    later: BackgroundTasks,
    sha256: Words,
    note: Words = "",
) -> Response:
    """Sign the exact text that was shown."""
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise BadInputError("the form names no text; load the page again and read what is to be signed")
    try:
        approve(desk, number, notice, by=viewer.name, sha256=sha256, note=note.strip() or None)
    except NotAllowedError as refused:
        return _shown(request, desk, number, notice, message=str(refused), status=409)
    later.add_task(carry_on, desk, number)
    return _back(number, notice)


@router.post("/incidents/{number}/notices/{notice}/reject", dependencies=[OwnForm])
def sent_back(desk: AtDesk, number: Visible, notice: int, viewer: Signer, reason: Words = "") -> Response:
    """Send the text back to be written again, and say why."""
    reject(desk, number, notice, by=viewer.name, reason=_reason(reason))
    return _back(number, notice)


@router.post("/incidents/{number}/notices/{notice}/hold", dependencies=[OwnForm])
def held(desk: AtDesk, number: Visible, notice: int, viewer: Releaser, reason: Words = "") -> Response:
    """Keep the text back until it is released."""
    hold(desk, number, notice, by=viewer.name, reason=_reason(reason))
    return _back(number, notice)


@router.post("/incidents/{number}/notices/{notice}/release", dependencies=[OwnForm])
def released(desk: AtDesk, number: Visible, notice: int, viewer: Releaser, later: BackgroundTasks) -> Response:
    """Let a held text go."""
    release(desk, number, notice, by=viewer.name)
    later.add_task(carry_on, desk, number)
    return _back(number, notice)


@router.post("/incidents/{number}/notices/{notice}/{act}", dependencies=[OwnForm])
def remedied(
    desk: AtDesk, number: Visible, notice: int, act: RemedyAct, viewer: Editor, reason: Words = ""
) -> Response:
    """Draft a correction or withdrawal of a text that was sent."""
    drafted = put_right(desk, number, notice, act, by=viewer.name, reason=_reason(reason))
    return _back(number, drafted.notice)


@router.get("/incidents/{number}/notices/{notice}/differences")
def differences(request: Request, desk: AtDesk, number: Visible, notice: int, old: int, new: int) -> Response:
    """What changed between two versions, word by word."""
    return incident_page(
        request, desk, number, "notice_differences.html", compared=compared(desk, number, notice, old, new)
    )


@router.get("/incidents/{number}/notices/{notice}/file/{form}")
def file(desk: AtDesk, number: Visible, notice: int, form: str) -> Response:
    """The text as a file, with its hash in it."""
    if form not in WRITERS:
        raise BadInputError(f"{form!r} is not a format; there are {', '.join(WRITERS)}")
    suffix, write = WRITERS[form]
    [paper] = put_on_paper(desk, number, [notice])
    if form == "sheet" and paper.filing.audience not in FILED:
        raise BadInputError(f"notice {notice} is no filing to an authority; only these have a portal sheet")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(paper.name + suffix)}"}
    return Response(write(paper), media_type=MEDIA_TYPES[form], headers=headers)


def _shown(
    request: Request,
    desk: Desk,
    number: str,
    notice: int,
    *,
    typed: str | None = None,
    message: str = "",
    status: int = 200,
) -> Response:
    text = notice_text(desk, number, notice)
    line: NoticeLine = next(line for line in notice_list(desk, number) if line.notice == notice)
    return incident_page(
        request,
        desk,
        number,
        "notice.html",
        status=status,
        line=line,
        text=text,
        typed=text.text if typed is None else typed,
        message=message,
        as_read=Markup(body(text.text)),
        signed=signature_lines(desk, number, notice),
        versions=versions(desk, number, notice),
        stale=[one for one in stale_texts(desk, number) if one.notice == notice],
        forms=[form for form in WRITERS if form != "sheet" or line.audience in FILED],
    )


def _reason(reason: str) -> str:
    if not reason.strip():
        raise BadInputError("say why; it goes on the ledger")
    return reason.strip()


def _back(number: str, notice: int) -> Response:
    return RedirectResponse(f"/incidents/{number}/notices/{notice}", 303)
