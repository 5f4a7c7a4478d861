import json
import logging
from datetime import timedelta
from urllib.parse import parse_qs

import httpx
import pytest

from integrations.slack import Slack
from models.errors import BadInputError, RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError
from models.message import Message
from tests.integrations.sinks import HttpSink, Reply, clock, free_port

CARD = Message(
    "4f1b2",
    "C024BE91L",
    "Clock at risk",
    "GDPR Art. 33(1) <https://evil.example|click> & more",
    number="T-1",
    about={"provision": "eu-gdpr-33", "key": "not this one"},
)


@pytest.fixture
def slack(sink: HttpSink, http: httpx.Client) -> Slack:
    return Slack(http, "xoxb-t0ken", clock, f"{sink.url}/api/", timeout=0.2)


def ok(**fields: object) -> Reply:
    return Reply(body=json.dumps({"ok": True, **fields}).encode())


def no(reason: str, status: int = 200, retry_after: str | None = None) -> Reply:
    body = json.dumps({"ok": False, "error": reason}).encode()
    return Reply(status, body, {"Retry-After": retry_after} if retry_after else {})


def posted(key: str) -> dict[str, object]:
    return {"type": "message", "metadata": {"event_type": "tocsin_message", "event_payload": {"key": key}}}


def test_a_message_is_posted_under_the_bots_name_with_its_key(slack: Slack, sink: HttpSink) -> None:
    sink.replies = [ok(channel="C024BE91L", ts="1772613000.000100")]

    taken = slack.send(CARD)

    [request] = sink.received
    body = json.loads(request.body)
    assert taken.reference == "C024BE91L:1772613000.000100"
    assert request.path == "/api/chat.postMessage"
    assert request.headers["Authorization"] == "Bearer xoxb-t0ken"
    assert body["channel"] == "C024BE91L"
    assert body["metadata"]["event_payload"]["key"] == "4f1b2"
    assert body["metadata"]["event_payload"]["provision"] == "eu-gdpr-33"


def test_no_text_can_mention_or_link_anything(slack: Slack, sink: HttpSink) -> None:
    slack.send(CARD)

    body = json.loads(sink.received[0].body)
    assert "<" not in body["text"]
    assert "&lt;https://evil.example|click&gt; &amp; more" in body["blocks"][1]["text"]["text"]
    assert body["unfurl_links"] is False


def test_a_card_is_posted_in_place_of_the_text(slack: Slack, sink: HttpSink) -> None:
    blocks = [{"type": "divider"}]
    slack.send(Message("k", "C1", "s", "t", blocks=blocks))

    assert json.loads(sink.received[0].body)["blocks"] == blocks


@pytest.mark.parametrize("reply", [no("ratelimited", 429, "600"), no("ratelimited", retry_after="600")])
def test_a_rate_limit_says_when_to_come_back(slack: Slack, sink: HttpSink, reply: Reply) -> None:
    sink.replies = [reply]

    with pytest.raises(TemporaryDeliveryError) as delayed:
        slack.send(CARD)
    assert delayed.value.retry_after == timedelta(minutes=10)
    assert len(sink.received) == 1


@pytest.mark.parametrize("reply", [no("service_unavailable"), Reply(503, b"busy", {})])
def test_a_slack_that_is_away_delays_the_message(slack: Slack, sink: HttpSink, reply: Reply) -> None:
    sink.replies = [reply]

    with pytest.raises(TemporaryDeliveryError):
        slack.send(CARD)


@pytest.mark.parametrize(
    "reason", ["invalid_auth", "channel_not_found", "not_in_channel", "msg_too_long", "missing_scope"]
)
def test_what_a_retry_cannot_mend_refuses_the_message(slack: Slack, sink: HttpSink, reason: str) -> None:
    sink.replies = [no(reason)]

    with pytest.raises(RefusedDeliveryError, match=reason):
        slack.send(CARD)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(hold=True),
        Reply(drop=True),
        no("internal_error"),
        no("fatal_error"),
        Reply(500, b"<h1>oops</h1>"),
        Reply(502),
    ],
    ids=["silent", "dropped", "internal_error", "fatal_error", "500", "502"],
)
def test_a_lost_answer_is_uncertain_and_posted_once(slack: Slack, sink: HttpSink, reply: Reply) -> None:
    sink.replies = [reply]

    with pytest.raises(UncertainDeliveryError):
        slack.send(CARD)
    assert len(sink.received) == 1


def test_a_slack_that_cannot_be_reached_delays_the_message(http: httpx.Client) -> None:
    with pytest.raises(TemporaryDeliveryError, match="cannot be reached"):
        Slack(http, "xoxb-t0ken", clock, f"http://127.0.0.1:{free_port()}/api/").send(CARD)


@pytest.mark.parametrize(
    "reply", [Reply(200, b"<html>proxy</html>", {}), Reply(200, b"[]"), Reply(302, b"", {"Location": "/x"})]
)
def test_an_answer_that_is_not_slacks_refuses_the_message(slack: Slack, sink: HttpSink, reply: Reply) -> None:
    sink.replies = [reply]

    with pytest.raises(RefusedDeliveryError):
        slack.send(CARD)
    assert len(sink.received) == 1


def test_an_uncertain_message_is_found_again_by_its_key(slack: Slack, sink: HttpSink) -> None:
    sink.replies = [
        ok(
            messages=[posted("another"), {"type": "message"}],
            has_more=True,
            response_metadata={"next_cursor": "bmV4dA=="},
        ),
        ok(messages=[posted("4f1b2")], has_more=False),
    ]

    assert slack.was_taken(CARD) is True
    first, second = (parse_qs(request.body.decode()) for request in sink.received)
    assert first == {"channel": ["C024BE91L"], "include_all_metadata": ["1"], "limit": ["200"]}
    assert second["cursor"] == ["bmV4dA=="]


def test_a_conversation_read_to_its_beginning_settles_that_it_was_not_taken(slack: Slack, sink: HttpSink) -> None:
    sink.replies = [ok(messages=[posted("another")], has_more=False)]

    assert slack.was_taken(CARD) is False


def test_a_conversation_too_long_to_read_settles_nothing(slack: Slack, sink: HttpSink) -> None:
    sink.replies = [ok(messages=[posted("another")], has_more=True, response_metadata={"next_cursor": "x"})]

    assert slack.was_taken(CARD) is None
    assert len(sink.received) == 5


@pytest.mark.parametrize("reason", ["missing_scope", "channel_not_found"])
def test_a_conversation_that_may_not_be_read_settles_nothing(slack: Slack, sink: HttpSink, reason: str) -> None:
    sink.replies = [no(reason)]

    assert slack.was_taken(CARD) is None


@pytest.mark.parametrize("reply", [no("ratelimited", 429), no("internal_error"), Reply(500), Reply(hold=True)])
def test_a_slack_that_cannot_be_asked_just_now_is_asked_later(slack: Slack, sink: HttpSink, reply: Reply) -> None:
    sink.replies = [reply]

    with pytest.raises(TemporaryDeliveryError):
        slack.was_taken(CARD)


def test_slack_needs_a_token_and_an_encrypted_address(http: httpx.Client) -> None:
    with pytest.raises(BadInputError, match="token"):
        Slack(http, "", clock)
    with pytest.raises(BadInputError, match="https"):
        Slack(http, "xoxb", clock, "http://slack.example/api/")


def test_neither_token_nor_text_reaches_log_or_error(
    slack: Slack, sink: HttpSink, caplog: pytest.LogCaptureFixture
) -> None:
    sink.replies = [no("invalid_auth")]

    with caplog.at_level(logging.DEBUG), pytest.raises(RefusedDeliveryError) as refused:
        slack.send(CARD)

    for shown in (repr(slack), str(refused.value), caplog.text):
        assert "xoxb-t0ken" not in shown
        assert "Art. 33(1)" not in shown
