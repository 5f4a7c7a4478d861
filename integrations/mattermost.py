"""Mattermost: posts to one channel, by the address that its incoming webhook gives.

Source: https://developers.mattermost.com/integrate/webhooks/incoming/
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx

from integrations.channel import Settlement
from integrations.chat_card import Card, cards_of
from integrations.exchange import post_to_chat, require_https
from models.clock import Clock
from models.message import Message, Taken

LONGEST_TEXT = 2_000
MOST_CARDS = 20
CUT = "There is more; it is in Tocsin."


@dataclass(frozen=True)
class Mattermost:
    """One channel. It can be asked nothing: after a lost answer the same post, with the same key, is sent again."""

    http: httpx.Client = field(repr=False)
    url: str = field(repr=False)  # whoever knows it may post
    clock: Clock
    name: str = "mattermost"
    settles: Settlement = "same_identity"
    attaches: bool = False

    def __post_init__(self) -> None:
        """Check the address, or raise `BadInputError`."""
        require_https(self.url)

    def send(self, message: Message) -> Taken:
        """Post the message's cards as attachments of one post.

        Raises `TemporaryDeliveryError`, `RefusedDeliveryError` or `UncertainDeliveryError`.
        """
        body = json.dumps(_post(message), ensure_ascii=False).encode()
        answer = post_to_chat(
            self.http,
            self.url,
            body,
            self.clock(),
            chat="Mattermost",
            mend="TOCSIN_MATTERMOST_URL",
            takes=lambda said: said.text.strip() == "ok",
        )
        return Taken(message.key, f"{answer.status} taken by Mattermost")

    def was_taken(self, message: Message) -> bool | None:  # noqa: ARG002 - the channel names it
        """Nothing: the webhook cannot be asked."""
        return None


def _post(message: Message) -> dict[str, object]:
    cards = cards_of(message)
    attachments = [_attachment(card) for card in cards[:MOST_CARDS]]
    if len(cards) > MOST_CARDS:
        attachments.append({"fallback": CUT, "text": CUT})
    attachments[-1]["footer"] = message.key
    return {"text": _inert(message.subject), "attachments": attachments}


def _attachment(card: Card) -> dict[str, object]:
    return {
        "fallback": _inert(card.title),
        "title": _inert(card.title),
        "text": "\n\n".join(_inert(paragraph) for paragraph in card.paragraphs),
        "fields": list(_fields(card)),
    }


def _fields(card: Card) -> Iterator[dict[str, object]]:
    return ({"title": _inert(name), "value": _inert(value), "short": len(value) < 40} for name, value in card.facts)


def _inert(text: str) -> str:
    """The text with Markdown's signs escaped and no name that would be notified; cut where it is very long."""
    cut = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    escaped = "".join(f"\\{sign}" if sign in "\\`*_[]()#<>|~:" else sign for sign in cut)
    return escaped.replace("@", "@\u200b")
