from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from people.columns import Mapping
from people.counting import Counts, count
from people.loading import Loaded, load
from people.merging import Merge, merges, undo
from people.roster import open_roster

TODAY = date(2026, 11, 23)
HEAD = "given_name,family_name,birth_date,email,phone,street,city,postcode,country\n"


class Store:
    """A roster in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder / "INC-2026-0001", folder / "keys" / "INC-2026-0001.key"

    def load(self, *files: Path, mapping: Mapping | None = None) -> Loaded:
        with open_roster(self.folder, self.key) as roster:
            return load(roster, [str(file) for file in files], mapping or Mapping(), TODAY)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with open_roster(self.folder, self.key, read_only=True) as roster:
            return roster.connection.execute(query).fetchall()

    def merges(self) -> list[Merge]:
        with open_roster(self.folder, self.key, read_only=True) as roster:
            return merges(roster)

    def undo(self, merged: str) -> None:
        with open_roster(self.folder, self.key) as roster:
            undo(roster, merged)

    def count(self) -> Counts:
        with open_roster(self.folder, self.key, read_only=True) as roster:
            return count(roster)

    @property
    def set_aside(self) -> str:
        return (self.folder / "set_aside.csv").read_text()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "people")


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Writes a file of the test."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
