"""What every way out has in common: it sends a message, or its error says whether trying again can help."""

from typing import Literal, Protocol

from models.message import Message, Taken

Settlement = Literal["idempotency_key", "same_identity", "lookup"]
"""How an uncertain delivery is settled: the other side honours our key; or it is sent again under the same identity,
so that a second copy is recognisable as one; or the channel is asked with `was_taken`."""


class Channel(Protocol):
    """One way to reach a recipient."""

    @property
    def name(self) -> str:
        """What the channel is called on delivery rows."""

    @property
    def settles(self) -> Settlement:
        """The rule for a delivery that may or may not have been taken."""

    @property
    def attaches(self) -> bool:
        """Whether it carries a message's attachments."""

    def send(self, message: Message) -> Taken:
        """Hand the message over.

        Raises `TemporaryDeliveryError`, `RefusedDeliveryError` or `UncertainDeliveryError`.
        """

    def was_taken(self, message: Message) -> Taken | bool | None:
        """Whether the other side holds the message, or its receipt; None where it cannot be asked or cannot tell.

        Raises `TemporaryDeliveryError` where it could be asked, but not just now.
        """
