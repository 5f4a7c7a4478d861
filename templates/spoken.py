"""In which languages a text is drafted: that of the law or the authority, those of the people, those that are set."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.languages import get_official_languages

from models.duty import Duty
from models.places import lies_in
from models.report import PeopleGroup, Report
from models.vocabulary import Audience
from templates.facts import place_name
from templates.language import language, languages

FALLBACK = "en"
_PEOPLE = (Audience.INDIVIDUALS, Audience.CUSTOMERS)


@dataclass(frozen=True)
class Spoken:
    """The languages that are asked for, the most wanted first; where there is no such text, English has to do."""

    asked: tuple[str, ...]

    def of(self, audience: Audience) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each language that texts for this audience are drafted in, with those asked for and not to be had."""
        found = [code for code in self.asked if _is_to_be_had(code, audience)]
        lacking = tuple(code for code in self.asked if code not in found)
        if not found or (lacking and FALLBACK not in found):
            found.append(FALLBACK)
        for code in found:
            yield code, lacking if code == FALLBACK else ()

    def lacking_in(self, code: str, audience: Audience) -> tuple[str, ...]:
        """The languages that are asked for and that the text in this one has to stand in for."""
        return dict(self.of(audience)).get(code, ())


def _is_to_be_had(code: str, audience: Audience) -> bool:
    return code in languages() and language(code).speaks_to(audience)


def languages_for(duty: Duty | None, report: Report, public: tuple[str, ...]) -> Spoken:
    """A filing speaks the language of its law or authority, people theirs or their country's, the public those that are set."""
    if duty is None:
        return Spoken(public)
    named = _named(duty.language or "")
    if duty.audience not in _PEOPLE:
        return Spoken(named[:1])
    groups = [group for group in report.people or () if lies_in(group.jurisdiction, duty.jurisdiction)]
    return Spoken(tuple(dict.fromkeys((*named, *(code for group in groups for code in _of_group(group))))))


def _of_group(group: PeopleGroup) -> Iterable[str]:
    if group.languages:
        return [code.split("-")[0] for code in group.languages]
    return country_languages(group.jurisdiction.split("-")[0])


@cache
def country_languages(country: str) -> tuple[str, ...]:
    """The official languages of a country that texts for people exist in; else the one most of its people read."""
    official = [code for code in get_official_languages(country, de_facto=True) if _is_read_as(code)]
    ours = tuple(code for code in official if code in languages())
    if ours:
        return ours
    likely = str(get_global("likely_subtags").get(f"und_{country}", FALLBACK)).split("_")
    return ("zh-Hant",) if "Hant" in likely else (likely[0],)


def place_in(country: str | None, code: str) -> str:
    """What a place is called in the first language of a country, or in English."""
    spoken = country_languages(country)[0] if country else FALLBACK
    return place_name(code, Locale.parse(spoken.replace("-", "_")))


def _is_read_as(code: str) -> bool:
    return "_" not in code  # traditional Chinese is not the Chinese that we write


@cache
def _english_names() -> dict[str, str]:
    names = Locale("en").languages
    return {name.lower(): code for code, name in names.items() if len(code) == 2}


def _named(words: str) -> tuple[str, ...]:
    """The languages that a law or a list of authorities names, by code (`de`) or by their English names."""
    if len(words) == 2:
        return (words,)
    parts = (part.strip(",.;()").lower() for part in words.split())
    return tuple(dict.fromkeys(_english_names()[part] for part in parts if part in _english_names()))


def language_name(code: str) -> str:
    """What a language is called in English; its code where nobody has named it."""
    return str(Locale("en").languages.get(code.split("-")[0], code))
