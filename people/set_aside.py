"""The rows of a roster that could not be used: counted by reason, and written out when somebody asks."""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.errors import BadInputError
from people.roster import Roster

BATCH = 20_000

_ROWS = (
    "SELECT f.name, coalesce(r.line, r.rowid - f.first_row + f.header + 1) AS line, r.reason, "
    "array_to_string(r.cells, ' | ') AS row FROM record r JOIN file f ON f.number = r.file WHERE r.reason IS NOT NULL "
    "UNION ALL SELECT f.name, x.line, x.reason, x.text FROM refused x JOIN file f ON f.number = x.file"
)


@dataclass(frozen=True)
class SetAside:
    """How many rows of one file were set aside for one reason, and the first line of them."""

    file: str
    reason: str
    rows: int
    first_line: int


def set_aside(roster: Roster) -> list[SetAside]:
    """What was set aside, without what stands in the rows."""
    rows = roster.connection.execute(
        f"SELECT name, reason, count(*), min(line) FROM ({_ROWS}) GROUP BY ALL ORDER BY name, 3 DESC, reason"
    ).fetchall()
    return [SetAside(*row) for row in rows]


def write_set_aside(roster: Roster, to: Path) -> int:
    """Write every row that was set aside into a new CSV file that only its owner can read; gives how many.

    No cell of it is taken for a formula by a spreadsheet. Raises `BadInputError` where the file is there already.
    """
    try:
        opened = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadInputError(
            f"{to}: cannot be written ({error.strerror}); name a new file in a folder of yours"
        ) from error
    with os.fdopen(opened, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "line", "reason", "row"))
        return sum(writer.writerow([_harmless(value) for value in row]) > 0 for row in _rows(roster))


def _rows(roster: Roster) -> Iterator[tuple[object, ...]]:
    found = roster.connection.execute(f"{_ROWS} ORDER BY 1, 2")
    while batch := found.fetchmany(BATCH):
        yield from batch


def _harmless(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@", "\t", "\r") else value
