"""What one sender has in hand, on disk from instant to instant, so that its death leaves in doubt only what was in the act.

A database row for each step of each message would cost more than the message. The journal is written without waiting for
the disk: it survives the process, not the machine, and is believed only where the machine still runs (its boot id).
"""

import os
import socket
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Told:
    """What a dead sender's journal says: which messages it began, and which of them were settled, and how."""

    begun: frozenset[int] = frozenset()
    settled: dict[int, tuple[str, str]] = field(default_factory=dict)  # row -> state, answer


class Journal:
    """The journal of one sender, by its name."""

    def __init__(self, folder: Path, holder: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = _file(folder, holder)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC, 0o600)
        self._empty()

    def begin(self, row: int) -> None:
        """The next thing is the message of this row."""
        os.write(self._file, f"b {row}\n".encode())

    def settle(self, row: int, state: str, answer: str) -> None:
        """What became of it."""
        os.write(self._file, f"s {row} {state} {answer}\n".encode())

    def kept(self) -> None:
        """The database knows everything now: start over."""
        os.ftruncate(self._file, 0)
        self._empty()

    def close(self) -> None:
        """Done, with nothing in hand."""
        os.close(self._file)
        self._path.unlink(missing_ok=True)

    def _empty(self) -> None:
        os.write(self._file, f"j {_this_machine()}\n".encode())


def told(folder: Path, holder: str) -> Told | None:
    """What the journal of a sender says that is no more; None where there is none to be believed, so that all is in doubt."""
    try:
        lines = _file(folder, holder).read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or lines[0] != f"j {_this_machine()}":
        return None
    begun = frozenset(int(line[2:]) for line in lines if line.startswith("b "))
    settled = [line.split(" ", 3) for line in lines if line.startswith("s ")]
    return Told(begun, {int(row): (state, answer) for _, row, state, answer in settled})


def forget(folder: Path, holder: str) -> None:
    """Remove a dead sender's journal once the database knows what it said."""
    _file(folder, holder).unlink(missing_ok=True)


def _file(folder: Path, holder: str) -> Path:
    return folder / f"{holder.replace('/', '_')}.journal"


@cache
def _this_machine() -> str:
    """This machine since it was started; one that cannot tell gives a name that no other process has."""
    boot = BOOT.read_text().strip() if BOOT.exists() else f"{os.getpid()}"
    return f"{socket.gethostname()} {boot}"
