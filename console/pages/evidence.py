"""What was preserved. It can hold personal data of those affected, so that each look at it is noted."""

from pathlib import Path

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse
from sqlmodel import col, select

from console.in_incident import incident_page
from console.rights import Right
from console.signed_in import AtDesk, NotThereError, Visible, needs, sees_personal
from models.incident import find
from models.store import reading
from models.tables import Evidence

router = APIRouter()


@router.get("/incidents/{number}/evidence", dependencies=[Depends(needs(Right.SEE_PEOPLE))])
def listed(request: Request, desk: AtDesk, number: Visible) -> Response:
    """Every piece, by name and hash."""
    with reading(desk.engine) as session:
        rows = session.exec(
            select(Evidence).where(Evidence.incident_id == find(session, number).id).order_by(col(Evidence.id))
        ).all()
    return incident_page(request, desk, number, "evidence.html", evidence=rows)


@router.get("/incidents/{number}/evidence/{piece}", dependencies=[Depends(sees_personal("evidence"))])
def taken(desk: AtDesk, number: Visible, piece: int) -> Response:
    """One piece as it was preserved; as a download, whatever it is."""
    with reading(desk.engine) as session:
        row = session.exec(
            select(Evidence).where(Evidence.incident_id == find(session, number).id, Evidence.id == piece)
        ).first()
    if row is None or not Path(row.path).is_file():
        raise NotThereError(f"{number} has no such piece of evidence, or its file was removed")
    return FileResponse(row.path, media_type="application/octet-stream", filename=row.name)
