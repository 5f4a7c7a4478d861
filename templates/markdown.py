"""The Markdown of the texts: CommonMark with tables, without HTML and images, read in one way for every format."""

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from models.printable import printable


def parsed(text: str) -> list[Token]:
    """The parts of a Markdown text; markup in it is text, and a link that could run a script is none."""
    return _reader().parse(printable(text))


def rendered(tokens: list[Token]) -> str:
    """Parts as HTML."""
    return str(_reader().renderer.render(tokens, _reader().options, {}))


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")
    return reader.disable(["image", "html_block", "html_inline"])
