"""Letters on paper: batches ready to be printed, each a PDF with its manifest, and the word that a batch was posted."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from sqlalchemy import update
from sqlmodel import func, select

from flows.acts.people import key_file, roster_folder
from flows.acts.people_claim import ROW, InHand, Settled, claim, put_back, recover
from flows.acts.people_told import settle_told
from flows.acts.team import roles_of
from flows.desk import Desk
from integrations.outcome import Outcome
from integrations.pdf import pdf_of
from models.errors import BadInputError, NotAllowedError
from models.incident import find
from models.lease import this_run
from models.ledger import record
from models.store import reading, writing
from people.addressed import addressees
from people.cohort import kept_cohorts
from people.letter import Addressee, in_html
from people.own import own_people
from people.roster import Roster, open_roster
from templates.letter_sheet import sheets

MOST = 50  # letters in one file: a PDF is set from a page of bounded length
HEADINGS = ("place", "reference", "key", "language", "country", "destination", "text_sha256", "pdf_sha256")


@dataclass(frozen=True)
class Batch:
    """One PDF and its manifest."""

    name: str
    letters: int
    pdf: Path
    manifest: Path
    sha256: str


def write_letters(desk: Desk, number: str, folder: Path, *, by: str, most: int = MOST) -> list[Batch]:
    """Write everything that waits to be posted into a folder, batch by batch; what was written is not written again.

    A batch holds one language and one country, so that a printer can sort it. Raises `NotAllowedError` while nothing may go.
    """
    with reading(desk.engine) as session:
        roles_of(session, by)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    roster_in = roster_folder(desk.settings, number)
    with open_roster(roster_in, key_file(desk.settings, number), read_only=True) as roster:
        recover(desk, number, roster_in / "sending")
        _finish_names(desk, number, folder)
        ours = own_people(kept_cohorts(roster))
        made: list[Batch] = []
        while batches := _next(desk, number, folder, roster, ours, most, by):
            made += batches
    return made


def _next(
    desk: Desk, number: str, folder: Path, roster: Roster, ours: dict[int, Addressee], most: int, by: str
) -> list[Batch]:
    holder = this_run()
    rows = claim(desk, number, holder, ["post"], most, {})
    people = {**ours, **addressees(roster, [row.seq for row in rows if row.seq > 0])}
    there = [row for row in rows if row.seq in people]
    left = Outcome("refused", "is not in the roster any more")
    put_back(desk, holder, [Settled(row, left, desk.clock()) for row in rows if row not in there], ())
    kind = sorted(there, key=lambda row: _kind(row, people))
    try:
        made = [
            _written(desk, number, folder, holder, list(group), people, by)
            for _, group in groupby(kind, lambda row: _kind(row, people))
        ]
    except BadInputError:
        put_back(desk, holder, (), rows)
        raise
    return made


def _kind(row: InHand, people: dict[int, Addressee]) -> tuple[str, str]:
    return row.text.language, people[row.seq].country or ""


def _written(
    desk: Desk,
    number: str,
    folder: Path,
    holder: str,
    rows: Sequence[InHand],
    people: dict[int, Addressee],
    by: str,
) -> Batch:
    """The files first, under a name that says they are not finished; then the rows; then the name."""
    language, country = _kind(rows[0], people)
    letters = [row.text.letter.filled(in_html(row.text.wording.parts(people[row.seq]))) for row in rows]
    pdf = pdf_of(sheets(letters, language, number, country))
    sha256 = hashlib.sha256(pdf).hexdigest()
    name = f"{number}-letters-{sha256[:12]}"
    batch = Batch(name, len(rows), folder / f"{name}.pdf", folder / f"{name}.csv", sha256)
    _part(batch.pdf).write_bytes(pdf)
    _part(batch.manifest).write_text(_manifest(rows, people, sha256), encoding="utf-8")
    for file in (_part(batch.pdf), _part(batch.manifest)):
        file.chmod(0o600)
    with writing(desk.engine) as session:
        incident = find(session, number)
        session.execute(
            update(ROW)
            .where(ROW.c.id.in_([row.id for row in rows]), ROW.c.holder == holder)
            .values(state="written", batch=name, holder=None, lease_until=None)
        )
        payload = {"batch": name, "letters": len(rows), "sha256": sha256}
        record(session, incident, "people.letters", payload, actor=by, at=desk.clock(), zone=incident.zone)
    _named(batch.pdf)
    _named(batch.manifest)
    return batch


def _manifest(rows: Sequence[InHand], people: dict[int, Addressee], sha256: str) -> str:
    """A line for each letter, in the order of the PDF; whose it is only the letter says."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    for place, row in enumerate(rows, 1):
        person = people[row.seq]
        wording, country = row.text.wording, person.country
        goes_to = (country, wording.destination(country) if country else None)
        reference = wording.parts(person)["reference"]
        writer.writerow((place, reference, row.key, row.text.language, *goes_to, row.text.sha256, sha256))
    return out.getvalue()


def _part(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def _named(file: Path) -> None:
    _part(file).replace(file)


def _finish_names(desk: Desk, number: str, folder: Path) -> None:
    """What a run that died left: a batch that is on record gets its name, another is removed."""
    for part in folder.glob(f"{number}-letters-*.part"):
        with reading(desk.engine) as session:
            known = session.execute(select(func.count()).where(ROW.c.batch == part.name.split(".")[0])).scalar_one()
        part.replace(part.with_suffix("")) if known else part.unlink()


def posted(desk: Desk, number: str, batch: str, *, by: str, at: datetime | None = None) -> int:
    """Say that a batch was handed to the post; gives how many letters that were. A duty may be met by it."""
    when = at or desk.clock()
    if when > desk.clock():
        raise BadInputError(f"{when:%Y-%m-%d %H:%M} lies ahead; say it when it has been posted")
    with writing(desk.engine) as session:
        incident = find(session, number)
        roles_of(session, by)
        done = session.execute(
            update(ROW)
            .where(ROW.c.incident_id == incident.id, ROW.c.batch == batch, ROW.c.state == "written")
            .values(state="sent", sent_at=when, answer="posted")
        )
        letters = int(done.rowcount)  # type: ignore[attr-defined]  # an update has one
        if not letters:
            raise NotAllowedError(
                f"{number} has no batch {batch!r} that waits to be posted; `tocsin people progress {number}`"
            )
        payload = {"batch": batch, "letters": letters}
        record(session, incident, "people.posted", payload, actor=by, at=desk.clock(), zone=incident.zone)
    settle_told(desk, number)
    return letters
