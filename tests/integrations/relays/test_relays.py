import base64
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from integrations.intake.source import ForgedError
from integrations.relays.relay import events_in, known_relays, read_relay
from models.errors import BadInputError

DATA = Path(__file__).parents[1] / "data" / "relays"
KEY = "INC-2026-0001.0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SECRET = b"a secret of thirty-two characters"
RELAYS = known_relays()
CASES = [(file.stem, case) for file in sorted(DATA.glob("*.json")) for case in json.loads(file.read_bytes())]


def test_each_relay_has_samples() -> None:
    assert {name for name, _ in CASES} == set(RELAYS)


@pytest.mark.parametrize(("name", "case"), CASES, ids=lambda part: part if isinstance(part, str) else "")
def test_what_a_relay_tells_is_reduced_to_key_word_and_code(name: str, case: dict[str, Any]) -> None:
    [event] = RELAYS[name].read(json.dumps(case["message"]).encode()).events

    assert [event.said, event.status] == case["says"]
    assert event.keys == (KEY,)


@pytest.mark.parametrize(("name", "case"), CASES, ids=lambda part: part if isinstance(part, str) else "")
@pytest.mark.parametrize("value", [None, "\u202e\u0000", 1e400, [], {}, [{}], True, "<" * 99], ids=repr)
def test_a_message_with_anything_anywhere_is_read_or_refused_in_one_line(
    name: str, case: dict[str, Any], value: object
) -> None:
    for message in altered(case["message"], value):
        assert "\n" not in refusal_of(name, json.dumps(message).encode())


def refusal_of(name: str, body: bytes) -> str:
    """Why a message is not read, or nothing where it is."""
    try:
        RELAYS[name].read(body)
    except BadInputError as error:
        return str(error)
    return ""


def altered(part: Any, value: object) -> Iterator[Any]:
    """Copies of plain JSON, in each of which one value is another."""
    yield value
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for place, one in inner:
        for other in altered(one, value):
            copy = dict(part) if isinstance(part, dict) else list(part)
            copy[place] = other
            yield copy


def test_mailgun_signs_a_time_and_a_token() -> None:
    message = next(case["message"] for name, case in CASES if name == "mailgun")
    parts = message["signature"]
    signed = hmac.new(SECRET, f"{parts['timestamp']}{parts['token']}".encode(), "sha256").hexdigest()
    body = json.dumps({**message, "signature": {**parts, "signature": signed}}).encode()

    RELAYS["mailgun"].check(body, {}, SECRET, NOW)
    for forged in (json.dumps(message).encode(), b"{}", b"[]"):
        with pytest.raises(ForgedError, match="does not fit"):
            RELAYS["mailgun"].check(forged, {}, SECRET, NOW)


def test_sendgrid_signs_time_and_body_with_its_key() -> None:
    key, body, time = generate_private_key(SECP256R1()), b'[{"event": "delivered"}]', "1796288400"
    public = base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    prefix = "x-twilio-email-event-webhook-"
    signature = base64.b64encode(key.sign(time.encode() + body, ECDSA(SHA256()))).decode()
    headers = {f"{prefix}signature": signature, f"{prefix}timestamp": time}

    RELAYS["sendgrid"].check(body, headers, public, NOW)
    for wrong in (headers | {f"{prefix}timestamp": "1"}, headers | {f"{prefix}signature": "?"}, {}):
        with pytest.raises(ForgedError):
            RELAYS["sendgrid"].check(body, wrong, public, NOW)
    with pytest.raises(BadInputError, match="no public key"):
        RELAYS["sendgrid"].check(body, headers, b"not a key", NOW)


def test_an_address_alone_can_bear_the_token() -> None:
    shown = base64.b64encode(b"sns:" + SECRET).decode()

    RELAYS["ses"].check(b"{}", {"authorization": f"Basic {shown}"}, SECRET, NOW)
    for wrong in ("Basic ?", f"Basic {base64.b64encode(b'sns:no').decode()}", "Basic /w==", ""):
        with pytest.raises(ForgedError):
            RELAYS["ses"].check(b"{}", {"authorization": wrong}, SECRET, NOW)


def test_another_relay_needs_a_mapping_file_and_no_code(tmp_path: Path) -> None:
    file = tmp_path / "ours.yaml"
    file.write_text(
        "events: batch\nevent: {at: kind, words: {gone: bounced}}\nmessage_id: id\nstatus: code\n"
        "signature: {header: X-Signature, prefix: 'sha256='}\n"
    )
    relay, body = (
        read_relay("ours", file),
        json.dumps({"batch": [{"kind": "gone", "id": f"<{KEY}@x.example>"}]}).encode(),
    )
    signature = "sha256=" + hmac.new(SECRET, body, "sha256").hexdigest()

    relay.check(body, {"x-signature": signature}, SECRET, NOW)
    [event] = relay.read(body).events
    assert (event.said, event.keys) == ("bounced", (KEY,))
    file.write_text("event: {at: kind, words: {gone: lost}}\n")
    with pytest.raises(BadInputError, match=r"ours\.yaml:1: .*lost"):
        read_relay("ours", file)


def test_a_line_that_is_no_event_is_named(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"event": "delivered", "key": "k"}\n\nno\n')

    with pytest.raises(BadInputError, match=r"events\.jsonl:3: tocsin: not JSON"):
        list(events_in(RELAYS["tocsin"], file))
