"""What became of one message of a bulk sending: codes and our own words only, since an answer may name the recipient."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from models.errors import DeliveryError, RefusedDeliveryError, TemporaryDeliveryError

State = Literal["sent", "delayed", "refused", "uncertain"]
_ENHANCED = re.compile(rb"([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True)
class Outcome:
    """`delayed`: it was not taken and may be later; `uncertain`: it may have been taken."""

    state: State
    answer: str
    retry_after: timedelta | None = None


def code_of(code: int, said: bytes) -> str:
    """An SMTP answer as its two codes, such as `550 5.1.1`."""
    enhanced = _ENHANCED.match(said.strip())
    return f"{code} {enhanced[0].decode()}" if enhanced else str(code)


def outcome_of(error: DeliveryError, answer: str) -> Outcome:
    """What an error of a channel says of the message; `answer` is what may be kept of it."""
    if isinstance(error, TemporaryDeliveryError):
        return Outcome("delayed", answer, error.retry_after)
    return Outcome("refused" if isinstance(error, RefusedDeliveryError) else "uncertain", answer)
