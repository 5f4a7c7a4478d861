"""Exporting notices: the same signed words as files for a person, a word processor, a portal or a machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.acts.paper import OnPaper, as_pdf, notice_ids, put_on_paper
from flows.desk import Desk
from models.document import nearest
from models.errors import BadInputError
from models.vocabulary import Audience


@dataclass(frozen=True)
class Exported:
    """One file that was written, of which text."""

    notice: int
    what: str
    format: str
    file: str
    version: int
    sha256: str
    state: str
    may_leave: bool


def export_notices(
    desk: Desk,
    number: str,
    notice: int | None,
    formats: Sequence[str],
    folder: Path,
    language: str | None = None,
) -> Iterator[Exported]:
    """Write one notice, or every one, into `folder` in each format; a file is named by what it is and its version.

    `language` is that of the words around a portal sheet's fields; without it, that of the text.
    Raises `BadInputError` for an unknown format, or a folder that cannot be written.
    """
    writers = {name: _writer(name) for name in formats}
    ids = notice_ids(desk, number) if notice is None else [notice]
    _make(folder)
    for one in put_on_paper(desk, number, ids, language):
        for name, (suffix, write) in writers.items():
            if name == "sheet" and one.filing.audience not in FILED:
                _is_not_alone(one, writers, alone=notice is not None)
                continue
            file = folder / f"{one.name}{suffix}"
            _keep(file, write(one))
            paper = one.paper
            yield Exported(
                paper.notice,
                one.what,
                name,
                str(file),
                paper.version,
                paper.sha256,
                paper.state,
                paper.may_leave,
            )


def exported_notice(desk: Desk, number: str, notice: int, form: str) -> tuple[str, bytes]:
    """One notice as a file: its name and its content; raises as `export_notices` does."""
    suffix, write = _writer(form)
    [one] = put_on_paper(desk, number, [notice])
    if form == "sheet" and one.filing.audience not in FILED:
        _is_not_alone(one, {form: (suffix, write)}, alone=True)
    return f"{one.name}{suffix}", write(one)


FILED = (Audience.AUTHORITY, Audience.CSIRT, Audience.POLICE)
Writer = tuple[str, Callable[[OnPaper], bytes]]


def _is_not_alone(one: OnPaper, writers: Mapping[str, Writer], *, alone: bool) -> None:
    """A text that is no filing has no sheet, which matters where nothing else was asked for."""
    if alone and len(writers) == 1:
        raise BadInputError(f"notice {one.paper.notice} is no filing to an authority; only these have a portal sheet")


def _text(one: OnPaper) -> bytes:
    from templates.paper import text_of

    return text_of(one.paper).encode()


def _html(one: OnPaper) -> bytes:
    from templates.print_page import page_of

    return page_of(one.paper).encode()


def _docx(one: OnPaper) -> bytes:
    from templates.docx_file import docx_of

    return docx_of(one.paper)


def _pdf(one: OnPaper) -> bytes:
    return as_pdf(one.paper)


def _json(one: OnPaper) -> bytes:
    return (one.filing.model_dump_json(indent=2) + "\n").encode()


def _sheet(one: OnPaper) -> bytes:
    from templates.sheet import sheet_of

    return sheet_of(one.filed).encode()


# Each loads what it needs when first used: a word processor's format takes longer to import than most commands to run.
WRITERS: dict[str, Writer] = {
    "text": (".txt", _text),
    "html": (".html", _html),
    "docx": (".docx", _docx),
    "pdf": (".pdf", _pdf),
    "json": (".json", _json),
    "sheet": ("-sheet.html", _sheet),
}


def _writer(name: str) -> Writer:
    if name not in WRITERS:
        raise BadInputError(f"{name!r} is not a format{nearest(name, [*WRITERS, 'all'])}")
    return WRITERS[name]


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"{folder}: cannot be made ({error.strerror}); name another folder with --to") from error


def _keep(file: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    draft = file.with_name(f".{file.name}.part")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    except OSError as error:
        raise BadInputError(f"{file}: cannot be written ({error.strerror}); name another folder with --to") from error
