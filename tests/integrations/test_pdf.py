"""PDFs of real papers, read back by pypdf."""

from io import BytesIO

import pypdf
import pytest

from integrations.pdf import LONGEST_PAGE, fonts_of_this_machine, pdf_of
from models.errors import BadInputError
from templates.print_page import printed
from tests.templates.test_formats import HOSTILE, paper_of, signed

TEXT = "# A title\n\nFirst.\n\n## What happened\n\nA server was encrypted. 服务器被加密。サーバー。 서버.\n\n- one\n- two\n"


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(content))


def words(content: bytes) -> str:
    return "".join("".join(page.extract_text().split()) for page in read(content).pages)


def test_a_pdf_is_tagged_says_what_it_is_and_embeds_its_fonts() -> None:
    reader = read(pdf_of(printed(signed(paper_of(TEXT, subject="A title")))))
    catalog = reader.root_object

    assert catalog["/MarkInfo"]["/Marked"]  # type: ignore[index]  # pypdf gives any object here
    assert catalog["/Lang"] == "en"
    assert "/StructTreeRoot" in catalog
    assert b"pdfuaid" in catalog["/Metadata"].get_data()  # type: ignore[attr-defined]  # the same
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("A title", "Example Retail SA")
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    described = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert fonts
    assert all({"/FontFile2", "/FontFile3"} & set(one.get_object()) for one in described)


def test_every_page_says_which_text_it_is_and_whether_it_may_leave() -> None:
    paper = paper_of("# A title\n\n" + "A line of words.\n\n" * 120)

    pages = read(pdf_of(printed(paper))).pages

    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        shown = page.extract_text()
        assert "DRAFT: not approved" in shown
        assert paper.sha256 in shown
        assert f"{number} / {len(pages)}" in shown


def test_signs_of_east_asia_are_set_and_can_be_read_back() -> None:
    shown = words(pdf_of(printed(paper_of(TEXT, "zh"))))

    assert "服务器被加密" in shown
    assert "サーバー" in shown
    assert "서버" in shown


def test_the_same_page_gives_the_same_bytes() -> None:
    page = printed(paper_of(TEXT))

    assert pdf_of(page) == pdf_of(page)


def test_paper_size_follows_the_reader() -> None:
    letter, a4 = (read(pdf_of(printed(paper_of(TEXT, place=place)))).pages[0].mediabox for place in ("US-NY", "DE"))

    assert (round(letter.width), round(letter.height)) == (612, 792)
    assert (round(a4.width), round(a4.height)) == (595, 842)


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_make_an_ordinary_pdf(hostile: str) -> None:
    content = pdf_of(printed(paper_of(f"# {hostile}\n\nbefore {hostile} after\n", subject=hostile)))

    reader = read(content)
    assert "before" in words(content)
    assert "after" in words(content)
    assert "/JavaScript" not in str(reader.root_object)
    assert "/OpenAction" not in reader.root_object
    links = [a.get_object().get("/A", {}).get("/URI", "") for p in reader.pages for a in p.get("/Annots", ())]
    assert not [link for link in links if not str(link).startswith(("http:", "https:", "mailto:"))]


@pytest.mark.parametrize("source", ["http://127.0.0.1:9/x.png", "file:///etc/hostname", "https://example.org/x.css"])
def test_nothing_is_fetched(source: str) -> None:
    with pytest.raises(BadInputError, match="outside itself"):
        pdf_of(f'<html lang="en"><title>t</title><body><img alt="x" src="{source}"></body></html>')


def test_a_sign_that_no_font_has_is_named_by_its_code_point() -> None:
    shown = words(pdf_of(printed(paper_of("before \U0001fbff after".replace("\U0001fbff", "\U000e0fff")))))

    assert "before" in shown
    assert "after" in shown


def test_letters_that_no_font_has_are_refused_with_what_to_install() -> None:
    with pytest.raises(BadInputError, match="no font on this machine has the signs"):
        pdf_of(printed(paper_of("\U00018b00\U00016100")))


def test_a_page_that_is_too_long_is_refused_in_one_line() -> None:
    with pytest.raises(BadInputError, match="export it as DOCX or HTML"):
        pdf_of(printed(paper_of("word " * (LONGEST_PAGE // 4))))


def test_this_machine_can_set_every_script_that_the_texts_need() -> None:
    assert "Chinese, Japanese and Korean" in fonts_of_this_machine()
