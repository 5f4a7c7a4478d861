"""Facts made harmless: outside text that goes into a Markdown text as words and as nothing else."""

import re
import unicodedata
from functools import lru_cache

from markupsafe import Markup

LONGEST_FACT = 300
LONGEST_PARAGRAPH = 4_000

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_SIGNS = re.compile(r"[\\`*\[\]<>|~]|(?<![^\W_])_|_(?![^\W_])|&(?=#|\w+;)")
_LINE_START = re.compile(r"^(?:=|#{1,6}(?:\s|$)|[+-](?:\s|$|-))")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])(?:\s|$)")
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINERS = frozenset("\u200c\u200d")  # they shape letters and emoji, and hide nothing
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


@lru_cache(maxsize=4096)
def harmless(text: str, longest: int = LONGEST_FACT) -> Markup:
    """Outside text as one line of Markdown that shows exactly those words: no markup, link, formula or hidden direction.

    Longer texts are cut at `longest` characters and end in an ellipsis.
    """
    line = _one_line(text[: longest * 4])
    if len(line) > longest or len(text) > longest * 4:
        line = line[: longest - 1].rstrip() + "…"
    escaped = _at_line_start(_SIGNS.sub(r"\\\g<0>", line))
    return Markup(_isolated(escaped))


def harmless_paragraphs(text: str, longest: int = LONGEST_PARAGRAPH) -> Markup:
    """Outside text of several paragraphs, each made harmless; a blank line separates them."""
    pieces = [harmless(piece, longest) for piece in re.split(r"\n\s*\n", text[: longest * 4]) if piece.strip()]
    whole = "\n\n".join(pieces)
    return Markup(whole if len(whole) <= longest else harmless(text, longest))


def _one_line(text: str) -> str:
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    spaced = re.sub(r"[\s\u2028\u2029\x85]+", " ", text)
    kept = (sign for sign in spaced if sign in _JOINERS or unicodedata.category(sign) not in _DROPPED)
    return " ".join("".join(kept).split())


def _at_line_start(line: str) -> str:
    numbered = _NUMBERED.match(line)
    if numbered:
        return f"{numbered[1]}\\{line[numbered.end(1) :]}"
    return f"\\{line}" if _LINE_START.match(line) else line


def _isolated(line: str) -> str:
    """Right-to-left words keep their own order and do not reorder the sentence around them."""
    if line.isascii() or not any(unicodedata.bidirectional(sign) in _RIGHT_TO_LEFT for sign in line):
        return line
    return f"{_ISOLATE}{line}{_END_ISOLATE}"
