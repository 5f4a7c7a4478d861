import json
from datetime import timedelta

import httpx
import pytest

from integrations.channel import Channel
from integrations.mattermost import Mattermost
from integrations.slack_blocks import blocks_approval_needed, blocks_clock_at_risk, blocks_text
from integrations.teams import Teams
from models.errors import BadInputError, RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError
from models.message import Message
from tests.integrations.sinks import NOW, HttpSink, Reply, clock, free_port
from tests.integrations.test_slack_blocks import DUE, PARIS

CARD = Message(
    "INC-1.sign.4f1b2",
    "the channel",
    "INC-1: 2 texts wait for signatures",
    "the same in words",
    number="INC-1",
    blocks=[
        *blocks_approval_needed("INC-1", "Notice & form", "CNIL", "fr", "ab" * 32, ["legal"]),
        *blocks_clock_at_risk("INC-1", "eu-gdpr-33", "CNIL", DUE, NOW, PARIS, "GDPR Art. 33(1)"),
    ],
)
HOSTILE = "@channel @all <at>everyone</at> [click](https://evil.example) *bold*"
TAKES = {"teams": Reply(202, b""), "mattermost": Reply(200, b"ok", {"Content-Type": "text/plain"})}


@pytest.fixture(params=["teams", "mattermost"])
def chat(request: pytest.FixtureRequest, http: httpx.Client, sink: HttpSink) -> Channel:
    sink.replies = [TAKES[request.param]]
    kind = Teams if request.param == "teams" else Mattermost
    return kind(http, f"{sink.url}/hooks/s3cret", clock)


def sent(sink: HttpSink) -> str:
    return json.dumps(json.loads(sink.received[-1].body), ensure_ascii=False)


def test_a_message_arrives_as_cards_with_its_facts_and_its_key(chat: Channel, sink: HttpSink) -> None:
    assert chat.send(CARD).reference == CARD.key

    shown = sent(sink).replace("\\\\", "")
    for words in ("Signature needed: Notice & form", "ab" * 32, "23 h 30 min left", "GDPR Art. 33", CARD.key):
        assert words in shown


def test_teams_gets_an_adaptive_card(http: httpx.Client, sink: HttpSink) -> None:
    sink.replies = [Reply(200, b"1")]
    Teams(http, sink.url, clock).send(CARD)

    body = json.loads(sink.received[0].body)
    [attachment] = body["attachments"]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert (attachment["content"]["type"], attachment["content"]["version"]) == ("AdaptiveCard", "1.4")
    assert {"title": "Incident", "value": "INC-1"} in attachment["content"]["body"][1]["facts"]


def test_no_text_can_mention_link_or_format_anything(chat: Channel, sink: HttpSink) -> None:
    chat.send(Message("k", "c", HOSTILE, HOSTILE, blocks=blocks_text(HOSTILE, HOSTILE)))

    shown = sent(sink)
    assert "](" not in shown.replace("\\\\](", "").replace("\\\\]\\\\(", "")
    assert "*bold" not in shown.replace("\\\\*bold", "")
    if chat.name == "mattermost":
        assert "@channel" not in shown
        assert "@all" not in shown


def test_a_long_message_is_cut_to_what_the_other_side_takes_and_says_so(chat: Channel, sink: HttpSink) -> None:
    many = [block for n in range(40) for block in blocks_text(f"card {n}", "数" * 2_900)]

    chat.send(Message("k", "c", "s", "t", blocks=many))

    assert "There is more; it is in Tocsin." in sent(sink)
    if chat.name == "teams":
        assert len(sink.received[0].body) <= 28_000


@pytest.mark.parametrize("size", [1, 30, 300])
def test_teams_never_gets_more_than_it_takes(http: httpx.Client, sink: HttpSink, size: int) -> None:
    sink.replies = [Reply(202, b"")]
    Teams(http, sink.url, clock).send(
        Message("k", "c", "数" * 5_000, "数" * 50_000, blocks=blocks_text("s", "数\n" * 200) * size)
    )

    assert len(sink.received[0].body) <= 28_000


def test_a_chat_that_is_busy_or_away_delays_the_message(chat: Channel, sink: HttpSink) -> None:
    sink.replies = [Reply(429, b"", {"Retry-After": "600"}), Reply(502, b"")]

    with pytest.raises(TemporaryDeliveryError) as delayed:
        chat.send(CARD)
    assert delayed.value.retry_after == timedelta(minutes=10)
    with pytest.raises(TemporaryDeliveryError):
        chat.send(CARD)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, b"gone"),
        Reply(200, b"Webhook message delivery failed with error: too large", {}),
        Reply(200, b"<html>sign in</html>", {"Content-Type": "text/html"}),
        Reply(302, b"", {"Location": "/x"}),
    ],
)
def test_what_is_no_yes_refuses_the_message(chat: Channel, sink: HttpSink, reply: Reply) -> None:
    sink.replies = [reply]

    with pytest.raises(RefusedDeliveryError):
        chat.send(CARD)


def test_a_lost_answer_is_uncertain_and_the_secret_is_never_shown(chat: Channel, sink: HttpSink) -> None:
    sink.replies = [Reply(drop=True)]

    with pytest.raises(UncertainDeliveryError) as error:
        chat.send(CARD)
    assert chat.settles == "same_identity"
    assert "s3cret" not in f"{error.value} {chat!r}"


@pytest.mark.parametrize("kind", [Teams, Mattermost])
def test_a_chat_that_cannot_be_reached_delays_and_plain_http_is_refused(
    http: httpx.Client, kind: type[Teams] | type[Mattermost]
) -> None:
    with pytest.raises(TemporaryDeliveryError):
        kind(http, f"http://127.0.0.1:{free_port()}/", clock).send(CARD)
    with pytest.raises(BadInputError, match="use https"):
        kind(http, "http://chat.example/hooks/1", clock)
