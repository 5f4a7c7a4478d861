"""Workbooks for spreadsheets, written row by row so that memory stays flat; a text in one is never a formula."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from models.errors import BadInputError
from models.printable import printable

Value = str | int | float | datetime | bool | None

LONGEST_CELL = 32_767  # what a spreadsheet takes
_CUT = " … (cut; the JSON has it whole)"
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")
_TOP = Alignment(vertical="top", wrap_text=True)
_HEAD = (Font(bold=True), PatternFill("solid", fgColor="F2F2F2"))


@dataclass(frozen=True)
class Column:
    """One column: what stands above it, and how many characters wide it is."""

    heading: str
    width: int


class Book:
    """A workbook in the making. Times are written as real dates, in UTC."""

    def __init__(self, title: str, author: str, made_at: datetime) -> None:
        self._book = Workbook(write_only=True)
        about = self._book.properties
        about.title, about.creator = printable(title)[:255], printable(author)[:255]
        about.created = made_at.astimezone(UTC).replace(tzinfo=None)
        self._filters: list[Callable[[], None]] = []

    def sheet(self, title: str, columns: Sequence[Column], frozen: int = 1) -> Callable[[Sequence[Value]], None]:
        """A further sheet with its headings, frozen together with the first columns; gives what appends a row to it."""
        sheet = cast(Worksheet, self._book.create_sheet(title))  # write-only, with the same settings
        for index, column in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(index)].width = column.width
        sheet.freeze_panes = f"{get_column_letter(frozen + 1)}2"
        sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.print_title_rows = "1:1"
        sheet.append([_head(sheet, column.heading) for column in columns])
        written = 1

        def append(row: Sequence[Value]) -> None:
            nonlocal written
            sheet.append([_cell(sheet, value) for value in row])
            written += 1

        def filtered() -> None:
            sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{written}"

        self._filters.append(filtered)
        return append

    def save(self, file: Path) -> None:
        """Write it; raises `BadInputError` for a file that cannot be written."""
        for filtered in self._filters:
            filtered()
        try:
            with file.open("wb") as out:
                self._book.save(out)
        except OSError as error:
            for sheet in self._book.worksheets:
                sheet.close()  # it holds a file of its own open
            raise BadInputError(f"{file}: cannot be written ({error.strerror}); name another with --to") from error


def _head(sheet: Worksheet, heading: str) -> Cell:
    cell = WriteOnlyCell(sheet, heading)
    cell.font, cell.fill = _HEAD
    cell.alignment = _TOP
    return cell


def _cell(sheet: Worksheet, value: Value) -> Cell:
    cell = WriteOnlyCell(sheet)
    cell.alignment = _TOP
    if isinstance(value, datetime):
        cell.value = value.astimezone(UTC).replace(tzinfo=None, microsecond=0)
        cell.number_format = "yyyy-mm-dd hh:mm"
    elif isinstance(value, str):
        _write_words(cell, value)
    elif value is not None:
        cell.value = value
        cell.number_format = "#,##0" if isinstance(value, int) and not isinstance(value, bool) else "General"
    return cell


def _write_words(cell: Cell, words: str) -> None:
    """Words stay words: typed as text whatever they begin with, and quoted, so that they stay text when edited."""
    text = printable(words)
    cell.value = text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - len(_CUT)] + _CUT
    cell.data_type = "s"
    if text.startswith(_STARTS_A_FORMULA):
        cell.quotePrefix = True
