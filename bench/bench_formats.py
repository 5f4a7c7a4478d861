"""Texts as HTML, DOCX, PDF and JSON's parts, and the register as XLSX, against bare WeasyPrint, python-docx and openpyxl as the floor.

Run with `python -m bench.bench_formats`. The floor writes the same words with the same library and nothing else: no
styles of ours, no header, no record, no tags, no check that a font has every sign. Prints milliseconds for one text.
"""

import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import docx
import openpyxl
import weasyprint

from bench.bench_templates import briefs
from integrations.pdf import pdf_of
from integrations.xlsx import Book, Column
from templates.docx_file import docx_of
from templates.draft import drafts
from templates.markdown import parsed
from templates.page import body
from templates.paper import Paper, Signature, text_of
from templates.parts import parts_of
from templates.print_page import page_of, printed

NOW = datetime(2026, 3, 3, 14, tzinfo=UTC)
TEXTS, PDFS, ROWS, ROUNDS = 20, 6, 20_000, 3


def papers() -> list[Paper]:
    """Filings and letters in every language, signed."""
    made, _ = drafts(briefs())
    return [
        Paper(
            number="INC-1",
            notice=index,
            language=one.language,
            subject=one.subject,
            text=one.text,
            sha256=one.sha256,
            version=1,
            facts_version=2,
            state="approved",
            signatures=(Signature("Lea Martin", "legal", NOW),),
            written_at=NOW,
            zone="Europe/Paris",
            organisation="Example Retail SA",
            place="FR",
        )
        for index, one in enumerate(made[:TEXTS], 1)
    ]


def bare_docx(paper: Paper) -> bytes:
    """The same words in paragraphs and headings of the library's own."""
    document, level = docx.Document(), 0
    for token in parsed(paper.text):
        if token.type == "heading_open":
            level = int(token.tag[1])
        elif token.type == "inline":
            words = "".join(child.content or " " for child in token.children or ())
            if level:
                document.add_heading(words, level)
            else:
                document.add_paragraph(words)
            level = 0
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def bare_pdf(paper: Paper) -> bytes:
    """The same words as HTML, set without a style sheet of ours."""
    page = f'<html lang="{paper.language}"><title>t</title><body>{body(paper.text)}</body></html>'
    return bytes(weasyprint.HTML(string=page).write_pdf())


def bare_rows(file: Path) -> None:
    """Rows of the same values, appended in the library's own streaming mode."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for index in range(ROWS):
        sheet.append((f"INC-{index}", "A title of some length", index, datetime(2026, 3, 3, 14)))  # noqa: DTZ001 - a spreadsheet's
    book.save(file)


def our_rows(file: Path) -> None:
    """The same rows as a register has them."""
    book = Book("Register", "Example", NOW)
    append = book.sheet("Rows", [Column("a", 10), Column("b", 30), Column("c", 10), Column("d", 17)])
    for index in range(ROWS):
        append((f"INC-{index}", "A title of some length", index, NOW))
    book.save(file)


def each(run: Callable[[Paper], object], given: Sequence[Paper]) -> float:
    """Milliseconds for one of them, the best of several rounds."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for one in given:
            run(one)
        times.append((time.process_time() - started) * 1000 / len(given))
    return min(times)


def told(name: str, ours: float, floor: float | None = None) -> None:
    """One line of the result."""
    ratio = f"  floor {floor:7.2f} ms  {ours / floor:.2f} x floor" if floor else ""
    print(f"{name:22}{ours:8.2f} ms{ratio}")


def rows(write: Callable[[Path], None]) -> tuple[float, float]:
    """Processor seconds for the rows, and the most memory that Python held, in MiB, in a run of its own."""
    with TemporaryDirectory() as folder:
        started = time.process_time()
        write(Path(folder) / "a.xlsx")
        seconds = time.process_time() - started
        tracemalloc.start()
        write(Path(folder) / "b.xlsx")
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
    return seconds, peak


def main() -> None:
    """Print the times of processor, and the ratios."""
    given = papers()
    print(f"{len(given)} texts, {sum(len(one.text) for one in given) // len(given):,} characters each; PDF of {PDFS}")
    told("plain text", each(text_of, given))
    told("HTML", each(page_of, given))
    told("parts for machines", each(lambda one: parts_of(one.text, one.language), given))
    told("DOCX", each(docx_of, given), each(bare_docx, given))
    pdf_of(printed(given[0]))  # fonts are found once in a process
    few = given[:PDFS]
    told("PDF", each(lambda one: pdf_of(printed(one)), few), each(bare_pdf, few))
    (ours, peak), (floor, floor_peak) = rows(our_rows), rows(bare_rows)
    print(f"XLSX, {ROWS:,} rows    {ours:8.2f} s   floor {floor:7.2f} s   {ours / floor:.2f} x floor")
    print(f"memory at its peak    {peak:8.1f} MiB floor {floor_peak:7.1f} MiB")


if __name__ == "__main__":
    main()
