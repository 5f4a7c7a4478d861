"""The HTTP API: an application of its own under /api/v1. Every module of `console/api` is a part of it."""

import importlib
import pkgutil
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException

import console.api
from console.answers import describe
from console.problem import problem
from flows.desk import Desk
from models.errors import TocsinError
from models.report import Report

PREFIX = "/api/v1"
ABOUT = """The same acts as the `tocsin` command, under the name of whoever sends them.

A program sends `Authorization: Bearer tocsin_...`; `tocsin team token` makes one. Errors are RFC 9457 problems. A POST with
an `Idempotency-Key` is carried out once. Lists come in pages: send `next` back as `cursor`. See docs/reference/http-api.md.
"""


class HttpApi(FastAPI):
    """FastAPI, whose description also knows the report's format."""

    def openapi(self) -> dict[str, Any]:  # Any: OpenAPI's own format
        """The OpenAPI document; it holds no data of anybody's."""
        found = super().openapi()
        found["components"].setdefault("schemas", {}).update(_report_schemas())
        describe(found)
        return found


@cache
def _report_schemas() -> dict[str, Any]:  # Any: JSON Schema
    _, found = models_json_schema([(Report, "validation")], by_alias=True, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = found["$defs"]
    facts = {name: part for name, part in schemas["Report"].items() if name != "required"}
    return {**schemas, "Facts": {**facts, "title": "Facts"}}


def http_api(desk: Desk) -> FastAPI:
    """The API over one desk."""
    api = HttpApi(title="Tocsin", version="1", description=ABOUT, docs_url=None, redoc_url=None)
    api.state.desk = desk
    for module in sorted(part.name for part in pkgutil.iter_modules(console.api.__path__)):
        api.include_router(importlib.import_module(f"console.api.{module}").router)
    for kind in (TocsinError, RequestValidationError, HTTPException):
        api.add_exception_handler(kind, _problem)
    return api


async def _problem(request: Any, error: Exception) -> Any:  # Any: Starlette's own types of handlers are wider than ours
    return problem(request, error)
