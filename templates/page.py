"""A Markdown text as the other forms that go out: an HTML page for mail and web, and plain text."""

import html as markup
from collections.abc import Iterator
from functools import cache, lru_cache

from markdown_it.token import Token

from models.printable import one_line
from templates.language import language as speak
from templates.markdown import parsed, rendered
from templates.typeface import on_screen

_INLINE = {
    "h1": "font-size:24px;line-height:1.3;margin:0 0 16px",
    "h2": "font-size:18px;line-height:1.35;margin:28px 0 8px",
    "h3": "font-size:16px;line-height:1.4;margin:20px 0 6px",
    "p": "margin:0 0 12px",
    "ul": "margin:0 0 12px;padding-left:24px",
    "ol": "margin:0 0 12px;padding-left:28px",
    "li": "margin:4px 0",
    "a": "color:#0b4f9e;text-decoration:underline",
    "hr": "border:0;border-top:1px solid #767676;margin:28px 0",
    "blockquote": "margin:0 0 12px;padding-left:12px;border-left:3px solid #767676",
    "pre": "white-space:pre-wrap",
    "table": "border-collapse:collapse;margin:0 0 16px;width:100%",
    "th": "border:1px solid #767676;padding:6px 8px;text-align:left;vertical-align:top;background:#f2f2f2",
    "td": "border:1px solid #767676;padding:6px 8px;text-align:left;vertical-align:top",
}  # on each element, since mail programs drop style sheets
_BODY = "margin:0;padding:24px;background:#ffffff;color:#1a1a1a;font-size:16px;line-height:1.6;overflow-wrap:anywhere"
_MAIN = "max-width:672px;margin:0 auto"


def html(text: str, language: str, title: str, *, above: str = "", below: str = "") -> str:
    """A complete, accessible HTML page of a Markdown text; it loads nothing from anywhere, and markup in it stays text.

    `above` and `below` are HTML of ours that stands around the text, such as a header with its standing.
    Raises `BadInputError` for a language that there are no texts in.
    """
    return (
        f'<!doctype html>\n<html lang="{language_tag(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{markup.escape(one_line(title))}</title>\n</head>\n"
        f'<body style="{_BODY};font-family:{on_screen(language)}">\n{above}'
        f'<main style="{_MAIN}">\n{body(text, styled=True)}</main>\n{below}</body>\n</html>\n'
    )


def body(text: str, *, styled: bool = False) -> str:
    """A Markdown text as HTML elements; `styled` puts its style on each of them, for mail."""
    tokens = parsed(text)
    for token in _all(tokens):
        if token.type == "th_open":
            token.attrSet("scope", "col")
        if styled and token.nesting >= 0 and token.tag in _INLINE:
            token.attrSet("style", _INLINE[token.tag])
    return rendered(tokens)


def styled(tag: str, content: str, **attributes: str) -> str:
    """An element of ours in the style of the texts; `content` is HTML."""
    written = "".join(f' {name}="{markup.escape(value)}"' for name, value in attributes.items())
    return f'<{tag}{written} style="{_INLINE[tag]}">{content}</{tag}>'


def framed(tag: str, content: str) -> str:
    """A landmark of ours, as wide as the text; `content` is HTML."""
    return f'<{tag} style="{_MAIN}">{content}</{tag}>\n'


def plain(text: str) -> str:
    """A Markdown text as plain text: the same words without marks and escapes."""
    lines: list[str] = []
    for token in parsed(text):
        if token.type == "hr":
            lines.append("-" * 20 + "\n\n")
        elif token.type == "inline":
            lines.append(_inline(token))
        elif token.type in ("code_block", "fence"):
            lines.append(token.content + "\n")
        elif token.type == "list_item_open":
            lines.append(f"{token.info}{token.markup} " if token.info else "- ")
        elif token.type in ("th_close", "td_close"):
            lines.append(" | ")
        elif token.type in _ENDS:
            lines.append("\n\n" if _ends_a_block(token) else "\n")
    return "".join(lines).strip() + "\n"


_ENDS = ("heading_close", "paragraph_close", "bullet_list_close", "ordered_list_close", "tr_close", "table_close")


def _ends_a_block(token: Token) -> bool:
    return token.type == "heading_close" or (token.type == "paragraph_close" and not token.hidden)


def subject(text: str) -> str:
    """The subject of a text: the words of its first heading, in one line fit for a mail header; empty without one."""
    for line in text.split("\n", 40):
        if line.startswith("# "):
            return _heading_in_words(line)
    return ""


@lru_cache(maxsize=1024)
def _heading_in_words(line: str) -> str:
    """A heading as a subject; the texts of an incident have most of them in common."""
    return one_line(plain(line))[:200]


def _inline(token: Token) -> str:
    pieces = []
    for child in token.children or []:
        if child.type in ("text", "code_inline"):
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            pieces.append("\n")
    return "".join(pieces)


def _all(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


@cache
def language_tag(code: str) -> str:
    """The language of a text as HTML names it; raises `BadInputError` for one that there are no texts in."""
    return str(speak(code).phrases.say("language.html"))
