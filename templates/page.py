"""A Markdown text as the other forms that go out: an HTML page for mail and web, and plain text."""

import html as markup
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from templates.language import language as speak

_STYLE = (
    "body{margin:0;padding:1.5rem;background:#fff;color:#1a1a1a;font:1rem/1.6 system-ui,'Segoe UI',Roboto,Arial,"
    "'Noto Sans','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif}"
    "main{max-width:42rem;margin:0 auto}h1{font-size:1.5rem;line-height:1.3}h2{font-size:1.15rem;margin-top:1.8rem}"
    "li{margin:.3rem 0}a{color:#0b4f9e}hr{border:0;border-top:1px solid #767676;margin:2rem 0}"
)


def html(text: str, language: str, title: str) -> str:
    """A complete, accessible HTML page of a Markdown text; it loads nothing from anywhere, and markup in it stays text.

    Raises `BadInputError` for a language that there are no texts in.
    """
    code = _html_language(language)
    return (
        f'<!doctype html>\n<html lang="{code}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{markup.escape(_one_line(title))}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{_markdown().render(text)}</main>\n</body>\n</html>\n"
    )


def plain(text: str) -> str:
    """A Markdown text as plain text: the same words without marks and escapes."""
    lines: list[str] = []
    for token in _markdown().parse(text):
        if token.type == "hr":
            lines.append("-" * 20 + "\n\n")
        elif token.type == "inline":
            lines.append(_inline(token))
        elif token.type in ("code_block", "fence"):
            lines.append(token.content + "\n")
        elif token.type == "list_item_open":
            lines.append(f"{token.info}{token.markup} " if token.info else "- ")
        elif token.type in ("heading_close", "bullet_list_close") or (
            token.type == "paragraph_close" and not token.hidden
        ):
            lines.append("\n\n" if token.type != "bullet_list_close" else "\n")
        elif token.type == "paragraph_close":
            lines.append("\n")
    return "".join(lines).strip() + "\n"


def subject(text: str) -> str:
    """The subject of a text: the words of its first heading, in one line fit for a mail header; empty without one."""
    for line in text.split("\n", 40):
        if line.startswith("# "):
            return _one_line(plain(line))[:200]
    return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _inline(token: Token) -> str:
    pieces = []
    for child in token.children or []:
        if child.type in ("text", "code_inline"):
            pieces.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            pieces.append("\n")
    return "".join(pieces)


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).disable(["image", "html_block", "html_inline"])


@cache
def _html_language(code: str) -> str:
    return str(speak(code).phrases.say("language.html"))
