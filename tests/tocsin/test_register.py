import json
import re
from datetime import datetime
from pathlib import Path

import jsonschema
import openpyxl
import pypdf
import pytest

from flows.acts.register_file import BREACHES, NOT_TOLD, TOLD
from models.register import Register
from templates.register_words import RegisterWords
from tests.integrations.test_xlsx import HOSTILE
from tests.tocsin.conftest import Tocsin


def report(title: str) -> bytes:
    facts = {
        "title": title,
        "organisation": {"name": title, "country": "FR", "establishments": ["FR"], "role": "controller"},
        "times": {"aware_at": "2026-11-23T08:30:00+01:00"},
        "people": [{"jurisdiction": "FR", "count": 12}],
    }
    return json.dumps(facts, ensure_ascii=False).encode()


def test_the_register_is_a_workbook_with_real_dates(tocsin: Tocsin, carried: str, tmp_path: Path) -> None:
    said = tocsin("register", "--rehearsals", "--format", "xlsx", "--to", tmp_path / "r.xlsx")

    assert (said.status, said.out) == (0, f"{tmp_path / 'r.xlsx'}: 1 entry\n")
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == ["Breaches", "Told", "Not told"]
    for sheet, columns in zip(book, (BREACHES, TOLD, NOT_TOLD), strict=True):
        assert [cell.value for cell in sheet[1]] == [RegisterWords("en").say(f"column.{key}") for key, _ in columns]
        assert sheet.max_row > 1
        assert sheet.auto_filter.ref.endswith(str(sheet.max_row))
    row = {head.value: cell for head, cell in zip(book["Breaches"][1], book["Breaches"][2], strict=True)}
    assert row["Number"].value == carried
    assert row["Aware (UTC)"].value == datetime(2026, 11, 23, 7, 30)  # noqa: DTZ001 - a spreadsheet knows no zones
    assert row["People"].value == 27_580
    assert row["Rehearsal"].value == "yes"


def test_the_register_for_machines_is_what_its_schema_says(tocsin: Tocsin, carried: str, tmp_path: Path) -> None:
    tocsin("report", "-", given=report("A second one"))
    schema = tocsin("schema", "register").json
    jsonschema.Draft202012Validator.check_schema(schema)

    printed = tocsin("register", "--rehearsals", "--json")

    assert printed.status == 0
    jsonschema.Draft202012Validator(schema).validate(printed.json)
    assert [one["number"] for one in printed.json["entries"]] == [carried, "INC-2026-0002"]
    assert Register.model_validate(printed.json).entries[0].people == 27_580
    tocsin("register", "--rehearsals", "--format", "json", "--to", tmp_path / "r.json")
    assert (tmp_path / "r.json").read_text() == printed.out


ENGLISH_WORDS = r"\b(told|overdue|not known|Severity|What happened|Remedial|Effects|late|reference)\b"


def test_the_register_speaks_chinese_in_every_format(tocsin: Tocsin, carried: str, tmp_path: Path) -> None:
    for name in ("xlsx", "pdf"):
        tocsin("register", "--rehearsals", "--language", "zh", "--format", name, "--to", tmp_path / f"r.{name}")
    text = tocsin("register", "--rehearsals", "--language", "zh").out

    assert text.startswith(f"演练 · {carried} · ")
    assert "  事件经过:\n    勒索软件攻击；原因：" in text
    assert re.findall(ENGLISH_WORDS, text) == []
    book = openpyxl.load_workbook(tmp_path / "r.xlsx")
    assert book.sheetnames == ["泄露事件", "告知情况", "未告知"]
    assert [cell.value for cell in book["告知情况"][1]][:3] == ["编号", "条款", "法律出处"]
    assert {cell.value for cell in book["告知情况"]["G"][1:]} <= {
        "待告知",
        "尚未确定",
        "期限尚未起算",
        "已告知",
        "已逾期",
    }
    page = pypdf.PdfReader(tmp_path / "r.pdf").pages[0].extract_text()
    assert "个人数据泄露登记册" in page
    assert "未告知" in page


def test_a_language_without_words_for_the_register_is_named(tocsin: Tocsin) -> None:
    said = tocsin("register", "--language", "fr")

    assert (said.status, said.err) == (2, "tocsin: the register has no words in 'fr'; known are en, zh\n")


def test_an_empty_register_is_a_register_too(tocsin: Tocsin, tmp_path: Path) -> None:
    assert tocsin("register", "--json").json["entries"] == []
    assert tocsin("register").out == "No incident is in the register.\n"
    for name in ("xlsx", "pdf", "json"):
        assert tocsin("register", "--format", name, "--to", tmp_path / f"r.{name}").out.endswith("0 entries\n")


def test_rehearsals_are_left_out_and_it_says_so(tocsin: Tocsin, carried: str) -> None:
    assert tocsin("register").out == (
        "No incident is in the register; every incident here is a rehearsal, --rehearsals shows them.\n"
    )


def test_the_register_is_printed_in_landscape_with_each_incident(tocsin: Tocsin, carried: str, tmp_path: Path) -> None:
    tocsin("register", "--rehearsals", "--format", "pdf", "--to", tmp_path / "r.pdf")

    pages = pypdf.PdfReader(tmp_path / "r.pdf").pages
    words = " ".join(" ".join(page.extract_text().split()) for page in pages)
    assert pages[0].mediabox.width > pages[0].mediabox.height
    for part in (carried, "REHEARSAL", "Meridia Mobility SA", "CNIL", "Remedial action", "Reasons for not telling"):
        assert part in words


@pytest.mark.parametrize("title", [*HOSTILE, "<script>alert(1)</script>", "שלום 中文 😀 \u202e", "x" * 300])
def test_a_hostile_title_harms_no_register(tocsin: Tocsin, title: str, tmp_path: Path) -> None:
    title = title.strip()
    tocsin("report", "-", given=report(title))

    for name in ("xlsx", "pdf", "json"):
        said = tocsin("register", "--rehearsals", "--format", name, "--to", tmp_path / f"r.{name}")
        assert (said.status, said.err) == (0, "")
    text = tocsin("register", "--rehearsals").out
    cell = openpyxl.load_workbook(tmp_path / "r.xlsx")["Breaches"]["B2"]
    assert (cell.data_type, cell.value) == ("s", title)
    assert json.loads((tmp_path / "r.json").read_text())["entries"][0]["title"] == title
    assert title[:40] in text
    assert "/JavaScript" not in str(pypdf.PdfReader(tmp_path / "r.pdf").root_object)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--format", "pdf"], "tocsin: pdf needs a file; give it with --to register.pdf\n"),
        (["--format", "csv", "--to", "x"], "tocsin: 'csv' is not a format of the register; known are"),
        (["--from", "March"], "tocsin: 'March' is no day; write one such as 2026-03-01\n"),
        (["--to", "/proc/1/x.json"], "tocsin: /proc/1/x.json: cannot be written ("),
    ],
)
def test_a_register_that_cannot_be_made_is_told_in_one_line(tocsin: Tocsin, options: list[str], complaint: str) -> None:
    said = tocsin("register", *options)

    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(complaint)
    assert said.err.count("\n") == 1
