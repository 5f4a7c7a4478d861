"""Slack's own published vector, see `data/slack_signing_vectors.json`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.intake.source import ForgedError
from integrations.slack_signature import must_be_slacks

VECTOR = json.loads((Path(__file__).parent / "data" / "slack_signing_vectors.json").read_text())
BODY = VECTOR["body"].encode()
SENT = datetime.fromtimestamp(int(VECTOR["timestamp"]), UTC)
HEADERS = {"X-Slack-Request-Timestamp": VECTOR["timestamp"], "X-Slack-Signature": VECTOR["valid_signature"]}


def check(body: bytes = BODY, now: datetime = SENT, secret: str = VECTOR["signing_secret"], **headers: str) -> str:
    return must_be_slacks(
        body, HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}, secret, now
    )


def test_the_official_vector_is_accepted() -> None:
    assert check() == VECTOR["valid_signature"]
    assert check(now=SENT + timedelta(minutes=5)) == VECTOR["valid_signature"]


@pytest.mark.parametrize("minutes", [-5.1, 5.1, 60 * 24 * 365])
def test_a_stale_request_is_refused(minutes: float) -> None:
    with pytest.raises(ForgedError):
        check(now=SENT + timedelta(minutes=minutes))


@pytest.mark.parametrize("timestamp", ["", "soon", "1531420618.5", "1531420619", "9" * 400])
def test_a_request_with_another_timestamp_is_refused(timestamp: str) -> None:
    with pytest.raises(ForgedError):
        check(X_Slack_Request_Timestamp=timestamp)


@pytest.mark.parametrize("body", [BODY + b"------", b"", b"\xff\xfe"])
def test_an_altered_body_is_refused(body: bytes) -> None:
    with pytest.raises(ForgedError):
        check(body)


def test_another_secret_or_no_signature_is_refused() -> None:
    with pytest.raises(ForgedError):
        check(secret="another")
    with pytest.raises(ForgedError):
        check(X_Slack_Signature="v0=")
    with pytest.raises(ForgedError):
        must_be_slacks(BODY, {}, VECTOR["signing_secret"], SENT)
    with pytest.raises(ForgedError):
        check(secret=" ")
