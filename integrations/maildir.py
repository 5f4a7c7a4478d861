"""A mailbox as a folder (Maildir): each message is read once and then stands among those that were seen."""

import mailbox
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from models.errors import BadInputError


@dataclass(frozen=True)
class MailboxFolder:
    """The messages of one Maildir; nothing is removed from it."""

    folder: Path
    _box: mailbox.Maildir = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Open it, or raise `BadInputError` for what is no Maildir."""
        if not all((self.folder / part).is_dir() for part in ("new", "cur", "tmp")):
            raise BadInputError(f"{self.folder}: no Maildir (it has `new`, `cur` and `tmp`); check the path")
        object.__setattr__(self, "_box", mailbox.Maildir(self.folder, create=False))

    def unseen(self) -> Iterator[tuple[str, bytes]]:
        """What nobody has read yet: the message's name in the folder, and its bytes."""
        for key in sorted(self._box.keys()):
            if "S" not in self._box.get_message(key).get_flags():
                yield key, self._box.get_bytes(key)

    def seen(self, key: str) -> None:
        """Mark a message as read."""
        message = self._box.get_message(key)
        message.set_subdir("cur")
        message.add_flag("S")
        self._box[key] = message
