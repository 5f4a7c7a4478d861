"""Finding an incident, and what is known of it now."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from models.document import nearest
from models.errors import HaltedError, UnknownNameError
from models.report import Report
from models.tables import FactsVersion, Incident

NUMBERS_LOCK = 7_405_134  # any number that nobody else takes an advisory lock on


def find(session: Session, number: str) -> Incident:
    """The incident called `number`, or an `UnknownNameError` with the nearest number there is."""
    incident = session.exec(select(Incident).where(Incident.number == number)).first()
    if incident is None:
        known = session.exec(select(Incident.number).order_by(col(Incident.id).desc()).limit(200)).all()
        raise UnknownNameError(
            f"no incident is called {number!r}{nearest(number, known) or '; report one with `tocsin report FILE`'}"
        )
    return incident


def identity(row: Any) -> int:  # any table's row: they all call their key `id`
    """The key of a row that is in the database."""
    assert row.id is not None, "the row was flushed"
    return int(row.id)


def next_number(session: Session, now: datetime) -> str:
    """The number after the last one given in the year of `now`; nobody else gets one before the caller's transaction ends."""
    if session.get_bind().dialect.name == "postgresql":  # on SQLite a writer is alone from its beginning
        session.execute(select(func.pg_advisory_xact_lock(NUMBERS_LOCK)))
    prefix = f"INC-{now.year}-"
    last = session.exec(
        select(Incident.number)
        .where(col(Incident.number).startswith(prefix))
        .order_by(col(Incident.id).desc())
        .limit(1)
    ).first()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04d}"


def find_locked(session: Session, number: str) -> Incident:
    """The incident with its row locked until the transaction ends, so that of two who decide at once the second waits."""
    incident = find(session, number)
    session.refresh(incident, with_for_update=True)
    return incident


def refuse_halted(incident: Incident) -> None:
    """Raise `HaltedError` for an incident whose carrying a person stopped."""
    if incident.halted_at is not None:
        raise HaltedError(
            f"{incident.number} is halted: a run of it was cancelled ({incident.halted_by}); `tocsin respond {incident.number}` goes on"
        )


def facts_of(session: Session, incident: Incident, version: int | None = None) -> Report:
    """The incident's facts: the latest version, or the one asked for."""
    wanted = version or incident.facts_version
    row = session.exec(
        select(FactsVersion).where(FactsVersion.incident_id == incident.id, FactsVersion.version == wanted)
    ).first()
    if row is None:
        raise UnknownNameError(f"{incident.number} has no facts version {wanted}; it has {incident.facts_version}")
    return Report.model_validate(row.report)
