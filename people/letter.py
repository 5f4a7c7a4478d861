"""A person's text: the signed words as they are, with the person's own parts where the words name them."""

from collections.abc import Callable, Mapping, Sequence
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


@dataclass(frozen=True)
class Wording:
    """What of a person's parts depends on the text: its language, the names of the data, and the incident's number.

    An address abroad ends with the country in capitals, in a language of the country that letters are posted in (UPU S42);
    `destination` gives that line, or None, and `part` what a part of a country is called.
    """

    number: str
    language: str
    categories: Mapping[str, str]
    destination: Callable[[str], str | None] = str.upper
    part: Callable[[str], str] = str

    def address(self, person: Addressee) -> str:
        """Name and postal address, a line for each."""
        part = self.part(person.subdivision) if person.subdivision else None
        country = self.destination(person.country) if person.country else None
        return "\n".join(line for line in (person.name, person.street, person.town, part, country) if line)

    def parts(self, person: Addressee) -> dict[str, str]:
        """The person's parts, in words."""
        name = _one_line(person.name)
        return {
            "name": name,
            "salutation": salutation(self.language, name),
            "address": "\n".join(map(_one_line, self.address(person).split("\n"))),
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
