from collections.abc import Callable
from pathlib import Path

from people.columns import Mapping
from tests.people.conftest import HEAD, Store

Written = Callable[[str, str | bytes], Path]


def test_people_are_counted_by_what_decides_the_duties(store: Store, written: Written) -> None:
    rows = "Ann,Lee,1980-02-03,a@x.example,,,,,FR\nTom,Lee,2019-02-03,,,1 rue A,Lyon,69001,FR\nBo,Li,,,,,,,\n"
    mapping = Mapping.model_validate({"defaults": {"relationship": "patient", "categories": ["health"]}})
    store.load(written("a.csv", HEAD + rows), mapping=mapping)

    counts = store.count()

    assert (counts.people, counts.unplaced) == (3, 1)
    assert [(g.jurisdiction, g.relationship, g.minors, g.count) for g in counts.groups] == [
        ("FR", "patient", False, 1),
        ("FR", "patient", True, 1),
    ]
    assert counts.categories == {"health": 3}
    assert counts.channels == {"email": 1, "phone": 0, "post": 1, "none": 1}
