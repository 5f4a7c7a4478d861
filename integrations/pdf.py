"""Pages of HTML as PDF, by WeasyPrint and the Pango and fonts of this machine: tagged, fonts embedded, nothing fetched."""

import logging
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Lock
from types import ModuleType

from models.errors import BadInputError

VARIANT = "pdf/ua-1"
LONGEST_PAGE = 600_000
_IDENTIFIER = b"tocsin"  # else a random one would make equal pages different files
_MISSING_SIGN = re.compile(r'unsupported by fonts: "(.)"', re.DOTALL)
_REFUSED = "Failed to load"
_ONE_AT_A_TIME = Lock()  # what WeasyPrint warns of does not say of which page
_INSTALL_PANGO = "install Pango (Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; macOS: brew install pango)"
_INSTALL_FONTS = "install fonts that have them (Debian and Ubuntu: apt-get install fonts-noto-cjk fonts-dejavu)"


def pdf_of(page: str) -> bytes:
    """A whole HTML page as a PDF; the same page on the same machine gives the same bytes.

    A sign that is no letter and that no font has, such as an emoji, is named by its code point.
    Raises `BadInputError` where Pango or the letters of a language are missing on this machine, for a page that is too
    long, and for one that asks for anything outside itself.
    """
    if len(page) > LONGEST_PAGE:
        raise BadInputError(
            f"the page has {len(page)} characters; a PDF is made of at most {LONGEST_PAGE}, so export it as DOCX or HTML"
        )
    with _ONE_AT_A_TIME:
        return _written(page)


def _written(page: str) -> bytes:
    written, missing = _set(page)
    letters = [sign for sign in missing if unicodedata.category(sign)[0] in "LN"]
    if letters:
        raise BadInputError(f"no font on this machine has the signs {' '.join(letters[:10])}; {_INSTALL_FONTS}")
    if missing:
        named = {ord(sign): f"[U+{ord(sign):04X}]" for sign in missing}
        written, _ = _set(page.translate(named))
    return written


def _set(page: str) -> tuple[bytes, list[str]]:
    """The PDF, and the signs that no font of this machine has."""
    weasyprint, fetcher = _weasyprint(), import_module("weasyprint.urls").URLFetcher(allowed_protocols={"data"})
    with _said_by_weasyprint() as said:
        html = weasyprint.HTML(string=page, url_fetcher=fetcher)
        written: bytes = html.write_pdf(pdf_variant=VARIANT, pdf_identifier=_IDENTIFIER)
    outside = [line for line in said if _REFUSED in line]
    if any("data:image" in line for line in outside):
        raise BadInputError("the organisation's logo is no whole PNG or JPEG; set `logo` to one that is")
    if outside:
        raise BadInputError(f"the page asks for something outside itself, which a PDF never takes: {outside[0][:120]}")
    return written, sorted({found[1] for line in said if (found := _MISSING_SIGN.search(line))})


def fonts_of_this_machine() -> str:
    """What a PDF is set with here, in one line; raises `BadInputError` that says what to install."""
    weasyprint = _weasyprint()
    pdf_of(
        f'<html lang="zh-Hans"><title>t</title><body style="font-family:sans-serif">{"A é Ж 中 文 あ 한"}</body></html>'
    )
    return f"WeasyPrint {weasyprint.__version__}, fonts for Latin, Cyrillic, Chinese, Japanese and Korean"


def _weasyprint() -> ModuleType:
    """WeasyPrint, loaded when first needed: it is slow to import and asks for Pango at once."""
    try:
        return import_module("weasyprint")
    except OSError as error:  # what cffi raises for a library that is not there
        raise BadInputError(f"PDF needs the library Pango, which this machine lacks; {_INSTALL_PANGO}") from error


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@contextmanager
def _said_by_weasyprint() -> Iterator[list[str]]:
    """What WeasyPrint warns of meanwhile; only there does it say which signs no font has."""
    logger, listener = logging.getLogger("weasyprint"), _Listener()
    propagates = logger.propagate
    logger.addHandler(listener)
    logger.propagate = False
    try:
        yield listener.said
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagates
