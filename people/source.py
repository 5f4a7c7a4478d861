"""Reading files of any shape as rows of text: CSV and Parquet by DuckDB itself, the rest row by row in bounded memory."""

import codecs
import csv
import hashlib
import json
import re
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from charset_normalizer import from_bytes

from models.errors import BadInputError
from people.columns import Mapping, field_of, names_people

if TYPE_CHECKING:
    from openpyxl import Workbook

BLOCK = 1 << 22
ROWS_AT_ONCE = 20_000
LONGEST_LINE = 1 << 20
LONGEST_SAMPLE = 100_000
MOST_UNPACKED = 2_000_000_000
MOST_RATIO = 200
MOST_LINES = 100  # of one row, in quotes
DELIMITERS = (",", "\t", ";", "|")
ENDS = ("\n", "\r")
MOST_COLUMNS = 2000
LOOKED_AT = 30  # rows among which the header is looked for


@dataclass(frozen=True)
class Row:
    """One row and the line it stands on; `reason` where it cannot be read."""

    line: int
    cells: list[str]
    reason: str | None = None


@dataclass(frozen=True)
class Source:
    """A file as it is to be read."""

    name: str
    path: Path | None
    kind: str
    headers: list[str]
    header_line: int
    sha256: str
    encoding: str = "utf-8"
    delimiter: str = ","
    clean: bool = False
    query: str = ""
    types: tuple[str, ...] = ()  # of a Parquet file's columns
    sheet: int = 0  # of a workbook, the one that is read


def look_at(name: str, mapping: Mapping) -> Source:
    """Find out how a file (or `postgres:QUERY`) is to be read; raises `BadInputError` for one that cannot be."""
    if name.startswith("postgres:"):
        return _query(name)
    path = Path(name)
    if not path.is_file():
        raise BadInputError(f"{name}: no such file; check the path")
    if path.stat().st_size == 0:
        raise BadInputError(f"{name}: it is empty; nothing was loaded")
    with path.open("rb") as file:
        start = file.read(1 << 18)
    if start.startswith(b"PAR1"):
        return _parquet(name, path, mapping)
    if start.startswith(b"PK\x03\x04"):
        return _workbook(name, path, mapping)
    _refuse_other_formats(name, start)
    if path.suffix.lower() in (".jsonl", ".ndjson") or start.lstrip()[:1] == b"{":
        return _json_lines(name, path)
    return _text(name, path, start, mapping)


OTHER_FORMATS = {
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"BZh": "a bzip2 archive; unpack it first",
    b"\xd0\xcf\x11\xe0": "an Excel file of the old kind; save it as XLSX or CSV",
    b"%PDF": "a PDF file; export the table as CSV",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"<": "HTML or XML; export the table as CSV",
    b"[": "one JSON list; write one object a line (JSON Lines)",
}


def _refuse_other_formats(name: str, start: bytes) -> None:
    if not start.strip(b"\xef\xbb\xbf \t\r\n\x00\xff\xfe"):
        raise BadInputError(f"{name}: it holds no rows; nothing was loaded")
    for sign, what in OTHER_FORMATS.items():
        if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(sign):
            raise BadInputError(f"{name}: {what}")


def rows_of(source: Source) -> Iterator[Row]:
    """The rows after the header, one at a time."""
    if source.kind == "xlsx" and source.path:
        return _sheet_rows(source.path, source.sheet, source.header_line)
    if source.kind == "jsonl" and source.path:
        return _json_rows(source.path, source.headers)
    if source.kind == "postgres":
        return _query_rows(source.query)
    if source.kind == "parquet":
        return _parquet_rows(source)
    return _text_rows(source)


def quoted_path(path: Path) -> str:
    """A path as DuckDB's SQL names exactly that file: without the signs of a pattern, as in `customers[1].csv`."""
    return re.sub(r"([*?\[])", r"[\1]", str(path)).replace("'", "''")


def _text(name: str, path: Path, start: bytes, mapping: Mapping) -> Source:
    encoding = _encoding(start)
    whole, sha256 = _examined(path, encoding)
    sample = start.decode(encoding, "replace").replace("\x00", "")
    lines = [line[:LONGEST_SAMPLE] for line in sample.splitlines()[:LOOKED_AT]]
    delimiter = _delimiter(lines)
    rows = list(csv.reader(lines, delimiter=delimiter))
    position = _header_position(rows, mapping)
    if not rows or not any(rows[position]):
        raise BadInputError(f"{name}: it holds no rows; nothing was loaded")
    headers = [cell.strip().lstrip("\ufeff") for cell in rows[position]]
    clean = whole and encoding in ("utf-8", "utf-8-sig") and position == 0
    return Source(name, path, "csv", headers, position + 1, sha256, encoding, delimiter, clean)


def _encoding(start: bytes) -> str:
    if start.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if unmarked := _utf16_without_mark(start[:4096]):
        return unmarked
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        lines = start.splitlines()
        broken = sum(not _is_utf8(line) for line in lines)
        accented = sum(not line.isascii() for line in lines)
        if broken * 2 <= accented:
            return "utf-8"  # most of it is; the other lines are read by themselves
        best = from_bytes(start[:65536]).best()
        return best.encoding if best and best.encoding != "ascii" else "cp1252"
    return "utf-8"


def _utf16_without_mark(start: bytes) -> str | None:
    """UTF-16 by its NULs, which stand before (or after) each sign of ASCII and hardly anywhere else."""
    before, after = start[0::2].count(0), start[1::2].count(0)
    if 10 * max(before, after) < len(start) // 2 or 5 * min(before, after) > max(before, after):
        return None
    return "utf-16-be" if before > after else "utf-16-le"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _examined(path: Path, encoding: str) -> tuple[bool, str]:
    """Whether DuckDB can read the file as it is (UTF-8, no NUL, no endless line), and its SHA-256."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    whole = encoding in ("utf-8", "utf-8-sig")
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            whole = whole and b"\x00" not in block and _has_ends(block) and _decodes(decoder, block)
    return whole, digest.hexdigest()


def _has_ends(block: bytes) -> bool:
    """Whether a line ends in each half of the longest line that is read; an endless one leaves such a part without an end."""
    half = LONGEST_LINE // 2
    return all(block.find(b"\n", at, at + half) >= 0 for at in range(0, len(block) - half + 1, half))


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(lines: list[str]) -> str:
    """The sign that splits most lines into the same number of cells, more than one."""

    def fitness(sign: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=sign) if row]
        usual = max(set(widths), key=widths.count, default=1)
        return (widths.count(usual) if usual > 1 else 0), usual

    return max(DELIMITERS, key=fitness)


def _header_position(rows: list[list[str]], mapping: Mapping) -> int:
    """The row with the most column names that we know; the first where none has any."""
    known = [sum(bool(field_of(cell.strip().lstrip("\ufeff"), mapping)) for cell in row) for row in rows]
    return known.index(max(known)) if known else 0


def _text_rows(source: Source) -> Iterator[Row]:
    """Rows of a text that is not clean: NULs, mixed encodings, endless lines, open quotes; each such row is named or mended."""
    if source.path is None:
        return
    width = len(source.headers)
    csv.field_size_limit(LONGEST_LINE)
    for row in _records(_lines(source.path, source.encoding), source.delimiter):
        if row.reason is None and (row.line == source.header_line or not row.cells):
            continue
        if row.reason is None and row.line < source.header_line:
            yield Row(row.line, row.cells, "stands before the header")
        elif row.reason is None and len(row.cells) != width:
            yield Row(row.line, row.cells, f"{len(row.cells)} cells where the header has {width}")
        else:
            yield row


def _records(lines: Iterator[str | None], delimiter: str) -> Iterator[Row]:
    """The rows of a text; a quote that is not closed costs its own line and none of those after it."""
    waiting: deque[str | None] = deque()
    number = 0
    while (line := _next(waiting, lines)) is not END:
        number += 1
        if line is None:
            yield Row(number, [], f"a line longer than {LONGEST_LINE} bytes")
            continue
        taken = [line]
        while _is_open(taken, delimiter) and len(taken) < MOST_LINES:
            more = _next(waiting, lines)
            if more is END or more is None:
                waiting.extendleft([None] if more is None else [])
                break
            taken.append(more)
        if _is_open(taken, delimiter):
            yield Row(number, [line.strip()], "a quote that is not closed")
            waiting.extendleft(reversed(taken[1:]))
        else:
            yield _row(number, taken, delimiter)
            number += len(taken) - 1


END = "\x00"  # no line is one: they come without NULs


def _next(waiting: deque[str | None], lines: Iterator[str | None]) -> str | None:
    return waiting.popleft() if waiting else next(lines, END)


def _is_open(lines: list[str], delimiter: str) -> bool:
    """Whether the lines end inside a quote."""
    if sum(line.count('"') for line in lines) % 2 == 0:
        return False
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _row(number: int, lines: list[str], delimiter: str) -> Row:
    try:
        return Row(number, next(csv.reader(lines, delimiter=delimiter), []))
    except csv.Error as error:
        return Row(number, [line.strip() for line in lines], f"cannot be read as a row: {error}")


def _lines(path: Path, encoding: str) -> Iterator[str | None]:
    """The lines as text, without NULs; None for one that is too long, which is passed over without being held.

    A line ends at a line feed, a carriage return, or both.
    """
    wide = encoding.startswith(("utf-16", "utf-32"))
    # Latin-1 gives each byte back as it was: the lines of one file may be of several encodings
    with path.open(encoding=encoding if wide else "latin-1", errors="replace", newline="") as text:
        while line := text.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE and not line.endswith(ENDS):
                while (rest := text.readline(LONGEST_LINE)) and not rest.endswith(ENDS):
                    pass
                yield None
            else:
                yield (line if wide else _decoded(line.encode("latin-1"), encoding)).replace("\x00", "")


def _decoded(line: bytes, encoding: str) -> str:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _parquet(name: str, path: Path, mapping: Mapping) -> Source:
    import duckdb

    try:
        found = duckdb.connect().execute(f"DESCRIBE SELECT * FROM read_parquet('{quoted_path(path)}')").fetchall()
    except duckdb.Error as error:
        raise BadInputError(f"{name}: not a whole Parquet file; export it again") from error
    for header, kind, *_ in found:
        if kind.startswith(("STRUCT", "MAP")) and field_of(header, mapping):
            raise BadInputError(f"{name}: the column {header!r} holds structures; write a column for each part of them")
    headers, types = [row[0] for row in found], tuple(row[1] for row in found)
    return Source(name, path, "parquet", headers, 0, _examined(path, "")[1], clean=True, types=types)


def parquet_cells(source: Source) -> str:
    """SQL for the rows of a Parquet file as text, in columns c0, c1 ..."""
    columns = ", ".join(
        f"{_as_text(header, kind)} AS c{position}"
        for position, (header, kind) in enumerate(zip(source.headers, source.types, strict=True))
    )
    return f"(SELECT {columns} FROM read_parquet('{quoted_path(source.path or Path())}'))"


def _as_text(header: str, kind: str) -> str:
    column = '"' + header.replace('"', '""') + '"'
    return f"array_to_string({column}, ';')" if kind.endswith("[]") else f"CAST({column} AS VARCHAR)"


def _parquet_rows(source: Source) -> Iterator[Row]:
    import duckdb

    try:
        found = duckdb.connect().execute(f"SELECT * FROM {parquet_cells(source)}")
        batches = iter(lambda: found.fetchmany(ROWS_AT_ONCE), [])
        for number, cells in enumerate(chain.from_iterable(batches), start=1):
            yield Row(number, [cell or "" for cell in cells])
    except duckdb.Error as error:
        raise damaged(source.name) from error


def damaged(name: str) -> BadInputError:
    """The error for a file whose beginning could be read and the rest not."""
    return BadInputError(f"{name}: it is damaged; nothing of it was loaded; export or save it again")


def _workbook(name: str, path: Path, mapping: Mapping) -> Source:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except zipfile.BadZipFile as error:
        raise BadInputError(f"{name}: not a whole XLSX file; save it again") from error
    if unpacked > MOST_UNPACKED or unpacked > MOST_RATIO * path.stat().st_size:
        raise BadInputError(
            f"{name}: unpacks to {unpacked} bytes, {unpacked // path.stat().st_size} times its size; save it as CSV"
        )
    sheet, headers, line = _sheet_with_people(name, path, mapping)
    return Source(name, path, "xlsx", headers, line, _examined(path, "")[1], sheet=sheet)


def _sheet_with_people(name: str, path: Path, mapping: Mapping) -> tuple[int, list[str], int]:
    """The sheet whose columns say who people are (else the first), its header, and the header's line.

    Raises `BadInputError` where several do: nobody on the others is to be passed over.
    """
    found: list[tuple[int, list[str], int]] = []
    titles = _sheet_names(path)
    for number in range(len(titles)):
        start = [cells for _, cells in zip(range(LOOKED_AT), _sheet(path, number), strict=False)]
        if start:
            position = _header_position(start, mapping)
            found.append((number, [cell.strip() for cell in start[position]], position + 1))
    if not found:
        raise BadInputError(f"{name}: it holds no rows; nothing was loaded")
    people = [sheet for sheet in found if names_people(sheet[1], mapping)]
    if len(people) > 1:
        both = " and ".join(repr(titles[number]) for number, _, _ in people)
        raise BadInputError(f"{name}: its sheets {both} all hold people; save each as a file of its own")
    return (people or found)[0]


def _sheet_names(path: Path) -> list[str]:
    with _workbook_open(path) as book:
        return [sheet.title for sheet in book.worksheets]


def _sheet(path: Path, number: int) -> Iterator[list[str]]:
    with _workbook_open(path) as book:
        for row in book.worksheets[number].iter_rows(values_only=True):
            yield ["" if value is None else _cell(value) for value in row]


@contextmanager
def _workbook_open(path: Path) -> Iterator["Workbook"]:
    """An XLSX file opened to be read; raises `BadInputError` where it is damaged, wherever that shows."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            yield book
        finally:
            book.close()
    except (KeyError, ValueError, OSError, SyntaxError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise damaged(str(path)) from error  # a SyntaxError is one of its XML


def _cell(value: object) -> str:
    text = str(value)
    return text.removesuffix(" 00:00:00") if text[4:5] == "-" else text.removesuffix(".0")


def _sheet_rows(path: Path, sheet: int, header_line: int) -> Iterator[Row]:
    width = 0
    for number, cells in enumerate(_sheet(path, sheet), start=1):
        if number == header_line:
            width = len(cells)
        elif any(cells):
            before = "stands before the header" if number < header_line else None
            yield Row(number, (cells + [""] * width)[: max(width, len(cells))], before)


def _json_lines(name: str, path: Path) -> Source:
    headers: dict[str, None] = {}
    for line in _lines(path, "utf-8"):
        headers.update(dict.fromkeys((_object(line) if line else None) or {}))
        if len(headers) > MOST_COLUMNS:
            raise BadInputError(f"{name}: its objects have more than {MOST_COLUMNS} names; write rows of one kind")
    if not headers:
        raise BadInputError(f"{name}: no line of it is a JSON object; one object a line is read")
    return Source(name, path, "jsonl", list(headers), 0, _examined(path, "")[1])


def _object(line: str) -> dict[str, object] | None:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _json_rows(path: Path, headers: list[str]) -> Iterator[Row]:
    for number, line in enumerate(_lines(path, "utf-8"), start=1):
        if line is None:
            yield Row(number, [], f"a line longer than {LONGEST_LINE} bytes")
        elif line.strip():
            yield _json_row(number, line, headers)


def _json_row(number: int, line: str, headers: list[str]) -> Row:
    document = _object(line)
    if document is None:
        return Row(number, [line.strip()], "not a whole JSON object")
    if any(isinstance(value, dict) for value in document.values()):
        return Row(number, [line.strip()], "an object where a value belongs")
    return Row(number, [_json_cell(document.get(header)) for header in headers])


def _json_cell(value: object) -> str:
    if isinstance(value, list):
        return ";".join(_json_cell(item) for item in value)
    return "" if value is None else str(value)


def _query(name: str) -> Source:
    query = name.removeprefix("postgres:").strip()
    headers = next(_answers(query))
    return Source("postgres query", None, "postgres", headers, 0, "", query=query)  # its rows may be others next time


def _query_rows(query: str) -> Iterator[Row]:
    answers = _answers(query)
    next(answers)
    for number, cells in enumerate(answers, start=1):
        yield Row(number, cells)


def _answers(query: str) -> Iterator[list[str]]:
    """The column names, then the rows, from the server that the PG... environment names, in a read-only transaction."""
    import psycopg

    try:
        with psycopg.connect() as connection:
            connection.read_only = True
            with connection.cursor(name="roster") as cursor:
                cursor.itersize = ROWS_AT_ONCE
                cursor.execute(query.encode())
                yield [column.name for column in cursor.description or ()]
                for row in cursor:
                    yield ["" if value is None else str(value) for value in row]
    except psycopg.Error as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else "no answer"
        raise BadInputError(f"postgres: {first}; check the query, PGHOST, PGDATABASE and PGUSER") from error


def in_batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """Rows in lists of at most `size`."""
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
