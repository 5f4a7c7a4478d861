from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from integrations.xlsx import LONGEST_CELL, Book, Column
from models.errors import BadInputError

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOSTILE = ["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", '=HYPERLINK("http://e.example")', "|x", "%x"]


def book_with(*values: str | int | datetime | None) -> Book:
    book = Book("A title", "Somebody", NOON)
    append = book.sheet("Rows", [Column("One", 20), Column("Two", 30)])
    for value in values:
        append((value, 1))
    return book


@pytest.mark.parametrize("words", HOSTILE)
def test_no_text_is_ever_a_formula(words: str, tmp_path: Path) -> None:
    book_with(words).save(tmp_path / "a.xlsx")

    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["Rows"]["A2"]
    assert cell.data_type == "s"
    assert cell.value == words
    assert cell.quotePrefix


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("a\x00b\x0bc\ufffe", "a\ufffdb\ufffdc\ufffd"),
        ("a\ud800b", "a\ufffdb"),
        ("<b>&amp;]]>", "<b>&amp;]]>"),
        ("شلوم שלום 中文 😀", "شلوم שלום 中文 😀"),
    ],
)
def test_hostile_words_are_read_back_as_words(words: str, read: str, tmp_path: Path) -> None:
    book_with(words).save(tmp_path / "a.xlsx")

    assert openpyxl.load_workbook(tmp_path / "a.xlsx")["Rows"]["A2"].value == read


def test_a_text_longer_than_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    book_with("x" * 2_000_000).save(tmp_path / "a.xlsx")

    value = openpyxl.load_workbook(tmp_path / "a.xlsx")["Rows"]["A2"].value
    assert len(str(value)) == LONGEST_CELL
    assert str(value).endswith("(cut; the JSON has it whole)")


def test_dates_are_dates_headings_are_frozen_and_every_row_is_filtered(tmp_path: Path) -> None:
    book_with(NOON, None, NOON).save(tmp_path / "a.xlsx")

    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")["Rows"]
    assert sheet["A2"].value == datetime(2026, 3, 2, 12)  # noqa: DTZ001 - a spreadsheet knows no zones
    assert sheet["A2"].number_format == "yyyy-mm-dd hh:mm"
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:B4"
    assert sheet.column_dimensions["B"].width == 30
    assert [cell.value for cell in sheet[1]] == ["One", "Two"]


def test_a_file_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be written"):
        book_with(1).save(tmp_path / "nowhere" / "a.xlsx")
