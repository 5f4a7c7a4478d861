import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

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
        ("a.csv", gzip.compress(HEAD.encode()), "a gzip archive; unpack it first"),
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
