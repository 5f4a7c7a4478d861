"""The phrases of one language: every word that a text needs and that is not a fact. A missing one is an error by name."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from models.document import read_document
from models.errors import BadInputError
from templates.escape import harmless

FOLDER = Path(__file__).parent
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Phrases:
    """One language's `phrases.yaml`, flat: `words.kind.ransomware` is a key."""

    def __init__(self, language: str, source: str, tree: Mapping[str, object]) -> None:
        self.language = language
        self.source = source
        self.words: dict[str, Markup] = {}
        self.lists: dict[str, tuple[str, ...]] = {}
        for key, value in _leaves(tree, ""):
            if isinstance(value, list):
                self.lists[key] = tuple(str(item) for item in value)
            elif isinstance(value, str) and value.strip():
                self.words[key] = Markup(value.strip())
            else:
                raise BadInputError(f"{source}: the phrase {key!r} is empty; write its words")

    def say(self, key: str, **values: str) -> Markup:
        """The phrase `key` with its placeholders filled; a value that is not already Markdown is made harmless.

        Raises `BadInputError` that names the phrase, or the placeholder, that is missing.
        """
        words = self.words.get(key)
        if words is None:
            raise BadInputError(f"{self.source}: the phrase {key!r} is missing; add it")
        if not values:
            return words
        pieces = _pieces(words)
        return Markup("".join(self._filled(key, one, values) if odd else one for odd, one in pieces))

    def has(self, key: str) -> bool:
        """Whether the language has the phrase `key`."""
        return key in self.words

    def under(self, own: "Phrases") -> "Phrases":
        """These phrases with `own` over them, phrase by phrase."""
        joined = Phrases(self.language, self.source, {})
        joined.words = self.words | own.words
        joined.lists = self.lists | own.lists
        return joined

    def with_questions_of(self, questions: Mapping[str, Markup]) -> "Phrases":
        """These phrases, and the questions to the team where there are no words for them in this language."""
        joined = Phrases(self.language, self.source, {})
        joined.words = {**questions, **self.words}
        joined.lists = self.lists
        return joined

    def _filled(self, key: str, name: str, values: Mapping[str, str]) -> str:
        if name not in values:
            raise BadInputError(
                f"{self.source}: the phrase {key!r} asks for {{{name}}}, which is not given; take it out"
            )
        value = values[name]
        return value if isinstance(value, Markup) else harmless(value)


@lru_cache(maxsize=8192)
def _pieces(words: str) -> tuple[tuple[bool, str], ...]:
    """A phrase taken apart into words and the names of placeholders, which are the odd ones."""
    return tuple((index % 2 == 1, one) for index, one in enumerate(_PLACEHOLDER.split(words)) if one)


def read_phrases(folder: Path) -> Phrases:
    """The phrases of the language whose folder this is."""
    path = folder / "phrases.yaml"
    tree = read_document(path).data
    if not isinstance(tree, Mapping):
        raise BadInputError(f"{path}: a mapping of phrases is needed; see another language's file")
    return Phrases(folder.name, str(path), tree)


def _leaves(tree: Mapping[str, object], above: str) -> Iterator[tuple[str, object]]:
    for name, value in tree.items():
        key = f"{above}.{name}" if above else str(name)
        if isinstance(value, Mapping):
            yield from _leaves(value, key)
        else:
            yield key, value
