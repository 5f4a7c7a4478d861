"""The list of addresses of a sending: everybody of the assignment once, in an order that stays, inside the encrypted roster."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import RootModel

from models.document import read_document, validated
from models.report import Country
from people.letter import Addressee
from people.roster import Roster

BATCH = 5_000
POSTAL = Path(__file__).parent / "postal.yaml"
_COLUMNS = "person_id, seq, name, email, phone, street, town, subdivision, country, identifier, categories, channels"

_LAY_OUT = """
CREATE OR REPLACE TABLE addressed AS
WITH now AS (
    SELECT a.person_id, a.cohort, a.text_key, a.language, a.channels, a.wave, {owed}, p.identifier,
        coalesce(p.full_name, nullif(concat_ws(' ', p.given_name, p.family_name), ''), '') AS name,
        p.emails[1] AS email, p.phones[1] AS phone, p.street, nullif(CASE
            WHEN p.country IN {city_then_code} THEN concat_ws(' ', p.city, split_part(p.subdivision, '-', 2), p.postcode)
            WHEN p.country IN {code_below} THEN concat_ws(chr(10), p.city, p.postcode)
            ELSE concat_ws(' ', p.postcode, p.city) END, '') AS town,
        CASE WHEN p.country NOT IN {city_then_code} AND p.country NOT IN {without_part} THEN p.subdivision END AS subdivision,
        p.country, coalesce(p.categories, []) AS categories
    FROM assignment a JOIN person p ON p.id = a.person_id),
known AS (SELECT person_id, seq FROM {before})
SELECT now.*, coalesce(k.seq, (SELECT coalesce(max(seq), 0) FROM known)
    + row_number() OVER (PARTITION BY k.seq IS NULL ORDER BY now.wave, now.person_id)) AS seq
FROM now LEFT JOIN known k ON k.person_id = now.person_id ORDER BY seq
"""


class Postal(RootModel[dict[Literal["city_then_code", "code_below", "without_part"], list[Country]]]):
    """Which countries write the lines of an address in which way."""


@dataclass(frozen=True)
class Planned:
    """What one person is to get first."""

    person: str
    seq: int
    cohort: str
    text_key: str
    language: str
    channels: Sequence[str]
    wave: str
    also: str | None
    further: Sequence[str]

    @property
    def texts(self) -> list[tuple[str, str | None]]:
        """The key of each text that is due, and which duties it tells besides its own."""
        form = self.text_key.rpartition(":")[2]
        split = [each.partition(" ") for each in self.further]
        return [(self.text_key, self.also), *((f"{own}:{form}", also or None) for own, _, also in split)]


def lay_out_addresses(roster: Roster) -> None:
    """Make the list, or bring it up to what the roster says now; whoever had a place in it keeps that."""
    run = roster.connection.execute
    before = "addressed" if _has(roster, "addressed", "seq") else "(SELECT '' AS person_id, 0 AS seq WHERE false)"
    postal = {name: "('{}')".format("', '".join(codes)) for name, codes in _postal().root.items()}
    owed = "a.also, a.further" if _has(roster, "decision", "further") else "NULL AS also, []::VARCHAR[] AS further"
    run(_LAY_OUT.format(before=before, owed=owed, **postal))


@cache
def _postal() -> Postal:
    return validated(Postal, read_document(POSTAL))


def planned(roster: Roster) -> Iterator[list[Planned]]:
    """Everybody of the list in order, some thousands at a time."""
    cursor = roster.connection.cursor()
    cursor.execute("USE roster")
    cursor.execute(
        "SELECT person_id, seq, cohort, text_key, language, channels, wave, also, further FROM addressed ORDER BY seq"
    )
    while rows := cursor.fetchmany(BATCH):
        yield [Planned(*row) for row in rows]


def addressees(roster: Roster, places: Sequence[int]) -> dict[int, Addressee]:
    """The people at these places of the list; whoever left the roster since is not among them."""
    if not places:
        return {}
    cursor = roster.connection.cursor()
    cursor.execute("USE roster")
    rows = cursor.execute(
        f"SELECT {_COLUMNS} FROM addressed WHERE seq BETWEEN ? AND ? AND seq IN (SELECT unnest(?::BIGINT[]))",
        [min(places), max(places), list(places)],
    ).fetchall()
    return {row[1]: Addressee(*row) for row in rows}


def _has(roster: Roster, table: str, column: str) -> bool:
    found = roster.connection.execute(
        "SELECT 1 FROM duckdb_columns() WHERE database_name = 'roster' AND table_name = ? AND column_name = ?",
        [table, column],
    )
    return bool(found.fetchall())
