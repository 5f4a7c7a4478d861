"""What requests to the HTTP API carry: known fields only, words of a bounded length, documents in the report's format."""

from typing import Annotated, Any

from fastapi import Depends, Path, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from starlette.concurrency import run_in_threadpool

from console.paging import LARGEST_NUMBER
from models.document import Document, read_document

SOURCE = "the request"


class Asked(BaseModel):
    """Base of every body: a field that is not known is an error, never passed on."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_one_line = StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")
_words = StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000, pattern=r"^[^\x00]*$")
Name = Annotated[str, _one_line]
Words = Annotated[str, _words]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{8,64}$")]
Moment = AwareDatetime
Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]


class Why(Asked):
    """An act that needs its reason; it stands on the ledger."""

    reason: Words


async def document(request: Request) -> Document:
    """The body as a document, JSON or YAML, read as strictly as a file; raises `BadInputError`."""
    return await run_in_threadpool(read_document, SOURCE, await request.body())


ReportDocument = Annotated[Document, Depends(document)]


def documented(schema: str, words: str) -> dict[str, Any]:  # Any: OpenAPI's own format
    """How OpenAPI describes a route that takes a document."""
    content = {"schema": {"$ref": f"#/components/schemas/{schema}"}}
    return {"requestBody": {"required": True, "description": words, "content": {"application/json": content}}}
