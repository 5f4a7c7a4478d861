"""A message as a card of any chat: title, paragraphs and facts, read from the blocks that we make for Slack."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

from models.message import Message


@dataclass(frozen=True)
class Card:
    """One thing that is told, in plain text."""

    title: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def cards_of(message: Message) -> list[Card]:
    """The message's cards, each from a header to the next; its subject and text where it has no blocks."""
    if not message.blocks:
        return [Card(message.subject, (message.text,))]
    cards: list[Card] = []
    for block in message.blocks:
        if block["type"] == "header":
            cards.append(Card(_text(block["text"])))
        elif block["type"] == "section":
            last = cards.pop() if cards else Card(message.subject)
            cards.append(Card(last.title, (*last.paragraphs, *_paragraph(block)), (*last.facts, *_facts(block))))
    return cards or [Card(message.subject, (message.text,))]


def _paragraph(block: Mapping[str, object]) -> Iterator[str]:
    if "text" in block:
        yield _text(block["text"]).replace("*", "")


def _facts(block: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    fields = block.get("fields", ())
    for field in fields if isinstance(fields, Sequence) else ():
        name, _, value = _text(field).partition("\n")
        yield name.strip("*"), value


def _text(part: object) -> str:
    """The text of one of our own text objects, without Slack's escapes."""
    return unescape(str(part["text"])) if isinstance(part, Mapping) else ""
