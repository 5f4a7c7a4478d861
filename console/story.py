"""The story of an incident in other languages than English: what stands on the ledger, put into words when it is shown."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from markupsafe import Markup, escape
from pydantic import BaseModel, ConfigDict

from console.page import Words
from flows.acts.timeline import in_english
from models.document import read_document, validated
from models.duty import Duty
from models.tables import LedgerEntry
from models.vocabulary import Audience
from templates.language import language as texts_in
from templates.writer import stage_name

FOLDER = Path(__file__).parent / "stories"
WAITING = re.compile(r"(?P<question>.+) \((?P<texts>\d+) texts? waits?\)")
TITLE = re.compile(r"(?P<form>[^:]+?) to (?P<recipient>.+) \((?P<rest>[^()]*)\)")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\S*")
CODE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
MOST_IN_A_LIST = 4
FAMILIES = {"role": "person_role", "verdict": "verdict"}
PHRASES = {
    "severity": "severity",
    "state": "people.state",
    "wave": "people.wave",
    "channel": "people.channel",
    "way": "people.way",
    "late": "people.late",
}  # from a part to the family of its phrases
ROLES = frozenset({"asked", "told", "signed_by"})


class Story(BaseModel):
    """The sentences of one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lists: str
    english: frozenset[str]
    forms: Mapping[str, str]
    waiting: str
    provisions: Mapping[str, str]
    kinds: Mapping[str, str | list[str]]


def teller(words: Words) -> Callable[[LedgerEntry], str]:
    """How an entry of the ledger is told in the language of `words`; a kind without a sentence of its own in English."""
    if words.language == "en":
        return in_english
    told = story(words.language)

    def sentence(entry: LedgerEntry) -> str:
        pieces = told.kinds.get(entry.kind)
        if pieces is None:
            return _english(in_english(entry))
        parts = _Parts(words, told, entry)
        said = Markup("").join(map(parts.filled, [pieces] if isinstance(pieces, str) else pieces))
        return said or _english(in_english(entry))

    return sentence


def titled(words: Words) -> Callable[[str], str]:
    """How a text is named in the language of `words`: by its form, to whom, of which provision, in which language."""
    if words.language == "en":
        return str
    told = story(words.language)

    def named(title: str) -> str:
        found = TITLE.fullmatch(title)
        if found is None or found["form"] not in told.forms:
            return _english(title)
        whom = found["recipient"].replace(" ", "_")
        recipient = words.word("audience", whom) if whom in {one.value for one in Audience} else found["recipient"]
        return Markup("{}（{}，{}）").format(told.forms[found["form"]], recipient, found["rest"])

    return named


def named(words: Words) -> Callable[[Duty], str]:
    """What a duty is called in the language of `words`; in English where that has no name for it."""
    if words.language == "en":
        return lambda duty: duty.name
    names = story(words.language).provisions
    return lambda duty: names.get(duty.provision) or _english(duty.name)


def asked(words: Words) -> Callable[[str, str], str]:
    """A question that texts leave open, by its key, in the language of `words`; in English where that has none for it."""
    if words.language == "en":
        return lambda _, question: question
    waiting, phrases = story(words.language).waiting, texts_in(words.language).phrases.words

    def question(key: str, english: str) -> str:
        said = phrases.get(f"content.{key}.question")
        found = WAITING.fullmatch(english)
        if said is None:
            return _english(english)
        return said if found is None else Markup(waiting).format(question=said, texts=found["texts"])

    return question


@cache
def story(language: str) -> Story:
    """The sentences of a language."""
    return validated(Story, read_document(FOLDER / f"{language}.yaml"))


def placeholders(piece: str) -> list[str]:
    """The parts that a piece of a sentence names."""
    return [name for _, name, _, _ in Formatter().parse(piece) if name]


def _english(words: str) -> Markup:
    return Markup('<span lang="en">{}</span>').format(words)


class _Parts:
    """What the payload of one entry gives, in words."""

    def __init__(self, words: Words, told: Story, entry: LedgerEntry) -> None:
        self.words, self.told, self.zone, self.payload = words, told, entry.zone, entry.payload

    def filled(self, piece: str) -> Markup:
        """A piece with its parts; nothing where one of them is missing, or where one is that must not be there."""
        absent, mark, rest = piece.partition("|")
        if mark and absent.startswith("!"):
            return Markup("") if self.payload.get(absent[1:]) else self.filled(rest)
        parts = {name: self.part(name) for name in placeholders(piece)}
        return Markup("") if "" in parts.values() else Markup(piece).format(**parts)

    def part(self, name: str) -> Markup:
        """One part: of the payload, of what lies in it (`to_due_at`), a count (`changed_count`) or a short hash."""
        if name.endswith("_count"):
            return escape(len(self.payload.get(name.removesuffix("_count")) or ()))
        if name.endswith("_short"):
            return escape(str(self.payload.get(name.removesuffix("_short")) or "")[:12])
        outer, _, inner = name.partition("_")
        if name not in self.payload and isinstance(self.payload.get(outer), dict):
            return self.said(inner, self.payload[outer].get(inner))
        return self.said(name, self.payload.get(name))

    def said(self, name: str, value: Any) -> Markup:  # Any: plain JSON
        """A value in words; our own English ones are marked as such."""
        if value is None or value is False or value in ("", []) or (name == "stage" and value == "initial"):
            return Markup("")
        if isinstance(value, list):
            more = Markup(" …") if len(value) > MOST_IN_A_LIST else ""
            shown = value[:MOST_IN_A_LIST]
            return Markup(escape(self.told.lists).join(self.said(name, one) for one in shown)) + more
        if isinstance(value, str) and MOMENT.fullmatch(value):
            return self.words.at(datetime.fromisoformat(value), self.zone)
        return self._word(name, value if isinstance(value, str) else str(value))

    def _word(self, name: str, value: str) -> Markup:
        if name in FAMILIES or name in ROLES:
            return escape(self.words.who(value) if name != "verdict" else self.words.word("verdict", value))
        if name in PHRASES and self.words.has(f"{PHRASES[name]}.{value}"):
            return escape(self.words.say(f"{PHRASES[name]}.{value}"))
        if name == "stage":
            return escape(str(stage_name(value, texts_in(self.words.language).phrases)))
        if name == "what":
            return escape(titled(self.words)(value))
        if name in self.told.english:
            return _english(value)
        return escape(value.replace("_", " ") if CODE.fullmatch(value) else value)
