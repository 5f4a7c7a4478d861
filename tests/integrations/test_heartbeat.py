import httpx
import pytest

from integrations.heartbeat import Heartbeat
from models.errors import BadInputError, DeliveryError
from tests.integrations.sinks import HttpSink, Reply


def test_a_beat_is_a_post_with_nothing_in_it(sink: HttpSink, http: httpx.Client) -> None:
    Heartbeat(http, f"{sink.url}/ping/1234").beat()

    [received] = sink.received
    assert (received.path, received.body) == ("/ping/1234", b"")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404),
        Reply(500),
        Reply(302, headers={"Location": "http://127.0.0.1:1/inside"}),
        Reply(drop=True),
    ],
)
def test_what_is_not_taken_is_said_and_no_redirect_is_followed(
    sink: HttpSink, http: httpx.Client, reply: Reply
) -> None:
    sink.replies = [reply]

    with pytest.raises(DeliveryError):
        Heartbeat(http, sink.url).beat()
    assert len(sink.received) == 1


@pytest.mark.parametrize("url", ["http://monitor.example/ping", "ftp://monitor.example", "monitor"])
def test_an_address_that_is_no_https_is_refused(http: httpx.Client, url: str) -> None:
    with pytest.raises(BadInputError):
        Heartbeat(http, url)
