"""Pages: Jinja templates in `console/views`, with the words of the interface in the viewer's language."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from babel.dates import format_datetime, format_timedelta
from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from console.facts import PLACES, VOCABULARY, plain_path
from console.rights import Right, rights_of_viewer
from flows.acts.accounts import Viewer
from flows.desk import Desk
from models.clock import rfc3339, zone
from models.document import read_document
from models.errors import BadInputError
from models.vocabulary import PersonRole
from templates.facts import place_name
from templates.language import language as texts_in
from templates.writer import stage_name

HERE = Path(__file__).parent
LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
NAVIGATION: tuple[tuple[Right | None, str, str], ...] = (
    (None, "/", "nav.incidents"),
    (Right.REPORT, "/report", "nav.report"),
    (Right.ADD_FACTS, "/candidates", "nav.candidates"),
    (Right.SEE_TEXTS, "/register", "nav.register"),
    (Right.SEE, "/laws", "nav.laws"),
    (Right.SEE, "/playbooks", "nav.playbooks"),
    (Right.BREAK_GLASS, "/glass", "nav.glass"),
    (Right.ADMINISTER, "/admin", "nav.admin"),
)


def page(request: Request, view: str, *, status: int = 200, **data: Any) -> HTMLResponse:  # Any: what a view shows
    """Render a view for whoever asks, in their language."""
    viewer: Viewer | None = getattr(request.state, "viewer", None)
    language = language_for(request, viewer)
    words = Words(language)
    desk: Desk = request.app.state.desk
    html = (
        _views()
        .get_template(view)
        .render(
            viewer=viewer,
            rights=rights_of_viewer(viewer) if viewer else frozenset(),
            language=language,
            languages=LOCALES,
            say=words.say,
            at=words.at,
            left=words.left,
            word=words.word,
            who=words.who,
            stage=words.stage,
            english=Markup(' lang="en"') if language != "en" else "",
            label=words.label,
            shown=words.shown,
            now=desk.clock(),
            rfc3339=rfc3339,
            stands_still=desk.is_rehearsal,
            path=request.url.path,
            navigation=NAVIGATION,
            **data,
        )
    )
    return HTMLResponse(html, status_code=status)


def language_for(request: Request, viewer: Viewer | None) -> str:
    """The viewer's own choice, or the first that their browser asks for and that we speak, or English."""
    if viewer is not None and viewer.language in LOCALES:
        return str(viewer.language)
    for wish in request.headers.get("accept-language", "").split(","):
        code = wish.split(";")[0].strip()[:2].lower()
        if code in LOCALES:
            return code
    return "en"


def words_for(request: Request) -> "Words":
    """The interface in the language of whoever asks."""
    return Words(language_for(request, getattr(request.state, "viewer", None)))


class Words:
    """The interface in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._words = _words(language)

    def say(self, key: str, **values: Any) -> str:  # Any: whatever a phrase shows
        """The phrase called `key`, with values filled in; raises `KeyError` for one that is not there."""
        return self._words[key].format(**values)

    def has(self, key: str) -> bool:
        """Whether there is a phrase called `key`."""
        return key in self._words

    def word(self, family: str, value: str) -> str:
        """A word of the vocabulary, such as the kind `ransomware`, as the texts of this language name it."""
        if family == "times":
            return self.label(f"times.{value}")
        return str(texts_in(self.language).phrases.say(f"words.{family}.{value}")).rstrip(".。")

    def stage(self, stage: str) -> str:
        """A stage of a duty in brackets; nothing for the first."""
        return "" if stage == "initial" else f"({stage_name(stage, texts_in(self.language).phrases)})"

    def who(self, text: str) -> str:
        """Roles such as `legal and pr`, in words of this language; names of people stay as they are."""
        roles = "|".join(sorted((role.value for role in PersonRole), key=len, reverse=True))
        if not re.fullmatch(rf"({roles})((, or|,| and| or) ({roles}))*", text):
            return text
        words = re.sub(rf"\b({roles})\b", lambda found: self.word("person_role", found[1]), text)
        return (
            words.replace(", or ", self.say("who.or"))
            .replace(" and ", self.say("who.and"))
            .replace(" or ", self.say("who.or"))
        )

    def label(self, path: str) -> str:
        """What a fact is called: that of `people[0].count` is the phrase `fact.people_count`."""
        return self.say(f"fact.{plain_path(path).replace('.', '_')}")

    def shown(self, path: str, value: object, zone_name: str) -> Markup:
        """A fact's value as people read it; "not known yet" where it is None."""
        family = VOCABULARY.get(plain_path(path))
        match value:
            case None:
                return Markup('<span class="unknown">{}</span>').format(self.say("fact_value.unknown"))
            case bool():
                return escape(self.say("fact_value.yes" if value else "fact_value.no"))
            case []:
                return escape(self.say("fact_value.none"))
            case list() if all(isinstance(one, str) for one in value):
                return Markup(", ").join(self.shown(path, one, zone_name) for one in value)
            case int():
                return escape(format_decimal(value, locale=LOCALES[self.language]))
            case str() if family:
                return escape(self.word(family, value))
            case str() if plain_path(path).startswith("times."):
                return self.at(datetime.fromisoformat(value), zone_name)
            case str() if plain_path(path) in PLACES:
                return escape(f"{place_name(value, Locale.parse(LOCALES[self.language]))} ({value})")
        return escape(str(value))

    def at(self, moment: datetime | None, zone_name: str) -> Markup:
        """A time as the viewer's language writes it, in the zone given, readable by programs too."""
        if moment is None:
            return Markup("")
        pattern = self.say("clock.written")
        shown = format_datetime(moment, pattern, tzinfo=zone(zone_name), locale=LOCALES[self.language])
        return Markup('<time datetime="{}">{}</time>').format(rfc3339(moment), shown)

    def left(self, due: datetime | None, now: datetime) -> Markup:
        """How long until `due`, or how long ago; the browser keeps it ticking."""
        if due is None:
            return Markup("")
        words = format_timedelta(abs(due - now), granularity="minute", threshold=1.5, locale=LOCALES[self.language])
        phrase = self.say("clock.left" if due >= now else "clock.over", time=words)
        css = "late" if due < now else ""
        return Markup('<span class="left {}" data-due="{}">{}</span>').format(css, rfc3339(due), phrase)


@cache
def _words(language: str) -> Mapping[str, str]:
    """The phrases that every page needs, and those of each page or two in a file of their own."""
    files = [HERE / "words" / f"{language}.yaml", *sorted((HERE / "words" / language).glob("*.yaml"))]
    found: dict[str, str] = {}
    for file in files:
        phrases = _flat(read_document(file).data, "")
        twice = found.keys() & phrases.keys()
        if twice:
            raise BadInputError(f"{file}: the phrase {min(twice)!r} stands in another file too; keep one")
        found |= phrases
    return found


def _flat(tree: Any, before: str) -> dict[str, str]:  # Any: plain YAML
    if not isinstance(tree, Mapping):
        return {before: str(tree)}
    return {
        key: value
        for name, inner in tree.items()
        for key, value in _flat(inner, f"{before}.{name}" if before else str(name)).items()
    }


@cache
def _views() -> Environment:
    return Environment(
        loader=FileSystemLoader(HERE / "views"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
