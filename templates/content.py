"""What a law asks a text to hold, section by section: one block of words per content key, for whatever law asks for it."""

import re

from jinja2.runtime import Context
from markupsafe import Markup

from models.errors import BadInputError
from templates.forms import Contents, ProvisionRule, by_section, read_forms
from templates.language import FORMAL, PLAIN, Language
from templates.writer import Section, Writer


class ContentWriter:
    """Writes the contents of one text and remembers the words of each."""

    def __init__(self, writer: Writer, language: Language, contents: Contents, rule: ProvisionRule) -> None:
        self.writer = writer
        self.language = language
        self.contents = contents
        self.rule = rule
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
        """The words of one content; written once for a text."""
        if key not in self.written:
            self.writer.key = key
            text = self._written(key)
            self.writer.key = None
            self.written[key] = text
        return self.written[key]

    def sections(self) -> tuple[Section, ...]:
        """One section for each content of a filing, in the law's order."""
        return tuple(Section(self.heading(key), text) for key in self.contents.keys if (text := self.content(key)))

    def letter(self) -> tuple[Section, ...]:
        """The contents of a letter, gathered under the headings that readers, or the law, expect."""
        names = self.rule.sections or read_forms().letter_sections
        heads = "prescribed_sections" if self.rule.sections else "sections"
        gathered = by_section(self.contents.keys, names, read_forms().contents)
        return tuple(
            Section(self.writer.phrases.say(f"{heads}.{name}"), text)
            for name, keys in gathered.items()
            if (text := Markup("\n\n".join(words for key in keys if (words := self.content(key)))))
        )

    def _written(self, key: str) -> Markup:
        template = PLAIN if self.writer.register == "plain" and self.language.has_block(PLAIN, key) else FORMAL
        if not self.language.has_block(template, key):
            raise BadInputError(f"{self.language.code}/{template}.md.j2: no block for the content {key!r}; write it")
        if template not in self._contexts:
            self._contexts[template] = self.language.context(template, self._words)
        return Markup(tidy(self.language.block(template, key, self._contexts[template])))


_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")
_CHINESE_BREAK = re.compile(r"(?<=[\u3001-\u303f\u4e00-\u9fff\uff01-\uff60])\n(?=[\u4e00-\u9fff“（《])")


def tidy(text: str) -> str:
    """Text without trailing spaces, double blank lines, and line breaks that would show as spaces in Chinese."""
    text = _BLANK_LINES.sub("\n\n", _TRAILING.sub("", text)).strip()
    return _CHINESE_BREAK.sub("", text)
