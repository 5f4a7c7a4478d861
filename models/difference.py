"""What changed between two values, by path."""

from collections.abc import Iterator
from typing import Any

Change = tuple[str, Any, Any]  # path, old value, new value, in plain JSON


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # Any: plain JSON
    """Every scalar and every empty list of a JSON value with its path, such as `people[0].count`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def changes(before: Any, after: Any) -> list[Change]:
    """The paths whose values differ, with the old and the new one; what was not there is None.

    That a list became empty is told by what left it, and that it filled by what came; only "not known" (None) and
    "none" (an empty list) differ by themselves.
    """
    old, new = dict(leaves(before)), dict(leaves(after))
    found = [(path, old.get(path), new.get(path)) for path in dict.fromkeys([*old, *new])]
    return [
        (path, was, now)
        for path, was, now in found
        if was != now and not (was == [] and path not in new) and not (now == [] and path not in old)
    ]
