"""MISP events, as exported or as its REST interface gives them: https://www.misp-standard.org/rfc/misp-standard-core.html."""

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from integrations.imported import MIDNIGHT_WARNING, start_of
from integrations.intake.source import (
    Headers,
    IncomingAlert,
    Part,
    Source,
    as_model,
    json_of,
    on_one_line,
    summary_of,
)
from models.errors import BadInputError
from models.report import Report, Times
from models.vocabulary import Level

_LEVELS = {"1": Level.HIGH, "2": Level.MEDIUM, "3": Level.LOW}


class _Tag(Part):
    name: str = ""


class _Event(Part):
    uuid: str
    info: str = ""
    threat_level_id: str = "4"
    day: Annotated[date | None, BeforeValidator(lambda value: value or None)] = Field(None, alias="date")
    timestamp: str = ""
    tags: list[_Tag] = Field([], alias="Tag")


def read(body: bytes, headers: Headers) -> list[IncomingAlert]:  # noqa: ARG001 - every source is read so
    """An alert for each event."""
    message: Any = json_of(body, "misp")
    many = message.get("response") if isinstance(message, dict) and "response" in message else message
    return [_alert(as_model(_Event, _unwrapped(each), "misp")) for each in (many if isinstance(many, list) else [many])]


def _unwrapped(value: Any) -> Any:  # Any: plain JSON
    if isinstance(value, dict) and "Event" not in value and "uuid" not in value:
        raise BadInputError("misp: no event in it; send events as MISP exports them, not attributes or a feed's list")
    return value["Event"] if isinstance(value, dict) and "Event" in value else value


def _alert(event: _Event) -> IncomingAlert:
    return IncomingAlert(
        source="misp",
        event=f"{event.uuid}:{event.timestamp}",
        about=event.uuid,
        report=Report(
            title=on_one_line(event.info), times=Times(detected_at=start_of(event.day) if event.day else None)
        ),
        level=_LEVELS.get(event.threat_level_id),
        summary=summary_of(", ".join(tag.name for tag in event.tags)),
        warnings=(MIDNIGHT_WARNING.format(field="times.detected_at"),) if event.day else (),
    )


SOURCE = Source("misp", "MISP event", read)
