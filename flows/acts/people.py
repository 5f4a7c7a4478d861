"""The roster of an incident: loading it, counting it, and making the counts facts. No name leaves the roster."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from flows.acts.evaluate import Evaluated, evaluate
from flows.acts.report import FactsAdded, add_facts
from flows.acts.sightings import seen_by_command
from flows.desk import Desk
from flows.settings import Settings
from laws.assess import assess
from models.difference import changes
from models.document import Document, validated
from models.duty import Duty
from models.errors import BadInputError, NotAllowedError
from models.incident import facts_of, find
from models.ledger import record
from models.report import Report
from models.store import reading, writing
from people.cohort import drop_assignment
from people.columns import Mapping
from people.counting import Counts, count
from people.loading import Loaded, LoadedFile, load, loaded_files
from people.merging import Merge, merges, undo
from people.roster import destroy_key, open_roster
from people.set_aside import SetAside, set_aside, write_set_aside


@dataclass(frozen=True)
class DutyMove:
    """One duty whose answer would change."""

    provision: str
    stage: str
    recipient: str
    was: str | None
    now: str | None


@dataclass(frozen=True)
class Proposal:
    """What the counts would change: facts, then duties."""

    counts: Counts
    facts: dict[str, Any]
    changed: tuple[tuple[str, Any, Any], ...]
    duties: tuple[DutyMove, ...]


def roster_folder(settings: Settings, number: str) -> Path:
    """Where the roster of an incident lies."""
    return settings.home / "people" / number


def key_file(settings: Settings, number: str) -> Path:
    """Where the key of an incident's roster lies."""
    return (settings.people_keys or settings.home / "people" / "keys") / f"{number}.key"


def load_people(desk: Desk, number: str, files: list[str], mapping: Mapping, *, by: str) -> Loaded:
    """Load files into the incident's roster; the ledger notes how many rows, never whose."""
    with reading(desk.engine) as session:
        if find(session, number).state != "open":
            raise NotAllowedError(f"{number} is closed; report what is new as an incident of its own")
    with open_roster(roster_folder(desk.settings, number), key_file(desk.settings, number)) as roster:
        loaded = load(roster, files, mapping, desk.clock().date())
    note(desk, number, "people.loaded", {"files": len(files), **vars(loaded)}, by)
    return loaded


def count_people(desk: Desk, number: str) -> Proposal:
    """What the roster counts, and what facts and duties would change if the counts were accepted; keeps nothing."""
    counts = counts_of(desk, number)
    with reading(desk.engine) as session:
        report = facts_of(session, find(session, number))
    before = report.model_dump(mode="json", by_alias=True)
    facts = facts_from(counts, before)
    after = validated(Report, Document({**before, **facts}, "the counts", {}))
    return Proposal(
        counts,
        facts,
        tuple(changes(before, after.model_dump(mode="json", by_alias=True))),
        tuple(_duties_moved(desk, report, after)),
    )


def accept_counts(desk: Desk, number: str, *, by: str) -> tuple[FactsAdded, Evaluated]:
    """Make the counts facts, as a new version, and derive the duties again."""
    facts = count_people(desk, number).facts
    return add_facts(desk, number, Document(facts, "the roster", {}), by=by), evaluate(desk, number)


def facts_from(counts: Counts, known: dict[str, Any]) -> dict[str, Any]:
    """The counts in the report's form: groups of people, and categories of data not yet among the known ones."""
    groups = [
        {
            "jurisdiction": group.jurisdiction,
            "count": group.count,
            "relationship": group.relationship,
            "minors": group.minors,
            "languages": list(group.languages) or None,
        }
        for group in counts.groups
    ]
    if not groups:
        raise BadInputError(
            "nobody in the roster has a country; give one in a mapping file (defaults: country) and load again"
        )
    data = known.get("data") or []
    new = sorted(set(counts.categories) - {item["category"] for item in data})
    return {"people": groups, **({"data": [*data, *({"category": each} for each in new)]} if new else {})}


def forget_people(desk: Desk, number: str, *, by: str) -> bool:
    """Destroy the roster's key, and remove the store with what was set aside; the counts stay in the facts. Whether there was a key."""
    with reading(desk.engine) as session:
        find(session, number)
    destroyed = destroy_key(key_file(desk.settings, number))
    folder = roster_folder(desk.settings, number)
    for left in ("roster.duckdb", "roster.duckdb.wal"):
        (folder / left).unlink(missing_ok=True)
    shutil.rmtree(folder / "uploaded", ignore_errors=True)
    if destroyed:
        note(desk, number, "people.forgotten", {}, by)
    return destroyed


def list_set_aside(desk: Desk, number: str) -> list[SetAside]:
    """How many rows of which file were set aside, and why; nothing of what stands in them."""
    with _read_only(desk, number) as roster:
        return set_aside(roster)


def set_aside_and_files(desk: Desk, number: str) -> tuple[list[LoadedFile], list[SetAside]]:
    """Every file that was loaded, and what of each was set aside, by the files' own names."""
    with _read_only(desk, number) as roster:
        files, aside = loaded_files(roster), set_aside(roster)
    return (
        [replace(one, name=PurePath(one.name).name) for one in files],
        [replace(one, file=PurePath(one.file).name) for one in aside],
    )


def export_set_aside(desk: Desk, number: str, to: Path, *, by: str) -> int:
    """Write the rows that were set aside into a file, as they were given, and put on the ledger who took them."""
    with _read_only(desk, number) as roster:
        rows = write_set_aside(roster, to)
    note(desk, number, "people.set_aside_taken", {"rows": rows}, by)
    seen_by_command(desk, number, by, "rows set aside", rows)
    return rows


def list_merges(desk: Desk, number: str, limit: int) -> list[Merge]:
    """The merges of the roster, each with its explanation."""
    with _read_only(desk, number) as roster:
        return merges(roster, limit)


def undo_merge(desk: Desk, number: str, merged: str, *, by: str) -> None:
    """Take one merge back."""
    with open_roster(roster_folder(desk.settings, number), key_file(desk.settings, number), make=False) as roster:
        undo(roster, merged)
        drop_assignment(roster)
    note(desk, number, "people.merge_undone", {"person": merged}, by)


def _read_only(desk: Desk, number: str) -> Any:  # Any: a context manager of Roster
    return open_roster(roster_folder(desk.settings, number), key_file(desk.settings, number), read_only=True)


def counts_of(desk: Desk, number: str) -> Counts:
    """How many people are in the roster, of each kind."""
    with _read_only(desk, number) as roster:
        return count(roster)


def _duties_moved(desk: Desk, before: Report, after: Report) -> list[DutyMove]:
    day = desk.clock().date()
    was = {duty.key: duty for duty in assess(before, desk.laws, day).duties}
    now = {duty.key: duty for duty in assess(after, desk.laws, day).duties}
    keys = [key for key in dict.fromkeys([*was, *now]) if _verdict(was.get(key)) != _verdict(now.get(key))]
    return [DutyMove(*key, _verdict(was.get(key)), _verdict(now.get(key))) for key in keys]


def _verdict(duty: Duty | None) -> str | None:
    return duty.verdict.value if duty else None


def note(desk: Desk, number: str, kind: str, payload: dict[str, Any], by: str) -> None:
    """Put what was done with the roster on the ledger: counts and opaque ids, never a name."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        record(session, incident, kind, payload, actor=by, at=desk.clock(), zone=incident.zone)
