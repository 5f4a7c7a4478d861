import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from models.cohorts import Cohorts, SuppressionList
from people.cohort import Assigned, PeopleText, assign
from people.columns import Mapping
from people.counting import Counts, count
from people.loading import Loaded, load
from people.merging import Merge, merges, undo
from people.roster import open_roster
from people.set_aside import write_set_aside
from people.suppression import read_list

TODAY = date(2026, 11, 23)
HEAD = "given_name,family_name,birth_date,email,phone,street,city,postcode,country\n"


class Store:
    """A roster in a folder of the test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.key = folder / "INC-2026-0001", folder / "keys" / "INC-2026-0001.key"

    def load(self, *files: Path, mapping: Mapping | None = None, keep: Sequence[str] = ()) -> Loaded:
        with open_roster(self.folder, self.key) as roster:
            return load(roster, [str(file) for file in files], mapping or Mapping(keep=list(keep)), TODAY)

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

    def assign(
        self, rules: Cohorts, texts: Sequence[PeopleText], *, keep: bool = False, **lists: Path
    ) -> tuple[Assigned, dict[object, object]]:
        """Who is where: totals, and for each name the cohort, text, language and channels, or why not reached."""
        with open_roster(self.folder, self.key, read_only=not keep) as roster:
            for kind, file in lists.items():
                read_list(roster, SuppressionList(kind), str(file))
            assigned = assign(roster, rules, texts, spoken=_spoken, keep=keep)
            rows = roster.connection.execute(
                "SELECT p.full_name, a.cohort, a.text_key, a.language, a.channels, u.reason FROM person p "
                "LEFT JOIN assignment a ON a.person_id = p.id LEFT JOIN unreached u ON u.person_id = p.id"
            ).fetchall()
        return assigned, {
            name: reason or (cohort, text, language, *channels)
            for name, cohort, text, language, channels, reason in rows
        }

    @property
    def set_aside(self) -> str:
        """What is written out when somebody asks for the rows that were set aside."""
        with open_roster(self.folder, self.key, read_only=True) as roster:
            to = self.folder.parent / f"{time.time_ns()}.csv"
            write_set_aside(roster, to)
            return to.read_text()


def _spoken(country: str) -> Sequence[str]:
    return {"DE": ["de"], "FR": ["fr"]}.get(country, [])


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
