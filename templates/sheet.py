"""A filing as a sheet to copy from: the portal's fields in its order, each with what belongs into it, and what to pick there."""

import html as markup
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from models.duty import Duty
from models.printable import printable
from models.report import Report
from models.vocabulary import Level
from templates.brief import Voice
from templates.facts import FactReader
from templates.language import language as speak
from templates.page import framed, html, language_tag, plain
from templates.paper import Paper
from templates.parts import Part, parts_of
from templates.portals import Portal, PortalField, portal_for
from templates.writer import stage_name

Origin = Literal["text", "facts", "open"]


@dataclass(frozen=True)
class SheetEntry:
    """One field of the portal; `value` is empty where the filing does not say it, and `question` then asks for it."""

    label: str
    value: str
    origin: Origin
    choose: tuple[str, ...] = ()
    question: str = ""


@dataclass(frozen=True)
class Filed:
    """A paper and what its fields are filled from, beside its text."""

    paper: Paper
    duty: Duty | None
    report: Report
    voice: Voice
    severity: Level
    people_told_at: datetime | None = None
    language: str | None = None  # of whoever fills in the portal; else the text's own

    def say(self, key: str, **values: object) -> str:
        """One of the words around the fields, in the language of whoever fills in the portal."""
        words = plain(str(speak(self.spoken).phrases.say(f"portal_sheet.{key}"))).strip()
        return words.format(**values) if values else words

    @property
    def spoken(self) -> str:
        """The language of the words around the fields: English where the text's own has none for them."""
        code = self.language or self.paper.language
        return code if speak(code).is_whole else "en"

    @property
    def portal(self) -> Portal | None:
        """The portal that it goes through."""
        return portal_for(self.duty)


def entries_of(filed: Filed) -> tuple[SheetEntry, ...]:
    """The fields in the portal's order; without a known portal the parts of the text in the law's order."""
    paper = filed.paper
    parts = parts_of(paper.text, paper.language)
    if filed.portal is None:
        return tuple(SheetEntry(part.heading, part.text, "text") for part in parts)
    by_key = {part.key: part for part in parts if part.key and part.text}
    return tuple(_entry(filed, field, by_key) for field in filed.portal.fields)


def _entry(filed: Filed, field: PortalField, parts: dict[str, Part]) -> SheetEntry:
    written = [parts[key].text for key in field.content if key in parts]
    if written:
        return SheetEntry(field.label, "\n\n".join(written), "text", field.choose)
    known = "\n".join(_known(filed, field))
    if known:
        return SheetEntry(field.label, known, "facts", field.choose)
    return SheetEntry(field.label, "", "open", field.choose, _question(filed.paper, field))


def _known(filed: Filed, field: PortalField) -> Iterator[str]:
    """What the facts and the organisation's own file say, where the text has no part for the field."""
    phrases = speak(filed.paper.language).phrases
    if field.stage and filed.duty:
        yield _words(stage_name(filed.duty.stage, phrases))
    if field.severity:
        yield _words(phrases.say(f"words.level.{filed.severity.value}"))
    if field.people_told and filed.people_told_at:
        yield filed.paper.moment(filed.people_told_at)
    reader = _reader(filed)
    for path in field.facts:
        shown = _words(reader.read(path).shown)
        if shown:
            yield f"{_name(path)}: {shown}" if path.startswith("times.") and len(field.facts) > 1 else shown
    for name in field.voice:
        value = getattr(filed.voice, name)
        if value:
            yield str(value)


def _reader(filed: Filed) -> FactReader:
    spoken = speak(filed.paper.language)
    return FactReader(filed.report, spoken.phrases, spoken.locale(filed.paper.place), filed.paper.zone)


def _name(path: str) -> str:
    return path.partition(".")[2].replace("_", " ")


def _question(paper: Paper, field: PortalField) -> str:
    phrases = speak(paper.language).phrases
    keys = (f"content.{key}.question" for key in field.content)
    return next((_words(phrases.say(key)) for key in keys if phrases.has(key)), "")


def _words(text: str) -> str:
    return plain(str(text)).strip()


def sheet_of(filed: Filed) -> str:
    """The sheet as an HTML page: a click on a value selects all of it, ready to be copied; nothing is loaded."""
    paper, entries = filed.paper, entries_of(filed)
    colour = "#1a1a1a" if paper.may_leave and not paper.rehearsal else "#a4000f"
    head = (
        f'<p style="padding:8px 12px;border:2px solid {colour};color:{colour};font-weight:bold">'
        f"{_escaped(paper.standing)}</p>{_about(filed, entries)}"
    )
    fields = "".join(_field(filed, number, entry) for number, entry in enumerate(entries, 1))
    whole = html("", filed.spoken, filed.say("title", title=paper.title), above=framed("header", head))
    foot = framed("footer", f'<p style="font-size:13px;border-top:1px solid #767676">{_escaped(paper.mark)}</p>')
    return whole.replace("</main>\n", f"{fields}</main>\n{foot}", 1)


def _about(filed: Filed, entries: Sequence[SheetEntry]) -> str:
    portal, paper = filed.portal, filed.paper
    name = portal.name if portal else (filed.duty.recipient if filed.duty else paper.title)
    still_open = sum(entry.origin == "open" for entry in entries)
    about = filed.say(
        "about",
        number=paper.number,
        notice=paper.notice,
        version=paper.version,
        facts=paper.facts_version,
        count=len(entries),
        open=still_open,
    )
    lines = [f'<h1 lang="en" style="font-size:24px">{_escaped(name)}</h1>', f"<p>{_escaped(about)}</p>"]
    if filed.duty and filed.duty.channel:
        lines.append(f"<p>{_escaped(filed.say('channel', channel=filed.duty.channel))}</p>")
    lines.append(f"<p>{_basis(filed, portal)}</p>")
    return "".join(lines)


def _basis(filed: Filed, portal: Portal | None) -> str:
    if portal is None:
        return _escaped(filed.say("unknown"))
    source = f'<a href="{_escaped(portal.source)}">{_escaped(filed.say("source"))}</a>, {portal.checked}'
    return f"{_escaped(filed.say(portal.basis))} ({source}) {_escaped(filed.say('portal_is_right'))}"


def _field(filed: Filed, number: int, entry: SheetEntry) -> str:
    origin = filed.say({"text": "from_text", "facts": "from_facts", "open": "open"}[entry.origin])
    heading = (
        f'<h2 style="font-size:16px;margin:24px 0 4px">{number}. <span lang="en">{_escaped(entry.label)}</span> '
        f'<span style="font-weight:normal;color:#595959">({_escaped(origin)})</span></h2>'
    )
    return f"<section>{heading}{_value(filed, entry)}{_choices(filed, entry)}</section>\n"


def _value(filed: Filed, entry: SheetEntry) -> str:
    if entry.origin == "open":
        question = f' <span lang="{language_tag(filed.paper.language)}">{_escaped(entry.question)}</span>'
        return f'<p style="margin:0;color:#a4000f">{_escaped(filed.say("fill_in"))}{question if entry.question else ""}</p>'
    style = (
        "margin:0;padding:8px 12px;border:1px solid #767676;background:#f7f7f7;white-space:pre-wrap;font-family:inherit;"
        "-webkit-user-select:all;user-select:all"
    )
    tag = language_tag(filed.paper.language)
    return f'<pre tabindex="0" lang="{tag}" style="{style}">{_escaped(entry.value)}</pre>'


def _choices(filed: Filed, entry: SheetEntry) -> str:
    if not entry.choose:
        return ""
    choices = f'<span lang="en">{_escaped(" · ".join(entry.choose))}</span>'
    return f'<p style="margin:4px 0 0;font-size:14px">{_escaped(filed.say("pick"))} {choices}</p>'


def _escaped(text: str) -> str:
    return markup.escape(printable(text))
