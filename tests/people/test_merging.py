from collections.abc import Callable
from pathlib import Path

import pytest

from tests.people.conftest import HEAD, Store

Written = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize(
    ("second", "rule"),
    [
        ("ANN,LEE,,ANN@x.example,,,,,", "by_email"),
        ("Ann,Lee,03.02.1980,,,,,,", "by_birth"),
        ("Änn,Lee,,,,1 Main St.,New York,10001,", "by_address"),
    ],
)
def test_the_same_person_is_found_in_another_file_and_the_merge_says_why(
    store: Store, written: Written, second: str, rule: str
) -> None:
    first = written("a.csv", HEAD + "Ann,Lee,1980-02-03,ann@x.example,,1 Main St,New York,10001,US\n")

    loaded = store.load(first, written("b.csv", HEAD + second + "\n"))

    assert (loaded.kept, loaded.duplicates) == (1, 1)
    [merge] = store.merges()
    assert merge.rule == rule
    assert merge.explanation.endswith(": b.csv line 2 and a.csv line 2")


@pytest.mark.parametrize(
    "other",
    [
        "Bob,Lee,1979-01-01,family@x.example,,1 Main St,New York,10001,US",  # a household
        "Ann,Lee,2001-01-01,family@x.example,,1 Main St,New York,10001,US",  # mother and daughter of one name
        "Ann,Lee,,,,,,,US",  # a name alone
    ],
)
def test_two_people_stay_two(store: Store, written: Written, other: str) -> None:
    content = HEAD + "Ann,Lee,1980-02-03,family@x.example,,1 Main St,New York,10001,US\n" + other + "\n"

    assert store.load(written("a.csv", content)).kept == 2


@pytest.mark.parametrize("name", ["Weiß", "Işık", "Κώστας"])
def test_a_name_in_capitals_is_the_same_name(store: Store, written: Written, name: str) -> None:
    rows = f"Ann,{name},1980-02-03,,,,,,\nANN,{name.upper()},1980-02-03,,,,,,\n"

    assert store.load(written("a.csv", HEAD + rows)).kept == 1


def test_a_chain_that_ends_at_another_date_of_birth_joins_nobody(store: Store, written: Written) -> None:
    rows = "Ann,Lee,1980-02-03,a@x.example,,,,,\nAnn,Lee,,a@x.example,,9 Elm,Bonn,53111,\nAnn,Lee,2001-01-01,,,9 Elm,Bonn,53111,\n"

    assert store.load(written("a.csv", HEAD + rows)).kept == 3


def test_who_is_kept_takes_on_what_the_others_know(store: Store, written: Written) -> None:
    rows = (
        "Ann,Lee,1980-02-03,a@x.example,,,,,\nAnn,Lee,1980-02-03,b@x.example,+12125550101,1 Main St,New York,10001,US\n"
    )

    store.load(written("a.csv", HEAD + rows))

    [(emails, phones, street, country)] = store.rows("SELECT list_sort(emails), phones, street, country FROM person")
    assert (emails, phones, street, country) == (["a@x.example", "b@x.example"], ["+12125550101"], "1 Main St", "US")


def test_a_merge_that_was_undone_stays_undone(store: Store, written: Written) -> None:
    ann = "Ann,Lee,1980-02-03,a@x.example,,,,,\n"
    store.load(written("a.csv", HEAD + ann + ann))
    [merge] = store.merges()

    store.undo(merge.merged)
    loaded = store.load(written("b.csv", HEAD + "Bo,Li,,bo@x.example,,,,,\n"))

    assert (loaded.read, loaded.kept, loaded.duplicates) == (3, 3, 0)
