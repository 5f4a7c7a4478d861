"""A paper as a page to print: HTML and CSS for a PDF whose every page says which text it is and whether it may leave."""

import html as markup
from base64 import b64encode

from models.printable import one_line
from templates.page import body, framed, html, language_tag, styled
from templates.paper import Paper
from templates.typeface import is_east_asian, on_paper

_RECORD = ("name", "role", "time")


def page_of(paper: Paper) -> str:
    """The paper as an HTML page for web and mail, with its standing above and its record below."""
    colour = "#1a1a1a" if paper.may_leave and not paper.rehearsal else "#a4000f"
    standing = (
        f'<p style="margin:0 0 16px;padding:8px 12px;border:2px solid {colour};color:{colour};font-weight:bold">'
        f"{markup.escape(paper.standing)}</p>"
    )
    record = styled("hr", "").removesuffix("</hr>") + _record(paper, inline=True)
    return html(
        paper.text,
        paper.language,
        paper.title,
        above=framed("header", standing + _logo(paper)),
        below=framed("footer", record),
    )


def printed(paper: Paper, typefaces: str | None = None) -> str:
    """The paper as HTML to be set in pages; it names no resource but the logo, which stands in it."""
    return (
        f'<!doctype html>\n<html lang="{language_tag(paper.language)}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{markup.escape(paper.title)}</title>\n"
        f'<meta name="author" content="{markup.escape(one_line(paper.organisation))}">\n'
        f'<meta name="keywords" content="{paper.number}, SHA-256 {paper.sha256}">\n'
        f'<meta name="dcterms.created" content="{paper.written_at:%Y-%m-%dT%H:%M:%SZ}">\n'
        f"<style>{_sheet(paper, typefaces or on_paper(paper.language))}</style>\n</head>\n<body>\n"
        f"{_logo(paper)}<main>\n{body(paper.text)}</main>\n"
        f'<footer class="record">{_record(paper, inline=False)}</footer>\n</body>\n</html>\n'
    )


def page_rule(*, size: str, head: str, number: str, foot: str, typefaces: str, alarm: bool = False) -> str:
    """The CSS of a page: paper size, what stands at its head and foot, and the number of the page."""
    colour = "#a4000f" if alarm else "#1a1a1a"
    small = f"font:7.5pt {typefaces};color:#333"
    return (
        f"@page{{size:{size};margin:24mm 22mm 22mm;"
        f"@top-left{{content:{_quoted(head)};font:bold 8.5pt {typefaces};color:{colour};width:75%}}"
        f"@top-right{{content:{_quoted(number)};{small};width:25%}}"
        f"@bottom-left{{content:{_quoted(foot)};{small};width:88%}}"
        f"@bottom-right{{content:counter(page) ' / ' counter(pages);{small};width:12%}}}}"
    )


def _sheet(paper: Paper, typefaces: str) -> str:
    size = "letter" if paper.is_letter_size else "A4"
    page = page_rule(
        size=size,
        head=paper.standing,
        number=paper.number,
        foot=paper.mark,
        typefaces=typefaces,
        alarm=not paper.may_leave or paper.rehearsal,
    )
    spacing = "1.75" if is_east_asian(paper.language) else "1.5"
    return f"{page}body{{margin:0;color:#1a1a1a;font:10.5pt/{spacing} {typefaces};overflow-wrap:anywhere}}{_RULES}"


_RULES = (
    "h1{font-size:17pt;line-height:1.3;margin:0 0 4mm}h2{font-size:12.5pt;line-height:1.35;margin:6mm 0 1.5mm}"
    "h3{font-size:11pt;margin:5mm 0 1mm}h1,h2,h3{break-after:avoid}"
    "p,li{orphans:3;widows:3}p{margin:0 0 2.5mm}ul,ol{margin:0 0 2.5mm;padding-left:6mm}li{margin:0.8mm 0}"
    "hr{border:0;border-top:0.4pt solid #767676;margin:6mm 0}a{color:#0b4f9e}"
    "blockquote{margin:0 0 2.5mm;padding-left:4mm;border-left:1pt solid #767676}pre{white-space:pre-wrap}"
    "table{border-collapse:collapse;width:100%;margin:0 0 3mm;font-size:9pt}tr{break-inside:avoid}"
    "thead{display:table-header-group}th,td{border:0.4pt solid #767676;padding:1.2mm 1.8mm;text-align:left;"
    "vertical-align:top}th{background:#f2f2f2}.record{margin-top:8mm;break-inside:avoid}"
    ".logo{height:12mm;margin:0 0 5mm;display:block}"
)


def _record(paper: Paper, *, inline: bool) -> str:
    rows = "".join(
        f"<tr>{_cell('th', label, inline, scope='row')}{_cell('td', value, inline)}</tr>"
        for label, value in paper.record()
    )
    record = _element("h2", markup.escape(paper.say("record")), inline)
    return record + _element("table", f"<tbody>{rows}</tbody>", inline) + _signatures(paper, inline)


def _signatures(paper: Paper, inline: bool) -> str:
    signed = paper.signed()
    if not signed:
        return ""
    head = "".join(_cell("th", paper.say(label), inline, scope="col") for label in _RECORD)
    rows = "".join(f"<tr>{''.join(_cell('td', value, inline) for value in one)}</tr>" for one in signed)
    heading = _element("h2", markup.escape(paper.say("approvals")), inline)
    return heading + _element("table", f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>", inline)


def _cell(tag: str, text: str, inline: bool, **attributes: str) -> str:
    return _element(tag, markup.escape(text), inline, **attributes)


def _element(tag: str, content: str, inline: bool, **attributes: str) -> str:
    if inline:
        return styled(tag, content, **attributes)
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{written}>{content}</{tag}>"


def _logo(paper: Paper) -> str:
    if not paper.logo:
        return ""
    kind = "png" if paper.logo.startswith(b"\x89PNG") else "jpeg"
    name = markup.escape(one_line(paper.organisation))
    source = f"data:image/{kind};base64,{b64encode(paper.logo).decode()}"
    return f'<img class="logo" alt="{name}" height="45" src="{source}">\n'


def _quoted(text: str) -> str:
    """A text as a CSS string: nothing in it can end the string or the style."""
    return '"' + "".join(sign if sign.isalnum() or sign in " .,:;-·/()" else f"\\{ord(sign):x} " for sign in text) + '"'
