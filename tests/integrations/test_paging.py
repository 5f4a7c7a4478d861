import json
from datetime import UTC, datetime

import httpx
import pytest

from integrations.paging import LONGEST_MESSAGE, Pager
from models.errors import BadInputError, RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError
from models.message import Message

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AT_RISK = Message(
    "INC-2026-0001.alert.7",
    "INC-2026-0001",
    "INC-2026-0001: the limit",
    "To CNIL.",
    number="INC-2026-0001",
    about={"page": "INC-2026-0001.duty.3"},
)
ENDED = Message(
    "INC-2026-0001.duty.3.ended.1",
    "INC-2026-0001",
    "is met",
    "met",
    about={"page": "INC-2026-0001.duty.3", "page_ends": "met"},
)


class Service:
    """A paging service that keeps what it was asked."""

    def __init__(self, status: int = 202, **answer: object) -> None:
        self.asked: list[httpx.Request] = []
        self.status, self.answer = status, answer

    def pager(self, kind: str) -> Pager:
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        return Pager(http, kind, "the-key", lambda: NOW, "https://pager.example/")  # type: ignore[arg-type]  # by name

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self.status, **self.answer)  # type: ignore[arg-type]  # by name


def test_pagerduty_opens_a_page_under_the_clocks_own_name_and_resolves_it() -> None:
    service = Service(json={"status": "success"})
    pager = service.pager("pagerduty")

    assert pager.send(AT_RISK).reference == "INC-2026-0001.duty.3"
    pager.send(ENDED)

    opened, ended = (json.loads(request.content) for request in service.asked)
    assert [request.url.path for request in service.asked] == ["/v2/enqueue", "/v2/enqueue"]
    assert (opened["event_action"], opened["dedup_key"], opened["routing_key"]) == (
        "trigger",
        "INC-2026-0001.duty.3",
        "the-key",
    )
    assert opened["payload"]["severity"] == "critical"
    assert (ended["event_action"], ended["dedup_key"]) == ("resolve", "INC-2026-0001.duty.3")
    assert "payload" not in ended


def test_opsgenie_opens_an_alert_by_alias_and_closes_it() -> None:
    service = Service(json={"result": "Request will be processed"})
    pager = service.pager("opsgenie")

    pager.send(Message(**{**AT_RISK.__dict__, "subject": "x" * 500}))
    pager.send(ENDED)

    opened, ended = service.asked
    assert (opened.url.path, opened.headers["authorization"]) == ("/v2/alerts", "GenieKey the-key")
    assert json.loads(opened.content)["alias"] == "INC-2026-0001.duty.3"
    assert len(json.loads(opened.content)["message"]) == LONGEST_MESSAGE
    assert ended.url.path == "/v2/alerts/INC-2026-0001.duty.3/close"
    assert ended.url.params["identifierType"] == "alias"


@pytest.mark.parametrize("kind", ["pagerduty", "opsgenie"])
@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (429, {"retry-after": "600"}, TemporaryDeliveryError),
        (500, {}, TemporaryDeliveryError),
        (400, {}, RefusedDeliveryError),
        (302, {"location": "http://127.0.0.1/"}, RefusedDeliveryError),
    ],
)
def test_what_the_service_answers_says_whether_to_try_again(
    kind: str, status: int, headers: dict[str, str], error: type[Exception]
) -> None:
    service = Service(status, headers=headers)

    with pytest.raises(error) as raised:
        service.pager(kind).send(AT_RISK)
    assert len(service.asked) == 1
    assert "the-key" not in str(raised.value)


def test_a_lost_answer_is_uncertain_and_settled_by_the_name_of_the_page() -> None:
    def lost(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("no answer")

    pager = Pager(httpx.Client(transport=httpx.MockTransport(lost)), "pagerduty", "k", lambda: NOW)

    assert pager.settles == "idempotency_key"
    with pytest.raises(UncertainDeliveryError):
        pager.send(AT_RISK)


def test_a_page_is_never_sent_in_the_clear() -> None:
    with pytest.raises(BadInputError, match="use https"):
        Pager(httpx.Client(), "opsgenie", "k", lambda: NOW, "http://pager.example")
