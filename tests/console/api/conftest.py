from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from flows.desk import Desk
from models.vocabulary import PersonRole
from tests.conftest import taken_over
from tests.console.conftest import SignInAs, csrf
from tests.flows.meridia import LEGAL

ApiAs = Callable[..., TestClient]
V1 = "/api/v1"


@pytest.fixture
def api_as(signed_in_as: SignInAs) -> ApiAs:
    """Opens a browser of somebody with the given roles, which sends what our own pages know with every request."""

    def opened(name: str, *roles: PersonRole) -> TestClient:
        page = signed_in_as(name, *roles)
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
