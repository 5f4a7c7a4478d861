"""A person's text: the signed words as they are, with the person's own parts where the words name them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from pydantic import RootModel

from models.document import read_document, validated

SALUTATIONS = Path(__file__).parent / "salutations.yaml"
SPOKEN_BY_DEFAULT = "en"


class Salutations(RootModel[dict[str, dict[str, str]]]):
    """Language -> `named` and `nameless`."""


@dataclass(frozen=True)
class Addressee:
    """One person as the roster knows them, for as long as their text is made."""

    id: str
    seq: int
    name: str
    email: str | None
    phone: str | None
    street: str | None
    town: str | None
    subdivision: str | None
    country: str | None
    identifier: str | None
    categories: Sequence[str] = ()
    channels: Sequence[str] = ()

    @property
    def address(self) -> str:
        """Name and postal address, a line for each."""
        return "\n".join(line for line in (self.name, self.street, self.town, self.subdivision, self.country) if line)


@dataclass(frozen=True)
class Wording:
    """What of a person's parts depends on the text: its language, the names of the data, and the incident's number."""

    number: str
    language: str
    categories: Mapping[str, str]

    def parts(self, person: Addressee) -> dict[str, str]:
        """The person's parts, in words."""
        name = _one_line(person.name)
        return {
            "name": name,
            "salutation": salutation(self.language, name),
            "address": "\n".join(map(_one_line, person.address.split("\n"))),
            "categories": ", ".join(self.categories.get(each, each) for each in person.categories),
            "reference": f"{self.number}/{person.id}",
        }


def in_html(parts: Mapping[str, str]) -> dict[str, str]:
    """The same parts as HTML."""
    return {part: escape(words).replace("\n", "<br>\n") for part, words in parts.items()}


def salutation(language: str, name: str) -> str:
    """How a person is greeted in a language, by name where there is one."""
    known = _salutations()
    spoken = known.get(language) or known.get(language.split("-")[0]) or known[SPOKEN_BY_DEFAULT]
    return spoken["named"].replace("{name}", name) if name else spoken["nameless"]


@cache
def _salutations() -> dict[str, dict[str, str]]:
    return validated(Salutations, read_document(SALUTATIONS)).root


def _one_line(words: str) -> str:
    return " ".join(words.split()) if not words.isprintable() else words
