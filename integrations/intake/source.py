"""What every way in gives: alerts of somebody else's tool, each as the report that it would make."""

import base64
import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from models.document import Document, validated
from models.errors import BadInputError, NotAllowedError
from models.report import Moment, Report, Times
from models.vocabulary import Level

LONGEST_TITLE = 300
LONGEST_SUMMARY = 2_000
LONGEST_IDENTITY = 500
LARGEST_ALERT_BYTES = 5_000_000
LONGEST_ON_ITS_WAY = timedelta(minutes=5)  # for senders who sign a time

Headers = Mapping[str, str]  # with names in lower case
Model = TypeVar("Model", bound=BaseModel)

_MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
_FINER_THAN_MICROSECONDS = re.compile(r"(\.\d{6})\d+")
_EPOCH_IN_SECONDS_UP_TO = 100_000_000_000


class ForgedError(NotAllowedError):
    """A message that does not carry the sender's signature or token, or carries an old one."""


@dataclass(frozen=True)
class IncomingAlert:
    """One alert: `event` tells one message from the next, and what repeats the same thing shares `about`.

    What the alert does not say stays unknown in its `report`. `summary` is for the person who looks at it, and is not kept.
    """

    source: str
    event: str
    about: str
    report: Report
    level: Level | None = None
    summary: str = ""
    link: str | None = None
    resolved: bool = False
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Have identities that every database can keep: one bad alert must not hold up the others beside it."""
        object.__setattr__(self, "event", _storable(self.event))
        object.__setattr__(self, "about", _storable(self.about))


@dataclass(frozen=True)
class Source:
    """One tool: how its messages are read and, where it signs them, checked.

    `check` raises `ForgedError`; without one the sender shows a token instead.
    """

    name: str
    title: str
    read: Callable[[bytes, Headers], list[IncomingAlert]]
    check: Callable[[bytes, Headers, bytes, datetime], None] | None = None


def _storable(identity: str) -> str:
    """The identity, or its hash where it is longer than an index takes or holds what is no text."""
    plain = len(identity) <= LONGEST_IDENTITY and not any(unicodedata.category(sign)[0] == "C" for sign in identity)
    return identity if plain else "sha256:" + hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()


class Part(BaseModel):
    """A part of a message; what we have no use for is passed over, and null is as if it were not there."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:  # Any: plain JSON
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data


def parsed(model: type[Model], body: bytes, source: str) -> Model:
    """A message in JSON as a `model`; raises `BadInputError` in one line."""
    return as_model(model, json_of(body, source), source)


def json_of(body: bytes, source: str) -> Any:  # Any: plain JSON
    """What a message in JSON says; raises `BadInputError` for one that is too large or is not JSON."""
    if len(body) > LARGEST_ALERT_BYTES:
        raise BadInputError(f"{source}: {len(body)} bytes; at most {LARGEST_ALERT_BYTES} are read")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInputError(f"{source}: not JSON ({' '.join(str(error).split())[:100]})") from error


def as_model(model: type[Model], data: object, source: str) -> Model:
    """Plain data as a `model`; raises `BadInputError` in one line."""
    return validated(model, Document(data, source, {}))


def on_one_line(*candidates: str | None) -> str:
    """The first text that says something, on one line and short enough for a title."""
    for text in candidates:
        shown = " ".join("".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in text or "").split())
        if shown:
            return shown if len(shown) <= LONGEST_TITLE else shown[: LONGEST_TITLE - 4].rstrip() + " ..."
    return "Alert without a title"


def summary_of(*parts: str | None) -> str:
    """What a person reads before they decide, at most `LONGEST_SUMMARY` signs."""
    text = "\n".join(part.strip() for part in parts if part and part.strip())
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign)[0] != "C")[:LONGEST_SUMMARY]


def moment_or_none(value: object) -> datetime | None:
    """A time from a message: ISO 8601 with an offset, or seconds or milliseconds since 1970; None for anything else."""
    if isinstance(value, bool) or value in (None, ""):
        return None
    try:
        if isinstance(value, (int, float)) or (isinstance(value, str) and value.strip().isdigit()):
            number = float(value)
            seconds = number if number < _EPOCH_IN_SECONDS_UP_TO else number / 1000
            return _MOMENT.validate_python(datetime.fromtimestamp(seconds, UTC))
        return _MOMENT.validate_python(_FINER_THAN_MICROSECONDS.sub(r"\1", str(value)))
    except (ValidationError, ValueError, OverflowError, OSError):
        return None


def times_of(**values: object) -> Times:
    """The times that a message gives, without those that cannot be read."""
    found = {name: moment_or_none(value) for name, value in values.items()}
    return Times(**{name: moment for name, moment in found.items() if moment})


def link_or_none(url: str | None) -> str | None:
    """An address that a person may follow: https, or http; nothing that would run in a browser."""
    address = (url or "").strip()
    return address[:2000] if re.match(r"https?://[^\s\"'<>\x00-\x1f\x7f\ud800-\udfff]+$", address) else None


def hash_of(body: bytes) -> str:
    """A message's own identity, where its sender gives it none."""
    return hashlib.sha256(body).hexdigest()


def must_be_signed(body: bytes, secret: bytes, given: str, *, prefix: str = "", digest: str = "sha256") -> None:
    """Refuse a message of which none of the comma-separated signatures is the HMAC of the body, in hex.

    Raises `ForgedError`.
    """
    wanted = prefix + hmac.new(secret, body, digest).hexdigest()
    if not any(hmac.compare_digest(part.strip().encode(), wanted.encode()) for part in given.split(",")):
        raise ForgedError("the signature does not fit the message; check the secret on both sides")


def must_be_fresh(sent_at: object, now: datetime) -> None:
    """Refuse a message whose own time is more than five minutes from now; raises `ForgedError`."""
    moment = moment_or_none(sent_at)
    if moment is None or abs(now - moment) > LONGEST_ON_ITS_WAY:
        raise ForgedError("the message is older than five minutes, or says no time; it may be a replay")


def must_show_token(headers: Headers, secret: bytes) -> None:
    """Refuse a message that does not show the token, as `Authorization: Bearer ...` or `X-Api-Key`; raises `ForgedError`.

    A sender that can be given an address and nothing else shows it as the password there (`Authorization: Basic ...`).
    """
    given = _authorization(headers.get("authorization", "")) or headers.get("x-api-key", "")
    if not hmac.compare_digest(given.encode(), secret):
        raise ForgedError("the token is missing or wrong; send it as `Authorization: Bearer ...` or `X-Api-Key`")


def _authorization(header: str) -> str:
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return header.removeprefix("Bearer ").strip()
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except ValueError:  # neither Base64 nor text
        return ""
