"""Pages of long lists: a limit, and a cursor that says after which item the next page begins."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query

from models.errors import BadInputError
from models.plain import plain

Item = TypeVar("Item")
BEGIN_AGAIN = "the cursor is none that this list gave, or the list has changed; begin again without it"
LARGEST_NUMBER = 2**31 - 1  # of an id or a version; the databases know no larger one


@dataclass(frozen=True)
class Paging:
    """How many items are asked for, and after which one."""

    limit: int
    after: Any  # the key of the last item that was given, plain JSON; None at the beginning


def paging(
    limit: Annotated[int, Query(ge=1, le=200, description="At most so many items.")] = 50,
    cursor: Annotated[str | None, Query(max_length=500, description="`next` of the page before.")] = None,
) -> Paging:
    """The page that a request asks for; raises `BadInputError` for a cursor that is none."""
    return Paging(limit, _key(cursor) if cursor else None)


AskedPage = Annotated[Paging, Depends(paging)]


def cursor_of(key: object) -> str:
    """The cursor that continues after the item with this key."""
    return base64.urlsafe_b64encode(json.dumps(plain(key), separators=(",", ":")).encode()).decode().rstrip("=")


def _key(cursor: str) -> Any:  # Any: plain JSON
    try:
        return json.loads(base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise BadInputError(BEGIN_AGAIN) from error


def one_page(
    items: Sequence[Item], asked: Paging, key: Callable[[Item], object], shown: Callable[[Item], Any] = plain
) -> dict[str, Any]:  # Any: plain JSON
    """A page of a list that is at hand whole; raises `BadInputError` where the item before it is gone."""
    start = 0
    if asked.after is not None:
        places = [place for place, item in enumerate(items, 1) if plain(key(item)) == asked.after]
        if not places:
            raise BadInputError(BEGIN_AGAIN)
        start = places[0]
    chosen = items[start : start + asked.limit]
    more = start + asked.limit < len(items)
    return {"items": [shown(item) for item in chosen], "next": cursor_of(key(chosen[-1])) if more else None}
