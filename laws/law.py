"""The law files: their format and their one reader. The file is checked here; what it means is asked elsewhere."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import uuid4
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, model_validator

from laws.calendars import check_calendar
from laws.clock import Clock, ClockRule, ClockRules, Limit, Period
from laws.method import Methods, methods_of
from laws.part import Part, RawCondition, Text
from laws.question import Questions
from laws.situation import LAW_WORDS
from models import vocabulary
from models.condition import ConditionError
from models.document import Document, nearest, read_document, validated
from models.errors import BadInputError
from models.report import known_place
from models.vocabulary import Audience, Confidence

BUILT_IN = Path(__file__).parent
CACHE_FORMAT = 1

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Status = Literal["in_force", "enacted_not_in_force", "proposed", "expired", "voluntary"]


class Stage(Part):
    """One filing of a staged duty, with its own clock; `when` says in which cases this stage is owed."""

    name: Text
    clock: Clock
    content: tuple[str, ...] = ()
    when: RawCondition | None = None
    notes: tuple[str, ...] = ()


class Exemption(Part):
    """What lifts the duty; without `if` the facts cannot show it, so that only a person can rely on it."""

    key: Text
    condition: RawCondition | None = Field(None, alias="if")
    reason: Text | None = None


class AuthorityOf(Part):
    """The competent body, looked up by place in a list of authorities."""

    authority_of: Literal["main_establishment", "affected_states"]
    list_name: str = Field(alias="list")
    place: str = Field("", alias="in")
    otherwise: Literal["affected_states"] | None = None


class Delay(Part):
    """A pause that the law allows, and for how long at most where it says so."""

    key: Text
    at_most: Period | None = None
    detail: Text | None = None


class Version(Part):
    """A provision as it stands, or stood, between two days."""

    start: date | None = Field(alias="from")
    end: date | None = Field(None, alias="to")
    status: Status = "in_force"
    citation: Text
    source: Text
    checked: date
    confidence: Confidence
    verified: tuple[str, ...] = ()
    traceable: bool = False
    covered: str | None = None
    because: Text | None = None
    applies: RawCondition | None = None
    when: RawCondition | None = None
    unless: tuple[Exemption, ...] = ()
    recipients: AuthorityOf | tuple[Text, ...]
    clock: Clock | None = None
    stages: tuple[Stage, ...] = ()
    phased: bool = False
    content: tuple[str, ...] = ()
    language: str | None = None
    channel: str | None = None
    delays_allowed: tuple[Delay | str, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_kind_of_clock(self) -> Self:
        if bool(self.clock) == bool(self.stages):
            raise ValueError("give either `clock` or `stages`, and not both")
        names = [stage.name for stage in self.stages]
        if len(set(names)) < len(names):
            raise ValueError(f"two stages are called {next(name for name in names if names.count(name) > 1)!r}")
        return self

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.start is None and self.status not in ("proposed", "enacted_not_in_force"):
            raise ValueError(f"`from` is needed for a version that is {self.status}")
        if self.start and self.end and self.end < self.start:
            raise ValueError(f"`to` {self.end} is before `from` {self.start}")
        if self.status == "expired" and self.end is None:
            raise ValueError("`to` is needed for a version that is expired")
        return self

    @property
    def filings(self) -> tuple[Stage, ...]:
        """Its stages; a duty without stages has one, called "initial"."""
        if self.clock is None:
            return self.stages
        return (Stage(name="initial", clock=self.clock, content=self.content),)

    def binds_on(self, day: date) -> bool:
        """Whether it may give rise to a duty (or to advice) on that day; a proposal never does."""
        if self.status == "proposed" or self.start is None:
            return False
        return self.start <= day and (self.end is None or day <= self.end)


class Provision(Part):
    """One duty towards one audience, in dated versions."""

    id: Identifier
    name: Text
    audience: Audience
    versions: Annotated[list[Version], Field(min_length=1)]

    @model_validator(mode="after")
    def _neither_overlap_nor_gap(self) -> Self:
        dated = [version for version in self.versions if version.start]
        for earlier, later in pairwise(dated):
            assert later.start is not None  # those without a day were left out above
            if earlier.end is None or later.start <= earlier.end:
                raise ValueError(
                    f"the version from {later.start} overlaps the one before it; end that one on {later.start - timedelta(days=1)}"
                )
            if later.start != earlier.end + timedelta(days=1):
                raise ValueError(f"no version covers the days between {earlier.end} and {later.start}; close the gap")
        return self

    def on(self, day: date) -> Version | None:
        """The version that binds on that day."""
        return next((version for version in self.versions if version.binds_on(day)), None)


class Law(Part):
    """One law file."""

    law: Identifier
    name: Text
    jurisdiction: Annotated[str, StringConstraints(pattern=r"^(EU|EEA|[A-Z]{2}(-[A-Z0-9]{1,3})?)$")]
    timezone: str | None = None
    calendar: str | None = None
    notes: tuple[str, ...] = ()
    provisions: Annotated[list[Provision], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_zone(self) -> Self:
        if self.timezone is not None:
            try:
                ZoneInfo(self.timezone)
            except (KeyError, ValueError, OSError) as error:
                raise ValueError(f"no time zone is called {self.timezone!r}; use an IANA name") from error
        return self


class Authority(Part):
    """A competent body, and how it is reached."""

    name: Text
    language: str | None = None
    channel: str | None = None
    timezone: str | None = None
    calendar: str | None = None
    notes: tuple[str, ...] = ()


class AuthorityList(Part):
    """The competent bodies of one field, by country or part of a country."""

    list_name: Identifier | str = Field(alias="list")
    name: Text
    source: Text
    checked: date
    confidence: Confidence
    notes: tuple[str, ...] = ()
    authorities: dict[str, Authority]


@dataclass(frozen=True, repr=False, eq=False)
class Laws:
    """Every law that was read, with the lists and methods that the laws refer to."""

    laws: tuple[Law, ...]
    authorities: Mapping[str, Mapping[str, Authority]]
    rules: Mapping[str, ClockRule]
    methods: Methods
    questions: Questions
    files: Mapping[str, str] = field(default_factory=dict)
    plans: dict[Any, Any] = field(default_factory=dict, repr=False)  # Any: what `laws.assess` prepares for a day

    def __repr__(self) -> str:
        return f"Laws({len(self.laws)} laws)"

    def provision(self, provision_id: str) -> tuple[Law, Provision]:
        """A provision and its law, by id, or a `BadInputError` that names the nearest."""
        known = {provision.id: (law, provision) for law in self.laws for provision in law.provisions}
        if provision_id not in known:
            raise BadInputError(f"no provision is called {provision_id!r}{nearest(provision_id, known)}")
        return known[provision_id]


def load_laws(*extra_folders: Path, cache: Path | None = None) -> Laws:
    """Read and check the built-in laws, then those of each extra folder, which add to or replace them by law id.

    `cache` is a folder for what was parsed; a missing, stale or broken cache is built anew. Raises `BadInputError`.
    """
    files = [(folder, path) for folder in _folders(extra_folders) for path in sorted(folder.rglob("*.yaml"))]
    stamp = _stamp([path for _, path in files])
    if cache:
        documents = _cached(cache, stamp)
        if documents:
            with suppress(BadInputError):  # the reader may have become stricter since; read again, for the line
                return _assembled(files, documents)
    documents = [read_document(path) for _, path in files]
    laws = _assembled(files, documents)
    by_source = {document.source: document for document in documents}
    _check_conditions(laws, by_source)
    _check_circles(laws, by_source)
    _check_places(laws, by_source)
    _check_calendars(laws, by_source)
    _check_methods(
        laws.methods, {path.stem: by_source[str(path)] for _, path in files if path.parent.name == "methods"}
    )
    if cache:
        _keep(cache, stamp, documents)
    return laws


def check_laws(folder: Path) -> Laws:
    """Check a folder of laws against the built-in ones that it adds to; raises `BadInputError` for the first defect."""
    return load_laws(folder)


def _folders(extra: Iterable[Path]) -> list[Path]:
    for folder in extra:
        if not folder.is_dir():
            raise BadInputError(f"{folder}: no such folder of laws; check the path")
        if not any(folder.rglob("*.yaml")):
            raise BadInputError(f"{folder}: no law file (*.yaml) in it; check the path")
    return [BUILT_IN, *(folder for folder in extra if folder.resolve() != BUILT_IN.resolve())]


def _stamp(files: list[Path]) -> list[list[Any]]:
    """What a cache is valid for: the files as they are, and the reader as it is."""
    reader = [*sorted(BUILT_IN.glob("*.py")), *sorted(Path(vocabulary.__file__).parent.glob("*.py"))]
    return [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in (*files, *reader)]


def _cached(cache: Path, stamp: list[list[Any]]) -> list[Document]:
    try:
        kept = json.loads((cache / "laws.json").read_bytes())
        if kept["format"] == CACHE_FORMAT and kept["stamp"] == stamp:
            return [
                Document(data, str(at[0]), {}) for at, data in zip(stamp, kept["data"], strict=False)
            ]  # the reader stamps last
    except (OSError, ValueError, KeyError, TypeError):
        return []  # it is only a cache
    return []


def _keep(cache: Path, stamp: list[list[Any]], documents: list[Document]) -> None:
    kept = {"format": CACHE_FORMAT, "stamp": stamp, "data": [document.data for document in documents]}
    with suppress(OSError):  # a cache that cannot be written only costs time
        cache.mkdir(parents=True, exist_ok=True)
        draft = cache / f"laws.{uuid4().hex}.new"
        draft.write_text(json.dumps(kept, ensure_ascii=False))
        draft.replace(cache / "laws.json")


def _assembled(files: list[tuple[Path, Path]], documents: Iterable[Document]) -> Laws:
    laws: dict[str, tuple[Law, Document]] = {}
    lists: dict[str, dict[str, Authority]] = {}
    methods: dict[str, Document] = {}
    for (folder, path), document in zip(files, documents, strict=True):
        kind = path.relative_to(folder).parts[0]
        if kind == "methods":
            methods[path.stem] = document
        elif kind == "authorities":
            entry = validated(AuthorityList, document)
            lists.setdefault(entry.list_name, {}).update(entry.authorities)
        else:
            law = validated(Law, document)
            _refuse_second(law, document, laws.get(law.law), folder)
            laws[law.law] = (law, document)
    return _linked(laws, lists, methods)


def _refuse_second(law: Law, document: Document, earlier: tuple[Law, Document] | None, folder: Path) -> None:
    if earlier and Path(earlier[1].source).is_relative_to(folder):
        raise BadInputError(
            f"{document.source}:{document.line_of(('law',)) or 1}: the law {law.law!r} stands in {earlier[1].source} as well; keep one"
        )


def _linked(
    laws: dict[str, tuple[Law, Document]], lists: Mapping[str, Mapping[str, Authority]], methods: Mapping[str, Document]
) -> Laws:
    rules = validated(ClockRules, methods["clock_rules"]).rules
    known_methods = methods_of(methods)
    ids: dict[str, str] = {}
    for law, document in laws.values():
        for index, provision in enumerate(law.provisions):
            if provision.id in ids:
                raise _defect(
                    document, ("provisions", index, "id"), f"{provision.id!r} stands in {ids[provision.id]} as well"
                )
            ids[provision.id] = document.source
    for law, document in laws.values():
        for index, provision in enumerate(law.provisions):
            for number, version in enumerate(provision.versions):
                at = ("provisions", index, "versions", number)
                _check_version(document, at, version, _Known(ids, lists, rules, known_methods))
    return Laws(
        tuple(law for law, _ in laws.values()),
        lists,
        rules,
        known_methods,
        Questions(LAW_WORDS),
        {law.law: document.source for law, document in laws.values()},
    )


@dataclass(frozen=True)
class _Known:
    provisions: Mapping[str, str]
    lists: Mapping[str, Mapping[str, Authority]]
    rules: Mapping[str, ClockRule]
    methods: Methods


_At = tuple[str | int, ...]


def _defect(document: Document, at: _At, what: str) -> BadInputError:
    line = document.line_of(at)
    return BadInputError(f"{document.source}{f':{line}' if line else ''}: {what}")


def _check_version(document: Document, at: _At, version: Version, known: _Known) -> None:
    _check_words(document, (*at, "content"), version.content, known.methods.content_keys, "content")
    for index, stage in enumerate(version.stages):
        where = (*at, "stages", index)
        _check_words(document, (*where, "content"), stage.content, known.methods.content_keys, "content")
        _check_clock(document, (*where, "clock"), stage.clock, [each.name for each in version.stages], known)
    if version.clock:
        _check_clock(document, (*at, "clock"), version.clock, [], known)
    if isinstance(version.recipients, AuthorityOf):
        _check_words(
            document,
            (*at, "recipients"),
            [version.recipients.list_name],
            known.lists,
            "recipients: list of authorities",
        )


def _check_words(document: Document, at: _At, words: Iterable[str], known: Iterable[str], what: str) -> None:
    for index, word in enumerate(words):
        if word not in known:
            raise _defect(document, (*at, index), f"{what}: unknown word {word!r}{nearest(word, known)}")


def _check_clock(document: Document, at: _At, clock: Clock, stages: list[str], known: _Known) -> None:
    limits: list[tuple[_At, Limit]] = [(at, clock)]
    limits += [((*at, "earliest_of", index), limit) for index, limit in enumerate(clock.earliest_of)]
    for where, limit in limits:
        if limit.rule is not None and limit.rule not in known.rules:
            raise _defect(document, (*where, "rule"), f"unknown rule {limit.rule!r}{nearest(limit.rule, known.rules)}")
        if limit.start in ("individuals_notified", "other_regulator_notified"):
            if limit.of is not None and limit.of not in known.provisions:
                raise _defect(
                    document, (*where, "of"), f"of: unknown provision {limit.of!r}{nearest(limit.of, known.provisions)}"
                )
        elif limit.start == "stage_submitted" and limit.of not in stages:
            raise _defect(document, (*where, "of"), f"of: unknown stage {limit.of!r}{nearest(str(limit.of), stages)}")


def _check_conditions(laws: Laws, documents: Mapping[str, Document]) -> None:
    ids = {provision.id for law in laws.laws for provision in law.provisions}
    for law in laws.laws:
        document = documents[laws.files[law.law]]
        for index, provision in enumerate(law.provisions):
            for number, version in enumerate(provision.versions):
                for at, raw in _conditions_in(version):
                    where = ("provisions", index, "versions", number, *at)
                    try:
                        laws.questions.parsed(raw)
                    except ConditionError as error:
                        raise _defect(document, (*where, *error.location), str(error)) from error
                    for asked in _provisions_asked(raw):
                        _check_words(document, where, [asked], ids, "duty: provision")


def _check_circles(laws: Laws, documents: Mapping[str, Document]) -> None:
    """Refuse duties that follow one another in a circle: none of them could ever be decided."""
    places = {
        provision.id: (documents[laws.files[law.law]], ("provisions", index))
        for law in laws.laws
        for index, provision in enumerate(law.provisions)
    }
    follows = {
        provision.id: {
            asked
            for version in provision.versions
            for _, raw in _conditions_in(version)
            for asked in _provisions_asked(raw)
        }
        for law in laws.laws
        for provision in law.provisions
    }
    try:
        TopologicalSorter(follows).prepare()
    except CycleError as error:
        circle = error.args[1]
        raise _defect(*places[circle[0]], f"duties follow one another in a circle: {' -> '.join(circle)}") from error


def _check_places(laws: Laws, documents: Mapping[str, Document]) -> None:
    for law in laws.laws:
        document = documents[laws.files[law.law]]
        _check_place(document, ("jurisdiction",), law.jurisdiction)
        for index, provision in enumerate(law.provisions):
            for number, version in enumerate(provision.versions):
                if isinstance(version.recipients, AuthorityOf):
                    at = ("provisions", index, "versions", number, "recipients", "in")
                    _check_place(document, at, version.recipients.place)


def _check_place(document: Document, at: _At, place: str) -> None:
    try:
        known_place(place)
    except ValueError as error:
        raise _defect(document, at, f"{at[-1]}: {error}") from error


def _check_calendars(laws: Laws, documents: Mapping[str, Document]) -> None:
    """Refuse an unknown calendar in an organisation's own law; for the built-in ones a test does, as it takes time."""
    for law in laws.laws:
        source = laws.files[law.law]
        if law.calendar is None or Path(source).is_relative_to(BUILT_IN):
            continue
        try:
            check_calendar(law.calendar)
        except BadInputError as error:
            raise _defect(documents[source], ("calendar",), f"calendar: {error}") from error


def _check_methods(methods: Methods, documents: Mapping[str, Document]) -> None:
    asked_by = {
        "enisa_2013": methods.enisa.questions,
        "risk": methods.risk.questions,
        "cn_2025_grading": methods.grading.questions,
    }
    for name, questions in asked_by.items():
        for at, raw in _ifs_in(documents[name].data):
            try:
                questions.parsed(raw)
            except ConditionError as error:
                raise _defect(documents[name], (*at, *error.location), str(error)) from error


def _ifs_in(data: object, at: _At = ()) -> Iterable[tuple[_At, RawCondition]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        if key == "if" and isinstance(value, dict):
            yield (*at, key), value
        else:
            yield from _ifs_in(value, (*at, key))


def _conditions_in(version: Version) -> Iterable[tuple[_At, RawCondition]]:
    if version.applies:
        yield ("applies",), version.applies
    if version.when:
        yield ("when",), version.when
    for index, exemption in enumerate(version.unless):
        if exemption.condition:
            yield ("unless", index, "if"), exemption.condition
    for index, stage in enumerate(version.stages):
        if stage.when:
            yield ("stages", index, "when"), stage.when


def _provisions_asked(raw: object) -> Iterable[str]:
    if isinstance(raw, dict):
        if isinstance(raw.get("duty"), dict):
            yield str(raw["duty"].get("provision"))
        for value in raw.values():
            yield from _provisions_asked(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from _provisions_asked(value)
