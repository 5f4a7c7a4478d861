"""A person's edits and a new draft brought together (three-way merge), by word; where both changed the same words, both are kept and marked."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from templates.compare import MOST_TOKENS, Change, replacements, tokens

OURS, BETWEEN, THEIRS = "<<<<<<<", "=======", ">>>>>>>"
CONFLICT = re.compile(
    rf"^{OURS} (?P<ours_name>[^\n]*)\n(?P<ours>.*?)^{BETWEEN}\n(?P<theirs>.*?)^{THEIRS} (?P<theirs_name>[^\n]*)$",
    re.MULTILINE | re.DOTALL,
)


_MARK = re.compile(rf"^(?:{OURS} |{BETWEEN}$|{THEIRS} )", re.MULTILINE)


def has_conflict(text: str) -> bool:
    """Whether marks of a conflict, or what is left of them, stand in a text."""
    return bool(_MARK.search(text))


@dataclass(frozen=True)
class Merged:
    """The two texts in one; `conflicts` counts the passages in which both stand, between marks."""

    text: str
    conflicts: int


@dataclass(frozen=True)
class _Passage:
    """A passage in all three texts; where only one side changed it, or both alike, `settled` is its text."""

    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]

    @property
    def settled(self) -> str | None:
        if self.ours in (self.theirs, self.base):
            return "".join(self.theirs)
        return "".join(self.ours) if self.theirs == self.base else None


def merge(base: str, ours: str, theirs: str, *, ours_name: str, theirs_name: str) -> Merged:
    """`ours` and `theirs`, both made from `base`, as one text: each side's changes, and marks where they meet."""
    kept: list[str] = []
    conflicts = 0
    lines = [text.splitlines(keepends=True) for text in (base, ours, theirs)]
    for passage in _passages(*lines):
        text = passage.settled
        if text is None:
            text = _by_word(passage)
        if text is None:
            conflicts += 1
            ours, theirs = (_whole_lines("".join(side)) for side in (passage.ours, passage.theirs))
            text = f"{OURS} {ours_name}\n{ours}{BETWEEN}\n{theirs}{THEIRS} {theirs_name}\n"
        kept.append(text)
    return Merged("".join(kept), conflicts)


def _by_word(passage: _Passage) -> str | None:
    """The passage merged word by word, or None where both sides changed the same words, or it is too long to be compared."""
    sides = [tokens("".join(side)) for side in (passage.base, passage.ours, passage.theirs)]
    if sum(map(len, sides)) > MOST_TOKENS:
        return None
    texts = [small.settled for small in _passages(*sides)]
    return None if None in texts else "".join(text for text in texts if text)


def _whole_lines(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _passages(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[_Passage]:
    """The three texts side by side, passage by passage; changes that touch each other are in one passage."""
    pending = sorted(
        [(change, 0) for change in replacements(base, ours)] + [(change, 1) for change in replacements(base, theirs)],
        key=lambda pair: (pair[0].start, pair[0].end),
    )
    at, shift = 0, [0, 0]
    while pending:
        group = [pending.pop(0)]
        end = group[0][0].end
        while pending and pending[0][0].start <= end:
            group.append(pending.pop(0))
            end = max(end, group[-1][0].end)
        start = group[0][0].start
        same = tuple(base[at:start])
        yield _Passage(same, same, same)
        before = list(shift)
        for change, side in group:
            shift[side] += _growth(change)
        yield _Passage(
            tuple(base[start:end]),
            tuple(ours[start + before[0] : end + shift[0]]),
            tuple(theirs[start + before[1] : end + shift[1]]),
        )
        at = end
    rest = tuple(base[at:])
    yield _Passage(rest, rest, rest)


def _growth(change: Change) -> int:
    return (change.new_end - change.new_start) - (change.end - change.start)
