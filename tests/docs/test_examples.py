"""What docs/examples shows is what the program makes today; `make examples` renews it."""

import hashlib
import json
import re
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pypdf
import pytest

from docs.examples import FOLDER, make

FILES = sorted(file.name for file in FOLDER.iterdir() if file.name != "README.md")
LARGEST = 1_500_000


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    make(folder)
    return folder


def content_of(file: Path) -> object:
    """What a reader finds in a file, without what differs between versions of a library or between two sets of fonts."""
    match file.suffix:
        case ".docx":
            with ZipFile(file) as package:
                return {name: package.read(name) for name in package.namelist() if name.startswith("word/document")}
        case ".xlsx":
            book = openpyxl.load_workbook(file)
            return {sheet.title: [[cell.value for cell in row] for row in sheet] for sheet in book}
        case ".pdf":
            return signs_of(file)
        case _:
            return file.read_text()


def signs_of(file: Path) -> str:
    """The signs of a PDF in order, without spaces and without what stands at the head and foot of each page."""
    pages = [page.extract_text() for page in pypdf.PdfReader(file).pages]
    inside = ["\n".join(line for line in page.split("\n") if not _is_of_the_page(line)) for page in pages]
    return "".join("".join(inside).split())


def _is_of_the_page(line: str) -> bool:
    return bool(
        re.search(r"REHEARSAL|演练|SHA-256|^INC-2026-0001$|^\d+ / \d+$|^Breach register|confidential|登记册|机密", line)
    )


def test_the_examples_are_those_that_are_made(made: Path) -> None:
    assert sorted(file.name for file in made.iterdir()) == FILES, "run `make examples`"


@pytest.mark.parametrize("name", FILES)
def test_an_example_is_fresh(made: Path, name: str) -> None:
    assert content_of(made / name) == content_of(FOLDER / name), (
        f"{name} is not what is made today; run `make examples`"
    )


def test_the_examples_are_small_and_all_listed() -> None:
    page = (FOLDER / "README.md").read_text()

    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < LARGEST
    assert sorted(re.findall(r"\]\(([\w.-]+)\)", page)) == FILES


def test_the_hash_in_the_examples_is_that_of_their_text() -> None:
    filing = json.loads((FOLDER / "filing-cnil.json").read_text())
    digest = hashlib.sha256(filing["text"].encode()).hexdigest()

    assert filing["sha256"] == digest
    for name in ("filing-cnil.txt", "filing-cnil.html", "filing-cnil-sheet.html"):
        assert digest in (FOLDER / name).read_text()
    assert digest in "".join(page.extract_text() for page in pypdf.PdfReader(FOLDER / "filing-cnil.pdf").pages)


def test_the_californian_letter_has_the_prescribed_headings_in_order_on_letter_paper() -> None:
    reader = pypdf.PdfReader(FOLDER / "letter-california.pdf")
    words = "".join(page.extract_text() for page in reader.pages)
    headings = ("Notice of Data Breach", "What Happened", "What Information Was Involved", "What We Are Doing")
    places = [words.index(heading) for heading in (*headings, "What You Can Do", "For More Information")]

    assert places == sorted(places)
    assert round(reader.pages[0].mediabox.height) == 792


def test_the_chinese_letter_is_set_in_chinese_signs() -> None:
    words = "".join(page.extract_text() for page in pypdf.PdfReader(FOLDER / "letter-zh.pdf").pages)

    assert "关于您的个人信息安全事件的告知书" in words
    assert "批准人" in words
