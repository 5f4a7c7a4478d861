"""The words of the breach register in one language: headings, columns, and how counts, times and closed lists are said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from models.clock import zone
from models.errors import BadInputError
from models.register import RegisterEntry
from templates.language import language as speak
from templates.language import languages
from templates.page import plain
from templates.phrases import Phrases
from templates.typeface import is_east_asian
from templates.writer import stage_name


@dataclass(frozen=True)
class RegisterWords:
    """How one language says what stands in the register."""

    language: str

    def __post_init__(self) -> None:
        """Refuse a language that has no words for it."""
        if not speak(self.language).is_whole:
            known = [code for code in languages() if speak(code).is_whole]
            raise BadInputError(f"the register has no words in {self.language!r}; known are {', '.join(known)}")

    @cached_property
    def phrases(self) -> Phrases:
        """The language's phrases."""
        return speak(self.language).phrases

    def say(self, key: str, **values: object) -> str:
        """The register's phrase `key`, with its placeholders filled."""
        words = plain(str(self.phrases.say(f"register.{key}"))).strip()
        return words.format(**values) if values else words

    def word(self, section: str, value: str | None) -> str:
        """A word of a closed list."""
        return plain(str(self.phrases.say(f"words.{section}.{value}"))).strip() if value else self.say("not_known")

    def stage(self, stage: str) -> str:
        """A stage of a duty."""
        return plain(str(stage_name(stage, self.phrases))).strip()

    def standing(self, standing: str) -> str:
        """Where a duty to tell stands."""
        return self.say(f"standing.{standing.replace(' ', '_')}")

    def yes(self, value: bool | None) -> str:
        """Yes, no, or not known."""
        return self.say("not_known" if value is None else "yes" if value else "no")

    def listed(self, words: Iterable[str]) -> str:
        """Several words in a row."""
        return ("、" if is_east_asian(self.language) else ", ").join(words)

    def moment(self, instant: datetime | None, zone_name: str) -> str:
        """A time on the incident's own clock."""
        if instant is None:
            return self.say("not_known")
        local = instant.astimezone(zone(zone_name))
        offset = local.strftime("%z")
        return f"{local:%Y-%m-%d %H:%M} UTC{offset[:3]}:{offset[3:5]}"

    def late(self, entry: RegisterEntry) -> str:
        """Why something was late, that nobody has said it, or that nothing was."""
        if not any(one.late for one in entry.told):
            return self.say("says.nothing_late")
        return entry.late_reasons or self.say("says.late_without_reason")

    def reasons(self, entry: RegisterEntry) -> str:
        """Why nobody is told by laws that reach the incident; equal reasons once, with all whom they concern."""
        grouped: dict[str, list[str]] = {}
        for one in entry.not_told:
            decided = [self.say("says.decided", who=one.decided)] if one.decided else []
            grouped.setdefault("; ".join([*decided, *one.reasons]), []).append(one.provision)
        return "\n".join(f"{', '.join(dict.fromkeys(names))}: {why}" for why, names in grouped.items())

    def summary(self, entry: RegisterEntry, audience: str) -> str:
        """How many of an audience's duties stand where, such as `2 told, 1 overdue`; `not told` where there are reasons."""
        standings = [one.standing for one in entry.told if one.audience == audience]
        if not standings:
            refused = any(one.audience == audience for one in entry.not_told)
            return self.standing("not told" if refused else "none")
        counts = [
            self.say("says.count", count=standings.count(one), standing=self.standing(one))
            for one in dict.fromkeys(standings)
        ]
        late = sum(one.late for one in entry.told if one.audience == audience)
        return self.listed([*counts, *([self.say("says.count_late", count=late)] if late else [])])


def plain_words(texts: Iterable[str]) -> list[str]:
    """Phrases without their Markdown."""
    return [plain(text).strip() for text in texts]
