"""One HTTP request and its answer, whose errors say whether the other side may have acted on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from integrations.limit import Limit, limited
from integrations.loopback import is_loopback
from integrations.retry_after import retry_after
from models.errors import BadInputError, RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError

LARGEST_ANSWER_BYTES = 4_000_000
CHAT_TIMEOUT = 15.0  # seconds
LONGEST_EXCHANGE = 60.0  # seconds, for everything from the connection to the last byte of the answer
OVERLOADED = frozenset({429, 503})

# What httpx raises before a single byte of the request is on its way.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True)
class Answer:
    """What the other side said, read to its end."""

    host: str
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, whatever bytes it holds."""
        return self.body.decode("utf-8", "replace")

    @property
    def is_page(self) -> bool:
        """Whether it is a web page for people, which no endpoint for messages answers with."""
        kind = str(self.headers.get("content-type", "")).strip().lower()
        begins = self.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return kind.startswith(("text/html", "application/xhtml")) or begins.startswith((b"<!doctype html", b"<html"))


def require_https(url: str) -> None:
    """Refuse a URL over which a message could be read on its way; plain HTTP is for this machine itself.

    Raises `BadInputError`.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise BadInputError(f"not a URL ({error}); write it as https://host/path") from error
    if not parsed.host or parsed.scheme not in ("https", "http"):
        raise BadInputError("not a web address; write it as https://host/path")
    if parsed.scheme == "http" and not is_loopback(parsed.host):
        raise BadInputError(f"http://{parsed.host} can be read on the way; use https")


def host_of(url: str) -> str:
    """The host a person knows the endpoint by. The rest of a webhook's URL is often its secret and is never shown."""
    return httpx.URL(url).host


def post(
    http: httpx.Client,
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    timeout: float,
    longest: float = LONGEST_EXCHANGE,
) -> Answer:
    """Send one POST; as `exchange` does."""
    return exchange(http, "POST", url, content, headers, timeout, longest)


def post_to_chat(
    http: httpx.Client,
    url: str,
    body: bytes,
    now: datetime,
    *,
    chat: str,
    mend: str,
    takes: Callable[[Answer], bool],
) -> Answer:
    """Post JSON to the webhook of a chat; gives the answer.

    A chat answers 2xx to what it refuses too, so that `takes` reads the answer. `mend` is what to look at after a refusal.
    Raises `TemporaryDeliveryError`, `RefusedDeliveryError` or
    `UncertainDeliveryError`.
    """
    answer = post(http, url, body, {"Content-Type": "application/json"}, CHAT_TIMEOUT)
    must_not_be_busy(answer, now)
    if answer.status >= 500:
        raise TemporaryDeliveryError(f"{chat} answered {answer.status}; it may take the message later")
    if not 200 <= answer.status < 300 or not takes(answer):
        said = " ".join(answer.text.split())[:200]
        raise RefusedDeliveryError(f"{chat} refused the message with {answer.status} {said}; check {mend}")
    return answer


def exchange(
    http: httpx.Client,
    method: str,
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    timeout: float,
    longest: float = LONGEST_EXCHANGE,
) -> Answer:
    """Send one request, following no redirect, and return the whole answer whatever its status.

    `timeout` is in seconds for each wait for more of the answer; the whole exchange ends after `LONGEST_EXCHANGE`.
    Raises `TemporaryDeliveryError` where nothing was sent, `UncertainDeliveryError` where the answer was lost.
    """
    host = host_of(url)
    try:
        with limited(longest) as limit:
            response, body = _sent(http, method, url, content, headers, timeout, limit)
    except _NOT_SENT as error:
        raise TemporaryDeliveryError(f"{host} cannot be reached ({_words(error)}); the message waits") from error
    except httpx.RequestError as error:
        raise UncertainDeliveryError(
            f"{host} gave no whole answer ({_words(error)}); it may have acted on the message"
        ) from error
    return Answer(host, response.status_code, response.headers, body)


def _sent(
    http: httpx.Client,
    method: str,
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    timeout: float,
    limit: Limit,
) -> tuple[httpx.Response, bytes]:
    def seen(name: str, said: Mapping[str, Any]) -> None:  # Any: what httpcore tells of itself
        if name == "connection.connect_tcp.complete":
            limit.hold(said["return_value"].get_extra_info("socket"))

    # A connection of its own for each message, so that the limit holds it from its first byte.
    request = http.build_request(
        method,
        url,
        content=content,
        headers={**headers, "Connection": "close"},
        timeout=timeout,
        extensions={"trace": seen},
    )
    response = http.send(request, stream=True, follow_redirects=False)
    try:
        return response, _whole_body(response)
    finally:
        response.close()


def must_not_be_busy(answer: Answer, now: datetime) -> None:
    """Raise `TemporaryDeliveryError` with the other side's own wish where it says that it has too much to do."""
    if answer.status in OVERLOADED:
        wish = retry_after(answer.headers.get("retry-after"), now)
        asked = f" and asks to wait {int(wish.total_seconds())} s" if wish is not None else ""
        raise TemporaryDeliveryError(f"{answer.host} answered {answer.status}{asked}; the message waits", wish)


def _whole_body(response: httpx.Response) -> bytes:
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > LARGEST_ANSWER_BYTES:
            raise httpx.RemoteProtocolError("the answer is larger than any answer to a message")
    return bytes(body)


def _words(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
