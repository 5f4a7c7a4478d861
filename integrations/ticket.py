"""What every ticket system has in common: it opens a ticket once for a key, says how it stands, and closes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from integrations.channel import Channel

Progress = Literal["open", "done", "dropped"]
"""Whether a ticket is being worked on, was done, or was closed without having been done."""


@dataclass(frozen=True)
class TicketNow:
    """How a ticket stands: `mark` is what was put on it for our key, `status` is in its system's own words."""

    reference: str
    progress: Progress
    status: str
    marks: tuple[str, ...] = ()
    closed_by: str | None = None
    closed_by_email: str | None = None
    closed_at: datetime | None = None


class TicketSystem(Channel, Protocol):
    """A channel whose messages open tickets, or close them where `about` says `act: close` and names the `ticket`."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def place(self) -> str:
        """Where in it tickets are made: a project, a table."""

    def mark(self, key: str) -> str:
        """What is put on the ticket of this key, by which it is found."""

    def link(self, reference: str) -> str:
        """Where people read the ticket."""

    def look(self, reference: str) -> TicketNow:
        """How one ticket stands, with who closed it; raises `NotThereError`, or another `DeliveryError`."""

    def changed(self, within: timedelta | None) -> Sequence[TicketNow]:
        """Our tickets that changed in the last so long, or all; raises `DeliveryError`."""

    def checked(self) -> str:
        """A line that says that tickets can be made there; raises `DeliveryError` that says what is wrong."""
