"""The Markdown of the texts: CommonMark with tables, without HTML and images, read in one way for every format."""

import re
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

# What XML 1.0, and so DOCX and XLSX, cannot hold; a sign takes its place so that nothing vanishes unseen.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_REPLACEMENT = "\ufffd"


def parsed(text: str) -> list[Token]:
    """The parts of a Markdown text; markup in it is text, and a link that could run a script is none."""
    return _reader().parse(printable(text))


def rendered(tokens: list[Token]) -> str:
    """Parts as HTML."""
    return str(_reader().renderer.render(tokens, _reader().options, {}))


def printable(text: str) -> str:
    """The text with a replacement sign for each control character that documents cannot hold."""
    return _UNPRINTABLE.sub(_REPLACEMENT, text)


def one_line(text: str) -> str:
    """The words of a text in one line."""
    return " ".join(printable(text).split())


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    return reader.disable(["image", "html_block", "html_inline"])
