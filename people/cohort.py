"""Which cohort each person belongs to, which text they get, and by which channels: set-wise, everybody exactly once."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from models.cohorts import Channel, Cohort, Cohorts, Who
from models.document import read_document, validated
from models.errors import BadInputError
from models.places import lies_in
from people.roster import Roster
from people.suppression import EXCLUDING, lay_out_suppressed

DEFAULT = Path(__file__).parent / "cohorts.yaml"

Spoken = Callable[[str], Sequence[str]]

POST = "street IS NOT NULL AND (postcode IS NOT NULL OR city IS NOT NULL)"
REACHED = {
    Channel.EMAIL: "has_email",
    Channel.POST: POST,
    Channel.SMS: "has_phone",
    Channel.IN_APP: "identifier IS NOT NULL",
}
ADDRESSES = {
    Channel.EMAIL: "emails[1]",
    Channel.POST: "concat_ws(chr(10), street, nullif(concat_ws(' ', postcode, city), ''), subdivision, country)",
    Channel.SMS: "phones[1]",
    Channel.IN_APP: "identifier",
}  # of a person, by channel, as SQL


@dataclass(frozen=True)
class PeopleText:
    """A text to people that the incident has: under which duty, for which place, in which form and language.

    `tells` are the duties besides its own of which it holds all that they require, and nothing that they forbid.
    """

    provision: str
    jurisdiction: str
    form: str
    language: str
    tells: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Owed:
    """One text that a person is due, and the duties besides its own that are met by it."""

    provision: str
    also: tuple[str, ...] = ()

    def written(self) -> str:
        """As one word after the other, for a table."""
        return " ".join((self.provision, *self.also))


@dataclass(frozen=True)
class Group:
    """People of one cohort who get one text in one language, first by one channel."""

    cohort: str
    text_key: str
    language: str
    channel: str
    people: int
    also: str | None = None  # duties that this text tells besides its own
    further: Sequence[str] = ()  # duties that a text of their own tells: its provision, and what it tells besides


@dataclass(frozen=True)
class Assigned:
    """Where everybody ended: people = those in groups + those not reached, by reason."""

    people: int
    groups: tuple[Group, ...]
    unreached: Mapping[str, int]

    @property
    def reached(self) -> int:
        """How many people are in a group."""
        return sum(group.people for group in self.groups)


def read_cohorts(file: Path | None = None) -> Cohorts:
    """The rules of a file, or our own; raises `BadInputError`, one line: file, line, what, how to mend it."""
    return validated(Cohorts, read_document(file or DEFAULT))


def assign(
    roster: Roster,
    cohorts: Cohorts,
    texts: Sequence[PeopleText],
    *,
    spoken: Spoken,
    keep: bool = False,
) -> Assigned:
    """Put everybody into exactly one cohort, or among the unreached with the reason.

    Makes the views `assignment(person_id, cohort, text_key, language, channels, address, wave, also, further)` and
    `unreached(person_id, reason)`: in the roster where `keep`, else for this connection. `text_key` is PROVISION:FORM of
    the first channel; `spoken` gives the languages of a country, for people who name none. Suppressed are those whom
    `people.suppression` laid out before, or who bear a mark. Raises `ArithmeticError` if the totals did not add up.
    """
    lay_out_suppressed(roster, cohorts.suppress)
    _lay_out_offers(roster, cohorts, texts, spoken)
    _decide(roster, cohorts, {text.jurisdiction for text in texts}, "" if keep else "TEMP ")
    if keep:
        roster.connection.execute(
            "CREATE OR REPLACE TABLE cohort_rules AS SELECT ?::VARCHAR AS rules", [_json(cohorts)]
        )
    return _assigned(roster)


def kept_cohorts(roster: Roster) -> Cohorts:
    """The rules by which the kept assignment was made; raises `BadInputError` where none is kept."""
    if not _is_there(roster, "cohort_rules"):
        raise BadInputError(
            f"{roster.folder.name}: nobody has accepted who gets which text; do so with `tocsin people cohorts {roster.folder.name} --accept`"
        )
    [(rules,)] = roster.connection.execute("SELECT rules FROM cohort_rules").fetchall()
    return Cohorts.model_validate(json.loads(rules))


def drop_assignment(roster: Roster) -> None:
    """Take back what was kept: other people are in the roster now."""
    for kind, name in (("VIEW", "assignment"), ("VIEW", "unreached"), ("TABLE", "decision"), ("TABLE", "cohort_rules")):
        roster.connection.execute(f"DROP {kind} IF EXISTS roster.main.{name}")


def _json(cohorts: Cohorts) -> str:
    return cohorts.model_dump_json()


def _is_there(roster: Roster, table: str) -> bool:
    found = roster.connection.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = 'roster' AND table_name = ?", [table]
    )
    return bool(found.fetchall())


def _lay_out_offers(roster: Roster, cohorts: Cohorts, texts: Sequence[PeopleText], spoken: Spoken) -> None:
    """Which text each cohort has for each place, in which languages, and by which channels each of them can go."""
    run = roster.connection.execute
    run(
        "CREATE OR REPLACE TEMP TABLE offer (cohort INTEGER, place VARCHAR, provision VARCHAR, languages VARCHAR[], also VARCHAR, further VARCHAR[])"
    )
    run(
        "CREATE OR REPLACE TEMP TABLE way (cohort INTEGER, place VARCHAR, language VARCHAR, channels VARCHAR[], forms VARCHAR[])"
    )
    for place in _places(roster):
        for number, cohort in enumerate(cohorts.cohorts):
            owed = _owed(cohort, place, texts)
            if not owed:
                continue
            offered = [text for text in texts if text.provision == owed[0].provision and _fits_form(cohort, text)]
            languages = _ordered(dict.fromkeys(text.language for text in offered), place, spoken)
            also, further = " ".join(owed[0].also) or None, [each.written() for each in owed[1:]]
            run(
                "INSERT INTO offer VALUES (?, ?, ?, ?, ?, ?)",
                [number, place, owed[0].provision, languages, also, further],
            )
            for language in languages:
                forms = {text.form for text in offered if text.language == language}
                ways = [channel for channel in cohort.channels if cohort.form(channel) in forms]
                run(
                    "INSERT INTO way VALUES (?, ?, ?, ?, ?)",
                    [number, place, language, [way.value for way in ways], [cohort.form(way) for way in ways]],
                )


def _places(roster: Roster) -> list[str]:
    rows = roster.connection.execute("SELECT DISTINCT coalesce(subdivision, country, '') FROM person").fetchall()
    return sorted(row[0] for row in rows)


def _owed(cohort: Cohort, place: str, texts: Iterable[PeopleText]) -> list[Owed]:
    """The texts that somebody at a place is due, so that each duty of the place is told by one of them.

    First comes one that tells all of them, else the one of the duty that is nearest to the place; of equal ones the one that
    tells most of them, or the first.
    """
    fitting = {text.provision: text for text in reversed(list(texts)) if _is_due(text, cohort, place)}
    left, owed = list(reversed(fitting)), list[Owed]()
    while left:
        text = max((fitting[each] for each in left), key=partial(_fitness, set(left)))
        owed.append(Owed(text.provision, tuple(each for each in left if each in text.tells and each != text.provision)))
        left = [each for each in left if each != text.provision and each not in text.tells]
    return owed


def _is_due(text: PeopleText, cohort: Cohort, place: str) -> bool:
    return _fits_form(cohort, text) and _is_for(text, cohort, place)


def _fitness(left: set[str], text: PeopleText) -> tuple[bool, int, int]:
    told = left & {text.provision, *text.tells}
    return told == left, _nearness(text.jurisdiction), len(told)


def _fits_form(cohort: Cohort, text: PeopleText) -> bool:
    return text.form in {cohort.form(channel) for channel in cohort.channels}


def _is_for(text: PeopleText, cohort: Cohort, place: str) -> bool:
    if cohort.provision:
        return text.provision == cohort.provision
    return bool(place) and lies_in(place, text.jurisdiction)


def _nearness(jurisdiction: str) -> int:
    """A part of a country is nearer than the country, that nearer than a group of countries, that nearer than all."""
    return 3 if "-" in jurisdiction else 2 if len(jurisdiction) == 2 and jurisdiction != "EU" else bool(jurisdiction)


def _ordered(languages: Iterable[str], place: str, spoken: Spoken) -> list[str]:
    """The place's own languages first: the first one is for people who name none that there is."""
    own = list(spoken(place.split("-")[0])) if place else []
    return sorted(languages, key=lambda code: own.index(code) if code in own else len(own))


def _decide(roster: Roster, cohorts: Cohorts, duties: set[str], temp: str) -> None:
    places = _places(roster)
    cases = " ".join(
        f"WHEN {_fits(cohort.who, places, duties)} THEN {number}" for number, cohort in enumerate(cohorts.cohorts)
    )
    names = _strings(cohort.name for cohort in cohorts.cohorts)
    share = cohorts.waves.first_percent / 100
    roster.connection.execute(f"CREATE OR REPLACE {temp}TABLE decision AS {_DECIDING}".format(
        reach=_reach(), cases=cases, excluding=_strings(EXCLUDING), address=_address(), names=names, share=share
    ))  # fmt: skip
    roster.connection.execute(
        f"CREATE OR REPLACE {temp}VIEW assignment AS SELECT person_id, cohort, text_key, language, channels, address, wave, also, further "
        "FROM decision WHERE reason IS NULL"
    )
    roster.connection.execute(
        f"CREATE OR REPLACE {temp}VIEW unreached AS SELECT person_id, reason FROM decision WHERE reason IS NOT NULL"
    )


_DECIDING = """
WITH met AS (
    SELECT p.*, coalesce(p.subdivision, p.country, '') AS place, s.reason AS listed, s.opted, s.wanted,
        list_filter([{reach}], lambda c: c IS NOT NULL AND NOT (c = 'email' AND coalesce(s.opted AND s.wanted IS NULL, false))) AS reach
    FROM (SELECT *, split_part(language, '-', 1) AS tongue FROM person) p LEFT JOIN suppressed s ON s.person_id = p.id),
taken AS (SELECT *, CASE {cases} END AS cohort_number FROM met),
spoken AS (
    SELECT t.*, o.provision, o.also, o.further, CASE WHEN list_contains(o.languages, t.language) THEN t.language
        WHEN list_contains(o.languages, t.tongue) THEN t.tongue ELSE o.languages[1] END AS said
    FROM taken t LEFT JOIN offer o ON o.cohort = t.cohort_number AND o.place = t.place),
reached AS (
    SELECT s.*, w.forms, w.channels AS offered, list_filter(w.channels, lambda c: list_contains(s.reach, c)) AS open
    FROM spoken s LEFT JOIN way w ON w.cohort = s.cohort_number AND w.place = s.place AND w.language = s.said),
ordered AS (
    SELECT *, CASE WHEN opted AND list_contains(open, wanted)
        THEN list_prepend(wanted, list_filter(open, lambda c: c <> wanted)) ELSE open END AS channels,
        CASE WHEN list_contains({excluding}, listed) THEN listed WHEN cohort_number IS NULL THEN 'no_cohort'
            WHEN provision IS NULL THEN CASE WHEN place = '' THEN 'no_place' ELSE 'no_text' END
            WHEN len(open) = 0 THEN 'no_address' END AS reason
    FROM reached)
SELECT id AS person_id, reason, ({names})[cohort_number + 1] AS cohort,
    CASE WHEN reason IS NULL THEN concat(provision, ':', forms[list_position(offered, channels[1])]) END AS text_key,
    said AS language, channels, also, further, CASE WHEN reason IS NULL THEN {address} END AS address,
    CASE WHEN reason IS NULL THEN CASE WHEN row_number() OVER (PARTITION BY reason IS NULL, cohort_number, said ORDER BY id)
        <= ceil({share} * count(*) OVER (PARTITION BY reason IS NULL, cohort_number, said)) THEN 'first' ELSE 'rest' END
    END AS wave
FROM ordered
"""


def _reach() -> str:
    return ", ".join(f"CASE WHEN {has} THEN '{channel.value}' END" for channel, has in REACHED.items())


def _address() -> str:
    cases = " ".join(f"WHEN '{channel.value}' THEN {address}" for channel, address in ADDRESSES.items())
    return f"CASE channels[1] {cases} END"


def _fits(who: Who, places: Sequence[str], duties: set[str]) -> str:
    return " AND ".join(_conditions(who, places, duties)) or "true"


def _conditions(who: Who, places: Sequence[str], duties: set[str]) -> Iterator[str]:
    """Each point of a rule as SQL; the words come from closed lists."""
    if who.jurisdictions:
        yield _among("place", (place for place in places if _lies_in_any(place, who.jurisdictions)))
    if who.minor is not None:
        yield f"(minor IS true) = {who.minor}"
    if who.categories:
        yield f"list_has_any(categories, {_strings(each.value for each in who.categories)})"
    if who.relationship:
        yield _among("relationship", (each.value for each in who.relationship))
    if who.language:
        yield f"({_among('language', who.language)} OR {_among('tongue', who.language)})"
    if who.reachable:
        yield f"list_has_any(reach, {_strings(each.value for each in who.reachable)})"
    if who.duty is not None:
        owed = (place for place in places if _lies_in_any(place, duties))
        yield f"{_among('place', owed)} = {who.duty}"


def _lies_in_any(place: str, jurisdictions: Iterable[str]) -> bool:
    return bool(place) and any(lies_in(place, each) for each in jurisdictions)


def _among(column: str, words: Iterable[str]) -> str:
    return f"coalesce(list_contains({_strings(words)}, {column}), false)"


def _strings(words: Iterable[str]) -> str:
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"[{quoted}]::VARCHAR[]"


def _assigned(roster: Roster) -> Assigned:
    run = roster.connection.execute
    groups = run(
        "SELECT cohort, text_key, language, channels[1], count(*), also, further FROM assignment GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    unreached = run("SELECT reason, count(*) FROM unreached GROUP BY reason ORDER BY reason").fetchall()
    [(people,)] = run("SELECT count(*) FROM person").fetchall()
    found = Assigned(people, tuple(Group(*row) for row in groups), dict(unreached))
    if people != found.reached + sum(found.unreached.values()):
        raise ArithmeticError(f"{people} people, but {found.reached} assigned and {found.unreached} not reached")
    return found
