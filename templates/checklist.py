"""Whether every language is whole: each template, phrase and block that any text can ask for, missing ones by name."""

import inspect
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from models import vocabulary
from models.errors import BadInputError
from models.vocabulary import Audience, Kind, Relationship
from templates.facts import enum_section
from templates.forms import forms_of, read_forms
from templates.language import FORMAL, PLAIN, SUFFIX, Language, language, languages
from templates.phrases import Phrases
from templates.risks import read_risks


def checklist(own: Path | None = None) -> tuple[str, ...]:
    """What is missing or broken in the languages, one line each; nothing where all is whole."""
    whole = [language(code, own) for code in languages()]
    reference = set().union(*(_keys(one.phrases) for one in whole)) | set(needed_phrases())
    return tuple(line for one in whole for line in (*_missing_phrases(one, reference), *_broken_templates(one)))


def needed_phrases() -> Iterator[str]:
    """Every phrase that the vocabulary, the contents, the risks and the forms call for."""
    for enum in _enums():
        yield from (f"words.{enum_section(enum)}.{value.value}" for value in enum)
    for register in ("formal", "plain", "public"):
        yield from (f"happened.{register}.{kind.value}" for kind in Kind)
    yield from (f"greetings.{relationship.value}" for relationship in Relationship)
    forms = read_forms()
    for key in forms.contents:
        yield from (f"content.{key}.heading", f"content.{key}.question", f"content.{key}.marks")
    yield from (f"titles.{template}" for template in templates())
    for rule in forms.provisions.values():
        yield from (f"prescribed_sections.{name}" for name in rule.sections or ())
        yield from (f"titles.{title}" for title in filter(None, (rule.title,)))
    yield from (f"sections.{name}" for name in forms.letter_sections)
    yield from (f"risks.{name}" for name in read_risks().risks)
    yield from (f"advice.{name}" for name in read_risks().advice)


def templates() -> set[str]:
    """The names of the templates that the forms call for."""
    return {template for audience in Audience for template in forms_of(audience).values()}


def _enums() -> list[type[StrEnum]]:
    return [
        item
        for _, item in inspect.getmembers(vocabulary, inspect.isclass)
        if issubclass(item, StrEnum) and item is not StrEnum
    ]


def _keys(phrases: Phrases) -> set[str]:
    """The keys that other languages must have too; plural forms and regional dates differ from language to language."""
    return {key for key in (*phrases.words, *phrases.lists) if not key.startswith(("counts.", "language.locales."))}


def _missing_phrases(one: Language, reference: set[str]) -> Iterator[str]:
    for key in sorted(reference - _keys(one.phrases)):
        yield f"{one.phrases.source}: the phrase {key!r} is missing; add it"


def _broken_templates(one: Language) -> Iterator[str]:
    forms = read_forms()
    for name in sorted({*templates(), FORMAL, PLAIN, *_found(one)}):
        if refusal := _refusal(one, name):
            yield refusal
    for key in forms.contents if _refusal(one, FORMAL) is None else ():
        if key not in forms.silent and not one.has_block(FORMAL, key):
            yield f"{one.folders[0]}/{FORMAL}{SUFFIX}: no block for the content {key!r}; write it"


def _refusal(one: Language, name: str) -> str | None:
    try:
        one.template(name)
    except BadInputError as error:
        return str(error)
    return None


def _found(one: Language) -> set[str]:
    return {path.name.removesuffix(SUFFIX) for folder in one.folders for path in folder.glob(f"*{SUFFIX}")}
