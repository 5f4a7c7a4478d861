import pytest
from fastapi.testclient import TestClient

from console.http_api import PREFIX as V1
from flows.acts.membership import add_to_incident
from flows.acts.work import finish_step
from flows.desk import Desk
from models.vocabulary import PersonRole
from tests.console.api.conftest import ApiAs
from tests.flows.meridia import COMMANDER


@pytest.fixture
def commander(api_as: ApiAs, desk: Desk, drafted: str) -> TestClient:
    page = api_as(COMMANDER, PersonRole.COMMANDER)
    add_to_incident(desk, drafted, COMMANDER, by="Lea Martin")
    return page


def waiting(page: TestClient, number: str, state: str = "waiting_for_person") -> list[str]:
    items = page.get(f"{V1}/incidents/{number}/steps", params={"limit": 200}).json()["items"]
    return [step["key"] for step in items if step["state"] == state]


def test_a_step_is_assigned_and_done_under_the_name_of_whoever_sends_it(commander: TestClient, drafted: str) -> None:
    steps = f"{V1}/incidents/{drafted}/steps"
    key = waiting(commander, drafted)[0]

    assert commander.post(f"{steps}/{key}/assign", json={"to": COMMANDER}).status_code == 200
    done = commander.post(f"{steps}/{key}/done", json={"note": "two servers"})

    assert done.json() == {"number": drafted, "step": key, "act": "done", "by": COMMANDER}
    step = next(one for one in commander.get(steps).json()["items"] if one["key"] == key)
    assert (step["state"], step["done_by"], step["assigned_to"]) == ("done", COMMANDER, COMMANDER)


def test_whoever_does_a_step_second_is_told_that_it_is_done(commander: TestClient, desk: Desk, drafted: str) -> None:
    key = waiting(commander, drafted)[0]
    finish_step(desk, drafted, key, by=COMMANDER)

    assert commander.post(f"{V1}/incidents/{drafted}/steps/{key}/done", json={}).status_code == 409


def test_a_step_is_skipped_with_a_reason_only(commander: TestClient, drafted: str) -> None:
    address = f"{V1}/incidents/{drafted}/steps/{waiting(commander, drafted)[0]}/skip"

    assert commander.post(address, json={}).status_code == 422
    assert commander.post(address, json={"reason": "  "}).status_code == 422
    assert commander.post(address, json={"reason": "no such system"}).status_code == 200


def test_a_step_that_there_is_not_is_not_there(commander: TestClient, drafted: str) -> None:
    answer = commander.post(f"{V1}/incidents/{drafted}/steps/a/b[0]/done", json={})

    assert (answer.status_code, "has no step 'a/b[0]'" in answer.json()["detail"]) == (404, True)


def test_an_event_that_nothing_waits_for_is_not_there(commander: TestClient, drafted: str) -> None:
    assert commander.post(f"{V1}/incidents/{drafted}/events/x").status_code == 404


def test_an_alarm_that_did_not_ring_cannot_be_acknowledged(commander: TestClient, drafted: str) -> None:
    assert commander.post(f"{V1}/incidents/{drafted}/alerts/acknowledge", json={}).status_code == 409


def test_an_alarm_is_put_off_by_who_may(legal: TestClient, drafted: str) -> None:
    snooze = {"provision": "eu-gdpr-33", "until": "2026-11-25T12:00:00+01:00", "reason": "signing"}

    [put_off] = legal.post(f"{V1}/incidents/{drafted}/alerts/snooze", json=snooze).json()["items"]

    assert (put_off["provision"], put_off["until"]) == ("eu-gdpr-33", "2026-11-25T11:00:00Z")
    assert put_off["rungs"]
