"""A roster file that came by the console: kept aside until somebody confirms which column is which, then loaded and removed.

It lies unencrypted meanwhile, readable by its owner alone, for a day at most; one file at a time.
"""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from flows.acts.evidence import Incoming, incoming
from flows.acts.people import load_people, roster_folder
from flows.desk import Desk
from models.errors import BadInputError
from people.columns import Mapping
from people.loading import Loaded, Preview, looked_at, names_people

LONGEST_WAIT = timedelta(days=1)
Result = TypeVar("Result")
LONGEST_NAME = 120  # bytes, of which a file system holds 255


@dataclass(frozen=True)
class WaitingFile:
    """A file that waits; `is_understood` where its headings say who a person is, so that none of them is a person's name."""

    name: str
    size: int
    came_at: datetime
    found: Preview
    is_understood: bool
    stamp: str  # names this very file


def begin_file(desk: Desk, number: str, announced: int | None = None) -> Incoming:
    """Begin to take a file piece by piece; raises `TooLargeError` where the size announced would fill the disk."""
    return incoming(desk, _folder(desk, number) / "coming", announced)


def keep_file(desk: Desk, number: str, name: str, came: Incoming) -> None:
    """Let a file that has come in whole wait, in place of one that waited before."""
    path, _, _ = came.keep()
    discard_file(desk, number)
    folder = _folder(desk, number) / "waiting"
    folder.mkdir(mode=0o700)
    path.rename(folder / _harmless(name))


def waiting_file(desk: Desk, number: str, mapping: Mapping | None = None) -> WaitingFile | None:
    """The file that waits, as it would be read, or None; one that waited for too long is removed."""
    path = _path(desk, number)
    if path is None:
        return None
    came_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if datetime.now(UTC) - came_at > LONGEST_WAIT:
        discard_file(desk, number)
        return None
    found = _saying_its_name(path, lambda: looked_at(str(path), mapping or Mapping()))
    return WaitingFile(path.name, path.stat().st_size, came_at, found, names_people(found), _stamp(path))


def load_waiting(desk: Desk, number: str, mapping: Mapping, *, by: str, stamp: str) -> Loaded:
    """Load the file that waits and remove it; raises `BadInputError` where it is another one now, or cannot be read so."""
    path = _path(desk, number)
    if path is None or _stamp(path) != stamp:
        raise BadInputError("another file waits now, or none; look at it once more")
    loaded = _saying_its_name(path, lambda: load_people(desk, number, [str(path)], mapping, by=by))
    discard_file(desk, number)
    return loaded


def discard_file(desk: Desk, number: str) -> None:
    """Remove the file that waits."""
    shutil.rmtree(_folder(desk, number) / "waiting", ignore_errors=True)


def _folder(desk: Desk, number: str) -> Path:
    folder = roster_folder(desk.settings, number) / "uploaded"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _path(desk: Desk, number: str) -> Path | None:
    return next((roster_folder(desk.settings, number) / "uploaded" / "waiting").glob("*"), None)


def _stamp(path: Path) -> str:
    at = path.stat()
    return hashlib.sha256(f"{path.name}|{at.st_size}|{at.st_mtime_ns}".encode()).hexdigest()[:32]


def _harmless(name: str) -> str:
    """A name that is a file of this folder and nothing else; its ending is kept, since it tells the format."""
    stem, dot, ending = name.replace("/", " ").lstrip(". ").rpartition(".")
    short = (stem if dot else ending).encode()[:LONGEST_NAME].decode(errors="ignore") or "roster"
    return f"{short}{dot}{ending[:10]}" if dot else short


def _saying_its_name(path: Path, act: Callable[[], Result]) -> Result:
    """What is wrong with a file is told by its own name; where it lies here is nobody's concern."""
    try:
        return act()
    except BadInputError as error:
        raise BadInputError(str(error).replace(f"{path.parent}/", "")) from error
