"""A brief made into a draft: the exact Markdown text that people read, edit and sign, with the facts it rests on."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from markupsafe import Markup

from models.vocabulary import Audience
from templates.brief import Brief
from templates.check import Finding, Written, findings
from templates.content import ContentWriter, tidy
from templates.dialect import TemplateRefusedError
from templates.escape import harmless
from templates.facts import FactReader, FactUsed
from templates.forms import TextForm, contents_of, read_forms, rule_of, text_form
from templates.language import Language, language
from templates.page import subject
from templates.writer import MissingContent, Writer, stage_name, words_of


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
    spoken = language(brief.language, own)
    return _draft(brief, spoken, _reader(brief, spoken))


def drafts(briefs: Iterable[Brief], own: Path | None = None) -> tuple[tuple[Draft, ...], tuple[Refusal, ...]]:
    """The texts of many briefs; one that cannot be drafted is told apart and does not hold up the others."""
    done: list[Draft] = []
    refused: list[Refusal] = []
    shared = _Shared()
    for brief in briefs:
        try:
            spoken = language(brief.language, own)
            done.append(_draft(brief, spoken, shared.reader(brief, spoken)))
        except TemplateRefusedError as error:
            refused.append(Refusal(brief, str(error)))
    return tuple(done), tuple(refused)


def texts(briefs: Iterable[Brief], own: Path | None = None) -> tuple[str, ...]:
    """The bare texts of many briefs, unchecked."""
    shared = _Shared()
    spoken = [(brief, language(brief.language, own)) for brief in briefs]
    return tuple(_write(brief, one, shared.reader(brief, one)).text for brief, one in spoken)


def check(text: str, brief: Brief, own: Path | None = None) -> tuple[Finding, ...]:
    """What is wrong with a text, edited or not, compared with what `brief` gives now; errors first, and they block approval.

    Give the brief that the text was drafted from with today's facts, and with its own `now`: the date of the text is kept.
    """
    spoken = language(brief.language, own)
    return findings(text, _write(brief, spoken, _reader(brief, spoken)), spoken)


def digest(text: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes, in hexadecimal: what an approval is bound to."""
    return sha256(text.encode()).hexdigest()


def _draft(brief: Brief, spoken: Language, reader: FactReader) -> Draft:
    written = _write(brief, spoken, reader)
    return Draft(
        audience=brief.audience,
        language=brief.language,
        form=written.form,
        subject=subject(written.text),
        text=written.text,
        sha256=digest(written.text),
        facts_used=tuple(written.facts.values()),
        missing=tuple(written.missing.values()),
        findings=findings(written.text, written, spoken),
    )


def _write(brief: Brief, spoken: Language, reader: FactReader) -> Written:
    form = text_form(brief.audience, brief.form)
    register = "plain" if brief.audience in read_forms().plain else "formal"
    writer = Writer(brief, reader, "plain" if register == "plain" else "formal")
    contents = ContentWriter(writer, spoken, contents_of(brief.duty, brief.report), rule_of(brief.duty))
    words = words_of(writer)
    text = spoken.render(form.template, contents.words(words) | {"title": _title(form, writer)})
    return Written(
        brief=brief,
        form=form.form,
        text=tidy(text) + "\n",
        facts=writer.record.used,
        missing=writer.record.missing,
        contents=contents.contents,
        by_key=contents.written,
        attachments=tuple(writer.record.attachments),
        untranslated=tuple(writer.record.untranslated),
    )


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


class _Shared:
    """What the texts of an incident have in common in one language: each fact and content is put into words once."""

    def __init__(self) -> None:
        self._readers: dict[tuple[int, str, str, str], FactReader] = {}
        self.memory: dict[str, Memory] = {}

    def reader(self, brief: Brief, spoken: Language) -> FactReader:
        key = (id(brief.report), brief.language, spoken.locale(_jurisdiction(brief)), brief.zone)
        if key not in self._readers:
            self._readers[key] = _reader(brief, spoken)
        return self._readers[key]


def _reader(brief: Brief, spoken: Language) -> FactReader:
    return FactReader(brief.report, spoken.phrases, spoken.locale(_jurisdiction(brief)), brief.zone)


def _jurisdiction(brief: Brief) -> str:
    return brief.duty.jurisdiction if brief.duty else brief.report.organisation.country or ""
