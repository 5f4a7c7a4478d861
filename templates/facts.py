"""Facts by reference: the one way by which a number, date, name or category gets from a report into a text.

A fact has a path (`people.total`), a plain value that is compared when facts change, and the words a reader sees.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_timezone_name
from babel.lists import format_list
from babel.numbers import format_decimal
from markupsafe import Markup

from models.clock import rfc3339, zone
from models.errors import BadInputError
from models.places import lies_in
from models.report import Report, Times
from models.vocabulary import Circumstance, Effect, Relationship
from templates.escape import harmless
from templates.phrases import Phrases

Nature = Literal["number", "time", "words", "truth"]


@dataclass(frozen=True)
class AtLeast:
    """A count of which a part is not known yet."""

    count: int


@dataclass(frozen=True)
class Period:
    """From one day to another; an open end is None."""

    first: date
    last: date | None


@dataclass(frozen=True)
class Place:
    """A country or a part of one, by its ISO 3166 code."""

    code: str


@dataclass(frozen=True)
class Told:
    """How many of the affected people live in one place."""

    place: Place
    count: int | None


Item = StrEnum | Place | Told
FactValue = str | int | bool | datetime | date | AtLeast | Period | Item | tuple[Item, ...] | None


@dataclass(frozen=True)
class FactUsed:
    """A fact that a text states or hangs on: its path, its plain value ("" while not known) and the words shown."""

    path: str
    value: str
    shown: str = ""
    nature: Nature = "words"


@dataclass(frozen=True)
class ChangedFact:
    """A fact whose value is no longer the one that a text was drafted from; "" is not known."""

    path: str
    old: str
    new: str


def stale(facts_used: Iterable[FactUsed], report: Report) -> tuple[ChangedFact, ...]:
    """The facts that a text was drafted from and that differ in `report`."""
    return tuple(
        ChangedFact(fact.path, fact.value, now)
        for fact in facts_used
        if (now := plain(value_of(fact.path, report))) != fact.value
    )


def value_of(path: str, report: Report) -> FactValue:
    """The value that `path` has in `report`, or None while it is not known.

    Raises `BadInputError` for a path that names no fact.
    """
    if reader := _READERS.get(path):
        return reader(report)
    stem, _, rest = path.partition(".")
    if stem == "times":
        return _time(rest, report)
    if path.startswith("people.in."):
        return _count(report, path.removeprefix("people.in."))
    if stem == "circumstances" and rest in _CIRCUMSTANCES:
        return rest in report.circumstances
    if stem == "effect" and rest in _EFFECTS:
        return None if report.effects is None else rest in report.effects
    raise BadInputError(f"no fact has the path {path!r}; see the list in templates/facts.py")


def plain(value: FactValue) -> str:
    """A value as the text by which it is stored and compared; "" for what is not known."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case AtLeast():
            return f">={value.count}"
        case datetime():
            return rfc3339(value)
        case date():
            return value.isoformat()
        case Period():
            return f"{value.first.isoformat()}/{value.last.isoformat() if value.last else ''}"
        case Place():
            return value.code
        case Told():
            return f"{value.place.code}={'' if value.count is None else value.count}"
        case tuple():
            return ",".join(plain(item) for item in value)
        case _:
            return str(value)


def _count(report: Report, place: str = "") -> FactValue:
    groups = [group for group in report.people or () if lies_in(group.jurisdiction, place)]
    known = [group.count for group in groups if group.count is not None]
    if report.people is None or (groups and not known):
        return None
    return sum(known) if len(known) == len(groups) else AtLeast(sum(known))


def _time(rest: str, report: Report) -> FactValue:
    """`times.aware_at` is an instant; `times.aware_at.day@Europe/Paris` is its day on that zone's calendar."""
    name, _, day_in = rest.partition(".day@")
    if name == "occurred" and day_in:
        return _period(report, zone(day_in))
    if name not in Times.model_fields:
        raise BadInputError(f"no fact has the path 'times.{rest}'; known are {', '.join(Times.model_fields)}")
    instant: datetime | None = getattr(report.times, name)
    if instant is None or not day_in:
        return instant
    return instant.astimezone(zone(day_in)).date()


def _period(report: Report, where: ZoneInfo) -> Period | None:
    first, last = report.times.occurred_from, report.times.occurred_to
    if first is None:
        return None
    return Period(first.astimezone(where).date(), last.astimezone(where).date() if last else None)


def _places(report: Report) -> FactValue:
    if report.people is None:
        return None
    codes = dict.fromkeys(group.jurisdiction for group in report.people)
    return tuple(Told(Place(code), _exactly(_count(_only(report, code)))) for code in codes)


def _only(report: Report, code: str) -> Report:
    return report.model_copy(update={"people": [group for group in report.people or () if group.jurisdiction == code]})


def _exactly(count: FactValue) -> int | None:
    return count if isinstance(count, int) else None


def _countries(report: Report) -> FactValue:
    if report.people is None:
        return None
    return tuple(Place(code) for code in dict.fromkeys(group.jurisdiction.split("-")[0] for group in report.people))


def _relationships(report: Report) -> tuple[Relationship, ...] | None:
    found = [group.relationship for group in report.people or () if group.relationship is not None]
    return tuple(dict.fromkeys(found)) or None


def _one_relationship(report: Report) -> FactValue:
    found = _relationships(report)
    return found[0] if found and len(found) == 1 else None


def _among(report: Report, name: Literal["minors", "vulnerable"]) -> bool | None:
    said = [getattr(group, name) for group in report.people or ()]
    return True if True in said else False if said and None not in said else None


def _categories(report: Report) -> FactValue:
    if report.data is None:
        return None
    return tuple(dict.fromkeys(item.category for item in report.data)) or None


def _encrypted(report: Report) -> bool | None:
    """Whether all of the data were encrypted and the key is safe."""
    if not report.data:
        return None
    answers = [_unreadable(item.encrypted, item.key_compromised) for item in report.data]
    return False if False in answers else None if None in answers else True


def _unreadable(encrypted: bool | None, key_compromised: bool | None) -> bool | None:
    if encrypted:
        return None if key_compromised is None else not key_compromised
    return encrypted


def _listed_places(codes: Iterable[str] | None) -> FactValue:
    return None if codes is None else tuple(Place(code) for code in codes)


_CIRCUMSTANCES = frozenset(item.value for item in Circumstance)
_EFFECTS = frozenset(item.value for item in Effect)
_READERS: Mapping[str, Callable[[Report], FactValue]] = {
    "title": lambda report: report.title,
    "kind": lambda report: report.kind,
    "cause": lambda report: report.cause,
    "effects": lambda report: tuple(report.effects) if report.effects else None,
    "organisation.name": lambda report: report.organisation.name,
    "organisation.country": lambda report: Place(code) if (code := report.organisation.country) else None,
    "organisation.role": lambda report: report.organisation.role,
    "organisation.sectors": lambda report: tuple(report.organisation.sectors or ()) or None,
    "organisation.establishments": lambda report: _listed_places(report.organisation.establishments or None),
    "data.categories": _categories,
    "data.encrypted": _encrypted,
    "identifiability": lambda report: report.identifiability,
    "records": lambda report: report.records,
    "people.total": _count,
    "people.places": _places,
    "people.countries": _countries,
    "people.relationships": _relationships,
    "people.relationship": _one_relationship,
    "people.minors": lambda report: _among(report, "minors"),
    "people.vulnerable": lambda report: _among(report, "vulnerable"),
    "circumstances": lambda report: tuple(report.circumstances),
}
FACT_PATHS = (*_READERS, *(f"times.{name}" for name in Times.model_fields))


class FactReader:
    """Reads the facts of one report in the words of one language, with dates in one zone. Each fact is read once."""

    def __init__(self, report: Report, phrases: Phrases, locale: str, zone_name: str) -> None:
        self.report = report
        self.phrases = phrases
        self.locale = _locale(locale)
        self.zone_name = zone_name
        self.zone = zone(zone_name)
        self._read: dict[str, FactUsed] = {}
        self._moments: dict[tuple[datetime, str], Markup] = {}

    def read(self, path: str) -> FactUsed:
        """The fact at `path`; `times.aware_at.day` is that time's day in this reader's zone."""
        fact = self._read.get(path)
        if fact is None:
            full = f"{path}@{self.zone_name}" if path.endswith(".day") else path
            value = value_of(full, self.report)
            fact = self._read[path] = FactUsed(full, plain(value), self.shown(value), _nature(value))
        return fact

    def shown(self, value: FactValue) -> Markup:
        """A value in the reader's words; nothing for what is not known."""
        match value:
            case None | bool():
                return Markup("")
            case int():
                return Markup(format_decimal(value, locale=self.locale))
            case AtLeast():
                return self.phrases.say("counts.at_least", n=self.shown(value.count))
            case StrEnum():
                return self._named(f"words.{enum_section(type(value))}.{value.value}")
            case datetime():
                return self.moment(value)
            case date():
                return self.day(value)
            case Period():
                return self._period(value)
            case Place():
                return harmless(place_name(value.code, self.locale))
            case Told():
                return self._told(value)
            case tuple():
                return self.listed(self.shown(item) for item in value)
            case _:
                return harmless(str(value))

    def _named(self, key: str) -> Markup:
        """A word of a closed list; nothing where the language has texts for people only, and they do not use the list."""
        unused = not self.phrases.has(key) and str(self.phrases.say("language.scope")) == "people"
        return Markup("") if unused else self.phrases.say(key)

    def counted(self, path: str, noun: str) -> Markup:
        """A number with its noun in the right plural form; the empty string while it is not known."""
        value = value_of(path, self.report)
        count = value.count if isinstance(value, AtLeast) else value
        if not isinstance(count, int):
            return Markup("")
        return self.phrases.say(f"counts.{noun}.{self.locale.plural_form(count)}", n=self.shown(value))

    def day(self, day: date) -> Markup:
        """A day written out."""
        return Markup(format_date(day, format="long", locale=self.locale))

    def moment(self, instant: datetime, form: Literal["moment", "short"] = "moment") -> Markup:
        """A day and time in the reader's zone with its offset; the zone is named, but not in the short form."""
        if (instant, form) not in self._moments:
            self._moments[instant, form] = self._moment(instant, form)
        return self._moments[instant, form]

    def _moment(self, instant: datetime, form: str) -> Markup:
        local = instant.astimezone(self.zone)
        return self.phrases.say(
            f"times.{form}",
            day=self.day(local.date()),
            time=Markup(local.strftime("%H:%M")),
            zone=Markup(get_timezone_name(local, locale=self.locale)),
            offset=Markup(_offset(local)),
        )

    def listed(self, items: Iterable[str]) -> Markup:
        """Items as one list in running text."""
        pieces = [str(item) for item in items]
        return Markup(format_list(pieces, locale=self.locale))

    def _period(self, period: Period) -> Markup:
        first = self.day(period.first)
        if period.last is None:
            return self.phrases.say("times.since", first=first)
        if period.first == period.last:
            return self.phrases.say("times.on", first=first)
        return self.phrases.say("times.between", first=first, last=self.day(period.last))

    def _told(self, told: Told) -> Markup:
        place = self.shown(told.place)
        if told.count is None:
            return self.phrases.say("counts.place_unknown", place=place)
        return self.phrases.say("counts.place", place=place, n=self.shown(told.count))


def _nature(value: FactValue) -> Nature:
    if isinstance(value, bool) or value is None:
        return "truth"
    if isinstance(value, int | AtLeast):
        return "number"
    return "time" if isinstance(value, date | Period) else "words"


@cache
def enum_section(enum: type[StrEnum]) -> str:
    """Under which name the phrases hold the words of a closed list: `PersonRole` is `person_role`."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in enum.__name__).lstrip("_")


def _offset(local: datetime) -> str:
    offset = local.strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:5]}"


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    return Locale.parse(name)


@lru_cache(maxsize=1024)
def place_name(code: str, locale: Locale) -> str:
    """What a country, or a part of one, is called in a language; the code itself where nobody has named it."""
    country, _, part = code.partition("-")
    if not part:
        return str(locale.territories.get(country, code))
    return _part_name(code, locale)


def _part_name(code: str, locale: Locale) -> str:
    import gettext

    import pycountry  # slow to import and needed only where a state or province is named

    names = gettext.translation("iso3166-2", pycountry.LOCALES_DIR, languages=[_gettext_name(locale)], fallback=True)
    return names.gettext(_part_names().get(code, code))


@cache
def _part_names() -> dict[str, str]:
    import pycountry

    return {part.code: part.name for part in pycountry.subdivisions}


def _gettext_name(locale: Locale) -> str:
    if locale.language == "zh":
        return "zh_TW" if locale.script == "Hant" else "zh_CN"
    return str(locale.language)
