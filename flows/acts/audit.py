"""The audit stream: who signed in, who was refused, who saw personal data, as JSON Lines in the home folder.

It is for a SIEM to read; what was decided and sent stands on each incident's ledger. No password, token or personal data
of those affected is in it.
"""

import fcntl
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.desk import Desk
from integrations.syslog import send
from models.clock import rfc3339
from models.errors import StoreUnavailableError

LARGEST, KEPT = 10_000_000, 20  # bytes of one file; files before the newest
LONGEST = 300  # characters of one value, which may come from a stranger


def stream(desk: Desk) -> Path:
    """The file that is written to; older ones stand beside it as `audit.jsonl.1` and so on."""
    return desk.settings.home / "audit" / "audit.jsonl"


def note(desk: Desk, kind: str, *, who: str | None, **about: object) -> None:
    """Write one record; raises `StoreUnavailableError` where it cannot be, so that nothing goes on unseen."""
    now = datetime.now(UTC)
    record = {"at": rfc3339(now), "kind": kind, "who": who} | {
        key: value if isinstance(value, int | None) else str(value)[:LONGEST] for key, value in about.items()
    }
    path = stream(desk)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (path.parent / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # of several processes one turns the files over
            _turn_over(path)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record, ensure_ascii=True) + "\n")
    except OSError as error:
        raise StoreUnavailableError(
            f"the audit stream {path} cannot be written ({error.strerror}); free space or make it writable"
        ) from error
    if desk.settings.syslog:  # a copy: the file is what is relied on
        send(desk.settings.syslog, kind, now, json.dumps(record, ensure_ascii=True))


def _turn_over(path: Path) -> None:
    if not path.exists() or path.stat().st_size < LARGEST:
        return
    for number in range(KEPT - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))


def records(desk: Desk) -> Iterator[dict[str, Any]]:
    """Every record that is kept, the oldest first."""
    path = stream(desk)
    for file in [*(path.with_name(f"{path.name}.{number}") for number in range(KEPT, 0, -1)), path]:
        if file.exists():
            with file.open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)
