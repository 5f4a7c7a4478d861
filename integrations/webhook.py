"""An endpoint that takes signed JSON: a portal, a ticket system, a campaign system, a pager.

Every request carries

- `Idempotency-Key`: the key of the effect, the same on every attempt;
- `Tocsin-Timestamp`: seconds since 1970 in UTC;
- `Tocsin-Signature`: `v1=` and the HMAC-SHA256, in hex, of the timestamp, a full stop and the body as sent.

What counts as a receipt: an answer of 2xx that is no web page and no JSON object that says that it failed (`ok` or
`success` false, an `error` or `errors` that is not empty, `status` "error" or "failed"). Its `reference` or `id` becomes
the receipt's reference; without one our key stands there, or, by `receipt="reference"`, it is no receipt.

A receiver computes the signature itself, compares in constant time, and refuses an old timestamp.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NoReturn

import httpx

from integrations.channel import Settlement
from integrations.exchange import LONGEST_EXCHANGE, Answer, host_of, must_not_be_busy, post, require_https
from models.clock import Clock, rfc3339
from models.errors import BadInputError, RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError
from models.message import Message, Taken

MAY_SUCCEED_LATER = frozenset({408, 425})
LONGEST_DETAIL = 300


@dataclass(frozen=True)
class Ticket:
    """A piece of work for the people behind a ticket system."""

    number: str
    title: str
    text: str
    urgency: str = "high"
    due_at: datetime | None = None


@dataclass(frozen=True)
class Webhook:
    """One endpoint that accepts JSON; `honours_keys` says whether it acts once for one `Idempotency-Key`.

    `receipt` says what of a 2xx answer is a receipt: with "any" whatever is neither a web page nor says that it failed,
    with "reference" only JSON that names what was made by a `reference` or `id`. `timeout` is in seconds, for connecting
    and for each wait for more of the answer, `longest` for the whole exchange.
    """

    http: httpx.Client = field(repr=False)
    url: str = field(repr=False)
    clock: Clock
    secret: bytes = field(repr=False)
    honours_keys: bool = True
    receipt: Literal["any", "reference"] = "any"
    timeout: float = 15.0
    longest: float = LONGEST_EXCHANGE
    name: str = "webhook"
    attaches: bool = False

    def __post_init__(self) -> None:
        """Check the settings, or raise `BadInputError`."""
        require_https(self.url)
        if not self.secret:
            raise BadInputError(f"{host_of(self.url)}: a webhook needs a secret to sign with; set one")

    @property
    def settles(self) -> Settlement:
        """By our key where the endpoint honours it, else by sending the same key again for the receiver to recognise."""
        return "idempotency_key" if self.honours_keys else "same_identity"

    def send(self, message: Message) -> Taken:
        """Post a message.

        Raises `TemporaryDeliveryError`, `RefusedDeliveryError` or `UncertainDeliveryError`.
        """
        return self.post(message.key, message.as_json())

    def was_taken(self, message: Message) -> bool | None:  # noqa: ARG002 - the channel names it
        """Nothing: an endpoint has no such question."""
        return None

    def open_ticket(self, key: str, ticket: Ticket) -> Taken:
        """Open a ticket once for `key`; raises as `send` does."""
        return self.post(key, ticket_payload(ticket))

    def post(self, key: str, payload: Mapping[str, object]) -> Taken:
        """Post any JSON under `key`, signed; raises as `send` does."""
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            answer = post(self.http, self.url, body, self._headers(key, body), self.timeout, self.longest)
        except UncertainDeliveryError as error:
            if not self.honours_keys:
                raise
            raise TemporaryDeliveryError(
                f"{error}; it is safe to send again, since the endpoint honours keys"
            ) from error
        if not 200 <= answer.status < 300:
            self._not_taken(answer)
        if answer.is_page:
            raise RefusedDeliveryError(
                f"{answer.host} answered with a web page where JSON was asked; check the address"
            )
        said = _said(answer)
        if _failed(said):
            raise RefusedDeliveryError(
                f"{answer.host} answered {answer.status} and says that it failed: {_excerpt(answer)}; correct it and send again"
            )
        reference = _reference(said)
        if reference is None and self.receipt == "reference":
            raise RefusedDeliveryError(
                f"{answer.host} answered {answer.status} without the reference that its receipts have; look there whether "
                "it was taken, and send again or say that it was"
            )
        return Taken(reference or key, f"{answer.status} {_excerpt(answer)}".strip())

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        if not key.isascii() or not key.isprintable():
            raise RefusedDeliveryError(f"the key {key!r} cannot stand in a header; use ASCII signs")
        timestamp = str(int(self.clock().timestamp()))
        return {
            "Accept": "application/json",
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            "Tocsin-Timestamp": timestamp,
            "Tocsin-Signature": signature(self.secret, timestamp, body),
        }

    def _not_taken(self, answer: Answer) -> NoReturn:
        must_not_be_busy(answer, self.clock())
        if answer.status >= 500 or answer.status in MAY_SUCCEED_LATER:
            raise TemporaryDeliveryError(f"{answer.host} answered {answer.status}; it may take the message later")
        if 300 <= answer.status < 400:
            raise RefusedDeliveryError(
                f"{answer.host} answered {answer.status} and points elsewhere; set the final address, none is followed"
            )
        raise RefusedDeliveryError(
            f"{answer.host} refused the message with {answer.status} {_excerpt(answer)}; correct it and send again"
        )


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """What `Tocsin-Signature` holds for a body sent at `timestamp` (seconds since 1970, in digits)."""
    return "v1=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def ticket_payload(ticket: Ticket) -> dict[str, object]:
    """The JSON that opens a ticket."""
    return {
        "action": "open_ticket",
        "number": ticket.number,
        "title": ticket.title,
        "text": ticket.text,
        "urgency": ticket.urgency,
        "due_at": rfc3339(ticket.due_at) if ticket.due_at else None,
    }


def hold_marketing_payload(
    number: str, reason: str, jurisdictions: Sequence[str], until: datetime | None = None
) -> dict[str, object]:
    """The JSON that asks a campaign system to send no marketing to the people affected; None holds until released.

    It names the incident and the places, never the people: the campaign system reads its own list of those affected.
    """
    return {
        "action": "hold_marketing",
        "number": number,
        "reason": reason,
        "jurisdictions": list(jurisdictions),
        "until": rfc3339(until) if until else None,
    }


def _said(answer: Answer) -> Mapping[str, Any]:  # Any: the endpoint's own JSON
    """The object that the endpoint answered with, or an empty one."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _failed(said: Mapping[str, Any]) -> bool:  # Any: the endpoint's own JSON
    return (
        said.get("ok") is False
        or said.get("success") is False
        or bool(said.get("error") or said.get("errors"))
        or str(said.get("status")).lower() in ("error", "failed", "failure")
    )


def _reference(said: Mapping[str, Any]) -> str | None:  # Any: the endpoint's own JSON
    """The endpoint's own name for what it took."""
    found = said.get("reference") or said.get("id")
    return str(found)[:LONGEST_DETAIL] if isinstance(found, (str, int)) else None


def _excerpt(answer: Answer) -> str:
    return " ".join(answer.text[: LONGEST_DETAIL * 2].split())[:LONGEST_DETAIL]
