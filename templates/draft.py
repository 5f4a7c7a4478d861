"""A brief made into a draft: the exact Markdown text that people read, edit and sign, with the facts it rests on."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from markupsafe import Markup

from models.errors import BadInputError
from models.vocabulary import Audience
from templates.brief import Brief
from templates.check import Finding, Written, findings
from templates.content import ContentWriter, Memory, tidy
from templates.escape import harmless
from templates.facts import FactReader, FactUsed
from templates.forms import NOTHING, Contents, TextForm, contents_of, read_forms, rule_of, text_form
from templates.language import Language, language
from templates.page import subject
from templates.writer import STAMP, MissingContent, Writer, stage_name, words_of


@dataclass(frozen=True)
class Draft:
    """One drafted text. `sha256` is of the UTF-8 bytes of `text`; an approval names it."""

    audience: Audience
    language: str
    form: str
    subject: str
    text: str
    sha256: str
    facts_used: tuple[FactUsed, ...]
    missing: tuple[MissingContent, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Refusal:
    """A brief that no text could be drafted from, and why, in one line."""

    brief: Brief
    reason: str


def draft(brief: Brief, own: Path | None = None) -> Draft:
    """The text that a brief asks for, with its facts, its gaps and its findings.

    Templates in `own` win over ours. Raises `BadInputError`, or `TemplateRefusedError` that names the template's file and
    line.
    """
    return _checked(_written(brief, _Incident(own)), language(brief.language, own))


def drafts(briefs: Iterable[Brief], own: Path | None = None) -> tuple[tuple[Draft, ...], tuple[Refusal, ...]]:
    """The texts of many briefs; one that cannot be drafted is told apart and does not hold up the others."""
    done: list[Draft] = []
    refused: list[Refusal] = []
    incident = _Incident(own)
    for brief in list(briefs):  # held, since what they share is recognised by identity
        try:
            done.append(_checked(_written(brief, incident), language(brief.language, own)))
        except BadInputError as error:
            refused.append(Refusal(brief, str(error)))
    return tuple(done), tuple(refused)


def texts(briefs: Iterable[Brief], own: Path | None = None) -> tuple[str, ...]:
    """The bare texts of many briefs, unchecked."""
    incident = _Incident(own)
    return tuple(_written(brief, incident).text for brief in list(briefs))


def check(text: str, brief: Brief, own: Path | None = None) -> tuple[Finding, ...]:
    """What is wrong with a text, edited or not, compared with what `brief` gives now; errors first, and they block approval.

    The brief may be of a later time than the text: the day and time of drafting that the text states are let stand.
    """
    return findings(text, _written(brief, _Incident(own)), language(brief.language, own))


def digest(text: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes, in hexadecimal: what an approval is bound to."""
    return sha256(text.encode()).hexdigest()


class _Incident:
    """What the texts of an incident have in common: each fact and content is put into the words of a language once."""

    def __init__(self, own: Path | None) -> None:
        self.own = own
        self._shared: dict[tuple[object, ...], tuple[FactReader, Memory]] = {}
        self._contents: dict[tuple[int, int, bool], Contents] = {}

    def contents(self, brief: Brief) -> Contents:
        """What a text for the brief's duty holds, found once for all languages."""
        key = (id(brief.duty), id(brief.report), brief.is_late)
        if key not in self._contents:
            self._contents[key] = contents_of(brief.duty, brief.report, late=brief.is_late)
        return self._contents[key]

    def shared(self, brief: Brief, spoken: Language) -> tuple[FactReader, Memory]:
        """The reader of the brief's facts, and the contents already written with it."""
        locale = spoken.locale(brief.duty.jurisdiction if brief.duty else brief.report.organisation.country or "")
        key = (id(brief.report), brief.language, locale, brief.zone)
        if key not in self._shared:
            self._shared[key] = FactReader(brief.report, spoken.phrases, locale, brief.zone), {}
        return self._shared[key]


def _checked(written: Written, spoken: Language) -> Draft:
    return Draft(
        audience=written.brief.audience,
        language=written.brief.language,
        form=written.form,
        subject=subject(written.text) or subject(f"# {written.title}"),
        text=written.text,
        sha256=digest(written.text),
        facts_used=tuple(written.facts.values()),
        missing=tuple(written.missing.values()),
        findings=findings(written.text, written, spoken),
    )


def _written(brief: Brief, incident: _Incident) -> Written:
    spoken = language(brief.language, incident.own)
    form = _form_of(brief)
    reader, memory = incident.shared(brief, spoken)
    writer = Writer(brief, reader, "plain" if brief.audience in read_forms().plain else "formal", spoken.memory)
    held = NOTHING if form.template in read_forms().pointers else incident.contents(brief)
    contents = ContentWriter(writer, spoken, held, memory)
    title = _title(form, writer)
    text = tidy(spoken.render(form.template, contents.words(words_of(writer)) | {"title": title}))
    return Written(
        brief=brief,
        form=form.form,
        template=form.template,
        title=title,
        text=_unstamped(text) + "\n",
        stamped=tuple(_unstamped(line) for line in text.split("\n") if STAMP in line),
        facts=writer.record.used,
        missing=writer.record.missing,
        contents=contents.contents,
        by_key={key: _unstamped(words) for key, words in contents.written.items()},
        attachments=tuple(writer.record.attachments),
        untranslated=tuple(writer.record.untranslated),
        unchecked=tuple(writer.record.unchecked),
    )


def _form_of(brief: Brief) -> TextForm:
    if brief.remedy is not None:
        return TextForm(brief.audience, brief.remedy.act, f"remedy_{brief.remedy.act}")
    return text_form(brief.audience, brief.form)


def _unstamped(text: str) -> str:
    return str(text).replace(STAMP, "")


def _title(form: TextForm, writer: Writer) -> Markup:
    brief, phrases = writer.brief, writer.phrases
    key = f"titles.{rule_of(brief.duty).title or form.template}"
    special = f"{form.template}_titles.{form.audience.value}"
    return phrases.say(
        special if phrases.has(special) else key,
        number=harmless(brief.number),
        stage=stage_name(brief.duty.stage, phrases) if brief.duty else Markup(""),
        organisation=writer.organisation(),
    )
