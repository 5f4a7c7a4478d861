"""Every format of a paper, read back by somebody else's parser where there is one."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from zipfile import ZipFile

import docx
import pytest
from docx.oxml.ns import qn

from models.errors import BadInputError
from models.vocabulary import Audience
from templates.brief import Brief
from templates.docx_file import docx_of
from templates.draft import draft
from templates.language import language, languages
from templates.paper import Paper, Signature, text_of
from templates.parts import parts_of
from templates.print_page import page_of, printed

MakeBrief = Callable[..., Brief]
MORNING = datetime(2026, 3, 3, 8, 30, tzinfo=UTC)
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def paper_of(text: str, language: str = "en", **other: object) -> Paper:
    made = Paper(
        number="INC-2026-0001",
        notice=7,
        language=language,
        subject="A subject",
        text=text,
        sha256=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        version=2,
        facts_version=3,
        state="draft",
        signatures=(),
        written_at=MORNING,
        zone="Europe/Paris",
        organisation="Example Retail SA",
        place="FR",
    )
    return replace(made, **other)  # type: ignore[arg-type]  # a test names fields that there are


def signed(paper: Paper) -> Paper:
    return replace(paper, state="approved", signatures=(Signature("Lea Martin", "legal", MORNING),))


def words_of(content: bytes) -> str:
    """All the words of a DOCX's body, tables included."""
    return "\n".join(text.text or "" for text in docx.Document(BytesIO(content)).element.body.iter(qn("w:t")))


@pytest.fixture(params=languages())
def paper(request: pytest.FixtureRequest, make_brief: MakeBrief) -> Paper:
    """A filing in each language that has filings, a statement to the press in the others."""
    whole = language(request.param).is_whole
    press = {} if whole else {"audience": Audience.PRESS, "duty": None, "form": "full"}
    made = draft(make_brief(language=request.param, **press))
    return paper_of(made.text, request.param, subject=made.subject)


def test_every_format_says_at_once_that_a_draft_may_not_leave(paper: Paper) -> None:
    standing = paper.standing

    assert text_of(paper).startswith(f"[{standing}]")
    assert page_of(paper).index(standing) < page_of(paper).index("<main")
    assert standing in docx.Document(BytesIO(docx_of(paper))).sections[0].header.paragraphs[0].text
    assert paper.say("approved") != standing


def test_every_format_names_the_text_and_who_signed_it(paper: Paper) -> None:
    one = signed(paper)

    for shown in (text_of(one), page_of(one), printed(one), words_of(docx_of(one))):
        assert one.sha256 in shown
        assert "Lea Martin" in shown
        assert "2026-03-03 09:30 (UTC+01:00)" in shown


def test_a_docx_has_real_headings_lists_and_tables(paper: Paper) -> None:
    text = f"{paper.text}\n\n1. one\n2. two\n   - inner\n\npause\n\n1. again\n\n| a | b |\n|---|---|\n| c | d |\n"

    document = docx.Document(BytesIO(docx_of(replace(paper, text=text))))

    styles = [paragraph.style.name for paragraph in document.paragraphs if paragraph.style]
    assert styles[0] == "Heading 1"
    assert styles.count("Heading 2") == len(re.findall("^## ", paper.text, re.MULTILINE))
    assert {"List Bullet", "List Number", "List Bullet 2"} <= set(styles)
    numbered = [p for p in document.paragraphs if p.style and p.style.name == "List Number"]
    numberings = [p._p.pPr.numPr.numId.val for p in numbered]
    assert numberings[0] == numberings[1] != numberings[2]
    assert document.tables[0].cell(1, 1).text == "d"
    assert document.tables[0].rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def test_a_docx_tracks_changes_and_says_what_it_is(paper: Paper) -> None:
    content = docx_of(paper)
    about = docx.Document(BytesIO(content)).core_properties
    with ZipFile(BytesIO(content)) as package:
        settings, styles = package.read("word/settings.xml").decode(), package.read("word/styles.xml").decode()
        foot = "".join(package.read(name).decode() for name in package.namelist() if "footer" in name)

    assert "<w:trackRevisions/>" in settings
    assert about.title == paper.subject
    assert about.identifier == paper.sha256
    assert about.content_status == paper.standing
    assert (about.version, about.revision, about.author) == ("2", 2, "Example Retail SA")
    assert paper.sha256 in foot
    assert {"PAGE", "NUMPAGES"} <= set(re.findall(r"<w:instrText>(\w+)</w:instrText>", foot))
    expected = {"zh": "zh-CN", "ja": "ja-JP", "ko": "ko-KR"}.get(paper.language, "zh-CN")
    assert f'w:eastAsia="{expected}"' in styles
    assert 'w:eastAsia="MS Gothic"' not in styles


def test_the_same_paper_gives_the_same_bytes(paper: Paper) -> None:
    assert docx_of(paper) == docx_of(paper)
    assert docx_of(paper) != docx_of(replace(paper, version=3))


class Outline(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.styles: list[tuple[str, str]] = []
        self.heads: list[dict[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if tag == "th":
            self.heads.append(given)
        self.styles.append((tag, given.get("style") or ""))


def test_a_page_has_landmarks_headings_in_order_and_tables_with_heads(paper: Paper) -> None:
    outline = Outline(page_of(signed(paper)))
    levels = [int(tag[1]) for tag in outline.tags if re.fullmatch("h[1-6]", tag)]

    assert [tag for tag in outline.tags if tag in ("header", "main", "footer")] == ["header", "main", "footer"]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert all(head.get("scope") in ("row", "col") for head in outline.heads)


def test_a_page_carries_its_style_on_each_element_for_mail(paper: Paper) -> None:
    page = page_of(paper)

    assert "<style" not in page
    assert "<script" not in page
    assert "url(" not in page
    assert not re.search(r"""(?:src|href)=["'](?!https?:|mailto:|data:)""", page)
    assert all(style for tag, style in Outline(page).styles if tag in ("h1", "h2", "p", "li", "td", "th"))


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_of_words_has_contrast_enough() -> None:
    page = page_of(signed(paper_of("# a\n\n[b](https://example.org)\n\n| c |\n|---|\n| d |", rehearsal=True)))
    colours = set(re.findall(r"(?<![-\w])color:(#[0-9a-f]{6})", page))

    assert len(colours) >= 3
    for colour in colours:
        ratio = (luminance("#f2f2f2") + 0.05) / (luminance(colour) + 0.05)
        assert ratio >= 4.5, f"{colour} on the darkest of our backgrounds has only {ratio:.1f}"


def test_paper_is_letter_where_people_print_on_letter_and_a4_elsewhere() -> None:
    american, french = paper_of("# a", place="US-CA"), paper_of("# a", place="FR")

    assert "size:letter" in printed(american)
    assert "size:A4" in printed(french)
    width = docx.Document(BytesIO(docx_of(american))).sections[0].page_width
    assert width is not None
    assert round(width.mm) == 216


def test_a_logo_stands_in_every_document_with_its_name() -> None:
    paper = paper_of("# a", logo=PIXEL)

    assert 'alt="Example Retail SA"' in page_of(paper)
    assert "data:image/png;base64," in printed(paper)
    with ZipFile(BytesIO(docx_of(paper))) as package:
        assert any(name.startswith("word/media/") for name in package.namelist())


def test_what_is_no_picture_is_refused_as_a_logo() -> None:
    with pytest.raises(BadInputError, match="no whole PNG or JPEG"):
        docx_of(paper_of("# a", logo=PIXEL[:30]))


def test_a_rehearsal_says_so_even_when_approved() -> None:
    paper = signed(paper_of("# a", rehearsal=True))

    assert paper.standing == "REHEARSAL: no real incident · Approved"
    assert "REHEARSAL" in page_of(paper)


HOSTILE = {
    "markup": "<script>alert(1)</script> <img src=x onerror=alert(1)> <b>bold</b>",
    "formula": "=cmd|'/c calc'!A1 +1 -1 @SUM(A1)",
    "right to left": "שלום \u202eevil\u202c مرحبا",
    "signs": "中文 日本語 한국어",
    "control": "a\x00b\x07c\x0bd\x1fe\ufffef",
    "surrogate": "a\ud800b",
    "emoji": "😀 👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "style": "}</style><style>@page{background:red}\"' ; url(http://127.0.0.1:9/x)",
    "links": "[a](javascript:alert(1)) [b](file:///etc/passwd) ![c](http://127.0.0.1:9/x.png)",
    "entity": "&lt;b&gt; &#0; &amp; ]]> <!-- x -->",
}


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_stay_words(words: str) -> None:
    paper = paper_of(f"# {words}\n\n{words}\n\n- {words}\n", subject=words, organisation=words)

    page, sheet, content = page_of(paper), printed(paper), docx_of(paper)

    for shown in (page, sheet):
        tags = set(Outline(shown).tags)
        assert not tags & {"script", "img", "b", "iframe", "object", "link"}
        assert shown.count("<style") == shown.count("</style>") <= 1
        assert not re.search(r"""href=["'](?:javascript|file|data):""", shown)
        shown.encode()
    document = docx.Document(BytesIO(content))
    assert document.paragraphs[0].style
    assert document.core_properties.title
    links = [rel.target_ref for rel in document.part.rels.values() if rel.is_external]
    assert not [link for link in links if not link.startswith(("http:", "https:", "mailto:"))]
    text_of(paper).encode()


def test_control_signs_leave_a_mark_and_do_not_vanish() -> None:
    content = words_of(docx_of(paper_of("one\x07two\n")))

    assert "one\ufffdtwo" in content


def test_a_paragraph_of_two_million_letters_is_still_a_document() -> None:
    paper = paper_of("word " * 400_000)

    assert words_of(docx_of(paper)).count("word") >= 400_000
    assert page_of(paper).count("word") >= 400_000


@pytest.mark.parametrize("paper", ["en", "zh"], indirect=True)
def test_a_filing_is_taken_apart_into_the_contents_that_the_law_asks_for(paper: Paper) -> None:
    parts = parts_of(paper.text, paper.language)

    keys = [part.key for part in parts]
    assert None not in keys
    assert {"incident_description", "affected_count", "likely_consequences", "contact_point"} <= set(keys)
    assert all(part.text and "**" not in part.text for part in parts)
    assert not re.search(r"^\d", parts[0].heading)


def test_a_text_without_headings_has_no_parts() -> None:
    assert parts_of("Call us.", "en") == ()
