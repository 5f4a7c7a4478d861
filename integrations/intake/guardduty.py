"""Amazon GuardDuty findings: from EventBridge (one in `detail`), or as `GetFindings` gives them.

EventBridge sends no signature; its API destinations send a token that we check, and SNS the password of its endpoint's
address.
Source: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-format.html
"""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from integrations.intake.source import (
    Headers,
    IncomingAlert,
    Part,
    Source,
    as_model,
    json_of,
    on_one_line,
    summary_of,
    times_of,
)
from models.errors import BadInputError
from models.report import Report
from models.vocabulary import Effect, Kind, Level

# How a finding's type begins.
_KINDS = {
    "CredentialAccess:": Kind.CREDENTIAL_ATTACK,
    "Exfiltration:": Kind.EXFILTRATION,
    "Policy:S3/BucketAnonymousAccessGranted": Kind.MISCONFIGURATION,
    "Policy:S3/BucketPublicAccessGranted": Kind.MISCONFIGURATION,
    "UnauthorizedAccess:IAMUser/": Kind.CREDENTIAL_ATTACK,
}

CARRIERS = ("Records", "Sns", "Message", "body")
MOST_CARRIERS = 8  # within each other


class _Details(Part):
    event_first_seen: str | None = Field(None, alias="eventFirstSeen")
    event_last_seen: str | None = Field(None, alias="eventLastSeen")
    archived: bool = False


class _Finding(Part):
    id: str
    type: str
    title: str | None = None
    description: str | None = None
    severity: float = Field(allow_inf_nan=False)
    created_at: str | None = Field(None, alias="createdAt")
    updated_at: str | None = Field(None, alias="updatedAt")
    account_id: str | None = Field(None, alias="accountId")
    region: str | None = None
    service: _Details = _Details.model_validate({})


def read(body: bytes, headers: Headers) -> list[IncomingAlert]:  # noqa: ARG001 - every source is read so
    """An alert for each finding."""
    return [_alert(as_model(_Finding, each, "guardduty")) for each in _findings(json_of(body, "guardduty"))]


def _findings(message: Any, depth: int = 0) -> Sequence[Any]:  # Any: plain JSON
    """The findings, out of what carries them, with names as EventBridge writes them: `GetFindings` begins each with a capital."""
    if isinstance(message, list) and message and depth < MOST_CARRIERS:
        return [finding for each in message for finding in _findings(each, depth + 1)]
    if isinstance(message, dict) and isinstance(message.get("detail"), dict):
        return [message["detail"]]
    if isinstance(message, dict) and isinstance(message.get("Findings"), list):
        return [_in_small(each) for each in message["Findings"]]
    if isinstance(message, dict) and {"id", "type", "severity"} <= {name.lower() for name in message}:
        return [_in_small(message)]
    return _carried(message if isinstance(message, dict) and depth < MOST_CARRIERS else {}, depth)


def _carried(message: dict[str, Any], depth: int) -> Sequence[Any]:  # Any: plain JSON
    """What SNS, SQS and Lambda carry, often as text."""
    if "SubscribeURL" in message:
        raise BadInputError("guardduty: SNS asks to confirm the subscription; open its SubscribeURL yourself")
    inner = next((message[name] for name in CARRIERS if message.get(name)), None)
    if inner is None:
        raise BadInputError("guardduty: neither an event with a `detail` nor `Findings`; send GuardDuty's own JSON")
    within = json_of(inner.encode("utf-8", "replace"), "guardduty") if isinstance(inner, str) else inner
    return _findings(within, depth + 1)


def _in_small(value: Any, depth: int = 2) -> Any:  # Any: plain JSON
    """The names of a finding and of its parts; deeper ones are not read."""
    if isinstance(value, dict) and depth:
        return {name[:1].lower() + name[1:]: _in_small(inner, depth - 1) for name, inner in value.items()}
    return value


def _alert(finding: _Finding) -> IncomingAlert:
    sample = (finding.title or "").startswith("[SAMPLE]")
    return IncomingAlert(
        source="guardduty",
        event=f"{finding.id}:{finding.updated_at or ''}",
        about=finding.id,
        report=Report(
            title=on_one_line(finding.title, finding.type),
            kind=_kind(finding.type),
            effects=[Effect.CONFIDENTIALITY] if finding.type.startswith("Exfiltration:") else None,
            times=times_of(
                occurred_from=finding.service.event_first_seen,
                detected_at=finding.created_at,
            ),
        ),
        level=_level(finding.severity),
        summary=summary_of(finding.type, finding.description, f"account {finding.account_id}, {finding.region}"),
        resolved=finding.service.archived,
        warnings=("a sample finding that GuardDuty makes for trials",) if sample else (),
    )


def _kind(type_: str) -> Kind | None:
    return next((kind for begins, kind in _KINDS.items() if type_.startswith(begins)), None)


def _level(severity: float) -> Level:
    """GuardDuty's bands: critical from 9, high from 7, medium from 4."""
    bands = ((9, Level.VERY_HIGH), (7, Level.HIGH), (4, Level.MEDIUM))
    return next((level for least, level in bands if severity >= least), Level.LOW)


SOURCE = Source("guardduty", "Amazon GuardDuty", read)
