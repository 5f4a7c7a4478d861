"""Any other tool's JSON, read by a mapping file that says in JMESPath where each thing stands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from integrations.intake.source import (
    Headers,
    IncomingAlert,
    Source,
    hash_of,
    json_of,
    link_or_none,
    moment_or_none,
    must_be_fresh,
    must_be_signed,
    on_one_line,
    summary_of,
)
from models.document import Document, explained, read_document, validated
from models.errors import BadInputError
from models.report import Report
from models.vocabulary import Level


def _expression(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError as error:
        raise ValueError(f"{text!r} is not a JMESPath expression ({' '.join(str(error).split())[:120]})") from error
    return text


Expression = Annotated[str, AfterValidator(_expression)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Found(_Strict):
    """Where a value stands, and which of our words each of the sender's stands for."""

    at: Expression
    words: dict[str, str | int | bool | None] = {}


class Fixed(_Strict):
    """A value that every alert of this sender has."""

    value: Any  # Any: whatever that field of a report takes


class SignedBy(_Strict):
    """How the sender signs: HMAC of the body in hex in a header, and, where it sends one, a time that must be fresh."""

    header: str
    prefix: str = ""
    algorithm: Literal["sha256", "sha512"] = "sha256"
    time_header: str | None = None


class MappingFile(_Strict):
    """Where in a sender's JSON each thing of an alert stands; `report` is by field of a report, such as `times.detected_at`."""

    title: Expression
    alerts: Expression | None = None  # the list of alerts in one message; without it the message is one
    event: Expression | None = None
    about: Expression
    level: Expression | Found | None = None
    summary: Expression | None = None
    link: Expression | None = None
    resolved: Expression | None = None
    report: dict[str, Expression | Found | Fixed] = {}
    signature: SignedBy | None = None


def read_mapped(name: str, file: Path) -> Source:
    """The source that a mapping file describes; raises `BadInputError` with file and line."""
    mapping = validated(MappingFile, read_document(file))
    check = partial(check_signed, mapping.signature) if mapping.signature else None
    return Source(name, f"JSON by {file.name}", partial(_read, name, mapping), check)


def _read(name: str, mapping: MappingFile, body: bytes, headers: Headers) -> list[IncomingAlert]:  # noqa: ARG001
    message = json_of(body, name)
    alerts = [message] if mapping.alerts is None else found_at(mapping.alerts, message)
    if not isinstance(alerts, list):
        raise BadInputError(f"{name}: {mapping.alerts!r} finds no list of alerts; correct the mapping or the message")
    return [_alert(name, mapping, each) for each in alerts]


def _alert(name: str, mapping: MappingFile, alert: object) -> IncomingAlert:
    about = in_words(found_at(mapping.about, alert))
    if not about:
        raise BadInputError(
            f"{name}: {mapping.about!r} finds nothing, so that repeats could not be known; correct the mapping"
        )
    report, doubts = _report(name, mapping, alert)
    level = value_at(mapping.level, alert) if mapping.level else None
    return IncomingAlert(
        source=name,
        event=(mapping.event and in_words(found_at(mapping.event, alert))) or hash_of(repr(alert).encode()),
        about=about[:500],
        report=report,
        level=Level(level) if level in list(Level) else None,
        summary=summary_of(mapping.summary and in_words(found_at(mapping.summary, alert))),
        link=link_or_none(in_words(found_at(mapping.link, alert)) if mapping.link else None),
        resolved=bool(found_at(mapping.resolved, alert)) if mapping.resolved else False,
        warnings=doubts,
    )


def _report(name: str, mapping: MappingFile, alert: object) -> tuple[Report, tuple[str, ...]]:
    """The report, without the fields whose values it does not take: for each of those there is a warning."""
    body: dict[str, Any] = {
        "title": on_one_line(in_words(found_at(mapping.title, alert)))
    }  # Any: as a report is written
    doubts: list[str] = []
    for field, rule in mapping.report.items():
        value = _as_field(field, value_at(rule, alert))
        if value is None:
            continue
        candidate = _with(body, field.split("."), value)
        try:
            Report.model_validate(candidate)
            body = candidate
        except ValidationError as error:
            doubts.append(f"{field} was left out: {explained(error.errors()[0], Report)}")
    return validated(Report, Document(body, name, {})), tuple(doubts)


def _as_field(field: str, value: Any) -> Any:  # Any: plain JSON
    if not field.startswith("times."):
        return value
    moment = moment_or_none(value)
    return moment.isoformat() if moment else value


def _with(body: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:  # Any: plain JSON
    first, *rest = path
    return {**body, first: _with(body.get(first, {}), rest, value) if rest else value}


def value_at(rule: str | Found | Fixed, alert: object) -> Any:  # Any: plain JSON
    """What a rule of a mapping file finds in a message, in our words where it gives them."""
    if isinstance(rule, Fixed):
        return rule.value
    if isinstance(rule, Found):
        found = found_at(rule.at, alert)
        return rule.words.get(in_words(found), None if rule.words else found)
    return found_at(rule, alert)


def found_at(expression: str, alert: object) -> Any:  # Any: plain JSON
    """What stands at a place of a message, or None."""
    try:
        return jmespath.search(expression, alert)
    except JMESPathError:  # such as a function that is given a kind of value it cannot take
        return None


def in_words(value: object) -> str:
    """A value as text; a list becomes its parts with a slash between."""
    if isinstance(value, list):
        return "/".join(in_words(each) for each in value)
    return "" if value is None else str(value)


def check_signed(signed: SignedBy, body: bytes, headers: Headers, secret: bytes, now: datetime) -> None:
    """Refuse a message that is not signed as the mapping file says; raises `ForgedError`."""
    given = headers.get(signed.header.lower(), "")
    must_be_signed(body, secret, given, prefix=signed.prefix, digest=signed.algorithm)
    if signed.time_header:
        must_be_fresh(headers.get(signed.time_header.lower()), now)
