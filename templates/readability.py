"""How hard a text is to read for the public, by the measure that is established for its language; none for Chinese, Japanese and Korean."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

FEWEST_WORDS = 100  # the measures were made for samples of about this length; a shorter text has no level


@dataclass(frozen=True)
class Counts:
    """What the measures count in a text; `long_words` have four syllables or more."""

    sentences: int = 0
    words: int = 0
    syllables: int = 0
    letters: int = 0
    long_words: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.sentences + other.sentences,
            self.words + other.words,
            self.syllables + other.syllables,
            self.letters + other.letters,
            self.long_words + other.long_words,
        )


@dataclass(frozen=True)
class Measure:
    """One established measure: its formula, and the value from which a text counts as hard for adults without special schooling."""

    name: str
    value: Callable[[Counts], float]
    hard_at: float
    lower_is_harder: bool = True

    def is_hard(self, counts: Counts) -> bool:
        """Whether a text with these counts is hard to read."""
        value = self.value(counts)
        return value < self.hard_at if self.lower_is_harder else value > self.hard_at


@dataclass(frozen=True)
class Level:
    """What a measure says of one text."""

    measure: str
    value: float
    hard_at: float
    is_hard: bool


def _flesch(base: float, per_sentence: float, per_word: float) -> Callable[[Counts], float]:
    """Flesch's formula, whose constants were fitted anew for each language."""
    return lambda c: base - per_sentence * c.words / c.sentences - per_word * c.syllables / c.words


def _pisarek(c: Counts) -> float:
    """Years of schooling, in Pisarek's form with square roots."""
    return float(0.5 * ((c.words / c.sentences) ** 2 + (100 * c.long_words / c.words) ** 2) ** 0.5)


MEASURES: Mapping[str, Measure] = {
    "en": Measure("Flesch Reading Ease", _flesch(206.835, 1.015, 84.6), 30),
    "de": Measure("Flesch-Amstad", _flesch(180, 1.0, 58.5), 30),
    "fr": Measure("Kandel-Moles", _flesch(207, 1.015, 73.6), 30),
    "es": Measure("Fernández-Huerta", _flesch(206.84, 1.02, 60), 30),
    "nl": Measure("Flesch-Douma", _flesch(206.84, 0.93, 77), 25),
    "pt": Measure("Flesch, after Martins and others 1996", _flesch(248.835, 1.015, 84.6), 25),
    "it": Measure("Gulpease", lambda c: 89 + (300 * c.sentences - 10 * c.letters) / c.words, 40),
    "pl": Measure("Pisarek", _pisarek, 16, lower_is_harder=False),
}

_VOWELS = "aeiouyàáâãäåæèéêëìíîïòóôõöøœùúûüýÿąęó"
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE = re.compile(r"[.!?:;…]+(?=\s|$)")
_NOT_PROSE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[*_`<>#\\]")
_GROUP = re.compile(rf"[{_VOWELS}]+")
_SILENT: Mapping[str, re.Pattern[str]] = {
    "en": re.compile(r"(?<![aeiouy])(?<!l)e(?:s|d)?$"),
    "fr": re.compile(r"(?<![aeiouyéèê])e(?:s|nt)?$"),
}


def level(text: str, language: str) -> Level | None:
    """How hard the text is, or None where no measure is established for the language or the text is too short for one."""
    measure = MEASURES.get(language)
    if measure is None:
        return None
    counts = sum((_counted(line, language) for line in text.split("\n")), Counts())
    if counts.words < FEWEST_WORDS or not counts.sentences:
        return None
    return Level(measure.name, round(measure.value(counts), 1), measure.hard_at, measure.is_hard(counts))


@lru_cache(maxsize=8192)
def _counted(line: str, language: str) -> Counts:
    """One line; headings are left out, since they are no sentences, and an item of a list ends one."""
    if line.startswith("#"):
        return Counts()
    prose = _NOT_PROSE.sub(" ", line)
    words = _WORD.findall(prose.lower())
    if not words:
        return Counts()
    syllables = list(_syllables(words, language))
    return Counts(
        sentences=max(1, len(_SENTENCE.findall(prose.strip()))),
        words=len(words),
        syllables=sum(syllables),
        letters=sum(map(len, words)),
        long_words=sum(count >= 4 for count in syllables),
    )


def _syllables(words: list[str], language: str) -> Iterator[int]:
    silent = _SILENT.get(language)
    for word in words:
        groups = len(_GROUP.findall(word))
        yield max(1, groups - 1 if silent and groups > 1 and silent.search(word) else groups)
