"""Numbers and dates in a text, read in the formats of its language, so that one written otherwise is still known as the same."""

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_skeleton

NUMBER = re.compile(
    r"^(?:#+ )?\d{1,3}[.)] "  # the number of a heading or of an item in a list, which states nothing
    r"|\d{4}年\d{1,2}月\d{1,2}日|\d{4}년 \d{1,2}월 \d{1,2}일"
    r"|\d{1,2}(?:\\?\.|º|er)? (?:de )?[^\W\d_]+\.? (?:de )?\d{4}|[^\W\d_]+ \d{1,2}, \d{4}|\d{4}-\d{2}-\d{2}"
    r"|\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d[\d,.]*\s?[万萬亿億만억]"
    r"|\d[\d,.:\u00a0\u202f' ]*\d|\d",
    re.MULTILINE,
)
_MYRIADS = {"万": 10_000, "萬": 10_000, "만": 10_000, "亿": 100_000_000, "億": 100_000_000, "억": 100_000_000}


def figures(text: str) -> Iterator[tuple[str, int]]:
    """Every number and date of a text with its place, but for those that only count headings and items."""
    for found in NUMBER.finditer(text):
        if not re.match(r"(?:#+ )?\d{1,3}[.)] $", found[0]):
            yield found[0].rstrip(",.: \u00a0\u202f'"), found.start()


@lru_cache(maxsize=8192)
def amount(figure: str, locale: str) -> str:
    """A number without the marks of its language, `31400` for `31,400`; what is no whole number stays as it stands."""
    signs = Locale.parse(locale).number_symbols["latn"]
    group = str(signs.get("group", ","))
    if figure[-1] in _MYRIADS:
        number = figure[:-1].strip().replace(group, "")
        return str(round(float(number) * _MYRIADS[figure[-1]])) if re.fullmatch(r"\d+(?:\.\d+)?", number) else figure
    groups = "[\u00a0\u202f ]" if group in "\u00a0\u202f" else re.escape(group)
    return re.sub(groups, "", figure) if re.fullmatch(rf"\d{{1,3}}(?:{groups}\d{{3}})+", figure) else figure


@lru_cache(maxsize=1024)
def day_forms(day: date, locale: str) -> frozenset[str]:
    """The ways in which a language writes a day: long, medium and short, without the year, and as ISO 8601."""
    spoken = Locale.parse(locale)
    forms = {format_date(day, form, spoken) for form in ("long", "medium", "short")}
    forms |= {format_skeleton(skeleton, day, locale=spoken) for skeleton in ("MMMMd", "MMMd", "yMMMd", "yMd")}
    return frozenset(forms | {day.isoformat(), day.strftime("%d/%m/%Y"), day.strftime("%d.%m.%Y")})
