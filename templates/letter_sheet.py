"""Letters to people as pages to be printed: each begins a sheet, with its address where a window shows it."""

from collections.abc import Iterable

from templates.page import body, language_tag
from templates.paper import is_letter_size
from templates.typeface import is_east_asian, on_paper


def letter(text: str, language: str) -> str:
    """One letter as HTML: the address, the signed text, and the reference to name when calling."""
    return (
        f'<section class="letter" lang="{language_tag(language)}"><p class="address">{{{{ address }}}}</p>\n'
        f'{body(text)}<p class="reference">{{{{ reference }}}}</p></section>\n'
    )


def sheets(letters: Iterable[str], language: str, title: str, place: str) -> str:
    """Letters in one language as one HTML page to be set in pages, on the paper that `place` prints on."""
    size = "letter" if is_letter_size(place) else "A4"
    spacing = "1.75" if is_east_asian(language) else "1.45"
    return (
        f'<!doctype html>\n<html lang="{language_tag(language)}">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>@page{{size:{size};margin:20mm 22mm 20mm 25mm}}{_RULES}"
        f"body{{margin:0;color:#1a1a1a;font:10.5pt/{spacing} {on_paper(language)};overflow-wrap:anywhere}}</style>\n"
        f"</head>\n<body>\n{''.join(letters)}</body>\n</html>\n"
    )


# DIN 5008 form B and US window envelopes both show the field that begins 45 mm below the edge, near the left.
_RULES = (
    ".letter{break-before:page}.letter:first-child{break-before:auto}"
    ".address{margin:0;padding-top:27mm;height:38mm;line-height:1.3}.reference{margin-top:8mm;font-size:8.5pt;color:#333}"
    "h1{font-size:15pt;line-height:1.3;margin:0 0 4mm}h2{font-size:12pt;line-height:1.35;margin:5mm 0 1.5mm}"
    "h1,h2,h3{break-after:avoid}p,li{orphans:3;widows:3}p{margin:0 0 2.5mm}ul,ol{margin:0 0 2.5mm;padding-left:6mm}"
    "table{border-collapse:collapse;width:100%}th,td{border:0.4pt solid #767676;padding:1.2mm 1.8mm;text-align:left}"
)
