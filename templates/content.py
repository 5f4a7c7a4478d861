"""What a law asks a text to hold, section by section: one block of words per content key, for whatever law asks for it."""

import re

from jinja2.runtime import Context
from markupsafe import Markup

from templates.brief import Brief
from templates.forms import Contents, by_section, read_forms, rule_of
from templates.language import Language
from templates.writer import Record, Section, Writer

Memory = dict[tuple[object, ...], dict[tuple[object, ...], tuple[Markup, Record]]]  # incident, then content


class ContentWriter:
    """Writes the contents of one text and remembers the words of each."""

    def __init__(self, writer: Writer, language: Language, contents: Contents, memory: Memory) -> None:
        self.writer = writer
        self.language = language
        self.contents = contents
        self.rule = rule_of(writer.brief.duty)
        self.memory = memory.setdefault((writer.register, *_of_the_incident(writer.brief)), {})
        brief, place = writer.brief, writer.brief.duty.jurisdiction if writer.brief.duty else None
        self._shapes = {"duty": id(brief.duty), "contacts": place, "local": place, "audience": brief.audience}
        self.written: dict[str, Markup] = {}
        self._contexts: dict[str, Context] = {}
        self._words: dict[str, object] = {}

    def words(self, words: dict[str, object]) -> dict[str, object]:
        """A text's words together with those that give its contents."""
        self._words = words
        return words | {
            "content": self.content,
            "heading": self.heading,
            "sections": self.sections,
            "letter": self.letter,
        }

    def heading(self, key: str) -> Markup:
        """The heading of a content in a filing."""
        return self.writer.phrases.say(f"content.{key}.heading")

    def content(self, key: str) -> Markup:
        """The words of one content; written once for all texts in which they are the same."""
        if key not in self.written:
            self.written[key] = self._remembered(key)
        return self.written[key]

    def sections(self) -> tuple[Section, ...]:
        """One section for each content of a filing, in the law's order."""
        return tuple(Section(self.heading(key), text) for key in self.contents.keys if (text := self.content(key)))

    def letter(self) -> tuple[Section, ...]:
        """The contents of a letter, gathered under the headings that readers, or the law, expect."""
        names = self.rule.sections or read_forms().letter_sections
        heads = "prescribed_sections" if self.rule.sections else "sections"
        gathered = by_section(self.contents.keys, tuple(names))
        return tuple(
            Section(self.writer.phrases.say(f"{heads}.{name}"), text)
            for name, keys in gathered.items()
            if (text := Markup("\n\n".join(words for key in keys if (words := self.content(key)))))
        )

    def _remembered(self, key: str) -> Markup:
        template, shaped_by = self.language.home(key, plain=self.writer.register == "plain")
        known = (key, *[self._shapes[word] for word in shaped_by])
        found = self.memory.get(known)
        if found is None:
            found = self.memory[known] = self._written(template, key)
        self.writer.record.add(found[1])
        return found[0]

    def _written(self, template: str, key: str) -> tuple[Markup, Record]:
        """The words of a content, with a record of its own."""
        writer = self.writer
        outer, writer.record, writer.key = writer.record, Record(), key
        if template not in self._contexts:
            self._contexts[template] = self.language.context(template, self._words)
        text = Markup(tidy(self.language.block(template, key, self._contexts[template])))
        inner, writer.record, writer.key = writer.record, outer, None
        return text, inner


def _of_the_incident(brief: Brief) -> tuple[object, ...]:
    """What the texts of an incident share and the words of a content rest on."""
    parts = (brief.report, brief.voice, brief.measures, brief.answers, brief.severity)
    return (
        *map(id, parts),
        brief.number,
        brief.facts_version,
        brief.now,
        brief.zone,
        brief.others_told,
        brief.people_told_at,
    )


_UNSPACED = r"\u3040-\u30ff\u4e00-\u9fff"  # Chinese and Japanese, written without spaces between words
_UNSPACED_BREAK = re.compile(rf"\n(?<=[\u3001-\u303f{_UNSPACED}\uff01-\uff60]\n)(?=[{_UNSPACED}“（《「『【])")


def tidy(text: str) -> str:
    """Text without trailing spaces, double blank lines, and line breaks that would show as spaces in Chinese or Japanese."""
    while " \n" in text:
        text = text.replace(" \n", "\n")
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return (text if text.isascii() else _UNSPACED_BREAK.sub("", text)).strip()
