from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.difference import changes, leaves

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def test_every_scalar_has_its_path() -> None:
    report = {"title": "x", "people": [{"jurisdiction": "FR", "count": 3}], "times": {"aware_at": None}}

    assert dict(leaves(report)) == {
        "title": "x",
        "people[0].jurisdiction": "FR",
        "people[0].count": 3,
        "times.aware_at": None,
    }


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"records": 4000}, {"records": 4000}, []),
        ({"records": 4000}, {"records": 4100}, [("records", 4000, 4100)]),
        ({"people": None}, {"people": [{"count": 3}]}, [("people[0].count", None, 3)]),
        ({"people": [{"count": 3}, {"count": 4}]}, {"people": [{"count": 3}]}, [("people[1].count", 4, None)]),
        ({"data": [1, 2]}, {"data": [2, 1]}, [("data[0]", 1, 2), ("data[1]", 2, 1)]),
        ({"times": {"aware_at": "a"}}, {"times": {"aware_at": None}}, [("times.aware_at", "a", None)]),
        ({"people": None}, {"people": []}, [("people", None, [])]),
        ({"people": []}, {"people": None}, [("people", [], None)]),
        ({"people": []}, {"people": [{"count": 3}]}, [("people[0].count", None, 3)]),
        ({"people": [{"count": 3}]}, {"people": []}, [("people[0].count", 3, None)]),
        ({}, {"people": [], "records": 3}, [("records", None, 3)]),
        ({"minors": None}, {"minors": False}, [("minors", None, False)]),
    ],
)
def test_what_changed_is_told_by_path_with_the_old_and_the_new_value(
    before: Any, after: Any, changed: list[tuple[str, Any, Any]]
) -> None:
    assert changes(before, after) == changed


@given(JSON)
def test_nothing_changes_between_a_value_and_itself(value: Any) -> None:
    assert changes(value, value) == []


@given(JSON, JSON)
def test_a_change_undone_is_the_change_turned_round(first: Any, second: Any) -> None:
    back = [(path, new, old) for path, old, new in changes(second, first)]

    assert sorted(changes(first, second), key=repr) == sorted(back, key=repr)
