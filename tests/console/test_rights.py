"""Every route and every role: who is refused, who does not learn that a thing exists, who is served."""

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from starlette.routing import Mount

from console.app import create_app
from console.rights import RIGHTS, SCOPES, Right
from console.signed_in import signed_in
from flows.acts.membership import add_to_incident
from flows.acts.report import open_incident
from flows.acts.team import add_member
from flows.acts.tokens import Scope, make_token
from flows.desk import Desk
from models.report import Report
from models.vocabulary import PersonRole

FOR_EVERYBODY = {  # who comes here is not known yet, or is known by a secret or signature that the route checks itself
    "/health",
    "/ready",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/single-sign-on",
    "/sign-in/single-sign-on/back",
    "/welcome/{token}",
}
BY_A_SECRET = ("/intake", "/tickets", "/returned", "/calendar", "/slack", "/api/v1/openapi.json")
OWN_ACCOUNT = ("/account", "/admin")  # pages that a program does not reach by a token, whatever its scopes


@dataclass(frozen=True)
class Way:
    """One route with one method, and the rights that its dependencies ask for: of each set, one."""

    method: str
    path: str
    rights: frozenset[frozenset[Right]]
    asks_who: bool

    def address(self, number: str) -> str:
        """The route's path for an incident, with 1 for everything else that it names."""
        return re.sub(r"\{[^}]*\}", "1", self.path.replace("{number}", number))


def dependencies(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for one in dependant.dependencies:
        if one.call is not None:
            yield one.call
        yield from dependencies(one)


def asked(call: object) -> Iterator[frozenset[Right]]:
    """The rights of which the dependency asks for one, its own and those of what it calls."""
    found = inspect.getclosurevars(call).nonlocals if inspect.isfunction(call) else {}
    if isinstance(found.get("right"), Right):
        yield frozenset({found["right"], *found.get("others", ())})
    for inner in found.values():
        yield from asked(inner)


def ways(routes: Any, before: str = "") -> Iterator[Way]:
    for route in iter_route_contexts(routes):
        if isinstance(route.original_route, Mount):
            yield from ways(route.original_route.routes, before + route.original_route.path)
            continue
        calls = list(dependencies(route.dependant)) if hasattr(route, "dependant") else []
        rights = frozenset(one for call in calls for one in asked(call))
        for method in sorted(route.methods or ()):
            yield Way(method, before + str(route.path), rights, signed_in in calls)


def all_ways() -> list[Way]:
    class NoDesk:
        settings = None

    return list(ways(create_app(NoDesk()).routes))  # type: ignore[arg-type]  # nothing is asked of it


WAYS = all_ways()
GUARDED = [way for way in WAYS if way.asks_who]


def test_the_routes_that_are_asked_are_those_of_pages_and_of_the_api() -> None:
    paths = {way.path for way in GUARDED}

    assert len(paths) > 60
    assert {
        "/",
        "/account",
        "/incidents/{number}",
        "/incidents/{number}/notices",
        "/api/v1/incidents/{number}",
    } <= paths


def test_every_route_asks_who_comes_or_is_known_to_be_for_everybody() -> None:
    open_to_all = {way.path for way in WAYS if not way.asks_who}

    assert {path for path in open_to_all if not path.startswith(BY_A_SECRET)} <= FOR_EVERYBODY


def test_every_route_of_an_incident_asks_for_a_right() -> None:
    assert [way for way in GUARDED if "{number}" in way.path and not way.rights and "tokens" not in way.path] == []


@pytest.fixture
def page(desk: Desk) -> Iterator[TestClient]:
    with TestClient(create_app(desk), base_url="http://testserver", follow_redirects=False) as client:
        yield client


def somebody(desk: Desk, role: PersonRole) -> tuple[str, dict[str, str]]:
    """A person of one role whose program may whatever they may."""
    name = f"Somebody {role.value}"
    add_member(desk, name, [role])
    return name, {"authorization": f"Bearer {make_token(desk, name, purpose='x', scopes=Scope, by='Ada')}"}


BY_TOKEN = frozenset[Right]().union(*SCOPES.values())


@pytest.mark.parametrize("role", PersonRole)
def test_who_lacks_the_right_is_refused_on_every_route_and_who_has_it_reads_every_page(
    desk: Desk, page: TestClient, role: PersonRole
) -> None:
    name, bearer = somebody(desk, role)
    number = open_incident(desk, Report(title="Lost phone"), by="Nadia Roux")
    add_to_incident(desk, number, name, by="Ada")

    wrong = []
    for way in GUARDED:
        may = all(one & RIGHTS[role] & BY_TOKEN for one in way.rights)
        if may and way.method != "GET":
            continue  # what it does is told by tests of its own
        status = page.request(way.method, way.address(number), headers=bearer).status_code
        expected = {403} if not may or way.path.startswith(OWN_ACCOUNT[0]) else {200, 303, 404, 409, 422}
        if status not in expected:
            wrong.append((way.method, way.path, status))
    assert wrong == []


@pytest.mark.parametrize("role", PersonRole)
def test_nobody_learns_from_any_route_that_another_persons_incident_exists(
    desk: Desk, page: TestClient, role: PersonRole
) -> None:
    private = open_incident(desk, Report(title="Lost phone"), by="Nadia Roux")  # before they join the team
    never_given = private[:-4] + "0999"
    _, bearer = somebody(desk, role)

    for way in GUARDED:
        if "/incidents/{number}" not in way.path:
            continue
        there = page.request(way.method, way.address(private), headers=bearer)
        nowhere = page.request(way.method, way.address(never_given), headers=bearer)
        assert there.status_code in (403, 404, 422), way
        assert there.status_code == nowhere.status_code, way
        assert there.text.replace(private, "N") == nowhere.text.replace(never_given, "N"), way


def test_a_stranger_gets_nowhere(page: TestClient) -> None:
    for way in GUARDED:
        answer = page.request(way.method, way.address("INC-2026-0001"))

        assert answer.status_code in (303, 401), way
        assert answer.status_code == 401 or answer.headers["location"].startswith("/sign-in"), way
