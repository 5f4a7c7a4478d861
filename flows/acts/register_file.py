"""The breach register as a file: a workbook to filter, pages to print, a document for machines, plain text."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from flows.desk import Desk
from models.clock import rfc3339
from models.document import nearest
from models.errors import BadInputError
from models.register import FORMAT, RegisterDuty, RegisterEntry, RegisterRefusal
from templates.register_page import register_page, register_text
from templates.register_words import RegisterWords, plain_words

LANGUAGE = "en"
Entries = Iterable[RegisterEntry]
Value = str | int | float | datetime | bool | None


def write_register(desk: Desk, entries: Entries, format: str, file: Path, language: str = LANGUAGE) -> int:
    """Write the entries to `file` and give how many there are.

    Raises `BadInputError` for an unknown format, a file that cannot be written, and more entries than pages can take.
    """
    if format not in WRITERS:
        raise BadInputError(f"{format!r} is not a format of the register{nearest(format, WRITERS)}")
    counted, words = _Counted(entries), RegisterWords(language)
    draft = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[format](desk, counted, draft, words)
        draft.replace(file)
    except OSError as error:
        raise BadInputError(f"{file}: cannot be written ({error.strerror}); name another with --to") from error
    finally:
        draft.unlink(missing_ok=True)
    return counted.count


class _Counted:
    def __init__(self, entries: Entries) -> None:
        self._entries, self.count = entries, 0

    def __iter__(self) -> Iterator[RegisterEntry]:
        for entry in self._entries:
            self.count += 1
            yield entry


def register_json(desk: Desk, entries: Entries) -> Iterator[str]:
    """The register as one JSON document, an entry at a time."""
    name = json.dumps(desk.organisation.name, ensure_ascii=False)
    head = f'"format": "{FORMAT}", "organisation": {name}, "made_at": "{rfc3339(desk.clock())}", "entries": ['
    yield "{" + head
    between = "\n"
    for entry in entries:
        yield between + entry.model_dump_json()
        between = ",\n"
    yield "\n]}\n"


def _write_json(desk: Desk, entries: Entries, file: Path, words: RegisterWords) -> None:  # noqa: ARG001 - called alike
    with file.open("w", encoding="utf-8") as out:
        out.writelines(register_json(desk, entries))


def _write_text(desk: Desk, entries: Entries, file: Path, words: RegisterWords) -> None:  # noqa: ARG001 - called alike
    with file.open("w", encoding="utf-8") as out:
        out.writelines(register_text(entries, words))


def _write_pdf(desk: Desk, entries: Entries, file: Path, words: RegisterWords) -> None:
    from integrations.pdf import LONGEST_PAGE, pdf_of

    page = register_page(entries, desk.organisation.name or "", desk.clock(), LONGEST_PAGE, words)
    if len(page) > LONGEST_PAGE:
        raise BadInputError(
            "the register is too long for one PDF; name a shorter time with --from and --until, or use xlsx"
        )
    file.write_bytes(pdf_of(page))


def _write_xlsx(desk: Desk, entries: Entries, file: Path, words: RegisterWords) -> None:
    from integrations.xlsx import Book, Column

    book = Book(words.say("title"), desk.organisation.name or "Tocsin", desk.clock())

    def sheet(name: str, columns: Sequence[tuple[str, int]], frozen: int = 1) -> Callable[[Sequence[Value]], None]:
        named = [Column(words.say(f"column.{key}"), width) for key, width in columns]
        return book.sheet(words.say(f"sheet.{name}"), named, frozen=frozen)

    breach, duty, refusal = sheet("breaches", BREACHES, 2), sheet("told", TOLD), sheet("not_told", NOT_TOLD)
    for entry in entries:
        breach(_breach(entry, words))
        for one in entry.told:
            duty(_told(entry.number, one, words))
        for left_out in entry.not_told:
            refusal(_not_told(entry.number, left_out, words))
    book.save(file)


BREACHES = (
    *(("number", 15), ("title", 36), ("rehearsal", 11), ("state", 9), ("recorded", 17), ("recorded_by", 18)),
    *(("closed", 17), ("kind", 24), ("cause", 22), ("affected", 24), ("began", 17), ("ended", 17)),
    *(("detected", 17), ("aware", 17), ("contained", 17), ("data", 34), ("records", 12), ("people", 12)),
    *(("places", 26), ("groups", 18), ("minors", 9), ("vulnerable", 11), ("severity", 11), ("score", 8)),
    *(("effects", 44), ("measures", 44), ("planned", 34), ("authorities", 24), ("people_told", 24)),
    *(("reasons", 50), ("late_reasons", 34), ("facts_version", 9)),
)
TOLD = (
    *(("number", 15), ("provision", 26), ("citation", 34), ("stage", 18), ("audience", 14), ("recipient", 40)),
    *(("standing", 13), ("due", 17), ("told", 17), ("late", 8), ("references", 34), ("decided", 34)),
)
NOT_TOLD = (
    *(("number", 15), ("provision", 26), ("citation", 34), ("audience", 14), ("recipient", 40), ("why", 70)),
    ("decided", 34),
)


def _breach(entry: RegisterEntry, words: RegisterWords) -> tuple[Value, ...]:
    return (
        *(entry.number, entry.title, words.yes(entry.rehearsal), words.say(f"state.{entry.state}")),
        *(entry.recorded_at, entry.recorded_by, entry.closed_at),
        *(words.word("kind", entry.kind), words.word("cause", entry.cause)),
        words.listed(words.say(f"affected.{one}") for one in entry.affected),
        *(entry.occurred_from, entry.occurred_to, entry.detected_at, entry.aware_at, entry.contained_at),
        *("\n".join(words.word("category", one) for one in entry.data), entry.records, entry.people),
        words.listed(f"{one.place} {'?' if one.count is None else one.count}" for one in entry.places),
        words.listed(words.word("relationship", one) for one in entry.relationships),
        *(words.yes(entry.minors), words.yes(entry.vulnerable)),
        *(words.word("level", entry.severity), entry.severity_score),
        *("\n".join(plain_words(entry.effects)), "\n".join(one.text for one in entry.measures)),
        *(entry.measures_planned, words.summary(entry, "authority"), words.summary(entry, "individuals")),
        *(words.reasons(entry), words.late(entry), entry.facts_version),
    )


def _told(number: str, duty: RegisterDuty, words: RegisterWords) -> tuple[Value, ...]:
    audience, standing = words.word("audience", duty.audience), words.standing(duty.standing)
    return (
        *(number, duty.provision, duty.citation, words.stage(duty.stage), audience, duty.recipient, standing),
        *(duty.due_at, duty.told_at, words.yes(duty.late), ", ".join(duty.references), duty.decided),
    )


def _not_told(number: str, one: RegisterRefusal, words: RegisterWords) -> tuple[Value, ...]:
    audience = words.word("audience", one.audience)
    return (number, one.provision, one.citation, audience, one.recipient, "\n".join(one.reasons), one.decided)


WRITERS: dict[str, Callable[[Desk, Entries, Path, RegisterWords], None]] = {
    "xlsx": _write_xlsx,
    "pdf": _write_pdf,
    "json": _write_json,
    "text": _write_text,
}
