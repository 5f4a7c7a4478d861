"""A text taken apart at its headings, so that what was signed, and nothing else, is what forms and machines are given."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from models.printable import one_line
from templates.forms import read_forms
from templates.language import language as speak
from templates.page import plain

_HEADING = re.compile(r"^##\s+(.+?)\s*#*$", re.MULTILINE)
_NUMBER = re.compile(r"^\d+[.)、．]\s*")


@dataclass(frozen=True)
class Part:
    """What stands under one heading: the content key it gives, or None for a heading that no content has."""

    key: str | None
    heading: str
    text: str


def parts_of(text: str, language: str) -> tuple[Part, ...]:
    """The parts of a Markdown text in its order; what stands before the first heading is none of them."""
    return tuple(_parts(text, _keys(language)))


def _parts(text: str, keys: Mapping[str, str]) -> Iterator[Part]:
    headings = list(_HEADING.finditer(text))
    for index, found in enumerate(headings):
        end = headings[index + 1].start() if index + 1 < len(headings) else len(text)
        heading = _NUMBER.sub("", one_line(plain(f"## {found[1]}")))
        yield Part(keys.get(heading), heading, plain(_without_closing(text[found.end() : end])).strip())


def _without_closing(text: str) -> str:
    """What stands above the rule that ends the last part: the signature below it belongs to none."""
    return text.split("\n---\n")[0]


@cache
def _keys(language: str) -> Mapping[str, str]:
    phrases = speak(language).phrases
    return {
        one_line(plain(f"## {phrases.say(f'content.{key}.heading')}")): key
        for key in read_forms().contents
        if phrases.has(f"content.{key}.heading")
    }
