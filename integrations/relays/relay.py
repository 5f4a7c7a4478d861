"""A relay's webhook: what became of messages, read by a mapping file that says in JMESPath where each thing stands.

Of each event the key of our message, what it says and its status code are kept; addresses and words are not.
"""

import base64
import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import BaseModel, ConfigDict

from integrations.intake.mapped import Expression, SignedBy, check_signed, found_at, in_words
from integrations.intake.source import ForgedError, Headers, json_of, link_or_none, must_show_token
from integrations.returned_mail import Returned, Said, said_by_event
from models.document import read_document, validated
from models.errors import BadInputError

HERE = Path(__file__).parent
MOST_EVENTS = 50_000  # in one message


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class What(_Strict):
    """Where it stands what happened, and which of our words each of the relay's is; any other says nothing to us."""

    at: Expression
    words: dict[str, Said]


class SignedInside(_Strict):
    """A signature in the message itself: HMAC-SHA256 in hex over strings of it."""

    over: Expression
    at: Expression


class SignedByKey(_Strict):
    """ECDSA over a time and the body; the secret's file holds the relay's public key (Base64 of DER)."""

    key_header: str
    time_header: str


class RelayFile(_Strict):
    """Where in a relay's JSON each thing stands."""

    unwrap: Expression | None = None  # where the message stands in an envelope, as JSON or as a string of it
    events: Expression | None = None  # the list of events; without it the message is one event, or a list of them
    event: What
    key: Expression | None = None  # what we gave with the message, see TOCSIN_SMTP_KEY_HEADER
    message_id: Expression | None = None
    status: Expression | None = None
    confirm: Expression | None = None  # an address that a person has to open once, before the relay sends anything
    signature: SignedBy | SignedInside | SignedByKey | None = None


@dataclass(frozen=True)
class Told:
    """What one message of a relay says; `confirm` is an address that a person has to open."""

    events: tuple[Returned, ...]
    confirm: str | None = None


@dataclass(frozen=True)
class Relay:
    """One relay: how its messages are read, and how it is known; `check` raises `ForgedError`."""

    name: str
    read: Callable[[bytes], Told]
    check: Callable[[bytes, Headers, bytes, datetime], None]


def read_relay(name: str, file: Path) -> Relay:
    """The relay that a mapping file describes; raises `BadInputError` with file and line."""
    mapping = validated(RelayFile, read_document(file))
    return Relay(name, partial(_read, name, mapping), partial(_check, name, mapping.signature))


@cache
def known_relays() -> Mapping[str, Relay]:
    """Those whose mapping files are ours, by name."""
    return {file.stem: read_relay(file.stem, file) for file in sorted(HERE.glob("*.yaml"))}


def _read(name: str, mapping: RelayFile, body: bytes) -> Told:
    message = _unwrapped(name, mapping, json_of(body, name))
    confirm = link_or_none(in_words(found_at(mapping.confirm, message))) if mapping.confirm else None
    events = found_at(mapping.events, message) if mapping.events else message
    listed = events if isinstance(events, list) else [events]
    if len(listed) > MOST_EVENTS:
        raise BadInputError(f"{name}: {len(listed)} events in one message; at most {MOST_EVENTS} are read")
    return Told(tuple(_event(mapping, each) for each in listed), confirm)


def _unwrapped(name: str, mapping: RelayFile, message: Any) -> Any:  # Any: plain JSON
    inner = found_at(mapping.unwrap, message) if mapping.unwrap else None
    if isinstance(inner, str) and inner.lstrip().startswith(("{", "[")):
        return json_of(inner.encode(), name)
    return inner if isinstance(inner, (dict, list)) else message


def _event(mapping: RelayFile, event: object) -> Returned:
    def at(place: str | None) -> str:
        return in_words(found_at(place, event)) if place else ""

    said = mapping.event.words.get(at(mapping.event.at), "unknown")
    return said_by_event(said, key=at(mapping.key), message_id=at(mapping.message_id), status=at(mapping.status))


def _check(
    name: str,
    signed: SignedBy | SignedInside | SignedByKey | None,
    body: bytes,
    headers: Headers,
    secret: bytes,
    now: datetime,
) -> None:
    """Refuse what is not the relay's. An event told twice changes nothing, so that one that is old is taken."""
    if isinstance(signed, SignedBy):
        check_signed(signed, body, headers, secret, now)
    elif isinstance(signed, SignedInside):
        _check_inside(name, signed, body, secret)
    elif isinstance(signed, SignedByKey):
        _check_key(signed, body, headers, secret)
    else:
        must_show_token(headers, secret)


def _check_inside(name: str, signed: SignedInside, body: bytes, secret: bytes) -> None:
    message = json_of(body, name)
    covered, given = found_at(signed.over, message), in_words(found_at(signed.at, message))
    text = "".join(map(in_words, covered)) if isinstance(covered, list) else ""
    if not text or not hmac.compare_digest(
        given.encode(), hmac.new(secret, text.encode(), "sha256").hexdigest().encode()
    ):
        raise ForgedError("the signature does not fit the message; check the secret on both sides")


def _check_key(signed: SignedByKey, body: bytes, headers: Headers, secret: bytes) -> None:
    try:
        key = load_der_public_key(base64.b64decode(secret))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadInputError(
            "the secret's file holds no public key (Base64 of DER); copy it anew from the relay"
        ) from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise BadInputError("the secret's file holds another kind of key than ECDSA; copy it anew from the relay")
    try:
        signature = base64.b64decode(headers.get(signed.key_header.lower(), ""), validate=True)
        key.verify(signature, headers.get(signed.time_header.lower(), "").encode() + body, ECDSA(SHA256()))
    except (ValueError, InvalidSignature) as error:
        raise ForgedError("the signature does not fit the message; check the public key") from error


def events_in(relay: Relay, path: Path) -> Iterator[Returned]:
    """The events of a file of JSON Lines, a message of the relay on each; raises `BadInputError` that names the line."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield from relay.read(line.encode()).events if line.strip() else ()
            except BadInputError as error:
                raise BadInputError(f"{path}:{number}: {error}") from error
