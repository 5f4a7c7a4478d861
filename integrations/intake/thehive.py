"""TheHive alerts: as its webhook sends them (under `object`), or as its API gives them.

Source: https://docs.strangebee.com/thehive/
"""

from typing import Any

from pydantic import AliasChoices, Field

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
from models.report import Report
from models.vocabulary import Level

_LEVELS = {1: Level.LOW, 2: Level.MEDIUM, 3: Level.HIGH, 4: Level.VERY_HIGH}


class _Alert(Part):
    id: str = Field(validation_alias=AliasChoices("_id", "id"))  # the second in version 3
    title: str | None = None
    description: str | None = None
    severity: int = 0
    date: int | str | None = None
    source: str = ""
    source_ref: str = Field("", alias="sourceRef")
    external_link: str | None = Field(None, alias="externalLink")
    updated_at: int | None = Field(None, alias="_updatedAt")
    stage: str = ""
    status: str = ""


class _Message(Part):
    operation: str = ""
    object_type: str = Field("", alias="objectType")
    object: Any = None  # Any: a case or an alert


def read(body: bytes, headers: Headers) -> list[IncomingAlert]:  # noqa: ARG001 - every source is read so
    """An alert for each alert; nothing for a webhook about anything else."""
    message: Any = json_of(body, "thehive")
    if isinstance(message, dict) and "objectType" in message:
        wrapped = as_model(_Message, message, "thehive")
        if wrapped.object_type.lower() != "alert" or wrapped.operation.lower() == "delete":
            return []
        return [_alert(as_model(_Alert, wrapped.object, "thehive"))]
    return [_alert(as_model(_Alert, each, "thehive")) for each in (message if isinstance(message, list) else [message])]


def _alert(alert: _Alert) -> IncomingAlert:
    return IncomingAlert(
        source="thehive",
        event=f"{alert.id}:{alert.updated_at or ''}",
        about=f"{alert.source}:{alert.source_ref}" if alert.source_ref else alert.id,
        report=Report(title=on_one_line(alert.title), times=times_of(detected_at=alert.date)),
        level=_LEVELS.get(alert.severity),
        summary=summary_of(alert.description),
        link=link_or_none(alert.external_link),
        resolved="closed" in (alert.stage.lower(), alert.status.lower()) or alert.status == "Ignored",
    )


SOURCE = Source("thehive", "TheHive alert", read)
