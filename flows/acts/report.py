"""Opening an incident from a report, and adding facts to it."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from flows.acts.membership import join_from_the_start
from flows.desk import Desk
from models.difference import Change, changes
from models.document import Document, validated
from models.errors import BadInputError, OvertakenError
from models.incident import facts_of, find, identity, next_number
from models.ledger import record, sha256_of
from models.report import Report
from models.store import writing
from models.tables import FactsVersion, Incident


@dataclass(frozen=True)
class FactsAdded:
    """A new version of the facts, and what it changed."""

    number: str
    version: int
    changed: tuple[Change, ...]


def open_incident(desk: Desk, report: Report, *, by: str) -> str:
    """Open an incident with its first facts; gives its number."""
    with writing(desk.engine) as session:
        return opened_in(desk, session, report, by=by).number


def opened_in(desk: Desk, session: Session, report: Report, *, by: str) -> Incident:
    """Open an incident in the caller's transaction."""
    now = desk.clock()
    incident = Incident(
        number=next_number(session, now),
        title=report.title,
        opened_at=now,
        opened_by=by,
        zone=report.organisation.timezone or "UTC",
        rehearsal=desk.is_rehearsal,
    )
    session.add(incident)
    session.flush()
    join_from_the_start(session, incident, by)
    _keep(desk, session, incident, report, changes({}, _json(report)), by)
    return incident


def add_facts(desk: Desk, number: str, document: Document, *, by: str) -> FactsAdded:
    """Lay new facts over the known ones as a new version; a list in the document replaces the known list whole.

    Raises `BadInputError` when the whole would not be a valid report, and `NotAllowedError` for a closed incident.
    """
    with writing(desk.engine) as session:
        incident = find(session, number)
        if incident.state != "open":
            raise OvertakenError(f"{number} is closed; report what is new as an incident of its own")
        report, changed = facts_with(session, incident, document)
        if changed:
            incident.facts_version += 1
            incident.title = report.title
            incident.zone = report.organisation.timezone or incident.zone
            _keep(desk, session, incident, report, changed, by)
        return FactsAdded(number, incident.facts_version, tuple(changed))


def facts_with(session: Session, incident: Incident, document: Document) -> tuple[Report, list[Change]]:
    """The facts as they would be with those of the document laid over them, and what that changes; keeps nothing."""
    if not isinstance(document.data, dict):
        raise BadInputError(f"{document.source}: facts are a mapping, such as `records: 4000`")
    before = _json(facts_of(session, incident))
    report = validated(Report, Document(_laid_over(before, document.data), document.source, document.lines))
    return report, changes(before, _json(report))


def _keep(desk: Desk, session: Session, incident: Incident, report: Report, changed: list[Change], by: str) -> None:
    now, body = desk.clock(), _json(report)
    version = FactsVersion(
        incident_id=identity(incident),
        version=incident.facts_version,
        report=body,
        sha256=sha256_of(body),
        changed=[path for path, _, _ in changed],
        added_at=now,
        zone=incident.zone,
        added_by=by,
    )
    session.add_all([incident, version])
    payload = {"version": version.version, "sha256": version.sha256, "changed": version.changed}
    kind = "incident.reported" if version.version == 1 else "facts.added"
    record(session, incident, kind, payload, actor=by, at=now, zone=incident.zone)


def _json(report: Report) -> dict[str, Any]:
    return report.model_dump(mode="json", by_alias=True)


def _laid_over(known: Any, new: Any) -> Any:  # Any: plain JSON
    if isinstance(known, dict) and isinstance(new, dict):
        return {**known, **{key: _laid_over(known.get(key), value) for key, value in new.items()}}
    return new
