"""Loading files into a roster: every row read is kept, a duplicate, or set aside with its line and reason."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import phonenumbers

from models.errors import BadInputError
from people.cohort import drop_assignment
from people.columns import WHO, Mapping, field_of, matched
from people.merging import merge_duplicates
from people.normalising import DATES, cell, selecting
from people.places import lay_out
from people.roster import Roster
from people.source import Source, damaged, in_batches, look_at, parquet_cells, quoted_path, rows_of

BATCH = 20_000


@dataclass(frozen=True)
class Column:
    """A column of a file and the field that it fills; None for one that is left out."""

    name: str
    field: str | None


@dataclass(frozen=True)
class Preview:
    """How a file would be read."""

    file: str
    kind: str
    encoding: str
    delimiter: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class LoadedFile:
    """One file of a roster, and how many rows it had."""

    name: str
    rows: int


@dataclass(frozen=True)
class Loaded:
    """What became of the rows: read = kept + duplicates + set aside."""

    read: int
    kept: int
    duplicates: int
    set_aside: int
    not_understood: int


def preview(name: str, mapping: Mapping) -> Preview:
    """How a file would be read, without reading its rows; raises `BadInputError` where nothing says who a person is."""
    found = looked_at(name, mapping)
    matched([column.name for column in found.columns], mapping, name)
    return found


def looked_at(name: str, mapping: Mapping) -> Preview:
    """The same, also where nothing says who a person is."""
    source = look_at(name, mapping)
    columns = tuple(
        Column(header, f"kept as {header}" if header in mapping.keep else field_of(header, mapping))
        for header in source.headers
    )
    return Preview(name, source.kind, source.encoding, source.delimiter, columns)


def names_people(found: Preview) -> bool:
    """Whether a column says who a person is."""
    return any(column.field in WHO for column in found.columns)


def loaded_files(roster: Roster) -> list[LoadedFile]:
    """Every file that was loaded, in order."""
    rows = roster.connection.execute("SELECT name, read FROM file ORDER BY number").fetchall()
    return [LoadedFile(name, read) for name, read in rows]


def load(roster: Roster, names: list[str], mapping: Mapping, today: date) -> Loaded:
    """Load every file, and mark duplicates within and across them.

    Raises `BadInputError` before anything is kept where a file cannot be read or was loaded before.
    """
    sources = [look_at(name, mapping) for name in names]
    for source in sources:
        matched(source.headers, mapping, source.name)
        _not_loaded_yet(roster, source)
    drop_assignment(roster)
    lay_out(roster.connection)
    roster.connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")  # rows keep their order
    before = _number(roster, "SELECT count(*) FROM file")
    try:
        for source in sources:
            _take(roster, source, mapping, today)
    except BadInputError:
        for table, column in (("file", "number"), ("refused", "file"), ("record", "file")):
            roster.connection.execute(f"DELETE FROM {table} WHERE {column} >= ?", [before])
        raise
    roster.connection.execute("RESET disabled_optimizers")
    _read_phones(roster)
    merge_duplicates(roster)
    roster.connection.execute("CHECKPOINT roster")
    return totals(roster)


def totals(roster: Roster) -> Loaded:
    """What became of all rows so far; raises `ArithmeticError` if they did not add up."""
    read, kept, duplicates, aside, unclear = (
        _number(roster, query)
        for query in (
            "SELECT coalesce(sum(read), 0) FROM file",
            "SELECT count(*) FROM record r ANTI JOIN (SELECT merged FROM merge WHERE NOT undone) m ON m.merged = r.id WHERE reason IS NULL",
            "SELECT count(DISTINCT merged) FROM merge WHERE NOT undone",
            "SELECT (SELECT count(*) FROM record WHERE reason IS NOT NULL) + (SELECT count(*) FROM refused)",
            "SELECT count(*) FROM record WHERE reason IS NULL AND len(list_filter(map_keys(extra), lambda k: ends_with(k, ' as given'))) > 0",
        )
    )
    if read != kept + duplicates + aside:
        raise ArithmeticError(f"{read} rows read, but {kept} kept, {duplicates} duplicates and {aside} set aside")
    return Loaded(read, kept, duplicates, aside, unclear)


def _number(roster: Roster, query: str) -> int:
    [(number,)] = roster.connection.execute(query).fetchall()
    return int(number)


def _not_loaded_yet(roster: Roster, source: Source) -> None:
    known = roster.connection.execute(
        "SELECT name FROM file WHERE sha256 = ? AND sha256 <> ''", [source.sha256]
    ).fetchall()
    if known:
        raise BadInputError(f"{source.name}: the same content was loaded before, as {known[0][0]}; nothing was loaded")


def _take(roster: Roster, source: Source, mapping: Mapping, today: date) -> None:
    run = roster.connection.execute
    run("DELETE FROM record WHERE file NOT IN (SELECT number FROM file)")  # what a load that was stopped left behind
    number = _number(roster, "SELECT count(*) FROM file")
    if source.kind == "csv" and source.clean and not _is_read_whole(roster, source, mapping, today, number):
        run("DELETE FROM record WHERE file = ?", [number])
        return _take(roster, replace(source, clean=False), mapping, today)
    if not (source.kind == "csv" and source.clean):
        _insert_checked(roster, source, mapping, today, number)
    [(rows, first)] = run("SELECT count(*), coalesce(min(rowid), 0) FROM record WHERE file = ?", [number]).fetchall()
    refused = _keep_refused(roster, number, first) if source.clean and source.kind == "csv" else 0
    name = source.path.name if source.path else source.name
    run(
        "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?)",
        [number, name, source.sha256, first, rows, source.header_line, rows + refused],
    )
    return None


def _is_read_whole(roster: Roster, source: Source, mapping: Mapping, today: date, number: int) -> bool:
    """Let DuckDB read a CSV file; not where it gives up, or an open quote has swallowed the rows after it."""
    try:
        _insert(roster, source, mapping, today, number)
        swallowed = _number(roster, "SELECT count(*) FROM temp.rejected WHERE error_type = 'UNQUOTED VALUE'")
    except duckdb.InvalidInputException:  # such as line ends of two kinds
        swallowed = 1
    if swallowed:
        _drop_rejected(roster)
    return not swallowed


def _insert_checked(roster: Roster, source: Source, mapping: Mapping, today: date, number: int) -> None:
    try:
        _insert(roster, source, mapping, today, number)
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.InternalException) as error:
        if source.kind != "parquet":
            raise
        raise damaged(source.name) from error


def _insert(roster: Roster, source: Source, mapping: Mapping, today: date, number: int) -> None:
    fields = matched(source.headers, mapping, source.name)
    relation = _relation(source) if source.clean else "rows_read"
    if not source.clean:
        _read_rows(roster, source)
    order = _order(roster, relation, fields, mapping)
    roster.connection.execute(
        "INSERT INTO record "
        + selecting(
            relation, source.headers, fields, mapping, file=number, today=today, order=order, counted=not source.clean
        )
    )


def _relation(source: Source) -> str:
    if source.kind == "parquet":
        return parquet_cells(source)
    columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(source.headers)))
    return (
        f"read_csv('{quoted_path(source.path or Path())}', columns = {{{columns}}}, delim = '{source.delimiter}', quote = '\"', escape = '\"', header = true, "
        "auto_detect = false, store_rejects = true, rejects_table = 'rejected', rejects_scan = 'rejected_scan', max_line_size = 2000000)"
    )


def _read_rows(roster: Roster, source: Source) -> None:
    """Rows of a file that DuckDB does not read itself, in batches, in the encrypted spill at most."""
    width = len(source.headers)
    columns = ", ".join(f"c{position} VARCHAR" for position in range(width))
    run = roster.connection.execute
    run(f"CREATE OR REPLACE TEMP TABLE rows_read (line BIGINT, reason VARCHAR, {columns})")
    cells = ", ".join(f"cells[{position + 1}]" for position in range(width))
    for batch in in_batches(rows_of(source), BATCH):
        run(
            f"INSERT INTO rows_read SELECT line, reason, {cells} FROM (SELECT unnest(?::BIGINT[]) AS line, unnest(?::VARCHAR[]) AS reason, unnest(?::VARCHAR[][]) AS cells)",
            [
                [row.line for row in batch],
                [row.reason for row in batch],
                [_fitted(row.cells, width) for row in batch],
            ],
        )


def _fitted(cells: list[str], width: int) -> list[str]:
    """Exactly `width` cells; what is beyond stays in the last, so that nothing is lost."""
    if len(cells) > width:
        return [*cells[: width - 1], " | ".join(cells[width - 1 :])]
    return cells + [""] * (width - len(cells))


def _order(roster: Roster, relation: str, fields: dict[str, list[int]], mapping: Mapping) -> str:
    """Whether dates put the day or the month first, from the mapping or from the first dates that only one reading fits."""
    if mapping.dates or "birth_date" not in fields:
        return mapping.dates or "dmy"
    column = cell(fields["birth_date"][0])
    fit = ", ".join(f"count(*) FILTER (try_strptime(d, {list(DATES[order])}) IS NOT NULL)" for order in ("dmy", "mdy"))
    [counts] = roster.connection.execute(
        f"SELECT {fit} FROM (SELECT {column} AS d FROM {relation} LIMIT 20000)"
    ).fetchall()
    fitting = dict(zip(("dmy", "mdy"), counts, strict=True))
    american = mapping.defaults.country == "US" or ("subdivision" in fields and "country" not in fields)
    return max(fitting, key=lambda order: (fitting[order], (order == "mdy") == american))


def _keep_refused(roster: Roster, number: int, first: int) -> int:
    """Move what the CSV reader refused into the store, and give the rows after it their true line."""
    run = roster.connection.execute
    count = _number(roster, "SELECT count(DISTINCT line) FROM temp.rejected")
    if count:
        run(
            "INSERT INTO refused SELECT ?, line, min(CASE error_type WHEN 'MISSING COLUMNS' THEN 'fewer cells than the header' "
            "WHEN 'TOO MANY COLUMNS' THEN 'more cells than the header' WHEN 'UNQUOTED VALUE' THEN 'a quote that is not closed' "
            "ELSE lower(error_type::VARCHAR) END), min(csv_line) FROM temp.rejected GROUP BY line",
            [number],
        )
        run(
            "UPDATE record SET line = placed.line FROM (WITH gaps AS ("
            "SELECT line - 2 - (row_number() OVER (ORDER BY line) - 1) AS spot, row_number() OVER (ORDER BY line) AS shift "
            "FROM refused WHERE file = ?), last AS (SELECT spot, max(shift) AS shift FROM gaps GROUP BY spot) "
            "SELECT r.rowid AS row, r.rowid - ? + 2 + coalesce(l.shift, 0) AS line FROM record r "
            "ASOF LEFT JOIN last l ON r.rowid - ? >= l.spot WHERE r.file = ?) placed WHERE record.rowid = placed.row",
            [number, first, first, number],
        )
    _drop_rejected(roster)
    return count


def _drop_rejected(roster: Roster) -> None:
    roster.connection.execute("DROP TABLE IF EXISTS temp.rejected")
    roster.connection.execute("DROP TABLE IF EXISTS temp.rejected_scan")


def _read_phones(roster: Roster) -> None:
    """Numbers that their length alone did not settle, each distinct one once."""
    run = roster.connection.execute
    run("CREATE OR REPLACE TEMP TABLE phone_read (given VARCHAR, country VARCHAR, number VARCHAR)")
    found = roster.connection.cursor().execute(
        "SELECT DISTINCT phone_as_given, country FROM roster.record WHERE phone_as_given IS NOT NULL"
    )
    while batch := found.fetchmany(BATCH):
        numbers = [_e164(given, country) for given, country in batch]
        run(
            "INSERT INTO phone_read SELECT unnest(?), unnest(?), unnest(?::VARCHAR[])",
            [*map(list, zip(*batch, strict=True)), numbers],
        )
    run(
        "UPDATE record SET phones = CASE WHEN p.number IS NULL THEN phones ELSE [p.number[2:]::UBIGINT] END, "
        "extra = CASE WHEN p.number IS NULL THEN map_concat(extra, map(['phone as given'], [phone_as_given])) ELSE extra END, "
        "phone_as_given = NULL, line = coalesce(record.line, record.rowid - f.first_row + f.header + 1) "  # the row moves
        "FROM phone_read p, file f WHERE f.number = record.file AND record.phone_as_given = p.given "
        "AND record.country IS NOT DISTINCT FROM p.country"
    )


def _e164(given: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(given, country)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
