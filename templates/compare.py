"""Two texts compared word by word; Chinese and Japanese, which put no spaces between words, character by character."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

MOST_TOKENS = 6_000  # in one changed passage; a longer one is shown whole, since comparing it would take too long

_UNSPACED = "\u2e80-\u30ff\u31f0-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff\u0e00-\u0eff"
_TOKEN = re.compile(
    rf"\n|[^\S\n]+|[{_UNSPACED}]|\d+(?:[.,:/]\d+)*"
    rf"|(?:(?![{_UNSPACED}\d])\w)+(?:['’-](?:(?![{_UNSPACED}])\w)+)*|.",
    re.DOTALL,
)


@dataclass(frozen=True)
class Change:
    """Where one sequence was replaced by another: `old[start:end]` became `new[new_start:new_end]`."""

    start: int
    end: int
    new_start: int
    new_end: int


@dataclass(frozen=True)
class Piece:
    """A run of a text that is in both versions, only in the old one, or only in the new one."""

    kind: Literal["same", "gone", "new"]
    text: str


@dataclass(frozen=True)
class Difference:
    """One changed passage: the line of the new text that it begins on, and its pieces."""

    line: int
    pieces: tuple[Piece, ...]

    @property
    def was(self) -> str:
        """The passage as it was."""
        return "".join(piece.text for piece in self.pieces if piece.kind != "new")

    @property
    def now(self) -> str:
        """The passage as it is."""
        return "".join(piece.text for piece in self.pieces if piece.kind != "gone")


def tokens(text: str) -> list[str]:
    """A text in words, numbers, marks, spaces and, where words are not spaced, characters; joined they are the text."""
    return _TOKEN.findall(text)


def replacements(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """What was replaced by what. Lone spaces and marks between two changes belong to one change."""
    found: list[Change] = []
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        last = found[-1] if found else None
        if last and not any(_is_word(token) for token in old[last.end : start]):
            found[-1] = Change(last.start, end, last.new_start, new_end)
        else:
            found.append(Change(start, end, new_start, new_end))
    return found


def _is_word(token: str) -> bool:
    return "\n" in token or any(sign.isalnum() for sign in token)


def differences(old: str, new: str) -> tuple[Difference, ...]:
    """Every changed passage, in the order of the new text."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return tuple(
        Difference(
            change.new_start + 1,
            _pieces("".join(before[change.start : change.end]), "".join(after[change.new_start : change.new_end])),
        )
        for change in replacements(before, after)
    )


def _pieces(old: str, new: str) -> tuple[Piece, ...]:
    before, after = tokens(old), tokens(new)
    if len(before) + len(after) > MOST_TOKENS:
        return tuple(piece for piece in (Piece("gone", old), Piece("new", new)) if piece.text)
    return tuple(piece for piece in _runs(before, after) if piece.text)


def _runs(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    at = 0
    for change in replacements(before, after):
        yield Piece("same", "".join(before[at : change.start]))
        yield Piece("gone", "".join(before[change.start : change.end]))
        yield Piece("new", "".join(after[change.new_start : change.new_end]))
        at = change.end
    yield Piece("same", "".join(before[at:]))
