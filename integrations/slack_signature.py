"""Whether a request is Slack's: signed with the app's secret, and not older than five minutes."""

from collections.abc import Mapping
from datetime import datetime

from slack_sdk.signature import Clock, SignatureVerifier

from integrations.intake.source import ForgedError


class _At(Clock):
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> float:
        return self._now.timestamp()


def must_be_slacks(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> str:
    """The request's signature, by which a replay is known; raises `ForgedError` for a forged or stale one.

    `secret` is the app's signing secret, and never empty.
    """
    try:
        fits = SignatureVerifier(secret, _At(now)).is_valid_request(body, headers)
    except (ValueError, OverflowError) as error:
        raise ForgedError(f"the request cannot be checked ({error})") from error
    if not fits:
        raise ForgedError("the signature does not fit, or is older than five minutes; check the signing secret")
    return next(value for name, value in headers.items() if name.lower() == "x-slack-signature")
