import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from fastapi.testclient import TestClient

from console.answers import ANSWERS
from console.http_api import http_api
from flows.desk import Desk
from models.vocabulary import PersonRole
from tests.conftest import taken_over
from tests.console.conftest import SignInAs, csrf
from tests.flows.meridia import LEGAL

ApiAs = Callable[..., TestClient]
V1 = "/api/v1"


@cache
def description() -> dict[str, Any]:
    class NoDesk:
        settings = None

    return http_api(NoDesk()).openapi()  # type: ignore[arg-type]  # nothing is asked of it


def route_of(answer: httpx.Response) -> tuple[str, str] | None:
    """Which route of the description gave the answer: the one with the most words of its own."""
    path, method = answer.request.url.path.removeprefix(V1), answer.request.method.lower()
    fits = [
        known
        for known, methods in description()["paths"].items()
        if method in methods and re.fullmatch(re.sub(r"{[^}]+}", ".+", known), path)
    ]
    return (method, max(fits, key=lambda known: len(re.sub(r"{[^}]+}", "", known)))) if fits else None


def is_as_described(answer: httpx.Response) -> None:
    """Every answer that a test of the API gets is what OpenAPI says of it."""
    route = route_of(answer)
    if not answer.request.url.path.startswith(V1) or not answer.is_success or route not in ANSWERS:
        return
    answer.read()
    method, path = route
    content = description()["paths"][path][method]["responses"][str(answer.status_code)]["content"]
    schema = {**content["application/json"]["schema"], "components": description()["components"]}
    jsonschema.validate(answer.json(), schema)


@pytest.fixture
def api_as(signed_in_as: SignInAs) -> ApiAs:
    """Opens a browser of somebody with the given roles, which sends what our own pages know with every request."""

    def opened(name: str, *roles: PersonRole) -> TestClient:
        page = signed_in_as(name, *roles)
        page.event_hooks = {"response": [is_as_described]}
        page.headers["x-csrf"] = csrf(page.get("/").text)
        return page

    return opened


@pytest.fixture
def legal(request: pytest.FixtureRequest, api_as: ApiAs) -> TestClient:
    """Lea Martin, who decides on duties and signs, at the API; with the drafted incident where the test asks for it."""
    if "drafted" in request.fixturenames:
        request.getfixturevalue("drafted")  # first: it takes the place of everything in the database
    return api_as(LEGAL, PersonRole.LEGAL)


@pytest.fixture
def drafted(desk: Desk, carried_home: Path) -> str:
    """An incident of which Lea Martin is a member, as far as it goes without a person: its texts are drafted."""
    return taken_over(carried_home, desk)
