"""What stands behind the incidents: the register, the law data, the playbooks, and each incident's ledger."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse

from console.in_incident import incident_page
from console.page import language_for, page
from console.rights import Right
from console.signed_in import AtDesk, NotThereError, Visible, needs
from flows.acts.accounts import Viewer
from flows.acts.membership import visible_numbers
from flows.acts.register import register
from flows.acts.register_file import write_register
from flows.acts.timeline import timeline
from flows.desk import Desk
from laws.assessment import DISCLAIMER
from laws.coverage import coverage
from models.document import as_yaml
from models.errors import BadInputError, LedgerAlteredError
from models.incident import find
from models.ledger import exported, verify_stored
from models.register import RegisterEntry
from models.store import reading
from playbooks.graph_picture import graph_picture

router = APIRouter(dependencies=[Depends(needs(Right.SEE))])

Auditor = Annotated[Viewer, Depends(needs(Right.AUDIT))]
Reader = Annotated[Viewer, Depends(needs(Right.SEE_TEXTS))]
REGISTER_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "json": "application/json",
}
ENTRIES_A_PAGE = 100


@router.get("/incidents/{number}/audit")
def audit(request: Request, desk: AtDesk, number: Visible, _: Reader, at: Annotated[int, Query(ge=1)] = 1) -> Response:
    """The ledger, verified as it is shown: whether each entry follows from the one before it."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        head = incident.ledger_head
        try:
            verified, altered = verify_stored(session, incident), ""
        except LedgerAlteredError as error:
            verified, altered = 0, str(error)
    events = timeline(desk, number)
    start = (at - 1) * ENTRIES_A_PAGE
    return incident_page(
        request,
        desk,
        number,
        "audit.html",
        verified=verified,
        altered=altered,
        head=head,
        events=events[start : start + ENTRIES_A_PAGE],
        first=start + 1,
        pages=range(1, (len(events) - 1) // ENTRIES_A_PAGE + 2),
        at_page=at,
    )


@router.get("/incidents/{number}/ledger.jsonl")
def ledger(desk: AtDesk, number: Visible, _: Auditor) -> Response:
    """The ledger as a file that anybody can verify with the published program."""
    with reading(desk.engine) as session:
        lines = "".join(f"{line}\n" for line in exported(session, find(session, number)))
    headers = {"content-disposition": f'attachment; filename="{number}.jsonl"'}
    return PlainTextResponse(lines, media_type="application/jsonl; charset=utf-8", headers=headers)


@router.get("/register")
def breach_register(request: Request, desk: AtDesk, viewer: Reader) -> Response:
    """Every incident that the viewer sees, notified or not, with whom it was told and why not."""
    return page(request, "register.html", entries=list(_entries(desk, viewer)), forms=list(REGISTER_TYPES))


@router.get("/register/file/{form}")
def register_file(desk: AtDesk, viewer: Reader, form: str) -> Response:
    """The same as a file."""
    if form not in REGISTER_TYPES:
        raise BadInputError(f"{form!r} is not a format; there are {', '.join(REGISTER_TYPES)}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"register.{form}"
        write_register(desk, _entries(desk, viewer), form, file)
        content = file.read_bytes()
    headers = {"content-disposition": f'attachment; filename="register.{form}"'}
    return Response(content, media_type=REGISTER_TYPES[form], headers=headers)


@router.get("/laws")
def laws(request: Request, desk: AtDesk, q: str = "") -> Response:
    """The law data with its coverage; `q` finds by jurisdiction, law or name."""
    wanted = q.strip().lower()
    found = [
        {"law": law, "provision": provision, "version": provision.versions[-1]}
        for law in desk.laws.laws
        for provision in law.provisions
        if not wanted
        or any(wanted in text.lower() for text in (law.jurisdiction, law.name, provision.id, provision.name))
    ]
    return page(request, "laws.html", found=found, coverage=coverage(desk.laws), q=q, disclaimer=DISCLAIMER)


@router.get("/laws/{provision}")
def law(request: Request, desk: AtDesk, provision: str) -> Response:
    """One provision with all its versions."""
    try:
        in_law, found = desk.laws.provision(provision)
    except BadInputError as error:
        raise NotThereError(str(error)) from error
    versions = [
        (version, _conditions(version.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)))
        for version in found.versions
    ]
    return page(request, "law.html", law=in_law, provision=found, versions=versions, disclaimer=DISCLAIMER)


@router.get("/playbooks")
def playbooks(request: Request, desk: AtDesk) -> Response:
    """Every playbook."""
    return page(request, "playbooks.html", playbooks=list(desk.playbooks.values()))


@router.get("/playbooks/{name}")
def playbook(request: Request, desk: AtDesk, name: str) -> Response:
    """One playbook drawn as a graph."""
    found = _playbook(desk, name)
    return page(request, "playbook.html", playbook=found)


@router.get("/playbooks/{name}/graph.svg")
def graph(request: Request, desk: AtDesk, viewer: Annotated[Viewer, Depends(needs(Right.SEE))], name: str) -> Response:
    """The graph itself."""
    drawn = graph_picture(_playbook(desk, name), language_for(request, viewer))
    # The picture's own style is all that it brings; nothing in it runs.
    return Response(
        drawn,
        media_type="image/svg+xml",
        headers={"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )


def _playbook(desk: Desk, name: str) -> Any:  # Any: a playbook, whose class views alone look into
    if name not in desk.playbooks:
        raise NotThereError(f"no playbook is called {name!r}")
    return desk.playbooks[name]


def _conditions(body: dict[str, Any]) -> str:  # Any: plain JSON
    kept = ("covered", "applies", "when", "unless", "recipients", "clock", "stages", "content", "notes")
    return as_yaml({key: body[key] for key in kept if key in body})


def _entries(desk: Desk, viewer: Viewer) -> Iterator[RegisterEntry]:
    seen = set(visible_numbers(desk, viewer.person_id, closed=True))
    return (entry for entry in register(desk, rehearsals=desk.is_rehearsal) if entry.number in seen)
