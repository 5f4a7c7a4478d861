"""The checks on a text before anybody reads or signs it: each finding says where, why, and how to mend it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from markupsafe import Markup

from models.vocabulary import Audience, Category
from templates.brief import Brief, Voice
from templates.contacts import read_contacts
from templates.facts import FactUsed
from templates.figures import NUMBER, amount, day_forms, figures
from templates.forms import Contents, read_forms, rule_of
from templates.language import Language
from templates.merge import CONFLICT, has_conflict
from templates.page import plain
from templates.private import private_data
from templates.readability import level
from templates.spoken import language_name
from templates.text_message import MOST_PARTS, parts_of
from templates.writer import ANNEXES, MissingContent

Level = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """Something about a text that a person has to mend (error: blocks approval) or to think about (warning)."""

    level: Level
    rule: str
    place: str
    message: str
    mend: str
    section: str = ""


@dataclass(frozen=True)
class Written:
    """A text as it was drafted, with everything that a check compares it to; `stamped` lines state the time of drafting."""

    brief: Brief
    form: str
    template: str
    title: Markup
    text: str
    stamped: tuple[str, ...]
    facts: Mapping[str, FactUsed]
    missing: Mapping[str, MissingContent]
    contents: Contents
    by_key: Mapping[str, str]
    attachments: tuple[str, ...]
    untranslated: tuple[str, ...]
    unchecked: tuple[str, ...]


@dataclass(frozen=True)
class _Checked:
    """The text under check, what it was drafted from, and the language it is in."""

    text: str
    written: Written
    language: Language

    @property
    def edited(self) -> bool:
        return self.text != self.written.text

    @property
    def locale(self) -> str:
        brief = self.written.brief
        return self.language.locale(brief.duty.jurisdiction if brief.duty else brief.report.organisation.country or "")

    def place(self, at: int) -> str:
        return f"line {self.text.count(chr(10), 0, at) + 1}"


def findings(text: str, written: Written, language: Language) -> tuple[Finding, ...]:
    """What is wrong with `text`, given what was drafted for the same brief; errors first."""
    checked = _Checked(text, written, language)
    found = [_in_section(finding, text) for check in _CHECKS for finding in check(checked)]
    return tuple(sorted(found, key=lambda finding: finding.level != "error"))


def _in_section(finding: Finding, text: str) -> Finding:
    """The finding with the heading that its line stands under."""
    number = finding.place.removeprefix("line ")
    if number == finding.place or not number.isdigit():
        return finding
    headings = [line.lstrip("# ") for line in text.split("\n")[: int(number)] if line.startswith("#")]
    return replace(finding, section=headings[-1]) if headings else finding


def blocks_approval(found: Iterable[Finding]) -> bool:
    """Whether any finding is an error."""
    return any(finding.level == "error" for finding in found)


def disagreements(facts: Iterable[FactUsed]) -> tuple[Finding, ...]:
    """Facts that the texts of one incident state with different values, given the facts that all of them used."""
    values: dict[str, dict[str, None]] = {}
    for fact in facts:
        values.setdefault(fact.path, {})[fact.value] = None
    return tuple(
        Finding(
            "error",
            "texts_disagree",
            f"fact {path}",
            f"some texts rest on {' and others on '.join(repr(value) for value in different)}",
            "draft again those that rest on older facts",
        )
        for path, different in values.items()
        if len(different) > 1
    )


def _required_contents(checked: _Checked) -> Iterator[Finding]:
    for key in checked.written.contents.required:
        if key in checked.written.missing:
            yield _not_known(checked, key)
        elif checked.edited and not _holds(checked, key):
            heading = str(checked.language.phrases.say(f"content.{key}.heading"))
            yield Finding(
                "error",
                "required_content",
                f"content {key}",
                f"the law asks for {heading!r}, and the text does not seem to hold it any more",
                "put it back, under its heading or in its own words",
            )


def _other_gaps(checked: _Checked) -> Iterator[Finding]:
    for key, gap in checked.written.missing.items():
        if key not in checked.written.contents.required:
            yield Finding(
                "warning",
                "content_not_known",
                f"content {key}",
                f"the text says that it is not known yet: {gap.question}",
                "answer the question, then draft again, or take the sentence out",
            )


def _not_known(checked: _Checked, key: str) -> Finding:
    duty = checked.written.brief.duty
    later = duty is not None and duty.phased and key != "delay_reasons"
    question = checked.written.missing[key].question
    return Finding(
        "warning" if later else "error",
        "required_content_not_known",
        f"content {key}",
        f"the law asks for it and it is not known yet: {question}",
        "it may be filed later; answer the question when you can" if later else "answer the question, then draft again",
    )


def _holds(checked: _Checked, key: str) -> bool:
    drafted = checked.written.by_key.get(key, "")
    if not drafted or drafted in checked.text:
        return True
    marks = checked.language.phrases.lists.get(f"content.{key}.marks", ())
    text = _told_apart(checked, drafted)
    return any(mark.lower() in text for mark in marks) and _heading_has_text(checked, key)


def _told_apart(checked: _Checked, drafted: str) -> str:
    """The text without the lines that were drafted to say something else: what may still say what `drafted` said."""
    others = {*checked.written.text.split("\n")} - {*drafted.split("\n")}
    return "\n".join(line for line in checked.text.split("\n") if line not in others).lower()


def _heading_has_text(checked: _Checked, key: str) -> bool:
    """Where the draft gave the content a heading of its own, that heading must still have words under it."""
    heading = str(checked.language.phrases.say(f"content.{key}.heading"))
    pattern = re.compile(rf"^#+ (?:\d+\. )?{re.escape(heading)}\s*$\n+(?P<body>.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
    if not pattern.search(checked.written.text):
        return True
    found = pattern.search(checked.text)
    return found is not None and bool(found["body"].strip())


def _prescribed_form(checked: _Checked) -> Iterator[Finding]:
    """A title and headings that a law prescribes, in its order."""
    rule, written = rule_of(checked.written.brief.duty), checked.written
    if not rule.sections or written.template in read_forms().pointers:
        return
    given = [line.strip("#* ") for line in written.text.split("\n") if _is_heading(line)]
    found = [line.strip("#* ") for line in checked.text.split("\n") if _is_heading(line)]
    if checked.edited and [line for line in found if line in given] != given:
        yield Finding(
            "error",
            "prescribed_form",
            "title and headings",
            f"{rule.citation} prescribes {', '.join(repr(line) for line in given)}, in this order",
            "put the title and headings back as they were drafted",
        )


def _is_heading(line: str) -> bool:
    return line.startswith("#") or (line.startswith("**") and line.endswith("**") and len(line) > 4)


def _forbidden_contents(checked: _Checked) -> Iterator[Finding]:
    phrases, text = checked.language.phrases, checked.text.lower()
    citation = rule_of(checked.written.brief.duty).citation
    for key in checked.written.contents.forbidden:
        words = [word for word in phrases.lists.get(f"gives_away.{key}", ()) if word.lower() in text]
        words += _counts_stated(checked) if key.startswith("affected_count") else []
        if words:
            yield Finding(
                "error",
                "prohibited_content",
                checked.place(text.find(words[0].lower())),
                f"{citation} forbids {_called(checked, key)!r} in this notice; {words[0]!r} gives it away",
                "take it out",
            )


def _called(checked: _Checked, key: str) -> str:
    """A content's heading in the language of the text, or its plain name where no text of the language has it."""
    phrases, heading = checked.language.phrases, f"content.{key}.heading"
    return str(phrases.say(heading)) if phrases.has(heading) else key.replace("_", " ")


def _counts_stated(checked: _Checked) -> list[str]:
    brief = checked.written.brief
    place = brief.duty.jurisdiction if brief.duty else ""
    counts = {brief.report.people_total, brief.report.people_in(place)} - {None}
    shown = [
        form for count in counts for form in (str(count), *(f"{count:,}".replace(",", mark) for mark in _GROUPING))
    ]
    return [
        form
        for form in dict.fromkeys(shown)
        if re.search(rf"(?<![\d-])(?<!\d[,.]){re.escape(form)}(?![\d-]|[,.]\d)", checked.text)
    ]


_GROUPING = (",", ".", " ", "\u00a0", "\u202f", "’", "'")  # between the thousands, one way or another


def _conflicts(checked: _Checked) -> Iterator[Finding]:
    """Passages that a person and a new draft both changed, with what each side says."""
    if not has_conflict(checked.text):
        return
    whole = list(CONFLICT.finditer(checked.text))
    for found in whole:
        yield Finding(
            "error",
            "conflict",
            checked.place(found.start()),
            f"{found['ours_name']} says {_short(found['ours'])}, and the text {found['theirs_name']} says {_short(found['theirs'])}",
            "keep one of the two or word it anew, and take the marks <<<<<<<, ======= and >>>>>>> out",
        )
    if not whole:
        yield Finding(
            "error",
            "conflict",
            "the whole text",
            "marks of a conflict were left in",
            "take the lines that begin with <<<<<<<, ======= or >>>>>>> out",
        )


def _short(passage: str) -> str:
    words = " ".join(passage.split())
    return repr(words if len(words) <= 160 else f"{words[:157]}...")


def _facts(checked: _Checked) -> Iterator[Finding]:
    """An edited text compared back to the facts: what was stated and is gone, and numbers that no fact gave."""
    if not checked.edited or has_conflict(checked.text):
        return
    strange = _strange_numbers(checked)
    stated = {amount(number, checked.locale) for number, _ in figures(checked.text)}
    for fact in checked.written.facts.values():
        if not fact.shown or (fact.nature in ("number", "time") and not strange and _is_stated(fact, stated, checked)):
            continue
        before, now = checked.written.text.count(fact.shown), checked.text.count(fact.shown)
        if now < before if strange else now == 0 < before:
            yield _changed(fact, strange) if fact.nature in ("number", "time") else _reworded(fact)
    elsewhere = _other_facts(checked)
    for number, at in strange.items():
        if path := elsewhere.get(amount(number, checked.locale)):
            yield Finding(
                "warning",
                "number_of_another_fact",
                checked.place(at),
                f"{number!r} did not stand in the draft; in the facts it is {path}",
                "make sure that the text says of it what the facts say",
            )
        else:
            yield Finding(
                "error",
                "number_not_from_facts",
                checked.place(at),
                f"{number!r} comes from no fact",
                "correct it, or add the fact to the incident and draft again",
            )


def _is_stated(fact: FactUsed, stated: set[str], checked: _Checked) -> bool:
    """Whether a number or a day is still there, in whichever way the language writes it."""
    if fact.value.isdigit():
        return fact.value in stated
    return any(form in checked.text for form in _forms_of_day(fact, checked.locale))


def _forms_of_day(fact: FactUsed, locale: str) -> frozenset[str]:
    try:
        return day_forms(date.fromisoformat(fact.value), locale)
    except ValueError:
        return frozenset()  # a moment or a period, which is compared as it was written


def _other_facts(checked: _Checked) -> dict[str, str]:
    """The numbers and days of the facts that the draft did not state, each with the path it stands under."""
    report, zone = checked.written.brief.report, ZoneInfo(checked.written.brief.zone)
    found = {str(group.count): f"people in {group.jurisdiction}" for group in report.people or () if group.count}
    found |= {
        str(count): path
        for path, count in (("people.total", report.people_total), ("records", report.records))
        if count
    }
    for name in type(report.times).model_fields:
        moment = getattr(report.times, name)
        if isinstance(moment, datetime):
            found |= dict.fromkeys(day_forms(moment.astimezone(zone).date(), checked.locale), f"times.{name}")
    return found


def _changed(fact: FactUsed, strange: Mapping[str, int]) -> Finding:
    instead = f"; the text has {', '.join(repr(number) for number in strange)} instead" if strange else ""
    return Finding(
        "error" if strange else "warning",
        "fact_differs" if strange else "fact_no_longer_stated",
        f"fact {fact.path}",
        f"the facts say {str(fact.shown)!r} and the text no longer does{instead}",
        "state what the facts say, or correct the facts and draft again",
    )


def _reworded(fact: FactUsed) -> Finding:
    return Finding(
        "warning",
        "fact_reworded",
        f"fact {fact.path}",
        f"the facts say {str(fact.shown)!r} and the text no longer does in these words",
        "check that it still says the same",
    )


def _strange_numbers(checked: _Checked) -> dict[str, int]:
    """Numbers and dates that the drafted text does not have, each with its first place, whichever way they are written.

    The time of drafting is let stand: an edited text keeps the one it was drafted with.
    """
    known = {amount(number, checked.locale) for number, _ in figures(checked.written.text)}
    for fact in checked.written.facts.values():
        if fact.nature == "time":
            known |= _forms_of_day(fact, checked.locale)
    stamped = {_without_numbers(line) for line in checked.written.stamped}
    strange: dict[str, int] = {}
    for number, at in figures(checked.text):
        if amount(number, checked.locale) in known:
            continue
        if _without_numbers(_line_at(checked.text, at)) not in stamped:
            strange.setdefault(number, at)
    return strange


def _without_numbers(line: str) -> str:
    return NUMBER.sub("#", line)


def _line_at(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[text.rfind("\n", 0, at) + 1 : end if end >= 0 else len(text)]


def _names(checked: _Checked) -> Iterator[Finding]:
    """In lines that a person wrote: a name that is nearly, but not quite, one of those that the text was drafted with."""
    if not checked.edited or has_conflict(checked.text):
        return
    drafted = frozenset(checked.written.text.split("\n"))
    names = _names_of(checked.written.brief)
    for number, line in enumerate(checked.text.split("\n"), 1):
        if line in drafted:
            continue
        for name in names:
            if name not in line and (near := _nearly(name, line)):
                yield Finding(
                    "error",
                    "name_differs",
                    f"line {number}",
                    f"{near!r} is written otherwise than {name!r}",
                    f"write {name!r}",
                )


def _names_of(brief: Brief) -> tuple[str, ...]:
    voice = brief.voice
    names = (
        *(voice.organisation or brief.report.organisation.name, voice.contact_name, voice.dpo_name, voice.signatory),
        *(voice.press_name, brief.duty.recipient if brief.duty else ""),
    )
    return tuple(dict.fromkeys(name for name in names if name and len(name) > 5))


def _nearly(name: str, line: str) -> str | None:
    """The words of a line that are most of a name with a letter or two wrong."""
    words, size = line.split(), len(name.split())
    for start in range(len(words) - size + 1):
        piece = " ".join(words[start : start + size]).strip('*_,.;:()"“”')
        if piece != name and SequenceMatcher(None, piece.casefold(), name.casefold()).ratio() >= NEARLY:
            return piece if piece.casefold() != name.casefold() else None
    return None


NEARLY = 0.85


def _categories(checked: _Checked) -> Iterator[Finding]:
    """In lines that a person wrote: a kind of data that the facts do not have."""
    if not checked.edited or checked.written.brief.report.data is None:
        return
    drafted = frozenset(checked.written.text.split("\n"))
    affected = {item.category for item in checked.written.brief.report.data}
    others = {
        str(checked.language.phrases.say(f"words.category.{category.value}"))
        for category in Category
        if category not in affected
    }
    for number, line in enumerate(checked.text.split("\n"), 1):
        if line in drafted:
            continue
        for words in others:
            if len(words) > SHORTEST_CATEGORY[checked.language.code in UNSPACED] and words.lower() in line.lower():
                yield Finding(
                    "warning",
                    "category_not_in_facts",
                    f"line {number}",
                    f"{words!r} are not among the data affected by the facts",
                    "take them out, add them to the facts, or make sure that the text says that they are not affected",
                )


UNSPACED = ("zh", "ja")
SHORTEST_CATEGORY = {False: 9, True: 3}  # below it the words are too common to be a statement about data


_PLACEHOLDERS = re.compile(
    r"(?<!\\)\[(?!\^)[^\]\n]{0,80}(?<!\\)\](?!\()"
    r"|\{\{|\}\}|\{%|\{[a-z_]{2,30}\}|_{4,}"
    r"|\b(?:TBD|TBC|TODO|FIXME|XXX+|lorem ipsum|insert (?:name|date|number|here))\b|待定|待填|此处填写|[×Xx]{3,}",
    re.IGNORECASE,
)


def _lines(checked: _Checked) -> Iterator[Finding]:
    """What a line shows by itself: placeholders, watched words, private data, links."""
    brief = checked.written.brief
    read = _line_reader(checked.language, brief.audience, brief.voice)
    for number, line in enumerate(checked.text.split("\n"), 1):
        for finding in read(line):
            yield replace(finding, place=f"line {number}")


@lru_cache(maxsize=64)
def _line_reader(language: Language, audience: Audience, voice: Voice) -> Callable[[str], tuple[Finding, ...]]:
    """Reads one line; the texts of an incident have most lines in common, so each is read once."""

    @lru_cache(maxsize=4096)
    def read(line: str) -> tuple[Finding, ...]:
        return (
            *_placeholders(line),
            *_watched(line, language, audience),
            *_private(line, voice, language.code),
            *_links(line, voice),
        )

    return read


def _placeholders(line: str) -> Iterator[Finding]:
    for found in _PLACEHOLDERS.finditer(line):
        yield Finding(
            "error",
            "placeholder",
            "",
            f"{found[0]!r} looks like a placeholder that was left in",
            "fill it in or take it out",
        )


def _watched(line: str, language: Language, audience: Audience) -> Iterator[Finding]:
    for entry, pattern in language.watch_list.entries:
        if entry.audiences is None or audience in entry.audiences:
            for found in pattern.finditer(line):
                yield Finding(entry.level, entry.rule, "", f"{found[0]!r}: {entry.reason}", entry.mend)


def _private(line: str, voice: Voice, language: str) -> Iterator[Finding]:
    for found in private_data(line.replace("\\", ""), _ours(voice), language):
        yield Finding(
            "error",
            found.rule,
            "",
            f"it holds {found.message}",
            "take it out; a text for others names no affected person and no secret",
        )


_LINK = re.compile(
    r"(?i)\b(?:https?|ftp)://[^\s<>()\]\"'，。）]+|(?<![\w./@-])www\.[^\s<>()\]\"'，。）]+|\b(?:javascript|data):\S+"
)


_SHOWN_LINK = re.compile(r"\[(?P<shown>[^\]\n]*)\]\((?P<to>[^)\s]*)")


def _links(line: str, voice: Voice) -> Iterator[Finding]:
    domains = _our_domains(voice)
    for found in _SHOWN_LINK.finditer(line):
        shown = re.search(r"(?:[\w-]+\.)+[a-z]{2,}", found["shown"].lower())
        if shown and shown[0] not in found["to"].lower():
            yield Finding(
                "error",
                "disguised_link",
                "",
                f"the link shows {shown[0]!r} and leads to {found['to']!r}",
                "show the address that it leads to",
            )
    for found in _LINK.finditer(line):
        host = re.sub(r"^[a-z]+://", "", found[0].lower()).split("/")[0].split("?")[0].split("#")[0].rstrip(".:;,")
        if not any(host == domain or host.endswith(f".{domain}") for domain in domains):
            yield Finding(
                "error",
                "foreign_link",
                "",
                f"the link to {host!r} leads away from the organisation's domains",
                "take it out, or add the domain to the organisation's settings",
            )


def _languages(checked: _Checked) -> Iterator[Finding]:
    """A text in another language than the law, the authority or the readers ask for."""
    wanted = checked.written.brief.wanted
    if wanted:
        names = ", ".join(f"{language_name(code)} ({code})" for code in wanted)
        yield Finding(
            "warning",
            "language",
            "the whole text",
            f"{names} is asked for, and there is no such text; this one is in {language_name(checked.language.code)}",
            "have it translated and keep the translation, or find out whether this language is accepted",
        )


def _annexes(checked: _Checked) -> Iterator[Finding]:
    for what in checked.written.attachments:
        yield Finding(
            "warning", "annex", f"content {what}", f"the text says that {ANNEXES[what]} goes with it", "attach it"
        )


def _translations(checked: _Checked) -> Iterator[Finding]:
    for key in checked.written.untranslated:
        yield Finding(
            "warning",
            "untranslated",
            f"content {key}",
            f"words for {key} exist in another language only, and were left out",
            f"give them in {checked.language.code!r} too",
        )


def _contact_points(checked: _Checked) -> Iterator[Finding]:
    for name in checked.written.unchecked:
        yield Finding(
            "warning",
            "unchecked_contact",
            f"contact {name}",
            f"nobody has checked the address and telephone number of {name} against their source",
            "check them, and note the day in templates/contacts.yaml",
        )


def _lengths(checked: _Checked) -> Iterator[Finding]:
    """A channel that cuts a longer text is an error; a letter that is too long to be read is a warning."""
    written = checked.written
    if not checked.text.strip():
        yield Finding(
            "error", "empty", "the whole text", "it says nothing", "write it, or mend the template it is from"
        )
    cut_at = read_forms().pointers.get(written.template)
    if written.template == "people_sms":
        yield from _message_parts(plain(checked.text).strip())
        return
    length = len(plain(checked.text).strip()) if cut_at else len(checked.text)
    limit = cut_at or _LONGEST.get(written.brief.audience)
    if limit and length > limit:
        level: Level = "error" if cut_at else "warning"
        yield Finding(level, "length", "the whole text", f"{length} characters; at most {limit} go", "shorten it")


def _message_parts(text: str) -> Iterator[Finding]:
    carried = parts_of(text)
    if carried.parts <= MOST_PARTS:
        return
    because = f", since {carried.odd_sign!r} is not in the GSM alphabet" if carried.odd_sign else ""
    yield Finding(
        "error",
        "length",
        "the whole text",
        f"as a text message it takes {carried.parts} parts of {carried.a_part} signs{because}; at most {MOST_PARTS} go",
        "shorten it" + (", or write it without that sign" if carried.odd_sign and carried.odd_sign < "\u2e80" else ""),
    )


def _reading_level(checked: _Checked) -> Iterator[Finding]:
    """For the public only: whether the text is hard to read by the measure of its language."""
    if checked.written.brief.audience not in read_forms().plain:
        return
    found = level(checked.text, checked.language.code)
    if found is not None and found.is_hard:
        yield Finding(
            "warning",
            "reading_level",
            "the whole text",
            f"it is hard to read: {found.value:g} by {found.measure}, where {found.hard_at:g} is the limit",
            "use shorter sentences and everyday words",
        )


_LONGEST = {Audience.PRESS: 6_000, Audience.STAFF: 6_000, Audience.INDIVIDUALS: 12_000}

_CHECKS: tuple[Callable[[_Checked], Iterator[Finding]], ...] = (
    _conflicts,
    _required_contents,
    _other_gaps,
    _prescribed_form,
    _forbidden_contents,
    _facts,
    _names,
    _categories,
    _lines,
    _languages,
    _annexes,
    _translations,
    _contact_points,
    _lengths,
    _reading_level,
)


@lru_cache(maxsize=64)
def _ours(voice: Voice) -> frozenset[str]:
    """The e-mail addresses and telephone numbers that a text may hold."""
    own = (voice.contact_email, voice.dpo_email, voice.press_email)
    phones = (voice.contact_phone, voice.hotline, voice.press_phone)
    public = (
        contact.phone for places in read_contacts().values() for entries in places.values() for contact in entries
    )
    return frozenset({*(address.lower() for address in own if address), *filter(None, phones), *public})


@lru_cache(maxsize=64)
def _our_domains(voice: Voice) -> frozenset[str]:
    """The organisation's domains, and those of the public bodies that notices point to."""
    addresses = [
        voice.website,
        *(contact.website for by in read_contacts().values() for all_ in by.values() for contact in all_),
    ]
    hosts = {re.sub(r"^https?://(?:www\.)?", "", address.lower()).split("/")[0] for address in addresses if address}
    mails = {
        mail.split("@")[-1].lower() for mail in (voice.contact_email, voice.dpo_email, voice.press_email) if "@" in mail
    }
    return frozenset(hosts | mails | {domain.lower() for domain in voice.domains}) - {""}
