"""Halting: a run of the incident was cancelled, so that nothing is carried on until a person says so. Its clocks run on."""

from sqlmodel import select

from flows.desk import Desk
from models.clock import rfc3339
from models.incident import find_locked
from models.ledger import record
from models.store import reading, writing
from models.tables import Incident, LedgerEntry


def halt(desk: Desk, number: str, *, run: str, by: str, said: str) -> bool:
    """Note that a run was cancelled, and carry the incident on no further; False where it was noted before.

    `said` is what the server knows about it; Prefect's own server knows no users.
    """
    with writing(desk.engine) as session:
        incident = find_locked(session, number)
        known = session.exec(
            select(LedgerEntry.payload).where(
                LedgerEntry.incident_id == incident.id, LedgerEntry.kind == "run.cancelled"
            )
        )
        if any(payload["run"] == run for payload in known):
            return False
        incident.halted_at, incident.halted_by = desk.clock(), by
        session.add(incident)
        record(
            session,
            incident,
            "run.cancelled",
            {"run": run, "said": said},
            actor=by,
            at=desk.clock(),
            zone=incident.zone,
        )
        return True


def resume(desk: Desk, number: str, *, by: str) -> bool:
    """Let a halted incident be carried on again; False where it was not halted."""
    with writing(desk.engine) as session:
        incident = find_locked(session, number)
        if incident.halted_at is None:
            return False
        payload = {"halted_at": rfc3339(incident.halted_at), "halted_by": incident.halted_by}
        incident.halted_at, incident.halted_by = None, None
        session.add(incident)
        record(session, incident, "run.resumed", payload, actor=by, at=desk.clock(), zone=incident.zone)
        return True


def open_numbers(desk: Desk) -> set[str]:
    """The numbers of every open incident."""
    with reading(desk.engine) as session:
        return set(session.exec(select(Incident.number).where(Incident.state == "open")))
