"""Suppression lists: people who are not simply written to, named by a file or marked by a column of the roster."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models.cohorts import Channel, Mark, SuppressionList
from models.document import nearest
from models.errors import BadInputError
from people.columns import Mapping as Columns
from people.normalising import name_key
from people.places import bare
from people.roster import Roster
from people.source import Row, look_at, rows_of

EXCLUDING = (SuppressionList.DECEASED, SuppressionList.LAW_ENFORCEMENT_HOLD, SuppressionList.UNDER_INVESTIGATION)
KEYS = ("id", "identifier", "email")  # the first that a row has decides
COLUMNS = (*KEYS, "name", "channel")
FULL_NAME = "coalesce(r.full_name, concat_ws(' ', r.given_name, r.family_name))"


@dataclass(frozen=True)
class Listed:
    """What a list did: how many entries it has, and how many of them name nobody in the roster."""

    entries: int
    not_found: int


def read_list(roster: Roster, kind: SuppressionList, file: str) -> Listed:
    """Take a list of people by `id`, `identifier` or `email` (with `name` where several share it) for this connection.

    Raises `BadInputError` for an entry that fits several people, since nobody is to be left out by mistake.
    """
    source = look_at(file, Columns())
    headers = [header.strip().lower() for header in source.headers]
    _check(file, headers)
    run = roster.connection.execute
    _lay_out(roster)
    entries = [_entry(file, headers, row) for row in rows_of(source)]
    run("DELETE FROM temp.entry")
    if entries:
        columns = [list(column) for column in zip(*entries, strict=True)]
        run(
            f"INSERT INTO temp.entry SELECT {', '.join('unnest(?::VARCHAR[])' for _ in COLUMNS)}, unnest(?::BIGINT[])",
            columns,
        )
    _match(roster, kind, file)
    [(found,)] = run("SELECT count(DISTINCT line) FROM temp.found").fetchall()
    return Listed(len(entries), len(entries) - found)


def lay_out_suppressed(roster: Roster, marks: Mapping[SuppressionList, Mark]) -> None:
    """Make the table `suppressed(person_id, reason, opted, wanted)` of the lists taken before and of the marks."""
    run = roster.connection.execute
    _lay_out(roster)
    for kind, mark in marks.items():
        run(
            "INSERT INTO temp.listed SELECT opaque(coalesce(m.kept, r.id)), ?, NULL FROM record r "
            "LEFT JOIN merge m ON m.merged = r.id AND NOT m.undone "
            "WHERE r.reason IS NULL AND list_contains(?::VARCHAR[], lower(trim(map_extract(r.extra, ?)[1])))",
            [kind.value, [value.strip().lower() for value in mark.values], mark.column],
        )
    order = " ".join(f"WHEN '{kind.value}' THEN {place}" for place, kind in enumerate(EXCLUDING))
    run(
        "CREATE OR REPLACE TEMP TABLE suppressed AS SELECT person_id, "
        f"arg_min(list, CASE list {order} END) AS reason, bool_or(list = 'opted_for_other_channel') AS opted, "
        "max(channel) AS wanted FROM temp.listed GROUP BY person_id"
    )


def _lay_out(roster: Roster) -> None:
    run = roster.connection.execute
    run("CREATE TEMP TABLE IF NOT EXISTS listed (person_id VARCHAR, list VARCHAR, channel VARCHAR)")
    run(f"CREATE TEMP TABLE IF NOT EXISTS entry ({', '.join(f'{name} VARCHAR' for name in COLUMNS)}, line BIGINT)")


def _check(file: str, headers: list[str]) -> None:
    if not set(headers) & set(KEYS):
        raise BadInputError(f"{file}: no column is called id, identifier or email; nothing says who is on the list")
    for header in headers:
        if header not in COLUMNS:
            raise BadInputError(f"{file}: unknown column {header!r}{nearest(header, COLUMNS)}; take it out")


def _entry(file: str, headers: list[str], row: Row) -> tuple[object, ...]:
    given = {name: cell.strip() or None for name, cell in zip(headers, row.cells, strict=False)}
    if row.reason or not any(given.get(key) for key in KEYS):
        raise BadInputError(f"{file}:{row.line}: {row.reason or 'no id, identifier or email'}; mend that line")
    channel = (given.get("channel") or "").lower() or None
    if channel and channel not in list(Channel):
        raise BadInputError(f"{file}:{row.line}: unknown channel {channel!r}{nearest(channel, list(Channel))}")
    return (*_strongest(given), _name_key(given.get("name")), channel, row.line)


def _strongest(given: Mapping[str, str | None]) -> Iterator[str | None]:
    """Of the keys only the first that is given."""
    decided = next(key for key in KEYS if given.get(key))
    for key in KEYS:
        value = given.get(key) if key == decided else None
        yield value.lower() if value and key != "identifier" else value


def _name_key(name: str | None) -> str | None:
    return "".join(sign for sign in bare(name) if sign.isalpha()) if name else None


def _match(roster: Roster, kind: SuppressionList, file: str) -> None:
    run = roster.connection.execute
    named = f"(e.name IS NULL OR e.name = {name_key(FULL_NAME)})"
    run(
        "CREATE OR REPLACE TEMP TABLE found AS SELECT DISTINCT x.line, opaque(coalesce(m.kept, x.id)) AS person_id, x.channel FROM ("
        f"SELECT e.line, r.id, e.channel FROM record r JOIN temp.entry e ON r.id = numbered(e.id) WHERE r.reason IS NULL AND {named} "
        f"UNION ALL SELECT e.line, r.id, e.channel FROM record r JOIN temp.entry e ON r.identifier = e.identifier WHERE r.reason IS NULL AND {named} "
        f"UNION ALL SELECT e.line, r.id, e.channel FROM (SELECT id, full_name, given_name, family_name, unnest(emails) AS email FROM record WHERE reason IS NULL) r "
        f"JOIN temp.entry e ON r.email = e.email WHERE {named}) x LEFT JOIN merge m ON m.merged = x.id AND NOT m.undone"
    )
    several = run("SELECT line, count(*) FROM temp.found GROUP BY line HAVING count(*) > 1 ORDER BY line").fetchall()
    if several:
        line, people = several[0]
        more = f" (and {len(several) - 1} more such lines)" if len(several) > 1 else ""
        raise BadInputError(f"{file}:{line}: fits {people} people; add a column `name`, or give the id{more}")
    run("INSERT INTO temp.listed SELECT person_id, ?, channel FROM temp.found", [kind.value])
