"""The words a template is given. Whatever it asks for is noted: which facts the text hangs on, and what nobody knows yet."""

import re
from dataclasses import dataclass, field
from typing import Literal, cast

from markupsafe import Markup

from models.document import nearest
from models.duty import Duty
from models.errors import BadInputError
from templates.brief import NO_WORDS, Brief, Voice, Words
from templates.contacts import Contact, ContactKind, contacts
from templates.dialect import Shown
from templates.escape import harmless, harmless_paragraphs
from templates.facts import FactReader, FactUsed
from templates.phrases import Phrases
from templates.risks import fitting_advice, likely_risks

STAMP = "\ue000"  # stands after the time of drafting until the text is done; no outside text can hold it

_DAY_FIRST = re.compile(r"^(\d{1,2})\.")  # "3. März 2026" in a line of its own would be taken for a list
ANNEXES = {
    "individual_notice_copy": "a copy of the notice to the people affected",
    "names_of_affected": "the list of the people affected, by a protected way",
}
_OWN = tuple(name for name, kind in Voice.__annotations__.items() if kind is str)

Register = Literal["formal", "plain"]


@dataclass(frozen=True)
class MissingContent:
    """A content that the facts do not give yet, and the question to a person that would."""

    key: str
    question: str


@dataclass(frozen=True)
class MeasureWords(Shown):
    """A measure in the text's language; `when` is empty while it is planned."""

    text: Markup
    when: Markup


@dataclass(frozen=True)
class DutyWords(Shown):
    """The duty that a text fulfils, in words."""

    provision: str
    recipient: str
    citation: str
    name: str
    stage: Markup
    channel: str
    due: Markup
    phased: bool
    late: bool


@dataclass(frozen=True)
class ChangeWords(Shown):
    """What a text had said, and what holds now."""

    old: Markup
    new: Markup


@dataclass(frozen=True)
class RemedyWords(Shown):
    """The text that is put right, in words."""

    subject: Markup
    sent: Markup
    reference: Markup
    reason: Markup
    changes: tuple[ChangeWords, ...]


@dataclass(frozen=True)
class Section(Shown):
    """One part of a letter: its heading and its text."""

    heading: Markup
    text: Markup


@dataclass
class Record:
    """What a text, or a content of it, hangs on: facts used, gaps, words left untranslated, what goes with it, unchecked names."""

    used: dict[str, FactUsed] = field(default_factory=dict)
    missing: dict[str, MissingContent] = field(default_factory=dict)
    untranslated: dict[str, None] = field(default_factory=dict)
    attachments: dict[str, None] = field(default_factory=dict)
    unchecked: dict[str, None] = field(default_factory=dict)

    def add(self, other: "Record") -> None:
        """Take over what another record holds."""
        self.used.update(other.used)
        self.missing.update(other.missing)
        self.untranslated.update(other.untranslated)
        self.attachments.update(other.attachments)
        self.unchecked.update(other.unchecked)


class Writer:
    """Gives one text its words, and keeps the record of the facts it used, what it lacks and what it has to be sent with."""

    def __init__(self, brief: Brief, reader: FactReader, register: Register, memory: Words = NO_WORDS) -> None:
        self.brief = brief
        self.memory = memory
        self.reader = reader
        self.phrases: Phrases = reader.phrases
        self.register = register
        self.record = Record()
        self.key: str | None = None

    # facts

    def fact(self, path: str) -> Markup:
        """A fact as its reader sees it; while it is not known, words that say so."""
        fact = self._use(path)
        if not fact.value:
            return self._lack("fact")
        if not fact.shown:
            raise BadInputError(
                f"{self.phrases.source}: there are no words for the fact {path!r}; add them under `words`"
            )
        return Markup(fact.shown)

    def counted(self, path: str, noun: str) -> Markup:
        """A number with its noun; while it is not fully known, words that say so."""
        fact = self._use(path)
        if not fact.value:
            return self._lack("fact")
        if fact.value.startswith(">="):
            self._lack("fact")
        return self.reader.counted(path, noun)

    def each(self, path: str) -> tuple[Markup, ...]:
        """The members of a fact that is a list, each in words."""
        fact = self._use(path)
        section = f"words.{path.removesuffix('s')}"
        return tuple(self.phrases.say(f"{section}.{value}") for value in fact.value.split(",") if value)

    def known(self, *paths: str) -> bool:
        """Whether all of these facts are known."""
        used = [self._use(path) for path in paths]
        return all(fact.value for fact in used)

    def holds(self, path: str) -> bool:
        """Whether a fact that is a yes or a no is established as a yes."""
        return self._use(path).value == "yes"

    def excluded(self, path: str) -> bool:
        """Whether a fact that is a yes or a no is established as a no."""
        return self._use(path).value == "no"

    def is_fact(self, path: str, value: str) -> bool:
        """Whether a fact has this very value."""
        return self._use(path).value == value

    def happened(self) -> Markup:
        """One sentence about what happened, by the kind of incident."""
        fact = self._use("kind")
        if not fact.value:
            return self._lack("sentence")
        return self.phrases.say(f"happened.{self.register}.{fact.value}")

    def happened_in_public(self) -> Markup:
        """One sentence about what happened that does not speak to those affected."""
        fact = self._use("kind")
        return self.phrases.say(f"happened.public.{fact.value}") if fact.value else self._lack("sentence")

    def greeting(self) -> Markup:
        """How the people affected are greeted, by what they are to the organisation."""
        fact = self._use("people.relationship")
        return self.phrases.say(f"greetings.{fact.value or 'other'}")

    def local(self) -> str:
        """The path of the number of affected people in the duty's jurisdiction."""
        duty = self._duty()
        return f"people.in.{duty.jurisdiction}"

    def risks(self) -> tuple[Markup, ...]:
        """What the breach can lead to for the people affected, gravest first."""
        self._use("data.categories")
        self._use("effects")
        return tuple(self.phrases.say(f"risks.{name}") for name in likely_risks(self.brief.report))

    def advice(self) -> tuple[Markup, ...]:
        """What affected people can do, most urgent first."""
        self._use("data.categories")
        self._use("effects")
        return tuple(self.phrases.say(f"advice.{name}") for name in fitting_advice(self.brief.report))

    # what is not a fact of the report

    def phrase(self, key: str, **values: str) -> Markup:
        """A phrase of the language."""
        return self.phrases.say(key, **values)

    def own(self, field: str) -> Markup:
        """Something the organisation says of itself; while nobody has set it, words that say so."""
        value = getattr(self.brief.voice, field) if field in _OWN else None
        if value is None:
            raise BadInputError(f"the organisation has no {field!r} to name{nearest(field, _OWN)}")
        return harmless(value) if value else self._lack("fact")

    def organisation(self) -> Markup:
        """The organisation's name: its own way of writing it, or that of the report."""
        return (
            harmless(self.brief.voice.organisation) if self.brief.voice.organisation else self.fact("organisation.name")
        )

    def hotline(self) -> Markup:
        """The telephone number for the people affected: the hotline, else that of the contact point."""
        return harmless(self.brief.voice.hotline) if self.brief.voice.hotline else self.own("contact_phone")

    def where(self) -> Markup:
        """Where to read on: the website, else the address that answers questions."""
        website = self.brief.voice.website
        return self.link(website) if website else self.own("contact_email")

    def press_contact(self) -> Markup:
        """Who answers the press, else who answers everybody."""
        voice = self.brief.voice
        return self.phrases.say(
            "text.reach",
            name=harmless(voice.press_name) if voice.press_name else self.own("contact_name"),
            email=harmless(voice.press_email) if voice.press_email else self.own("contact_email"),
            phone=harmless(voice.press_phone) if voice.press_phone else self.own("contact_phone"),
        )

    def closing(self) -> Markup:
        """The words before the signature: the organisation's own in this language, else the usual ones."""
        own = dict(self.brief.voice.sign_off).get(self.brief.language)
        return harmless(own) if own else self.phrases.say("text.letter.closing")

    def signed(self) -> Markup:
        """Who signs, with the title where there is one."""
        name, title = self.own("signatory"), self.brief.voice.signatory_title
        return self.phrases.say("text.signed", name=name, title=title) if title else name

    def answer(self) -> Markup:
        """What a person answered about the content being written; nothing while nobody has."""
        given = self.brief.answers.get(self.key or "")
        return self._translated(given, self.key or "") if given else Markup("")

    def answered_or_asked(self) -> Markup:
        """What a person answered, or words that say that it is not known yet, which puts the question to a person."""
        return self.answer() or self.ask()

    def ask(self) -> Markup:
        """Words that say that this content is not known yet; the question goes to a person."""
        return self._lack("sentence")

    def measures_taken(self) -> tuple[MeasureWords, ...]:
        """What has been done, oldest first."""
        done = [one for one in self.brief.measures if one.done_at is not None]
        done.sort(key=lambda one: one.done_at or self.brief.now)
        return tuple(
            MeasureWords(text, self.reader.moment(one.done_at, "short") if one.done_at else Markup(""))
            for one in done
            if (text := self._translated(one.texts, "measures_taken"))
        )

    def measures_planned(self) -> tuple[MeasureWords, ...]:
        """What is going to be done."""
        planned = [one for one in self.brief.measures if one.done_at is None]
        return tuple(
            MeasureWords(text, Markup(""))
            for one in planned
            if (text := self._translated(one.texts, "measures_planned"))
        )

    def listed(self, items: tuple[Markup, ...]) -> Markup:
        """Several items as one list in running text."""
        return self.reader.listed(items)

    def others_told(self) -> Markup:
        """The names of those already told, as a list."""
        return self.reader.listed(harmless(name) for name in self.brief.others_told)

    def people_told(self) -> Markup:
        """The day on which the people affected were told; nothing before."""
        told = self.brief.people_told_at
        return self.reader.day(told.astimezone(self.reader.zone).date()) if told else Markup("")

    def today(self) -> Markup:
        """The day of the text."""
        day = self.reader.day(self.brief.now.astimezone(self.reader.zone).date())
        return Markup(_DAY_FIRST.sub(r"\1\\.", day)) + STAMP

    def moment(self) -> Markup:
        """The day and time of the text."""
        return self.reader.moment(self.brief.now) + STAMP

    def contacts(self, kind: str) -> tuple[Contact, ...]:
        """Public contact points of a kind for the duty's jurisdiction."""
        found = contacts(cast(ContactKind, kind), self._duty().jurisdiction)
        self.record.unchecked |= {contact.name: None for contact in found if contact.checked is None}
        return found

    def severity_level(self) -> Markup:
        """The severity for the people affected, in words."""
        return self.phrases.say(f"words.level.{self.brief.severity.level.value}")

    def severity_score(self) -> Markup:
        """The severity's score, to two places at most."""
        return Markup(f"{self.brief.severity.score:.2f}".rstrip("0").rstrip("."))

    def attach(self, what: str) -> Markup:
        """Note that something has to go with the text; prints nothing."""
        if what not in ANNEXES:
            raise BadInputError(f"nothing called {what!r} goes with a text{nearest(what, ANNEXES)}")
        self.record.attachments[what] = None
        return Markup("")

    def link(self, address: str) -> Markup:
        """A web address as a link, if it is one; else its words."""
        if address.startswith("https://") and not set(address) & set('<>"\\^`{|} \n'):
            return Markup(f"<{address}>")
        return harmless(address)

    def _translated(self, words: Words, key: str) -> Markup:
        said = words.get(self.brief.language) or self.memory.get(words.get("en", ""))
        if said and said.strip():
            return harmless_paragraphs(said)
        if words:
            self.record.untranslated[key] = None
        return Markup("")

    def _duty(self) -> Duty:
        if self.brief.duty is None:
            raise BadInputError("this text answers no duty, so no jurisdiction and recipient can be named in it")
        return self.brief.duty

    def _use(self, path: str) -> FactUsed:
        fact = self.reader.read(path)
        self.record.used[fact.path] = fact
        return fact

    def _lack(self, form: Literal["fact", "sentence"]) -> Markup:
        if self.key is not None:
            self.record.missing[self.key] = MissingContent(
                self.key, str(self.phrases.say(f"content.{self.key}.question"))
            )
        heading = self.phrases.say(f"content.{self.key}.heading") if self.key else Markup("")
        return self.phrases.say(f"unknown.{self.register}.{form}", heading=heading)


def words_of(writer: Writer) -> dict[str, object]:
    """The names that a template may use, bound to the writer of one text."""
    words: dict[str, object] = {name: getattr(writer, name) for name in _VERBS}
    brief = writer.brief
    words |= {
        "voice": brief.voice,
        "number": harmless(brief.number),
        "facts_version": brief.facts_version,
        "audience": brief.audience.value,
        "language": brief.language,
        "duty": duty_words(writer),
        "remedy": _remedy_words(writer),
    }
    return words


def duty_words(writer: Writer) -> DutyWords | None:
    """The duty in the writer's language."""
    duty = writer.brief.duty
    if duty is None:
        return None
    late = duty.due_at is not None and writer.brief.now > duty.due_at
    return DutyWords(
        provision=duty.provision,
        recipient=duty.recipient,
        citation=duty.citation,
        name=duty.name,
        stage=stage_name(duty.stage, writer.phrases),
        channel=duty.channel or "",
        due=writer.reader.moment(duty.due_at) if duty.due_at else Markup(""),
        phased=duty.phased,
        late=late,
    )


def _remedy_words(writer: Writer) -> RemedyWords | None:
    """The text that is put right, in the writer's language."""
    remedy = writer.brief.remedy
    if remedy is None:
        return None
    changes = tuple(
        ChangeWords(Markup(old), new) for path, old in remedy.changes if (new := writer.fact(path)) and old != new
    )
    return RemedyWords(
        subject=harmless(remedy.subject),
        sent=writer.reader.day(remedy.sent_at.astimezone(writer.reader.zone).date()),
        reference=harmless(remedy.reference),
        reason=harmless_paragraphs(remedy.reason),
        changes=changes,
    )


def stage_name(stage: str, phrases: Phrases) -> Markup:
    """A stage in words; one that the language has no words for is shown as the law data write it."""
    key = f"stages.{''.join(sign if sign.isalnum() else '_' for sign in stage.lower())}"
    return phrases.say(key) if phrases.has(key) else harmless(stage.replace("_", " "))


_VERBS = (
    *("fact", "counted", "each", "known", "holds", "excluded", "is_fact", "happened", "local", "risks", "advice"),
    *("happened_in_public", "greeting", "hotline", "where", "press_contact", "closing", "signed"),
    *("phrase", "own", "organisation", "answer", "answered_or_asked", "ask", "measures_taken", "measures_planned"),
    *("listed", "others_told", "people_told", "today", "moment", "contacts", "severity_level", "severity_score"),
    *("attach", "link"),
)
_VALUES = ("voice", "number", "facts_version", "audience", "language", "duty", "remedy")
CONTENT_WORDS = frozenset({"title", "content", "heading", "sections", "letter"})
DUTY_WORDS = frozenset({"duty", "contacts", "local", "audience"})  # what differs between the texts of one incident
WORDS = CONTENT_WORDS | {*_VERBS, *_VALUES}
