"""Microsoft Defender incidents and alerts, in the JSON of Microsoft Graph; one object, or a list under `value`.

Source: https://learn.microsoft.com/en-us/graph/api/resources/security-incident
"""

from typing import Any

from pydantic import Field

from integrations.intake.source import (
    Headers,
    IncomingAlert,
    Part,
    Source,
    as_model,
    json_of,
    link_or_none,
    on_one_line,
    summary_of,
    times_of,
)
from models.errors import BadInputError
from models.report import Report
from models.vocabulary import Kind, Level

ENDED = frozenset({"resolved", "redirected"})
_LEVELS = {"high": Level.HIGH, "medium": Level.MEDIUM, "low": Level.LOW, "informational": Level.LOW}
_KINDS = {
    "phishing": Kind.SOCIAL_ENGINEERING,
    "compromisedaccount": Kind.CREDENTIAL_ATTACK,
    "compromiseduser": Kind.CREDENTIAL_ATTACK,
    "malicioususeractivity": Kind.INSIDER_MISUSE,
}


class _Incident(Part):
    id: str
    display_name: str | None = Field(None, alias="displayName")
    title: str | None = None
    description: str | None = None
    web: str | None = Field(None, alias="incidentWebUrl")
    alert_web: str | None = Field(None, alias="alertWebUrl")
    redirected_to: str | None = Field(None, alias="redirectIncidentId")
    part_of: str | None = Field(None, alias="incidentId")
    severity: str = ""
    status: str = ""
    classification: str | None = None
    determination: str | None = None
    created: str | None = Field(None, alias="createdDateTime")
    updated: str | None = Field(None, alias="lastUpdateDateTime")
    first_activity: str | None = Field(None, alias="firstActivityDateTime")


def read(body: bytes, headers: Headers) -> list[IncomingAlert]:  # noqa: ARG001 - every source is read so
    """An alert for each incident; alerts of one incident are about the same."""
    message: Any = json_of(body, "defender")
    many = message.get("value") if isinstance(message, dict) else message
    each_of = many if isinstance(many, list) else [message]
    if any(isinstance(each, dict) and "resourceData" in each for each in each_of):
        raise BadInputError(
            "defender: a change notification, which names an alert and does not hold it; send the alert"
        )
    return [_alert(as_model(_Incident, each, "defender")) for each in each_of]


def _alert(incident: _Incident) -> IncomingAlert:
    harmless = (incident.classification or "").lower() in ("falsepositive", "informationalexpectedactivity")
    return IncomingAlert(
        source="defender",
        event=f"{incident.id}:{incident.updated or ''}",
        about=incident.redirected_to or incident.part_of or incident.id,
        report=Report(
            title=on_one_line(incident.display_name, incident.title),
            kind=_KINDS.get((incident.determination or "").lower()),
            times=times_of(occurred_from=incident.first_activity, detected_at=incident.created),
        ),
        level=_LEVELS.get(incident.severity.lower()),
        summary=summary_of(incident.description, incident.classification, incident.determination),
        link=link_or_none(incident.web or incident.alert_web),
        resolved=harmless or incident.status.lower() in ENDED,
    )


SOURCE = Source("defender", "Microsoft Defender", read)
