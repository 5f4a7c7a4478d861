"""Microsoft Teams: Adaptive Cards to one channel, by the address that a workflow or an incoming webhook of Teams gives.

Source: https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx

from integrations.channel import Settlement
from integrations.chat_card import Card, cards_of
from integrations.exchange import Answer, post_to_chat, require_https
from models.clock import Clock
from models.message import Message, Taken

LARGEST_BYTES = 27_000  # Teams takes 28 kB
LONGEST_TEXT = 2_000
CUT = "There is more; it is in Tocsin."


@dataclass(frozen=True)
class Teams:
    """One channel of Teams. It can be asked nothing: after a lost answer the same card, with the same key, is sent again."""

    http: httpx.Client = field(repr=False)
    url: str = field(repr=False)  # whoever knows it may post
    clock: Clock
    name: str = "teams"
    settles: Settlement = "same_identity"
    attaches: bool = False

    def __post_init__(self) -> None:
        """Check the address, or raise `BadInputError`."""
        require_https(self.url)

    def send(self, message: Message) -> Taken:
        """Post the message's cards as one.

        Raises `TemporaryDeliveryError`, `RefusedDeliveryError` or `UncertainDeliveryError`.
        """
        answer = post_to_chat(
            self.http, self.url, _body(message), self.clock(), chat="Teams", mend="TOCSIN_TEAMS_URL", takes=_takes
        )
        return Taken(message.key, f"{answer.status} taken by Teams")

    def was_taken(self, message: Message) -> bool | None:  # noqa: ARG002 - the channel names it
        """Nothing: Teams cannot be asked."""
        return None


def _takes(answer: Answer) -> bool:
    """An incoming webhook answers 200 with `1`, a workflow 202 without a word; an error comes as 200 with words."""
    return not answer.is_page and answer.text.strip() in ("", "1")


def _body(message: Message) -> bytes:
    """The request; what Teams would refuse as too large is cut, and says so."""
    elements = [element for card in cards_of(message) for element in _elements(card)]
    body = _request(message, elements)
    while len(body) > LARGEST_BYTES and len(elements) > 1:
        elements = [*elements[: len(elements) * 3 // 4], _block(CUT)]
        body = _request(message, elements)
        if len(elements) <= 2:
            break
    return body


def _request(message: Message, elements: list[dict[str, object]]) -> bytes:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [*elements, {**_block(message.key), "isSubtle": True, "size": "Small"}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return json.dumps({"type": "message", "attachments": [attachment]}, ensure_ascii=False).encode()


def _elements(card: Card) -> Iterator[dict[str, object]]:
    yield {**_block(card.title), "weight": "Bolder", "size": "Medium"}
    for paragraph in card.paragraphs:
        yield _block(paragraph)
    if card.facts:
        facts = [{"title": _inert(name), "value": _inert(value)} for name, value in card.facts]
        yield {"type": "FactSet", "facts": facts}


def _block(text: str) -> dict[str, object]:
    return {"type": "TextBlock", "text": _inert(text), "wrap": True}


def _inert(text: str) -> str:
    """The text with Markdown's signs escaped, so that it can link and mention nobody; cut where it is very long."""
    cut = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    return "".join(f"\\{sign}" if sign in "\\`*_[]" else sign for sign in cut)
