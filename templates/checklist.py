"""Whether every language is whole: each template, phrase and block that any text can ask for, missing ones by name."""

import inspect
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path

from babel import Locale
from jinja2 import nodes

from models import vocabulary
from models.errors import BadInputError
from models.vocabulary import Audience, Kind, Relationship
from templates.dialect import Environment
from templates.facts import enum_section
from templates.forms import forms_of, read_forms
from templates.language import ANY, FORMAL, PLAIN, SUFFIX, Language, language, languages
from templates.phrases import FOLDER, Phrases
from templates.risks import read_risks


def checklist(own: Path | None = None) -> tuple[str, ...]:
    """What is missing or broken in the languages, one line each; nothing where all is whole."""
    spoken = [language(code, own) for code in languages()]
    whole = set().union(*(_keys(one.phrases) for one in spoken if one.is_whole)) | set(needed_phrases())
    people = set(needed_phrases(read_forms().everywhere))
    return tuple(
        line
        for one in spoken
        for line in (*_missing_phrases(one, whole if one.is_whole else people), *_broken_templates(one))
    )


def needed_phrases(audiences: Iterable[Audience] = tuple(Audience)) -> Iterator[str]:
    """Every phrase that the texts for these audiences can call for, from the vocabulary, contents, risks and templates."""
    asked, forms = frozenset(audiences), read_forms()
    everything = asked == frozenset(Audience)
    yield from (key for key in language("en").phrases.words if key.startswith("paper."))
    yield from ("language.name", "language.locale", "language.html", "language.scope")
    for enum in _enums():
        if everything or enum_section(enum) in forms.everywhere_words:
            yield from (f"words.{enum_section(enum)}.{value.value}" for value in enum)
    for register in ("formal", "plain", "public") if everything else ("plain", "public"):
        yield from (f"happened.{register}.{kind.value}" for kind in Kind)
    for register in ("formal", "plain") if everything else ("plain",):
        yield from (f"unknown.{register}.fact", f"unknown.{register}.sentence")
    yield from (f"greetings.{relationship.value}" for relationship in Relationship)
    for key in forms.contents if everything else public_contents():
        parts = ("heading", "question", "marks") if everything else ("heading", "marks")
        yield from (f"content.{key}.{part}" for part in parts)
    yield from _of_titles_and_sections(asked)
    yield from (f"risks.{name}" for name in read_risks().risks)
    yield from (f"advice.{name}" for name in read_risks().advice)
    yield from _called_by_templates()


def _of_titles_and_sections(audiences: frozenset[Audience]) -> Iterator[str]:
    forms = read_forms()
    yield from (f"titles.{template}" for template in templates(audiences))
    yield from (f"titles.remedy_{act}" for act in ("correction", "withdrawal"))
    for rule in forms.provisions.values():
        yield from (f"prescribed_sections.{name}" for name in rule.sections or ())
        yield from (f"titles.{title}" for title in filter(None, (rule.title,)) if rule.sections)
    yield from (f"sections.{name}" for name in forms.letter_sections)


def templates(audiences: Iterable[Audience] = tuple(Audience)) -> set[str]:
    """The names of the templates that the forms call for."""
    return {template for audience in audiences for template in forms_of(audience).values()}


def public_contents() -> tuple[str, ...]:
    """The contents that a text for people or the public can hold in every language."""
    tree = Environment().parse((FOLDER / ANY / f"{PLAIN}{SUFFIX}").read_text(encoding="utf-8"))
    return tuple(block.name for block in tree.find_all(nodes.Block))


def _called_by_templates() -> Iterator[str]:
    """The phrases that the templates without a language of their own ask for by name, and those of the words they use."""
    for path in sorted((FOLDER / ANY).glob(f"*{SUFFIX}")):
        for call in Environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "phrase":
                yield str(call.args[0].as_const())
    yield from ("text.reach", "text.signed", "text.letter.closing")
    yield from ("counts.at_least", "times.moment", "times.short", "times.on", "times.since", "times.between")


def _enums() -> list[type[StrEnum]]:
    return [
        item
        for _, item in inspect.getmembers(vocabulary, inspect.isclass)
        if issubclass(item, StrEnum) and item is not StrEnum
    ]


def _keys(phrases: Phrases) -> set[str]:
    """The keys that other languages must have too; plural forms and regional dates differ from language to language."""
    return {
        key
        for key in (*phrases.words, *phrases.lists)
        if not key.startswith(("counts.people", "counts.records", "language.locales."))
    }


def _missing_phrases(one: Language, reference: set[str]) -> Iterator[str]:
    there = _keys(one.phrases)
    for key in sorted(reference - there):
        yield f"{one.phrases.source}: the phrase {key!r} is missing; add it"
    for noun in ("people", "records") if one.is_whole else ("people",):
        for tag in sorted(
            {*_plurals(one)} - {key.rpartition(".")[2] for key in one.phrases.words if f"counts.{noun}." in key}
        ):
            yield f"{one.phrases.source}: the phrase 'counts.{noun}.{tag}' is missing; add it"


def _plurals(one: Language) -> frozenset[str]:
    """The plural forms of the language, by the names of Unicode's CLDR."""
    return frozenset({*Locale.parse(one.locale("")).plural_form.tags, "other"})


def _broken_templates(one: Language) -> Iterator[str]:
    forms = read_forms()
    audiences = tuple(Audience) if one.is_whole else tuple(forms.everywhere)
    named = {*templates(audiences), PLAIN, *_found(one), *((FORMAL,) if one.is_whole else ())}
    for name in sorted(named):
        if refusal := _refusal(one, name):
            yield refusal
    for key in forms.contents if one.is_whole and _refusal(one, FORMAL) is None else ():
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
