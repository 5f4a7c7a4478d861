"""Evidence of steps: files of any size, hashed as they stream in."""

from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool

from console.may import DoesSteps
from console.once import StreamedRoute
from console.signed_in import AtDesk, Visible
from flows.acts.evidence import begin_evidence, keep_evidence
from flows.acts.work import evidence_name
from flows.as_json import Json

router = APIRouter(tags=["steps"], route_class=StreamedRoute)
RAW = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}, "required": True}


@router.post("/incidents/{number}/steps/{key:path}/evidence", status_code=201, openapi_extra={"requestBody": RAW})
async def attach(
    request: Request,
    viewer: DoesSteps,
    desk: AtDesk,
    number: Visible,
    key: Annotated[str, Path(max_length=300)],
    name: Annotated[str, Query(min_length=1, max_length=200, description="What it is, as the step asks for it.")],
) -> Json:
    """Keep the body as a file under its SHA-256; the name is only a name. The same file again changes nothing."""
    length = request.headers.get("content-length", "")
    named = await run_in_threadpool(evidence_name, desk, number, key, PurePath(name))
    incoming = await run_in_threadpool(begin_evidence, desk, number, int(length) if length.isdecimal() else None)
    try:
        async for chunk in request.stream():
            await run_in_threadpool(incoming.write, chunk)
        kept = await run_in_threadpool(keep_evidence, desk, number, key, named, incoming, by=viewer.name)
    finally:
        incoming.discard()
    return {"number": number, "step": key, "name": kept.name, "size": kept.size, "sha256": kept.sha256}
