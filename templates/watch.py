"""The watch list of a language: promises, speculation, blame and admissions that a text should not make unthinkingly."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from models.document import read_document, validated
from models.errors import BadInputError
from models.vocabulary import Audience


class Watch(BaseModel):
    """One kind of thing not to say, with why, and how to mend it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    level: Literal["error", "warning"]
    patterns: list[str] = Field(min_length=1)
    reason: str
    mend: str
    audiences: list[Audience] | None = None


class _WatchList(RootModel[list[Watch]]):
    pass


@dataclass(frozen=True)
class WatchList:
    """The compiled watch list of one language."""

    entries: tuple[tuple[Watch, re.Pattern[str]], ...]


def read_watch_list(*folders: Path) -> WatchList:
    """The watch list of a language: ours, and what the folders after it add; a rule that they name again replaces ours.

    A pattern that is no regular expression is an error by name.
    """
    kept: list[tuple[Watch, re.Pattern[str]]] = []
    for path in (folder / "watch.yaml" for folder in folders):
        if path.is_file() or path.parent == folders[0]:
            entries = validated(_WatchList, read_document(path)).root
            named = {entry.rule for entry in entries}
            kept = [pair for pair in kept if pair[0].rule not in named]
            kept += [(entry, _compiled(entry, path)) for entry in entries]
    return WatchList(tuple(kept))


def _compiled(entry: Watch, path: Path) -> re.Pattern[str]:
    try:
        return re.compile("|".join(f"(?:{pattern})" for pattern in entry.patterns), re.IGNORECASE)
    except re.error as error:
        raise BadInputError(f"{path}: the rule {entry.rule!r} has a pattern that cannot be read: {error}") from error
