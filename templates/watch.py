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


def read_watch_list(folder: Path) -> WatchList:
    """The watch list of the language whose folder this is; a pattern that is no regular expression is an error by name."""
    path = folder / "watch.yaml"
    entries = validated(_WatchList, read_document(path)).root
    return WatchList(tuple((entry, _compiled(entry, path)) for entry in entries))


def _compiled(entry: Watch, path: Path) -> re.Pattern[str]:
    try:
        return re.compile("|".join(f"(?:{pattern})" for pattern in entry.patterns), re.IGNORECASE)
    except re.error as error:
        raise BadInputError(f"{path}: the rule {entry.rule!r} has a pattern that cannot be read: {error}") from error
