"""Paging whoever is on call: PagerDuty's Events API v2, and Opsgenie's alert API, which others offer too.

A page is known by `about["page"]`, the same for every warning of one clock: the other side keeps one page open for it, and
`about["page_ends"]` closes it. That makes a second sending harmless.
Sources: https://developer.pagerduty.com/docs/events-api-v2-overview, https://docs.opsgenie.com/docs/alert-api
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

import httpx

from integrations.channel import Settlement
from integrations.exchange import Answer, host_of, must_not_be_busy, post, require_https
from models.clock import Clock
from models.errors import RefusedDeliveryError, TemporaryDeliveryError
from models.message import Message, Taken

PAGERDUTY = "https://events.pagerduty.com"
OPSGENIE = "https://api.opsgenie.com"
TIMEOUT_SECONDS = 15.0
LONGEST_SUMMARY, LONGEST_MESSAGE, LONGEST_ALIAS = 1024, 130, 512


@dataclass(frozen=True)
class Pager:
    """One paging service; `key` is PagerDuty's routing key or Opsgenie's API key."""

    http: httpx.Client = field(repr=False)
    kind: Literal["pagerduty", "opsgenie"]
    key: str = field(repr=False)
    clock: Clock
    url: str = ""
    name: str = "pager"

    def __post_init__(self) -> None:
        """Check the address, or raise `BadInputError`."""
        require_https(self._base)

    @property
    def settles(self) -> Settlement:
        """By the page's own name, which both services honour."""
        return "idempotency_key"

    @property
    def attaches(self) -> bool:
        """Not: a page wakes somebody, who reads elsewhere."""
        return False

    def send(self, message: Message) -> Taken:
        """Open, renew or close a page.

        Raises `TemporaryDeliveryError`, `RefusedDeliveryError` or `UncertainDeliveryError`.
        """
        page = message.about.get("page", message.key)[:LONGEST_ALIAS]
        path, headers, body = (
            self._pagerduty(message, page) if self.kind == "pagerduty" else self._opsgenie(message, page)
        )
        content = json.dumps(body, ensure_ascii=False).encode()
        answer = post(
            self.http, self._base + path, content, {"Content-Type": "application/json", **headers}, TIMEOUT_SECONDS
        )
        self._must_be_taken(answer)
        return Taken(page, f"{answer.status} {' '.join(answer.text.split())[:200]}".strip())

    def was_taken(self, message: Message) -> bool | None:  # noqa: ARG002 - the channel names it
        """Nothing: it is sent again under the same name."""
        return None

    @property
    def _base(self) -> str:
        return (self.url or (PAGERDUTY if self.kind == "pagerduty" else OPSGENIE)).rstrip("/")

    def _pagerduty(self, message: Message, page: str) -> tuple[str, Mapping[str, str], Mapping[str, object]]:
        ends = "page_ends" in message.about
        body: dict[str, object] = {
            "routing_key": self.key,
            "event_action": "resolve" if ends else "trigger",
            "dedup_key": page,
        }
        if not ends:
            body["payload"] = {
                "summary": message.subject[:LONGEST_SUMMARY],
                "source": message.number or "tocsin",
                "severity": "critical",
                "custom_details": {**message.about, "text": message.text},
            }
        return "/v2/enqueue", {}, body

    def _opsgenie(self, message: Message, page: str) -> tuple[str, Mapping[str, str], Mapping[str, object]]:
        headers = {"Authorization": f"GenieKey {self.key}"}
        if "page_ends" in message.about:
            return f"/v2/alerts/{quote(page, safe='')}/close?identifierType=alias", headers, {"note": message.subject}
        body = {
            "message": message.subject[:LONGEST_MESSAGE],
            "alias": page,
            "description": message.text,
            "priority": "P1",
            "source": "tocsin",
            "details": dict(message.about),
        }
        return "/v2/alerts", headers, body

    def _must_be_taken(self, answer: Answer) -> None:
        must_not_be_busy(answer, self.clock())
        host = host_of(self._base)
        if answer.status >= 500:
            raise TemporaryDeliveryError(f"{host} answered {answer.status}; it may take the page later")
        if not 200 <= answer.status < 300:
            said = " ".join(answer.text.split())[:200]
            raise RefusedDeliveryError(f"{host} refused the page with {answer.status} {said}; check TOCSIN_PAGER_KEY")
