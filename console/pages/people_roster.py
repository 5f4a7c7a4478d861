"""Loading a roster by upload: the file comes in piece by piece, its columns are confirmed, and only then is it read."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from console.in_incident import incident_page
from console.page import LOCALES, language_for
from console.places import country_options
from console.rights import Right
from console.signed_in import AtDesk, NotThereError, OwnForm, Visible, needs, note_look, own_form
from console.upload import Upload, announced, receive
from flows.acts.accounts import Viewer
from flows.acts.evidence import Incoming
from flows.acts.people import set_aside_and_files
from flows.acts.people_upload import WaitingFile, begin_file, discard_file, keep_file, load_waiting, waiting_file
from flows.desk import Desk
from models.document import Document, validated
from models.errors import BadInputError
from models.vocabulary import Relationship
from people.columns import KNOWN_NAMES, Mapping

router = APIRouter()
Keeper = Annotated[Viewer, Depends(needs(Right.SEE_PEOPLE))]
Text = Annotated[str, Form(max_length=200)]
KEEP = "+"  # a column that is kept beside, as it is
DATES = ("dmy", "mdy", "ymd")


@router.post("/incidents/{number}/people/file")
async def upload(request: Request, desk: AtDesk, viewer: Keeper, number: Visible) -> Response:
    """Take a file of affected people, to wait until its columns are confirmed."""

    def begin(fields: dict[str, str]) -> Incoming:
        own_form(request, viewer, fields.get("csrf", ""), request.headers.get("x-csrf", ""))
        return begin_file(desk, number, announced(request))

    came = Upload()
    try:
        await receive(request, came, begin)
        if came.file is None or not came.file_name:
            raise BadInputError("no file was chosen; choose one and send it again")
        await run_in_threadpool(keep_file, desk, number, came.file_name, came.file)
    finally:
        came.discard()
    return RedirectResponse(f"/incidents/{number}/people/file", 303)


@router.get("/incidents/{number}/people/file")
def columns(request: Request, desk: AtDesk, viewer: Keeper, number: Visible) -> Response:
    """Which column would be read as which field; without headings the first row is somebody, and the look is noted."""
    file = waiting_file(desk, number)
    if file is None:
        raise NotThereError(f"no file waits for {number}; upload one on the page of its people")
    if not file.is_understood:
        note_look(request, desk, number, viewer, "the first row of a roster", 1)
    return _form(request, desk, number, file, "")


@router.post("/incidents/{number}/people/file/load", dependencies=[OwnForm])
async def load(request: Request, desk: AtDesk, viewer: Keeper, number: Visible) -> Response:
    """Load it as confirmed, or say what is wrong with it."""
    given = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    return await run_in_threadpool(_loaded, request, desk, viewer, number, given)


@router.post("/incidents/{number}/people/file/discard", dependencies=[OwnForm])
def discard(desk: AtDesk, viewer: Keeper, number: Visible) -> Response:  # noqa: ARG001 - who may
    """Remove it without reading it."""
    discard_file(desk, number)
    return RedirectResponse(f"/incidents/{number}/people", 303)


@router.get("/incidents/{number}/people/rows")
def rows(request: Request, desk: AtDesk, viewer: Keeper, number: Visible) -> Response:  # noqa: ARG001 - who may
    """Which files were loaded, and how many of their rows were set aside and why; nothing of what stands in them."""
    files, aside = set_aside_and_files(desk, number)
    return incident_page(request, desk, number, "people_rows.html", files=files, aside=aside)


def _loaded(request: Request, desk: Desk, viewer: Viewer, number: str, given: dict[str, str]) -> Response:
    file = waiting_file(desk, number)
    if file is None:
        raise NotThereError(f"no file waits for {number}; upload one on the page of its people")
    try:
        load_waiting(desk, number, _mapping(file, given), by=viewer.name, stamp=given.get("stamp", ""))
    except BadInputError as wrong:
        return _form(request, desk, number, file, str(wrong), given)
    return RedirectResponse(f"/incidents/{number}/people#roster", 303)


def _mapping(file: WaitingFile, given: dict[str, str]) -> Mapping:
    """How the form says to read the file; a column that it does not name is left out."""
    chosen = {column.name: given.get(f"column-{index}", "") for index, column in enumerate(file.found.columns)}
    stated: dict[str, Any] = {  # Any: plain JSON, which the model checks
        "columns": {name: None if field in ("", KEEP) else field for name, field in chosen.items()},
        "keep": [name for name, field in chosen.items() if field == KEEP],
        "dates": given.get("dates") or None,
        "defaults": {name: given.get(name) or None for name in ("country", "language", "relationship")},
    }
    return validated(Mapping, Document(stated, "the form", {}))


def _form(
    request: Request, desk: Desk, number: str, file: WaitingFile, message: str, given: dict[str, str] | None = None
) -> Response:
    locale = LOCALES[language_for(request, request.state.viewer)]
    return incident_page(
        request,
        desk,
        number,
        "people_file.html",
        status=422 if message else 200,
        file=file,
        message=message,
        given=given or {f"column-{index}": column.field or "" for index, column in enumerate(file.found.columns)},
        fields=tuple(KNOWN_NAMES),
        keep=KEEP,
        dates=DATES,
        countries=country_options(locale),
        relationships=[one.value for one in Relationship],
    )
