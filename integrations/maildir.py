"""A mailbox as a folder (Maildir): each message is read once and then stands among those that were seen."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from models.errors import BadInputError

FLAGS = ":2,"  # what a program says of a message stands behind it, in the file's name


@dataclass(frozen=True)
class Mail:
    """One message as it came: its name in the folder, its bytes, and when it was delivered there."""

    name: str
    content: bytes
    came_at: datetime


@dataclass(frozen=True)
class MailboxFolder:
    """The messages of one Maildir; nothing is removed from it, and no file is written anew."""

    folder: Path

    def __post_init__(self) -> None:
        """Raise `BadInputError` for what is no Maildir."""
        if not all((self.folder / part).is_dir() for part in ("new", "cur", "tmp")):
            raise BadInputError(f"{self.folder}: no Maildir (it has `new`, `cur` and `tmp`); check the path")

    def unseen(self, passing_over: Container[str] = ()) -> Iterator[Mail]:
        """What nobody has read yet, in the order in which it came, but for those named."""
        for path in sorted((path for part in ("new", "cur") for path in (self.folder / part).iterdir()), key=_name):
            if "S" in path.name.partition(FLAGS)[2] or _name(path) in passing_over or not path.is_file():
                continue
            yield Mail(_name(path), path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC))

    def seen(self, name: str) -> None:
        """Mark a message as read; one that somebody else moved meanwhile stays as it is."""
        for path in (self.folder / "new" / name, *(self.folder / "cur").glob(f"{name}*")):
            if path.is_file() and _name(path) == name:
                flags = "".join(sorted({*path.name.partition(FLAGS)[2], "S"}))
                path.replace(self.folder / "cur" / f"{name}{FLAGS}{flags}")


def _name(path: Path) -> str:
    return path.name.partition(FLAGS)[0]
