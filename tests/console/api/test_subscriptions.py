from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from flows.acts import audit
from flows.desk import Desk
from models.vocabulary import PersonRole
from tests.console.api.conftest import ApiAs
from tests.console.conftest import SignInAs, csrf
from tests.integrations.sinks import HttpSink

V1 = "/api/v1/subscriptions"


@pytest.fixture
def sink() -> Iterator[HttpSink]:
    sink = HttpSink()
    yield sink
    sink.close()


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.settings.private_targets = ("127.0.0.1",)
    return desk


@pytest.fixture
def ada(api_as: ApiAs) -> TestClient:
    return api_as("Ada Byron", PersonRole.ADMINISTRATOR)


def test_an_administrator_adds_tests_and_ends_one_and_sees_its_secret_once(ada: TestClient, sink: HttpSink) -> None:
    made = ada.post(V1, json={"url": f"{sink.url}/hidden", "kinds": ["clock.missed"], "everything": True})
    assert made.status_code == 201
    assert made.json()["subscription"] == 1

    [listed] = ada.get(V1).json()["items"]
    assert (listed["host"], listed["kinds"], listed["made_by"]) == ("127.0.0.1", ["clock.missed"], "Ada Byron")
    sent = ada.post(f"{V1}/1/test").json()
    assert (sent["state"], sent["answer"]) == ("sent", '200 {"ok": true}')
    ada.post(f"{V1}/1/test")
    page = ada.get(f"{V1}/1/deliveries", params={"limit": 1}).json()
    rest = ada.get(f"{V1}/1/deliveries", params={"cursor": page["next"]}).json()
    assert [one["delivery"] for one in [*page["items"], *rest["items"]]] == [2, 1]
    assert ada.post(f"{V1}/1/deliveries/1/again").status_code == 200
    shown = ada.get(V1).text + ada.get(f"{V1}/1/deliveries").text
    assert made.json()["secret"] not in shown
    assert "hidden" not in shown
    assert ada.post(f"{V1}/1/remove").status_code == 200
    assert ada.get(f"{V1}/1/deliveries").status_code == 404


@pytest.mark.parametrize(
    "url",
    ["https://10.0.0.1/", "https://[::ffff:10.0.0.1]/", "http://93.184.215.14/", "https://a:b@93.184.215.14/", "x"],
)
def test_an_address_that_may_not_be_one_is_422_and_stands_on_the_audit_stream(
    desk: Desk, ada: TestClient, url: str
) -> None:
    refused = ada.post(V1, json={"url": url})

    assert (refused.status_code, refused.json()["type"]) == (422, "urn:tocsin:problem:bad-input")
    assert [record["who"] for record in audit.records(desk) if record["kind"] == "refused.target"] == ["Ada Byron"]
    assert ada.get(V1).json()["items"] == []


def test_an_answer_with_a_secret_is_kept_for_no_second_request(ada: TestClient, sink: HttpSink) -> None:
    refused = ada.post(V1, json={"url": sink.url}, headers={"idempotency-key": "k"})

    assert refused.status_code == 422
    assert "Idempotency-Key" in refused.json()["detail"]
    assert ada.get(V1).json()["items"] == []


def test_the_page_adds_tests_and_removes_and_says_why_an_address_is_refused(
    signed_in_as: SignInAs, sink: HttpSink
) -> None:
    page, here = signed_in_as("Ada Byron", PersonRole.ADMINISTRATOR), "/admin/subscriptions"
    form = {"csrf": csrf(page.get(here).text)}

    refused = page.post(here, data={**form, "url": "https://10.0.0.1/x"})
    assert refused.status_code == 422
    assert "no public address" in refused.text
    made = page.post(here, data={**form, "url": sink.url, "kind": ["duty.arose"], "everything": "true"})
    assert "It is not shown again" in made.text
    assert "duty arose" in made.text
    assert "taken: 200" in page.post(f"{here}/1/test", data=form).text
    assert "given up" not in page.get(f"{here}/1").text
    page.headers["accept-language"] = "zh"
    assert "已接收" in page.get(f"{here}/1").text
    assert page.post(f"{here}/1/remove", data=form).status_code == 303
    assert "尚无订阅" in page.get(here).text
