"""What changed between two values, by path."""

from collections.abc import Iterator
from typing import Any


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # Any: plain JSON
    """Every scalar of a JSON value with its path, such as `people[0].count`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def changes(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    """The paths whose values differ, with the old and the new one; what was not there is None."""
    old, new = dict(leaves(before)), dict(leaves(after))
    return [
        (path, old.get(path), new.get(path)) for path in dict.fromkeys([*old, *new]) if old.get(path) != new.get(path)
    ]
