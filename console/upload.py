"""A form with one file of any size, taken in as it arrives: no more of it than one piece is ever in memory or twice on disk."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from flows.acts.evidence import Incoming
from models.errors import BadInputError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks  # there for checkers of types alone

LONGEST_FIELD = 10_000
LONGEST_NAME = 200


@dataclass
class Upload:
    """The fields before the file, the file's own name, and the file; `discard` leaves nothing of one that is not kept."""

    fields: dict[str, str] = field(default_factory=dict)
    file_name: str = ""
    file: Incoming | None = None

    def discard(self) -> None:
        """Leave nothing of a file that is not kept."""
        if self.file is not None:
            self.file.discard()


Begin = Callable[[dict[str, str]], Incoming]
"""Looks at the fields that came before the file, and opens the place for it, or refuses."""


async def receive(request: Request, upload: Upload, begin: Begin) -> None:
    """Read the form into `upload`; raises `BadInputError` for what is no such form."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise BadInputError("a form with a file is needed; choose one and send it again")
    parser = MultipartParser(options[b"boundary"], _Parts(upload, begin).callbacks())
    try:
        async for chunk in request.stream():
            await run_in_threadpool(parser.write, chunk)
        parser.finalize()
    except FormParserError as error:
        raise BadInputError("the form did not come in whole; send it again") from error


class _Parts:
    """Sorts the parts of a form, as the parser meets them, into fields and the file."""

    def __init__(self, upload: Upload, begin: Begin) -> None:
        self.upload, self.begin = upload, begin
        self.header, self.value, self.disposition = b"", b"", b""
        self.name, self.in_file, self.text = "", False, b""

    def callbacks(self) -> "MultipartCallbacks":
        """By which names the parser calls back."""
        return {
            "on_part_begin": self.part_begins,
            "on_header_field": self.header_goes_on,
            "on_header_value": self.value_goes_on,
            "on_header_end": self.header_ends,
            "on_headers_finished": self.headers_end,
            "on_part_data": self.data_comes,
            "on_part_end": self.part_ends,
        }

    def part_begins(self) -> None:
        """A new part."""
        self.disposition, self.text, self.in_file = b"", b"", False

    def header_goes_on(self, data: bytes, start: int, end: int) -> None:
        """More of a header's name."""
        self.header += data[start:end]

    def value_goes_on(self, data: bytes, start: int, end: int) -> None:
        """More of a header's value."""
        self.value += data[start:end]

    def header_ends(self) -> None:
        """A header is whole."""
        if self.header.lower() == b"content-disposition":
            self.disposition = self.value
        self.header = self.value = b""

    def headers_end(self) -> None:
        """What follows is the part itself: a field, or the file."""
        _, options = parse_options_header(self.disposition)
        self.name = options.get(b"name", b"").decode(errors="replace")
        if b"filename" not in options:
            return
        if self.upload.file is not None:
            raise BadInputError("one file at a time; send the others after it")
        self.in_file, self.upload.file_name = True, own_name(options[b"filename"].decode(errors="replace"))
        self.upload.file = self.begin(self.upload.fields)

    def data_comes(self, data: bytes, start: int, end: int) -> None:
        """A piece of the part."""
        if self.in_file and self.upload.file is not None:
            self.upload.file.write(data[start:end])
        elif len(self.text) + end - start > LONGEST_FIELD:
            raise BadInputError(f"{self.name}: longer than {LONGEST_FIELD} bytes; shorten it")
        else:
            self.text += data[start:end]

    def part_ends(self) -> None:
        """The part is whole."""
        if not self.in_file:
            self.upload.fields[self.name] = self.text.decode(errors="replace")


def announced(request: Request) -> int | None:
    """How many bytes the request says that it has."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


def own_name(given: str) -> str:
    """A file's own name without any folder, on one line, cut to a length that can be shown."""
    last = given.replace("\\", "/").rpartition("/")[2]
    return "".join(sign if sign.isprintable() else " " for sign in last).strip()[:LONGEST_NAME]
