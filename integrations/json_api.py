"""A system whose JSON API we use with an account of our own; its refusals say whether trying again can help."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from integrations.exchange import Answer, exchange, must_not_be_busy, require_https
from models.clock import Clock
from models.errors import RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError

UNTIL_ACCESS_IS_MENDED = timedelta(minutes=15)  # a wrong password tried more often locks accounts out
LONGEST_SAID = 300
TOO_MANY = 420  # what Statuspage says beside 429


class NotThereError(RefusedDeliveryError):
    """What is asked for by its name is not there, or not for this account."""


@dataclass(frozen=True)
class JsonApi:
    """One system: `title` is what people call it, `access` the setting that holds its token.

    `timeout` is in seconds for each wait for more of an answer, `longest` for the whole exchange.
    """

    http: httpx.Client = field(repr=False)
    base: str
    authorization: str = field(repr=False)
    clock: Clock
    title: str
    access: str
    timeout: float = 15.0
    longest: float = 30.0

    def __post_init__(self) -> None:
        """Check the address, or raise `BadInputError`."""
        require_https(self.base)

    def get(self, path: str, **params: str) -> Any:  # Any: the other side's own JSON
        """Read something.

        Raises `NotThereError`, `TemporaryDeliveryError` or `RefusedDeliveryError`; nothing was changed by any.
        """
        return self.read("GET", str(httpx.URL(path, params=params)) if params else path)

    def read(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # Any: as above
        """A question that changes nothing, also where it is put by POST; raises as `get` does."""
        try:
            return self.change(method, path, body)
        except UncertainDeliveryError as error:
            raise TemporaryDeliveryError(f"{self.title} cannot be asked just now: {error}") from error

    def change(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:  # Any: as above
        """Change something.

        Raises `NotThereError`, `TemporaryDeliveryError`, `RefusedDeliveryError`, or `UncertainDeliveryError` where it may
        have happened all the same.
        """
        content = json.dumps(body, ensure_ascii=False).encode() if body is not None else b""
        headers = {"Accept": "application/json", "Authorization": self.authorization}
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = self.base.rstrip("/") + path
        answer = exchange(self.http, method, url, content, headers, self.timeout, self.longest)
        self._must_be_done(answer)
        return self._json(answer)

    def _must_be_done(self, answer: Answer) -> None:
        must_not_be_busy(answer, self.clock())
        if answer.status == TOO_MANY:
            raise TemporaryDeliveryError(f"{self.title} answered {answer.status}: too many requests; the message waits")
        if answer.status in (401, 403):
            lacks = "does not accept the account" if answer.status == 401 else "does not allow the account to do this"
            raise TemporaryDeliveryError(
                f"{self.title} answered {answer.status}: it {lacks}{_in_brackets(answer)}; mend {self.access} or the "
                "account's rights there, it is tried again by itself",
                UNTIL_ACCESS_IS_MENDED,
            )
        if answer.status in (404, 410):
            raise NotThereError(f"{self.title} answered {answer.status}: not there{_in_brackets(answer)}")
        if answer.status >= 500:
            raise UncertainDeliveryError(f"{self.title} answered {answer.status}; it may have done it all the same")
        if 300 <= answer.status < 400:
            raise RefusedDeliveryError(f"{self.title} points elsewhere ({answer.status}); set its final address")
        if not 200 <= answer.status < 300:
            raise RefusedDeliveryError(f"{self.title} refused with {answer.status}{_in_brackets(answer)}; correct it")

    def _json(self, answer: Answer) -> Any:  # Any: as above
        if answer.is_page:
            raise RefusedDeliveryError(f"{self.title} answered with a page for people; check its address and account")
        if not answer.body.strip():
            return None
        try:
            return json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise UncertainDeliveryError(
                f"{self.title} answered {answer.status} with something that is no JSON"
            ) from error


def _in_brackets(answer: Answer) -> str:
    """What the other side says about its refusal, in its own words."""
    if answer.is_page:
        return ""
    try:
        words = "; ".join(dict.fromkeys(_texts(json.loads(answer.body))))
    except (ValueError, RecursionError):
        words = answer.text
    shown = " ".join(words.split())[:LONGEST_SAID]
    return f" ({shown})" if shown else ""


def _texts(said: Any, name: str = "") -> Iterator[str]:  # Any: as above
    if isinstance(said, Mapping):
        for key, value in said.items():
            yield from _texts(value, str(key))
    elif isinstance(said, list):
        for value in said:
            yield from _texts(value, name)
    elif isinstance(said, str) and said.strip() and name != "status":
        general = ("errorMessages", "error", "message", "detail", "errors")
        yield said if name in general else f"{name}: {said}"
