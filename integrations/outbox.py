"""A folder that takes every message: what would have gone out is there to be read. The embedded default."""

import hashlib
import html
import json
import os
import tempfile
from dataclasses import dataclass
from email.headerregistry import Address, Group
from pathlib import Path
from urllib.parse import quote

from integrations.channel import Settlement
from integrations.mail import domain_of, mail_of, message_id, recipient_address, recipient_named
from models.clock import Clock, rfc3339
from models.errors import RefusedDeliveryError, TemporaryDeliveryError
from models.message import Message, Taken


@dataclass(frozen=True)
class Outbox:
    """Writes `<key>.eml`, `<key>.html` and `<key>.json` into `folder`, readable by the owner only.

    The `.json` comes last: where it stands, all three are whole.
    """

    folder: Path
    clock: Clock
    sender: str = "Tocsin <tocsin@localhost.localdomain>"
    name: str = "outbox"
    settles: Settlement = "lookup"
    attaches: bool = False

    def send(self, message: Message) -> Taken:
        """Write the message down once; the same key again writes nothing and gives the same reference.

        Raises `TemporaryDeliveryError` while the folder cannot be written, such as a full disk.
        """
        if self.was_taken(message):
            return self._taken(message, "already in the outbox")
        try:
            self._write(message)
        except OSError as error:
            raise TemporaryDeliveryError(
                f"the outbox {self.folder} cannot be written ({error.strerror}); free space or mend its permissions"
            ) from error
        return self._taken(message, "written to the outbox")

    def was_taken(self, message: Message) -> bool:
        """Whether the message stands whole in the folder."""
        return self._path(message, "json").exists()

    def _taken(self, message: Message, detail: str) -> Taken:
        return Taken(str(self._path(message, "json")), detail)

    def _path(self, message: Message, suffix: str) -> Path:
        return self.folder / f"{file_name(message.key)}.{suffix}"

    def _write(self, message: Message) -> None:
        mail, page, record = self._mail(message), _page(message), self._record(message)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_whole(self._path(message, "eml"), mail)
        _write_whole(self._path(message, "html"), page)
        _write_whole(self._path(message, "json"), record)

    def _mail(self, message: Message) -> bytes:
        return bytes(mail_of(message, self.sender, _recipient(message.to), self.clock()))

    def _record(self, message: Message) -> bytes:
        record = message.as_json() | {
            "message_id": message_id(message.key, domain_of(self.sender)),
            "written_at": rfc3339(self.clock()),
            "blocks": list(message.blocks),
        }
        return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode()


def _recipient(to: str) -> Address | Group:
    """The address, or whoever has none (a portal, a chat) by name: the folder takes every message."""
    try:
        return recipient_address(to)
    except RefusedDeliveryError:
        return recipient_named(to)


def file_name(key: str) -> str:
    """The key where it is fit for a file name on any system, else its percent-encoding, else its SHA-256."""
    name = quote(key, safe="")
    return name if len(name) <= 150 else hashlib.sha256(key.encode()).hexdigest()


def _page(message: Message) -> bytes:
    if message.html is not None:
        return message.html.encode()
    subject, text = html.escape(message.subject), html.escape(message.text)
    return (
        f'<!doctype html>\n<html lang="{html.escape(message.language)}"><meta charset="utf-8"><title>{subject}</title>\n'
        f'<h1>{subject}</h1>\n<pre style="white-space: pre-wrap">{text}</pre></html>\n'
    ).encode()


def _write_whole(path: Path, content: bytes) -> None:
    """Put `content` at `path` at once: a kill or a power cut leaves the whole file or none."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".new", delete=False) as draft:
        try:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).replace(path)
        except OSError:
            Path(draft.name).unlink(missing_ok=True)
            raise
