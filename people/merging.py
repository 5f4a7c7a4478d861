"""Who is one person: rules that find the same person twice, say why, and can be taken back.

Rules, strongest first: the same identifier and name; the same e-mail address and name; the same name and date of birth;
the same name and address. People of one household share an address or mailbox and not a name, so they stay apart. Rows of
one name with two dates of birth stay apart too.
"""

from dataclasses import dataclass

from models.errors import BadInputError
from people.roster import Roster

RULES = {
    "by_identifier": "same identifier and name",
    "by_email": "same e-mail address and name",
    "by_birth": "same name and date of birth",
    "by_address": "same name and address",
}


@dataclass(frozen=True)
class Merge:
    """Two rows that were taken for one person, by which rule, and the sentence that explains it."""

    kept: str
    merged: str
    rule: str
    explanation: str
    undone: bool


def merge_duplicates(roster: Roster) -> None:
    """Find every group of rows that are one person; the first row of a group is kept, and merges taken back stay so."""
    run = roster.connection.execute
    run("CREATE OR REPLACE TEMP TABLE shared (row BIGINT, key UBIGINT, rule VARCHAR, birth_date DATE)")
    apart = "id NOT IN (SELECT merged FROM merge WHERE undone)" if _any_undone(roster) else "true"
    for key in RULES:
        run(
            f"INSERT INTO shared SELECT rowid, {key}, '{key}', birth_date FROM record WHERE reason IS NULL AND {apart} AND {key} IN "
            f"(SELECT {key} FROM record WHERE {key} IS NOT NULL AND reason IS NULL AND {apart} GROUP BY {key} HAVING count(*) > 1)"
        )
    run(
        "CREATE OR REPLACE TEMP TABLE same AS WITH groups AS (SELECT key, rule, min(row) AS a FROM shared GROUP BY key, rule "
        "HAVING min(birth_date) IS NOT DISTINCT FROM max(birth_date)) "
        "SELECT g.a, s.row AS b, s.rule FROM groups g JOIN shared s ON s.key = g.key AND s.rule = g.rule WHERE s.row <> g.a"
    )
    _join_groups(roster)
    run("DELETE FROM merge WHERE NOT undone")
    run(
        "INSERT INTO merge SELECT k.id, m.id, s.rule, concat(CASE s.rule "
        + " ".join(f"WHEN '{key}' THEN '{words}'" for key, words in RULES.items())
        + " END, ': ', fm.name, ' line ', coalesce(m.line, m.rowid - fm.first_row + fm.header + 1), ' and ', "
        "fk.name, ' line ', coalesce(k.line, k.rowid - fk.first_row + fk.header + 1)), false "
        "FROM grouped g JOIN record m ON m.rowid = g.row JOIN record k ON k.rowid = g.root "
        "JOIN file fm ON fm.number = m.file JOIN file fk ON fk.number = k.file "
        "JOIN (SELECT row, arg_min(rule, rank) AS rule FROM (SELECT b AS row, rule, "
        + _rank()
        + " AS rank FROM same UNION ALL SELECT a, rule, "
        + _rank()
        + " FROM same) GROUP BY row) s ON s.row = g.row WHERE g.row <> g.root"
    )


def _any_undone(roster: Roster) -> bool:
    return bool(roster.connection.execute("SELECT 1 FROM merge WHERE undone LIMIT 1").fetchall())


def _rank() -> str:
    return "CASE rule " + " ".join(f"WHEN '{key}' THEN {place}" for place, key in enumerate(RULES)) + " END"


def _join_groups(roster: Roster) -> None:
    """Chains of pairs become groups: every row takes the first row that it is linked to, until nothing changes."""
    run = roster.connection.execute
    run("CREATE OR REPLACE TEMP TABLE linked AS SELECT a, b FROM same UNION SELECT b, a FROM same")
    run("CREATE OR REPLACE TEMP TABLE grouped AS SELECT DISTINCT a AS row, a AS root FROM linked")
    while True:
        run(
            "CREATE OR REPLACE TEMP TABLE nearer AS SELECT g.row, least(g.root, min(o.root)) AS root FROM grouped g "
            "JOIN linked l ON l.a = g.row JOIN grouped o ON o.row = l.b GROUP BY g.row, g.root"
        )
        [(changed,)] = run("SELECT count(*) FROM nearer n JOIN grouped g USING (row) WHERE n.root <> g.root").fetchall()
        if not changed:
            break
        run("CREATE OR REPLACE TEMP TABLE grouped AS SELECT * FROM nearer")
    run(
        "DELETE FROM grouped WHERE root IN (SELECT g.root FROM grouped g JOIN record r ON r.rowid = g.row "
        "GROUP BY g.root HAVING min(r.birth_date) <> max(r.birth_date))"
    )  # a chain that ends at another date of birth joins two people


def merges(roster: Roster, limit: int = 100) -> list[Merge]:
    """The merges, in order of the person kept."""
    rows = roster.connection.execute(
        "SELECT opaque(kept), opaque(merged), rule, explanation, undone FROM merge ORDER BY kept, merged LIMIT ?",
        [limit],
    ).fetchall()
    return [Merge(*row) for row in rows]


def undo(roster: Roster, merged: str) -> None:
    """Take a merge back: the row is a person of its own again, and later loads leave it so."""
    changed = roster.connection.execute(
        "UPDATE merge SET undone = true WHERE merged = numbered(?) AND NOT undone RETURNING kept", [merged]
    ).fetchall()
    if not changed:
        raise BadInputError(f"no merge of {merged} stands; `tocsin people merges` lists them")
