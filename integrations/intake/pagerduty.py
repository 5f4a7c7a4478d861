"""PagerDuty webhooks, version 3: https://developer.pagerduty.com/docs/webhooks/v3-overview/."""

from datetime import datetime
from typing import Any

from integrations.intake.source import (
    Headers,
    IncomingAlert,
    Part,
    Source,
    as_model,
    hash_of,
    json_of,
    link_or_none,
    must_be_signed,
    on_one_line,
    summary_of,
    times_of,
)
from models.errors import BadInputError
from models.report import Report
from models.vocabulary import Level

ENDED = frozenset({"incident.resolved"})
_PRIORITIES = {"P1": Level.VERY_HIGH, "P2": Level.HIGH, "P3": Level.MEDIUM, "P4": Level.LOW, "P5": Level.LOW}
_URGENCIES = {"high": Level.HIGH, "low": Level.LOW}


class _Named(Part):
    summary: str | None = None


class _Data(Part):
    id: str | None = None
    type: str = ""
    html_url: str | None = None
    title: str | None = None
    status: str | None = None
    created_at: str | None = None
    service: _Named = _Named()
    priority: _Named = _Named()
    urgency: str | None = None


class _Event(Part):
    id: str | None = None
    event_type: str
    resource_type: str = ""
    occurred_at: str | None = None
    data: _Data


class _Message(Part):
    event: _Event


def read(body: bytes, headers: Headers) -> list[IncomingAlert]:  # noqa: ARG001 - every source is read so
    """The alert of one webhook; nothing for what is no incident, such as a test ping."""
    message: Any = json_of(body, "pagerduty")
    if isinstance(message, dict) and "messages" in message:
        raise BadInputError("pagerduty: a webhook of version 2, which PagerDuty has ended; make one of version 3")
    event = as_model(_Message, message, "pagerduty").event
    data = event.data
    if event.resource_type != "incident" or data.type != "incident" or data.id is None:
        return []
    first = data.created_at or (event.occurred_at if event.event_type == "incident.triggered" else None)
    return [
        IncomingAlert(
            source="pagerduty",
            event=event.id or hash_of(body),
            about=data.id,
            report=Report(title=on_one_line(data.title), times=times_of(detected_at=first)),
            level=_PRIORITIES.get(data.priority.summary or "", _URGENCIES.get(data.urgency or "")),
            summary=summary_of(data.service.summary, event.event_type),
            link=link_or_none(data.html_url),
            resolved=event.event_type in ENDED or data.status == "resolved",
        )
    ]


def check(body: bytes, headers: Headers, secret: bytes, now: datetime) -> None:  # noqa: ARG001 - PagerDuty signs no time
    """By `X-PagerDuty-Signature`: one or more `v1=` HMAC-SHA256, one for each secret while secrets are changed."""
    must_be_signed(body, secret, headers.get("x-pagerduty-signature", ""), prefix="v1=")


SOURCE = Source("pagerduty", "PagerDuty webhook v3", read, check)
