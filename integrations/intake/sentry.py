"""Sentry's integration webhooks: issues, issue alerts and metric alerts.

Source: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from integrations.intake.source import (
    Headers,
    IncomingAlert,
    Part,
    Source,
    hash_of,
    link_or_none,
    must_be_fresh,
    must_be_signed,
    on_one_line,
    parsed,
    summary_of,
    times_of,
)
from models.report import Report
from models.vocabulary import Level

_LEVELS = {
    "fatal": Level.VERY_HIGH,
    "critical": Level.VERY_HIGH,
    "error": Level.HIGH,
    "warning": Level.MEDIUM,
    "info": Level.LOW,
    "debug": Level.LOW,
}


class _Message(Part):
    action: str
    data: dict[str, Any]  # Any: a shape for each resource


def read(body: bytes, headers: Headers) -> list[IncomingAlert]:
    """The alert of one webhook; nothing for what is no alert, such as an installation or a comment."""
    message = parsed(_Message, body, "sentry")
    found = next(
        (_mapping(message.data.get(name)) for name in ("event", "issue", "metric_alert") if name in message.data), {}
    )
    about = next((found[name] for name in ("issue_id", "id", "event_id") if _names(found.get(name))), None)
    if about is None:
        return []
    event = headers.get("request-id") or hash_of(body)
    level = str(found.get("level") or message.action).lower()
    return [
        IncomingAlert(
            source="sentry",
            event=event,
            about=str(about),
            report=Report(
                title=on_one_line(
                    *(_text(part) for part in (found.get("title"), message.data.get("description_title")))
                ),
                times=times_of(
                    detected_at=found.get("datetime") or found.get("firstSeen") or found.get("date_detected")
                ),
            ),
            level=_LEVELS.get(level),
            summary=summary_of(_text(message.data.get("triggered_rule")), _text(found.get("culprit"))),
            link=link_or_none(_text(found.get("web_url") or found.get("permalink") or message.data.get("web_url"))),
            resolved=message.action == "resolved",
        )
    ]


def check(body: bytes, headers: Headers, secret: bytes, now: datetime) -> None:
    """By `Sentry-Hook-Signature`, and by `Sentry-Hook-Timestamp` against replays."""
    must_be_signed(body, secret, headers.get("sentry-hook-signature", ""))
    must_be_fresh(headers.get("sentry-hook-timestamp"), now)


def _mapping(value: object) -> Mapping[str, Any]:  # Any: as above
    return value if isinstance(value, dict) else {}


def _names(value: object) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


SOURCE = Source("sentry", "Sentry", read, check)
