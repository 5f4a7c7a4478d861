"""GitHub secret scanning: the webhook events `secret_scanning_alert` and `secret_scanning_alert_location`.

Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads#secret_scanning_alert
"""

from datetime import datetime
from urllib.parse import parse_qs

from integrations.intake.source import (
    Headers,
    IncomingAlert,
    Part,
    Source,
    hash_of,
    link_or_none,
    must_be_signed,
    on_one_line,
    parsed,
    summary_of,
    times_of,
)
from models.report import Report
from models.vocabulary import Circumstance, Effect, Kind, Level

ENDED = frozenset({"resolved"})


class _Alert(Part):
    number: int
    secret_type: str
    secret_type_display_name: str | None = None
    html_url: str | None = None
    created_at: str | None = None
    publicly_leaked: bool | None = None
    resolution: str | None = None


class _Repository(Part):
    full_name: str
    html_url: str | None = None
    private: bool | None = None


class _Message(Part):
    action: str
    alert: _Alert
    repository: _Repository


class _AnyEvent(Part):
    alert: object = None


def read(body: bytes, headers: Headers) -> list[IncomingAlert]:
    """The alert of one webhook; nothing for other events of GitHub, such as its own ping."""
    body = _payload(body)
    alert = parsed(_AnyEvent, body, "github").alert
    if not isinstance(alert, dict) or "secret_type" not in alert:
        return []
    message = parsed(_Message, body, "github")
    public = bool(message.alert.publicly_leaked) or message.repository.private is False
    kind = message.alert.secret_type_display_name or message.alert.secret_type
    return [
        IncomingAlert(
            source="github",
            event=headers.get("x-github-delivery") or hash_of(body),
            about=f"{message.repository.full_name}#{message.alert.number}",
            report=Report(
                title=on_one_line(f"Secret in {message.repository.full_name}: {kind}"),
                kind=Kind.UNAUTHORISED_PUBLICATION if public else None,
                effects=[Effect.CONFIDENTIALITY],
                times=times_of(detected_at=message.alert.created_at),
                circumstances=[Circumstance.PUBLICLY_EXPOSED] if public else [],
            ),
            level=Level.VERY_HIGH if public else Level.HIGH,
            summary=summary_of(f"Secret scanning alert {message.alert.number}, {message.action}"),
            link=link_or_none(message.alert.html_url or message.repository.html_url),
            resolved=message.action in ENDED or message.alert.resolution is not None,
            warnings=("say which data the secret opens: the alert names only its kind",),
        )
    ]


def _payload(body: bytes) -> bytes:
    """The JSON, also of a webhook that was left at sending a form."""
    form = parse_qs(body) if body.startswith(b"payload=") else {}
    return form.get(b"payload", [body])[0]


def check(body: bytes, headers: Headers, secret: bytes, now: datetime) -> None:  # noqa: ARG001 - GitHub signs no time
    """By `X-Hub-Signature-256`."""
    must_be_signed(body, secret, headers.get("x-hub-signature-256", ""), prefix="sha256=")


SOURCE = Source("github", "GitHub secret scanning", read, check)
