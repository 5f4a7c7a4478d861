"""How many people, by what decides the duties: jurisdiction, relationship, minors, category, language, channel."""

from collections.abc import Mapping
from dataclasses import dataclass

from people.roster import Roster

MOST_LANGUAGES = 20


@dataclass(frozen=True)
class Group:
    """People of one place and relationship, grown or not."""

    jurisdiction: str
    relationship: str | None
    minors: bool | None
    count: int
    languages: tuple[str, ...]


@dataclass(frozen=True)
class Counts:
    """Everything that is counted, without a name; `unplaced` are people whose country is not known."""

    people: int
    unplaced: int
    groups: tuple[Group, ...]
    languages: Mapping[str, int]
    categories: Mapping[str, int]
    channels: Mapping[str, int]


def count(roster: Roster) -> Counts:
    """Count the roster's people, in one pass over them."""
    roster.connection.execute(f"CREATE OR REPLACE TEMP TABLE alike AS {_ALIKE}")
    rows = roster.connection.execute(
        "SELECT place, relationship, minor, language, sum(people)::BIGINT FROM alike GROUP BY ALL"
    ).fetchall()
    grouped: dict[tuple[str, str | None, bool | None], dict[str | None, int]] = {}
    languages: dict[str, int] = {}
    unplaced = 0
    for place, relationship, minor, language, number in rows:
        languages[language or "not known"] = languages.get(language or "not known", 0) + number
        if place is None:
            unplaced += number
            continue
        spoken = grouped.setdefault((place, relationship, minor), {})
        spoken[language] = spoken.get(language, 0) + number
    groups = tuple(
        Group(
            place,
            relationship,
            minor,
            sum(spoken.values()),
            tuple(sorted(each for each in spoken if each))[:MOST_LANGUAGES],
        )
        for (place, relationship, minor), spoken in sorted(grouped.items(), key=lambda item: tuple(map(str, item[0])))
    )
    return Counts(
        sum(row[4] for row in rows),
        unplaced,
        groups,
        dict(sorted(languages.items())),
        _categories(roster),
        _channels(roster),
    )


_ALIKE = (
    "SELECT coalesce(subdivision, country) AS place, relationship, minor, language, categories, has_email AS email, "
    "has_phone AS phone, street IS NOT NULL AS street, "
    "street IS NOT NULL AND (postcode IS NOT NULL OR city IS NOT NULL) AS post, count(*) AS people FROM person GROUP BY ALL"
)


def _categories(roster: Roster) -> dict[str, int]:
    rows = roster.connection.execute(
        "SELECT c, sum(people)::BIGINT FROM (SELECT unnest(categories) AS c, people FROM alike) GROUP BY c ORDER BY c"
    ).fetchall()
    return dict(rows)


def _channels(roster: Roster) -> dict[str, int]:
    [row] = roster.connection.execute(
        "SELECT coalesce(sum(people) FILTER (email), 0)::BIGINT, coalesce(sum(people) FILTER (phone), 0)::BIGINT, "
        "coalesce(sum(people) FILTER (post), 0)::BIGINT, "
        "coalesce(sum(people) FILTER (NOT email AND NOT phone AND NOT street), 0)::BIGINT FROM alike"
    ).fetchall()
    return dict(zip(("email", "phone", "post", "none"), row, strict=True))
