"""A paper as a DOCX that legal can mark up: real styles, changes tracked, and on every page which text it is."""

import struct
import zipfile
from collections.abc import Sequence
from io import BytesIO

from docx import Document
from docx.document import Document as DocxDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table, _Cell
from docx.text.hyperlink import Hyperlink
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from markdown_it.token import Token

from models.errors import BadInputError
from models.printable import one_line
from templates.markdown import parsed
from templates.paper import Paper
from templates.typeface import LATIN, east_asian, is_east_asian, proofing_tag

_INK, _ALARM = RGBColor(0x1A, 0x1A, 0x1A), RGBColor(0xA4, 0x00, 0x0F)
_SIZES = {"Title": 18, "Heading 1": 18, "Heading 2": 13, "Heading 3": 11.5}
_DEEPEST_LIST = 3
_LONGEST_PROPERTY = 255
_MARGIN = Mm(22)
_LABELS, _VALUES = Mm(48), Mm(118)


def docx_of(paper: Paper) -> bytes:
    """The paper as DOCX; the same paper gives the same bytes.

    Raises `BadInputError` for a logo that is neither PNG nor JPEG.
    """
    document = Document()
    _dress(document, paper)
    _describe(document, paper)
    _mark_pages(document, paper)
    _Body(document).write(parsed(paper.text))
    _record(document, paper)
    written = BytesIO()
    document.save(written)
    return _without_clock(written.getvalue())


def _dress(document: DocxDocument, paper: Paper) -> None:
    """Page size, typefaces and language."""
    section = document.sections[0]
    section.page_width, section.page_height = (Mm(215.9), Mm(279.4)) if paper.is_letter_size else (Mm(210), Mm(297))
    section.left_margin = section.right_margin = _MARGIN
    section.top_margin = section.bottom_margin = Mm(24)
    for style in document.styles:
        if isinstance(style, ParagraphStyle):
            _set_typeface(style, paper.language)
    normal = document.styles["Normal"]
    assert isinstance(normal, ParagraphStyle)
    normal.font.size, normal.font.color.rgb = Pt(10.5), _INK
    normal.paragraph_format.space_after, normal.paragraph_format.line_spacing = Pt(6), 1.2
    for name, size in _SIZES.items():
        heading = document.styles[name]
        assert isinstance(heading, ParagraphStyle)
        heading.font.size, heading.font.color.rgb, heading.font.bold = Pt(size), _INK, True
        heading.paragraph_format.keep_with_next = True
        heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(12), Pt(4)
    defaults = document.styles.element.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{qn('w:rPr')}")
    _set_language(defaults, paper.language)
    for name in ("Header", "Footer"):
        document.styles[name].paragraph_format.tab_stops.clear_all()
    settings = document.settings.element
    settings.find(qn("w:defaultTabStop")).addprevious(OxmlElement("w:trackRevisions"))


def _set_typeface(style: ParagraphStyle, language: str) -> None:
    """Latin and East Asian families by name; the theme's own would win over them and know no Chinese."""
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for attribute in list(fonts.attrib):
        del fonts.attrib[attribute]
    for part, family in (
        ("ascii", LATIN[1]),
        ("hAnsi", LATIN[1]),
        ("cs", LATIN[1]),
        ("eastAsia", east_asian(language)),
    ):
        fonts.set(qn(f"w:{part}"), family)


def _set_language(properties: object, language: str) -> None:
    assert hasattr(properties, "append")
    for known in properties.findall(qn("w:lang")):  # type: ignore[attr-defined]  # an lxml element without types
        properties.remove(known)  # type: ignore[attr-defined]
    spoken = OxmlElement("w:lang")
    tag, is_signs = proofing_tag(language), is_east_asian(language)
    spoken.set(qn("w:val"), "en-US" if is_signs else tag)  # Latin words in a Chinese text are mostly English
    spoken.set(qn("w:eastAsia"), tag if is_signs else "zh-CN")
    spoken.set(qn("w:bidi"), "ar-SA")
    properties.append(spoken)


def _describe(document: DocxDocument, paper: Paper) -> None:
    about = document.core_properties
    about.title = paper.title[:_LONGEST_PROPERTY]
    about.author = about.last_modified_by = one_line(paper.organisation)[:_LONGEST_PROPERTY] or "Tocsin"
    about.subject = f"{paper.number}, {paper.notice}"
    about.keywords = f"SHA-256 {paper.sha256}"
    about.identifier = paper.sha256
    about.content_status = paper.standing[:_LONGEST_PROPERTY]
    about.language = proofing_tag(paper.language)
    about.comments, about.category = "", ""
    about.version = str(paper.version)
    about.revision = paper.version
    about.created = about.modified = paper.written_at.replace(microsecond=0, tzinfo=None)


def _mark_pages(document: DocxDocument, paper: Paper) -> None:
    section = document.sections[0]
    assert section.page_width is not None
    edge = section.page_width - 2 * _MARGIN
    head = section.header.paragraphs[0]
    head.paragraph_format.tab_stops.add_tab_stop(edge, WD_TAB_ALIGNMENT.RIGHT)
    _alarm(head.add_run(paper.standing), paper)
    head.add_run(f"\t{paper.number}")
    foot = section.footer.paragraphs[0]
    foot.paragraph_format.tab_stops.add_tab_stop(edge, WD_TAB_ALIGNMENT.RIGHT)
    for part in (paper.mark, "\t"):
        foot.add_run(part)
    _add_field(foot, "PAGE")
    foot.add_run(" / ")
    _add_field(foot, "NUMPAGES")
    for run in (*head.runs, *foot.runs):
        run.font.size = Pt(7.5)
    if paper.logo:
        _place_logo(section.header.add_paragraph(), paper)


def _place_logo(place: Paragraph, paper: Paper) -> None:
    try:
        picture = place.add_run().add_picture(BytesIO(paper.logo or b""), height=Mm(12))
    except (UnrecognizedImageError, UnexpectedEndOfFileError, InvalidImageStreamError, struct.error) as error:
        raise BadInputError("the organisation's logo is no whole PNG or JPEG; set `logo` to one that is") from error
    picture._inline.docPr.set("descr", one_line(paper.organisation))


def _alarm(run: Run, paper: Paper) -> None:
    run.bold = True
    if not paper.may_leave or paper.rehearsal:
        run.font.color.rgb = _ALARM


def _add_field(paragraph: Paragraph, name: str) -> None:
    """A number that the word processor works out, such as the page's."""
    for kind, text in (("begin", None), (None, name), ("separate", None), (None, "1"), ("end", None)):
        run = paragraph.add_run()
        if kind is not None:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)
        elif text == "1":
            run.text = text
        else:
            code = OxmlElement("w:instrText")
            code.text = text
            run._r.append(code)


def _record(document: DocxDocument, paper: Paper) -> None:
    """Which text it is and who signed it, below the text."""
    document.add_heading(paper.say("record"), level=3)
    table = _table(document, len(paper.record()), 2)
    table.autofit = False
    table.columns[0].width, table.columns[1].width = _LABELS, _VALUES
    for row, (label, value) in zip(table.rows, paper.record(), strict=True):
        row.cells[0].width, row.cells[1].width = _LABELS, _VALUES
        _fill(row.cells[0], label, bold=True)
        _fill(row.cells[1], value)
    signed = paper.signed()
    if signed:
        _signatures(document, paper, signed)
    document.add_paragraph()  # a word processor wants one after a table, and would take its own for a change


def _signatures(document: DocxDocument, paper: Paper, signed: Sequence[tuple[str, str, str]]) -> None:
    document.add_heading(paper.say("approvals"), level=3)
    signatures = _table(document, len(signed) + 1, 3)
    _repeat_head(signatures)
    for cell, label in zip(signatures.rows[0].cells, ("name", "role", "time"), strict=True):
        _fill(cell, paper.say(label), bold=True)
    for row, values in zip(signatures.rows[1:], signed, strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            _fill(cell, value)


def _table(document: DocxDocument, rows: int, columns: int) -> Table:
    table: Table = document.add_table(rows, columns, style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    for row in table.rows:
        whole = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(whole)
    return table


def _repeat_head(table: Table) -> None:
    """The first row is a header: it is repeated on each page and read out as one."""
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _fill(cell: _Cell, text: str, *, bold: bool = False) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.keep_with_next = True  # which text it is stands on one page
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    run = paragraph.add_run(text)
    run.bold, run.font.size = bold, Pt(9)


class _Body:
    """Writes the parts of a Markdown text into a document, one after the other."""

    def __init__(self, document: DocxDocument) -> None:
        self.document = document
        self.lists: list[int | None] = []  # for each open list: its numbering, or None for bullets
        self.quoted = 0
        self.starts_item = False

    def write(self, tokens: Sequence[Token]) -> None:
        """Write them all."""
        position = 0
        while position < len(tokens):
            token = tokens[position]
            if token.type == "table_open":
                end = next(i for i in range(position, len(tokens)) if tokens[i].type == "table_close")
                self._write_table(tokens[position:end])
                position = end
            elif token.type == "heading_open":
                heading = self.document.add_heading(level=min(int(token.tag[1]), 3))
                _write_inline(heading, tokens[position + 1])
                position += 1
            else:
                self._write_part(token)
            position += 1

    def _write_part(self, token: Token) -> None:
        if token.type == "inline":
            _write_inline(self._paragraph(), token)
        elif token.type == "bullet_list_open":
            self.lists.append(None)
        elif token.type == "ordered_list_open":
            self.lists.append(_new_numbering(self.document, int(token.attrs.get("start", 1) or 1)))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
        elif token.type == "list_item_open":
            self.starts_item = True
        elif token.type in ("blockquote_open", "blockquote_close"):
            self.quoted += token.nesting
        elif token.type in ("code_block", "fence"):
            self.document.add_paragraph(token.content.rstrip("\n"))
        elif token.type == "hr":
            _rule(self.document.add_paragraph())

    def _paragraph(self) -> Paragraph:
        if not self.lists:
            return self.document.add_paragraph(style="Quote" if self.quoted else None)
        depth = min(len(self.lists), _DEEPEST_LIST)
        numbering, suffix = self.lists[-1], f" {depth}" if depth > 1 else ""
        if not self.starts_item:
            return self.document.add_paragraph(style=f"List Continue{suffix}")
        self.starts_item = False
        paragraph = self.document.add_paragraph(style=f"List {'Bullet' if numbering is None else 'Number'}{suffix}")
        if numbering is not None:
            properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
            properties.get_or_add_numId().val = numbering
            properties.get_or_add_ilvl().val = 0
        return paragraph

    def _write_table(self, tokens: Sequence[Token]) -> None:
        rows: list[list[tuple[Token, bool]]] = []
        for index, token in enumerate(tokens):
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                rows[-1].append((token, tokens[index - 1].type == "th_open"))
        table = _table(self.document, len(rows), len(rows[0]))
        _repeat_head(table)
        for row, cells in zip(table.rows, rows, strict=True):
            for cell, (token, is_head) in zip(row.cells, cells, strict=True):
                _write_inline(cell.paragraphs[0], token, bold=is_head)
        self.document.add_paragraph()


def _new_numbering(document: DocxDocument, start: int) -> int:
    """A numbering of its own for one list, so that each begins with its own number."""
    numbering = document.part.numbering_part.element
    style = document.styles["List Number"].element
    used = numbering.num_having_numId(style.pPr.numPr.numId.val)
    num = numbering.add_num(used.abstractNumId.val)
    num.add_lvlOverride(0).add_startOverride(start)
    return int(num.numId)


def _write_inline(paragraph: Paragraph, token: Token, *, bold: bool = False) -> None:
    weight, slant = int(bold), 0
    place: Paragraph | Hyperlink = paragraph
    for child in token.children or ():
        if child.type in ("strong_open", "strong_close"):
            weight += child.nesting
        elif child.type in ("em_open", "em_close"):
            slant += child.nesting
        elif child.type == "link_open":
            place = _link(paragraph, str(child.attrs.get("href", "")))
        elif child.type == "link_close":
            place = paragraph
        elif child.type == "hardbreak":
            _run(paragraph, place).add_break()
        else:
            run = _run(paragraph, place, " " if child.type == "softbreak" else child.content)
            run.bold, run.italic = weight > 0 or None, slant > 0 or None


def _run(paragraph: Paragraph, place: Paragraph | Hyperlink, text: str = "") -> Run:
    run = paragraph.add_run(text)
    if isinstance(place, Hyperlink):
        place._hyperlink.append(run._r)
        run.font.underline, run.font.color.rgb = True, RGBColor(0x0B, 0x4F, 0x9E)
    return run


def _link(paragraph: Paragraph, address: str) -> Hyperlink:
    relation = paragraph.part.relate_to(
        address, "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink", is_external=True
    )
    element = OxmlElement("w:hyperlink")
    element.set(qn("r:id"), relation)
    paragraph._p.append(element)
    return Hyperlink(element, paragraph)


def _rule(paragraph: Paragraph) -> None:
    borders, bottom = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "767676")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)


def _without_clock(content: bytes) -> bytes:
    """The same package with one date on all its parts, so that equal papers are equal bytes."""
    packed = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as given, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in given.namelist():
            kept.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), given.read(name), zipfile.ZIP_DEFLATED)
    return packed.getvalue()
