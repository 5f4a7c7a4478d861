"""Every error says what happened and what to do next; its type says whether trying again can help."""

from datetime import timedelta


class TocsinError(Exception):
    """Root of everything the product raises on purpose. The message is one line fit for a person."""


class BadInputError(TocsinError):
    """What came in from outside cannot be used; nothing was stored. The command exits with 2."""


class NotAllowedError(TocsinError):
    """The act is understood and refused: a signature is missing, a role does not fit, a check failed."""


class TooLargeError(TocsinError):
    """What somebody sends is larger than there is room for."""


class TooManyTriesError(NotAllowedError):
    """Too many tries failed from one place; a later one may succeed."""


class UnknownNameError(BadInputError):
    """What was named does not exist: an incident, a notice, a step, a duty."""


class OvertakenError(NotAllowedError):
    """It is not any more as whoever asks has seen it: somebody else was first, or the text has changed. Read it again."""


class StoreUnavailableError(TocsinError):
    """The database cannot be read or written just now: locked, read-only, full or unreachable."""


class LedgerAlteredError(TocsinError):
    """A ledger entry does not follow from the one before it: the record was altered."""


class LeaseHeldError(TocsinError):
    """Another run carries this incident at the moment."""


class HaltedError(TocsinError):
    """A run of this incident was cancelled, and nobody has said since that it goes on."""


class DeliveryError(TocsinError):
    """A message did not, or may not, have reached the other side."""


class TemporaryDeliveryError(DeliveryError):
    """The other side may accept the message later; `retry_after` is its own wish, if it named one."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RefusedDeliveryError(DeliveryError):
    """The other side will not take this message as it is; correct it and send again."""


class UncertainDeliveryError(DeliveryError):
    """The message may or may not have been taken, such as a connection lost after SMTP DATA."""
