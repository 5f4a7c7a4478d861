"""Text that every kind of document can hold."""

import re

# What XML 1.0, and so DOCX and XLSX, cannot hold; a sign takes its place so that nothing vanishes unseen.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_REPLACEMENT = "\ufffd"


def printable(text: str) -> str:
    """The text with a replacement sign for each control character that documents cannot hold."""
    return _UNPRINTABLE.sub(_REPLACEMENT, text)


def one_line(text: str) -> str:
    """The words of a text in one line."""
    return " ".join(printable(text).split())
