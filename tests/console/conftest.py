import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from console.app import create_app
from flows.acts.team import add_member, member_called
from flows.desk import Desk
from models.incident import identity
from models.store import writing
from models.tables import Account
from models.vocabulary import PersonRole
from tests.slack_office import office, slack

__all__ = ["office", "slack"]

PASSWORD = "correct horse battery"
# What is kept says how hard it is to check: a real one takes a sixth of a second each time.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

SignInAs = Callable[..., TestClient]


@pytest.fixture
def browser(desk: Desk) -> Iterator[Callable[[], TestClient]]:
    """Opens browsers that nobody has signed in with."""
    app = create_app(desk)
    with ExitStack() as stack:
        yield lambda: stack.enter_context(TestClient(app, base_url="http://testserver", follow_redirects=False))


@pytest.fixture
def signed_in_as(desk: Desk, browser: Callable[[], TestClient]) -> SignInAs:
    """Opens a browser in which somebody with the given roles is signed in."""

    def opened(name: str, *roles: PersonRole) -> TestClient:
        add_member(desk, name, roles)
        login = re.sub(r"\W", "", name.lower())
        with writing(desk.engine) as session:
            person = identity(member_called(session, name))
            session.add(Account(person_id=person, login=login, password_hash=QUICK, made_at=datetime.now(UTC)))
        page = browser()
        answer = page.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        return page

    return opened


def csrf(page: str) -> str:
    """The token that the forms of a page carry."""
    token: str = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    return token
