"""The breach register as a file: a workbook to filter, pages to print, a document for machines, plain text."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

from flows.desk import Desk
from models.clock import rfc3339
from models.document import nearest
from models.errors import BadInputError
from models.register import FORMAT, RegisterDuty, RegisterEntry, RegisterRefusal
from templates.register_page import (
    TITLE,
    late_words,
    plain_words,
    reasons_of,
    register_page,
    register_text,
    summary,
    word,
)

Entries = Iterable[RegisterEntry]
Value = str | int | float | datetime | bool | None


def write_register(desk: Desk, entries: Entries, format: str, file: Path) -> int:
    """Write the entries to `file` and give how many there are.

    Raises `BadInputError` for an unknown format, a file that cannot be written, and more entries than pages can take.
    """
    if format not in WRITERS:
        raise BadInputError(f"{format!r} is not a format of the register{nearest(format, WRITERS)}")
    counted = _Counted(entries)
    draft = file.with_name(f".{file.name}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        WRITERS[format](desk, counted, draft)
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


def _write_json(desk: Desk, entries: Entries, file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        out.writelines(register_json(desk, entries))


def _write_text(desk: Desk, entries: Entries, file: Path) -> None:  # noqa: ARG001 - every writer is called alike
    with file.open("w", encoding="utf-8") as out:
        out.writelines(register_text(entries))


def _write_pdf(desk: Desk, entries: Entries, file: Path) -> None:
    from integrations.pdf import LONGEST_PAGE, pdf_of

    page = register_page(entries, desk.organisation.name or "", desk.clock(), LONGEST_PAGE)
    if len(page) > LONGEST_PAGE:
        raise BadInputError(
            "the register is too long for one PDF; name a shorter time with --from and --until, or use xlsx"
        )
    file.write_bytes(pdf_of(page))


def _write_xlsx(desk: Desk, entries: Entries, file: Path) -> None:
    from integrations.xlsx import Book, Column

    book = Book(TITLE, desk.organisation.name or "Tocsin", desk.clock())
    breach = book.sheet("Breaches", [Column(*one) for one in BREACHES], frozen=2)
    duty = book.sheet("Told", [Column(*one) for one in TOLD])
    refusal = book.sheet("Not told", [Column(*one) for one in NOT_TOLD])
    for entry in entries:
        breach(_breach(entry))
        for one in entry.told:
            duty(_told(entry.number, one))
        for left_out in entry.not_told:
            refusal(_not_told(entry.number, left_out))
    book.save(file)


BREACHES = (
    *(("Number", 15), ("Title", 36), ("Rehearsal", 11), ("State", 9), ("Recorded (UTC)", 17), ("Recorded by", 18)),
    *(("Closed (UTC)", 17), ("Kind", 24), ("Cause", 22), ("Affected", 24), ("Began (UTC)", 17), ("Ended (UTC)", 17)),
    *(("Detected (UTC)", 17), ("Aware (UTC)", 17), ("Contained (UTC)", 17), ("Kinds of data", 34), ("Records", 12)),
    *(("People", 12), ("Where they live", 26), ("Who they are", 18), ("Minors", 9), ("Vulnerable", 11)),
    *(("Severity", 11), ("Score", 8), ("Effects", 44), ("Remedial action", 44), ("Planned", 34)),
    *(("Authorities", 24), ("People told", 24), ("Reasons for not telling", 50), ("Reasons for being late", 34)),
    ("Facts version", 9),
)
TOLD = (
    *(("Number", 15), ("Provision", 26), ("Citation", 34), ("Stage", 18), ("Audience", 14), ("Recipient", 40)),
    *(("Standing", 13), ("Due (UTC)", 17), ("Told (UTC)", 17), ("Late", 8), ("References", 34), ("Decided by", 34)),
)
NOT_TOLD = (
    *(("Number", 15), ("Provision", 26), ("Citation", 34), ("Audience", 14), ("Recipient", 40), ("Reasons", 70)),
    ("Decided by", 34),
)


def _breach(entry: RegisterEntry) -> tuple[Value, ...]:
    return (
        *(entry.number, entry.title, _yes(entry.rehearsal), entry.state, entry.recorded_at, entry.recorded_by),
        *(entry.closed_at, word("kind", entry.kind), word("cause", entry.cause), ", ".join(entry.affected)),
        *(entry.occurred_from, entry.occurred_to, entry.detected_at, entry.aware_at, entry.contained_at),
        *("\n".join(word("category", one) for one in entry.data), entry.records, entry.people),
        ", ".join(f"{one.place} {'?' if one.count is None else one.count}" for one in entry.places),
        ", ".join(word("relationship", one) for one in entry.relationships),
        *(_yes(entry.minors), _yes(entry.vulnerable), word("level", entry.severity), entry.severity_score),
        *("\n".join(plain_words(entry.effects)), "\n".join(one.text for one in entry.measures)),
        *(entry.measures_planned, summary(entry, "authority"), summary(entry, "individuals")),
        *(reasons_of(entry), late_words(entry), entry.facts_version),
    )


def _told(number: str, duty: RegisterDuty) -> tuple[Value, ...]:
    return (
        *(number, duty.provision, duty.citation, duty.stage, duty.audience, duty.recipient, duty.standing),
        *(duty.due_at, duty.told_at, _yes(duty.late), ", ".join(duty.references), duty.decided),
    )


def _not_told(number: str, one: RegisterRefusal) -> tuple[Value, ...]:
    return (number, one.provision, one.citation, one.audience, one.recipient, "\n".join(one.reasons), one.decided)


def _yes(value: bool | None) -> str:
    return "not known" if value is None else "yes" if value else "no"


WRITERS: dict[str, Callable[[Desk, Entries, Path], None]] = {
    "xlsx": _write_xlsx,
    "pdf": _write_pdf,
    "json": _write_json,
    "text": _write_text,
}
