"""A monitor outside that expects to hear from us, and raises the alarm when it does not (healthchecks.io and its like)."""

from dataclasses import dataclass, field

import httpx

from integrations.exchange import post, require_https
from models.errors import RefusedDeliveryError


@dataclass(frozen=True)
class Heartbeat:
    """One address that takes a POST with nothing in it; `timeout` is in seconds for each wait."""

    http: httpx.Client = field(repr=False)
    url: str = field(repr=False)
    timeout: float = 5.0

    def __post_init__(self) -> None:
        """Check the address, or raise `BadInputError`."""
        require_https(self.url)

    def beat(self) -> None:
        """Say that we live; no redirect is followed. Raises a `DeliveryError` when it was not taken."""
        answer = post(self.http, self.url, b"", {}, self.timeout)
        if not 200 <= answer.status < 300:
            raise RefusedDeliveryError(f"{answer.host} answered {answer.status} to the heartbeat; check the address")
