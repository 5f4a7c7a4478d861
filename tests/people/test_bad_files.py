import gzip
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import openpyxl
import pytest

from models.errors import BadInputError
from people.columns import Mapping
from people.source import look_at, rows_of
from tests.people.conftest import HEAD, Store

Written = Callable[[str, str | bytes], Path]
MANY = "".join(f"Ann{chr(97 + n)},Lee,1980-02-03,a{n}@x.example,,,,,DE\n" for n in range(20))
OPEN = 'Bo,"Li,1990-01-01,b@x.example,,,,,DE\n'


@pytest.mark.parametrize(
    ("content", "kept", "aside"),
    [
        (HEAD + OPEN + MANY, 20, ["2,a quote that is not closed"]),
        (HEAD + MANY + OPEN + MANY.replace("Ann", "Eva"), 40, ["22,a quote that is not closed"]),
        (HEAD + MANY + OPEN[:-12], 20, ["22,a quote that is not closed"]),
        (HEAD + 'Bo,Li,,b@x.example,,"1 Main\nFlat 2",Bonn,53111,DE\n' + MANY + OPEN, 21, ["24,a quote that is not closed"]),
        ((HEAD + ",,,,,,,,\n" + MANY).encode("utf-16"), 20, ["2,nothing in it says who the person is"]),
        (HEAD + 'Bo 5" tall,Li,,b@x.example,,,,,DE\n' + MANY, 21, []),
        (HEAD.replace("\n", "\r\n") + MANY + "Bo,Li,,b@x.example,,,,,DE\r\n", 21, []),
        (HEAD + MANY + HEAD + "Bo,Li,,b@x.example,,,,,DE\n", 21, ["22,the header again"]),
        ((HEAD + MANY + "Zoë").encode()[:-1], 20, ["22,1 cells where the header has 9"]),
    ],
    ids=["open first", "open in the middle", "open at the end", "open after a long row", "an empty row", "a quote in a word", "line ends of two kinds", "header in the middle", "cut off in a letter"],
)  # fmt: skip
def test_a_bad_row_costs_itself_and_none_of_those_around_it(
    store: Store, written: Written, content: str | bytes, kept: int, aside: list[str]
) -> None:
    loaded = store.load(written("a.csv", content))

    assert (loaded.kept, loaded.set_aside, loaded.read) == (kept, len(aside), kept + len(aside))
    lines = [line for line in store.set_aside.splitlines() if line.startswith("a.csv,")]
    assert [
        ",".join(line.split(",")[1:3]).replace("fewer cells than the header", "1 cells where the header has 9")
        for line in lines
    ] == aside


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_line_without_an_end_is_never_held_whole(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "a.csv"
    with file.open("w", encoding=encoding) as text:
        text.write(HEAD)
        for _ in range(48):
            text.write("x" * 1_000_000)
        text.write("\n" + MANY)
    tracemalloc.start()
    try:
        rows = list(rows_of(look_at(str(file), Mapping())))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert [row.reason for row in rows if row.reason] == ["a line longer than 1048576 bytes"]
    assert len(rows) == 21
    assert peak < 24_000_000


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.csv", b"  \n\n\t\n", "it holds no rows"),
        ("a.csv", gzip.compress(HEAD.encode(), mtime=0), "a gzip archive; unpack it first"),
        ("a.xls", b"\xd0\xcf\x11\xe0" + bytes(4000), "an Excel file of the old kind; save it as XLSX or CSV"),
        ("a.csv", b"<html><table>", "HTML or XML"),
        ("a.json", b'[{"name": "Ann"}]', "one JSON list; write one object a line"),
        ("a.csv", bytes(range(256)) * 20, "no column says who a person is"),
    ],
)
def test_a_file_of_another_kind_is_named_in_one_line(
    store: Store, written: Written, name: str, content: bytes, complaint: str
) -> None:
    with pytest.raises(BadInputError, match=complaint) as told:
        store.load(written(name, content))
    assert str(told.value).isprintable()


def test_a_file_without_a_header_is_refused_without_repeating_who_stands_in_it(store: Store, written: Written) -> None:
    with pytest.raises(BadInputError, match="no column says who a person is, among 9") as told:
        store.load(written("a.csv", MANY))

    assert "Anna" not in str(told.value)


def test_an_object_in_a_json_line_is_set_aside_and_not_taken_for_a_name(store: Store, written: Written) -> None:
    loaded = store.load(written("a.jsonl", '{"name": {"first": "Ann"}}\n{"name": "Bo", "email": "b@x.example"}\n{"na'))

    assert (loaded.read, loaded.kept, loaded.set_aside) == (3, 1, 2)
    assert "a.jsonl,1,an object where a value belongs" in store.set_aside


def test_a_name_that_is_also_a_pattern_is_that_file_and_no_other(store: Store, written: Written) -> None:
    written("customers1.csv", HEAD + "Kim,Lee,,k@x.example,,,,,DE\n")

    store.load(written("customers[1].csv", HEAD + "Ann,Lee,,a@x.example,,,,,DE\n"))

    assert store.rows("SELECT full_name FROM person") == [("Ann Lee",)]


@pytest.mark.parametrize("ends", ["\r", "\r\n", "\n"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "gb18030"])
def test_whatever_the_encoding_and_the_line_ends_a_name_stays_what_it_is(
    store: Store, written: Written, encoding: str, ends: str
) -> None:
    content = HEAD + "李,雷,,li@x.example,,中山路1号,上海,200000,CN\nBo,Li,,b@x.example,,1 Elm,Bonn,53111,DE\n"

    loaded = store.load(written("a.csv", content.replace("\n", ends).encode(encoding)))

    assert (loaded.read, loaded.kept) == (2, 2)
    assert ("李 雷", "中山路1号") in store.rows("SELECT full_name, street FROM person")


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


PEOPLE: list[list[object]] = [["name", "email"], ["Ann Lee", "a@x.example"]]


def test_the_sheet_that_holds_people_is_read_wherever_it_stands(store: Store, tmp_path: Path) -> None:
    assert store.load(workbook(tmp_path / "a.xlsx", Notes=[["read me"]], People=PEOPLE)).kept == 1


def test_people_on_two_sheets_are_not_passed_over(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="its sheets 'A' and 'B' all hold people; save each as a file of its own"):
        store.load(workbook(tmp_path / "a.xlsx", A=PEOPLE, B=PEOPLE))


@pytest.mark.parametrize("damage", ["cut off", "entities"])
def test_a_workbook_that_is_damaged_inside_is_told_in_one_line(store: Store, tmp_path: Path, damage: str) -> None:
    whole, path = workbook(tmp_path / "whole.xlsx", A=PEOPLE * 9), tmp_path / "a.xlsx"
    bomb = b"<!DOCTYPE z [<!ENTITY a \"" + b"a" * 99 + b"\">" + b"".join(
        b"<!ENTITY %c \"%s\">" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
    ) + b"]><worksheet>&j;</worksheet>"  # fmt: skip
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name.endswith("sheet1.xml"):
                part = bomb if damage == "entities" else part[: len(part) // 2]
            target.writestr(name, part)

    with pytest.raises(BadInputError, match="it is damaged; nothing of it was loaded"):
        store.load(path)


def test_of_several_files_none_is_kept_where_one_turns_out_to_be_damaged(store: Store, written: Written) -> None:
    parquet = written("b.parquet", b"")
    duckdb.connect().execute(
        f"COPY (SELECT 'Ann '||chr(97 + (i % 26)::INT) AS name, 'a'||i AS email FROM range(9000) t(i)) TO '{parquet}'"
    )
    content = bytearray(parquet.read_bytes())
    content[500:9000] = bytes(8500)

    with pytest.raises(BadInputError, match="it is damaged"):
        store.load(written("a.csv", HEAD + MANY), written("b.parquet", bytes(content)))
    assert store.load(written("a.csv", HEAD + MANY)).kept == 20


def test_a_list_in_a_parquet_column_is_several_values_and_a_structure_is_refused(store: Store, tmp_path: Path) -> None:
    for name, columns in (("a", "['a@x.example', 'b@x.example'] AS email"), ("b", "{'first': 'Bo'} AS email")):
        duckdb.connect().execute(f"COPY (SELECT 'Ann Lee' AS name, {columns}) TO '{tmp_path}/{name}.parquet'")

    store.load(tmp_path / "a.parquet")

    assert store.rows("SELECT emails FROM person") == [(["a@x.example", "b@x.example"],)]
    with pytest.raises(BadInputError, match="the column 'email' holds structures"):
        store.load(tmp_path / "b.parquet")


def test_a_column_that_begins_late_and_a_line_without_bottom_in_json_lines(store: Store, written: Written) -> None:
    rows = "".join(
        json.dumps({"name": f"Ann {chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}"}) + "\n"
        for n in range(1100)
    )

    loaded = store.load(
        written("a.jsonl", rows + '{"name": ' + "[" * 60_000 + "\n" + '{"name": "Bo Li", "email": "b@x.example"}\n')
    )

    assert (loaded.kept, loaded.set_aside) == (1101, 1)
    assert store.rows("SELECT full_name FROM person WHERE len(emails) > 0") == [("Bo Li",)]
