"""Signing mail with our own DKIM key (RFC 6376), where the relay does not."""

from dataclasses import dataclass, field
from pathlib import Path

import dkim  # type: ignore[import-untyped]  # it has no types

from integrations.mail import domain_of
from models.errors import BadInputError

HEADERS = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"content-language")


@dataclass(frozen=True)
class DkimKey:
    """A private key in PEM, and the selector under which DNS has its public half."""

    selector: str
    domain: str
    pem: bytes = field(repr=False)

    def signed(self, mail: bytes) -> bytes:
        """The mail with its signature above it."""
        signature: bytes = dkim.sign(
            mail, self.selector.encode(), self.domain.encode(), self.pem, canonicalize=(b"relaxed", b"relaxed"),
            include_headers=list(HEADERS),
        )  # fmt: skip
        return signature + mail


def read_dkim_key(file: Path, selector: str, sender: str) -> DkimKey:
    """The key of a file, for the sender's domain; raises `BadInputError` for one that cannot sign."""
    try:
        key = DkimKey(selector, domain_of(sender), file.read_bytes())
        key.signed(b"From: a@example.org\r\n\r\n")
    except (OSError, ValueError, dkim.DKIMException) as error:
        raise BadInputError(f"{file}: no DKIM key in PEM that can sign; set TOCSIN_DKIM_KEY to one") from error
    return key
