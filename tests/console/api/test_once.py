"""A request with an `Idempotency-Key` is carried out once, however often it comes."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlmodel import select

from console.http_api import PREFIX as V1
from flows.acts.repeated import Given, begin_answer, forget_answer, keep_answer
from flows.acts.team import add_member
from flows.desk import Desk
from flows.settings import Settings
from models.errors import BadInputError, OvertakenError
from models.store import reading
from models.tables import Incident, Person
from models.vocabulary import PersonRole
from tests.console.api.conftest import ApiAs

REPORT = {"title": "Lost phone"}


def numbers(desk: Desk) -> list[str]:
    with reading(desk.engine) as session:
        return list(session.exec(select(Incident.number)))


def test_the_same_request_again_gets_the_same_answer_and_does_nothing(desk: Desk, legal: TestClient) -> None:
    key = {"idempotency-key": "a"}

    first = legal.post(f"{V1}/incidents", json=REPORT, headers=key)
    again = legal.post(f"{V1}/incidents", json=REPORT, headers=key)

    assert (again.status_code, again.json(), again.headers["location"]) == (
        201,
        first.json(),
        first.headers["location"],
    )
    assert (first.headers.get("idempotency-replayed"), again.headers["idempotency-replayed"]) == (None, "true")
    assert numbers(desk) == ["INC-2026-0001"]


def test_the_same_key_with_another_body_is_refused(desk: Desk, legal: TestClient) -> None:
    legal.post(f"{V1}/incidents", json=REPORT, headers={"idempotency-key": "a"})

    other = legal.post(f"{V1}/incidents", json={"title": "Lost laptop"}, headers={"idempotency-key": "a"})

    assert (other.status_code, "was used for another request" in other.json()["detail"]) == (422, True)
    assert numbers(desk) == ["INC-2026-0001"]


def test_keys_are_each_persons_own(desk: Desk, legal: TestClient, api_as: ApiAs) -> None:
    other = api_as("Nadia Roux", PersonRole.REPORTER)

    for page in (legal, other):
        assert page.post(f"{V1}/incidents", json=REPORT, headers={"idempotency-key": "a"}).status_code == 201
    assert len(numbers(desk)) == 2


def test_the_key_of_a_request_that_was_refused_is_free_again(desk: Desk, legal: TestClient) -> None:
    key = {"idempotency-key": "a"}

    assert legal.post(f"{V1}/incidents", json={"title": ""}, headers=key).status_code == 422
    assert legal.post(f"{V1}/incidents", json=REPORT, headers=key).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
def test_a_key_that_is_none_is_refused(legal: TestClient, key: str) -> None:
    assert legal.post(f"{V1}/incidents", json=REPORT, headers={"idempotency-key": key}).status_code == 422


def test_a_request_that_was_cut_off_is_not_carried_out_again_in_silence(store: Engine, tmp_path: object) -> None:
    desk = Desk(Settings(), store)
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    with reading(store) as session:
        person = session.exec(select(Person.id)).one()
    assert person is not None

    assert begin_answer(desk, person, "a", "hash") is None
    with pytest.raises(OvertakenError, match="look whether it was carried out"):
        begin_answer(desk, person, "a", "hash")
    forget_answer(desk, person, "a")
    assert begin_answer(desk, person, "a", "hash") is None
    keep_answer(desk, person, "a", Given(200, b"{}", None))
    assert begin_answer(desk, person, "a", "hash") == Given(200, b"{}", None)
    with pytest.raises(BadInputError, match="another request"):
        begin_answer(desk, person, "a", "other")
