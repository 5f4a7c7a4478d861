import hashlib
import hmac
import json
import logging
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from integrations.webhook import Ticket, Webhook, hold_marketing_payload
from models.errors import BadInputError, RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError
from models.message import Message
from tests.integrations.sinks import HttpSink, Reply, clock, free_port, trickling

NOTICE = Message("4f1b2", "CNIL", "Violation", "Un ordinateur a été volé.", number="T-1", about={"stage": "initial"})
SECRET = b"between us"
HTML = {"Content-Type": "text/html; charset=utf-8"}


@pytest.fixture
def webhook(sink: HttpSink, http: httpx.Client) -> Webhook:
    return Webhook(http, f"{sink.url}/hooks/s3cr3t-path", clock, SECRET, timeout=0.2)


def test_a_message_arrives_as_json_under_its_key(webhook: Webhook, sink: HttpSink) -> None:
    taken = webhook.send(NOTICE)

    [request] = sink.received
    assert taken.reference == "4f1b2"
    assert request.headers["Idempotency-Key"] == "4f1b2"
    assert json.loads(request.body) == {
        "key": "4f1b2",
        "number": "T-1",
        "to": "CNIL",
        "subject": "Violation",
        "text": "Un ordinateur a été volé.",
        "html": None,
        "language": "en",
        "about": {"stage": "initial"},
    }


def test_the_signature_covers_the_timestamp_and_the_body(webhook: Webhook, sink: HttpSink) -> None:
    webhook.send(NOTICE)

    [request] = sink.received
    assert request.headers["Tocsin-Timestamp"] == "1772613000"
    expected = hmac.new(SECRET, b"1772613000." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["Tocsin-Signature"] == f"v1={expected}"


def test_the_endpoints_own_reference_is_the_receipt(webhook: Webhook, sink: HttpSink) -> None:
    sink.replies = [Reply(201, b'{"id": 4711}')]

    assert webhook.send(NOTICE).reference == "4711"


@pytest.mark.parametrize("body", [b"", b"ok", b"[1]", b'{"id": {}}'])
def test_any_success_without_a_reference_is_known_by_our_key(webhook: Webhook, sink: HttpSink, body: bytes) -> None:
    sink.replies = [Reply(202, body, {"Content-Type": "text/plain"})]

    assert webhook.send(NOTICE).reference == "4f1b2"


@pytest.mark.parametrize("status", [408, 425, 500, 502, 504])
def test_a_failing_endpoint_delays_the_message(webhook: Webhook, sink: HttpSink, status: int) -> None:
    sink.replies = [Reply(status, b"<h1>oops</h1>", HTML)]

    with pytest.raises(TemporaryDeliveryError, match=str(status)):
        webhook.send(NOTICE)


@pytest.mark.parametrize(
    ("header", "wish"),
    [
        ("600", timedelta(minutes=10)),
        ("Wed, 04 Mar 2026 08:45:00 GMT", timedelta(minutes=15)),
        ("Wed, 04 Mar 2026 08:00:00 GMT", timedelta()),
        ("99999999999999999999", timedelta(days=1)),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_endpoint_says_when_to_come_back(
    webhook: Webhook, sink: HttpSink, status: int, header: str, wish: timedelta | None
) -> None:
    sink.replies = [Reply(status, b"{}", {"Retry-After": header})]

    with pytest.raises(TemporaryDeliveryError) as delayed:
        webhook.send(NOTICE)
    assert delayed.value.retry_after == wish


@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 422])
def test_an_endpoint_that_will_not_have_it_refuses_the_message(webhook: Webhook, sink: HttpSink, status: int) -> None:
    sink.replies = [Reply(status, b'{"error": "number missing"}')]

    with pytest.raises(RefusedDeliveryError, match=f"{status}.*number missing"):
        webhook.send(NOTICE)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(webhook: Webhook, sink: HttpSink, status: int) -> None:
    sink.replies = [Reply(status, b"", {"Location": f"{sink.url}/elsewhere"})]

    with pytest.raises(RefusedDeliveryError, match="points elsewhere"):
        webhook.send(NOTICE)
    assert [request.path for request in sink.received] == ["/hooks/s3cr3t-path"]


def test_a_web_page_is_not_a_receipt(webhook: Webhook, sink: HttpSink) -> None:
    sink.replies = [Reply(200, b"<html>Sign in</html>", HTML)]

    with pytest.raises(RefusedDeliveryError, match="web page"):
        webhook.send(NOTICE)


@pytest.mark.parametrize("reply", [Reply(hold=True), Reply(drop=True)], ids=["silent", "dropped"])
def test_a_lost_answer_is_safe_to_ask_for_again_where_keys_are_honoured(
    webhook: Webhook, sink: HttpSink, reply: Reply
) -> None:
    sink.replies = [reply, Reply()]

    with pytest.raises(TemporaryDeliveryError, match="honours keys"):
        webhook.send(NOTICE)
    webhook.send(NOTICE)

    assert webhook.settles == "idempotency_key"
    assert [request.headers["Idempotency-Key"] for request in sink.received] == ["4f1b2", "4f1b2"]


@pytest.mark.parametrize("reply", [Reply(hold=True), Reply(drop=True)], ids=["silent", "dropped"])
def test_a_lost_answer_is_uncertain_where_keys_mean_nothing(sink: HttpSink, http: httpx.Client, reply: Reply) -> None:
    sink.replies = [reply]
    webhook = Webhook(http, sink.url, clock, SECRET, honours_keys=False, timeout=0.2)

    with pytest.raises(UncertainDeliveryError, match="may have acted"):
        webhook.send(NOTICE)
    assert webhook.settles == "same_identity"
    assert webhook.was_taken(NOTICE) is None


def test_an_endpoint_that_is_down_delays_the_message(http: httpx.Client) -> None:
    with pytest.raises(TemporaryDeliveryError, match=r"127\.0\.0\.1 cannot be reached"):
        Webhook(http, f"http://127.0.0.1:{free_port()}/", clock, SECRET, honours_keys=False).send(NOTICE)


def test_an_answer_without_end_is_not_read(sink: HttpSink, http: httpx.Client) -> None:
    sink.replies = [Reply(200, b"x" * 5_000_000)]

    with pytest.raises(UncertainDeliveryError, match="larger"):
        Webhook(http, sink.url, clock, SECRET, honours_keys=False).send(NOTICE)


@pytest.mark.parametrize(
    "url", ["http://hooks.example.org/x", "ftp://example.org", "hooks.example.org", "https://", ""]
)
def test_only_an_encrypted_address_is_accepted(http: httpx.Client, url: str) -> None:
    with pytest.raises(BadInputError, match="https"):
        Webhook(http, url, clock, SECRET)


def test_an_unsigned_webhook_is_bad_input(http: httpx.Client) -> None:
    with pytest.raises(BadInputError, match="secret"):
        Webhook(http, "https://hooks.example.org/x", clock, b"")


def test_a_key_that_would_break_a_header_is_refused(webhook: Webhook, sink: HttpSink) -> None:
    with pytest.raises(RefusedDeliveryError, match="header"):
        webhook.post("a\r\nX-Admin: yes", {})
    assert sink.received == []


def test_a_ticket_is_opened_under_its_key(webhook: Webhook, sink: HttpSink) -> None:
    sink.replies = [Reply(201, b'{"reference": "SEC-12"}')]
    ticket = Ticket("T-1", "Rotate the keys", "All of them.", due_at=datetime(2026, 3, 5, 8, tzinfo=UTC))

    assert webhook.open_ticket("T-1:rotate", ticket).reference == "SEC-12"
    [request] = sink.received
    assert json.loads(request.body) == {
        "action": "open_ticket",
        "number": "T-1",
        "title": "Rotate the keys",
        "text": "All of them.",
        "urgency": "high",
        "due_at": "2026-03-05T08:00:00Z",
    }


def test_marketing_is_held_by_place_and_names_nobody() -> None:
    assert hold_marketing_payload("T-1", "breach", ["FR", "US-CA"]) == {
        "action": "hold_marketing",
        "number": "T-1",
        "reason": "breach",
        "jurisdictions": ["FR", "US-CA"],
        "until": None,
    }


def test_neither_secret_nor_address_nor_text_is_shown(
    webhook: Webhook, sink: HttpSink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.replies = [Reply(404, b"")]

    with caplog.at_level(logging.DEBUG, logger="integrations"), pytest.raises(RefusedDeliveryError) as refused:
        webhook.send(NOTICE)

    for shown in (repr(webhook), str(refused.value), caplog.text):
        assert "between us" not in shown
        assert "s3cr3t-path" not in shown
        assert "ordinateur" not in shown


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Wait: ", b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n"])
def test_an_endpoint_that_answers_a_byte_at_a_time_is_given_up_at_the_limit(http: httpx.Client, head: bytes) -> None:
    with trickling(then=head + b"." * 90_000, every=0.005) as port:
        webhook = Webhook(http, f"http://127.0.0.1:{port}", clock, SECRET, honours_keys=False, timeout=5, longest=0.7)

        with pytest.raises(UncertainDeliveryError, match="no whole answer"):
            webhook.send(NOTICE)


@pytest.mark.parametrize(
    "body",
    [
        b'{"ok": false}',
        b'{"success": false, "id": 7}',
        b'{"error": "no such queue"}',
        b'{"errors": ["quota"]}',
        b'{"status": "error", "message": "down"}',
    ],
)
def test_an_answer_of_200_that_says_that_it_failed_is_no_receipt(webhook: Webhook, sink: HttpSink, body: bytes) -> None:
    sink.replies = [Reply(200, body)]

    with pytest.raises(RefusedDeliveryError, match="says that it failed"):
        webhook.send(NOTICE)


@pytest.mark.parametrize("body", [b"<!DOCTYPE html><h1>Sign in</h1>", b"\xef\xbb\xbf \n<html lang=en>Error 500"])
def test_a_web_page_that_calls_itself_something_else_is_not_a_receipt(
    webhook: Webhook, sink: HttpSink, body: bytes
) -> None:
    sink.replies = [Reply(200, body, {"Content-Type": "application/json"})]

    with pytest.raises(RefusedDeliveryError, match="web page"):
        webhook.send(NOTICE)


def test_an_endpoint_whose_receipts_have_references_is_held_to_it(sink: HttpSink, http: httpx.Client) -> None:
    webhook = Webhook(http, sink.url, clock, SECRET, receipt="reference")
    sink.replies = [Reply(200, b"ok"), Reply(200, b'{"ok": true}'), Reply(200, b'{"reference": "T-7"}')]

    for _ in range(2):
        with pytest.raises(RefusedDeliveryError, match="without the reference"):
            webhook.send(NOTICE)
    assert webhook.send(NOTICE).reference == "T-7"


def test_a_redirect_to_a_private_address_reaches_nobody(webhook: Webhook, sink: HttpSink) -> None:
    sink.replies = [Reply(307, headers={"Location": f"{sink.url}/latest/meta-data"})]

    with pytest.raises(RefusedDeliveryError, match="none is followed"):
        webhook.send(NOTICE)

    assert [request.path for request in sink.received] == ["/hooks/s3cr3t-path"]
