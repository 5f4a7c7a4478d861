from pathlib import Path

import pytest

from bench.messy import write_messy
from people.columns import Mapping
from people.counting import count
from people.loading import load
from people.roster import open_roster
from tests.people.conftest import TODAY


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_of_messy_files_everybody_is_found_once_and_in_the_right_place(tmp_path: Path, seed: int) -> None:
    made = write_messy(tmp_path, 400, seed)

    with open_roster(tmp_path / "roster", tmp_path / "key") as roster:
        loaded = load(roster, [str(file) for file in made.files], Mapping(), TODAY)
        counts = count(roster)

    assert (loaded.kept, loaded.duplicates, loaded.set_aside) == (made.people, made.doubles, made.broken)
    assert loaded.not_understood == 0
    places: dict[str, int] = {}
    for group in counts.groups:
        places[group.jurisdiction] = places.get(group.jurisdiction, 0) + group.count
    assert places == made.places
    assert counts.unplaced == 0


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    first, second = (write_messy(folder, 200, 5) for folder in folders)

    assert [file.read_bytes() for file in first.files] == [file.read_bytes() for file in second.files]
