"""Reading the duties of an incident as they were last worked out, each with its reasons and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from flows.acts.evaluate import duty_of
from flows.desk import Desk
from models.duty import Duty
from models.incident import find
from models.store import reading
from models.tables import DutyRecord


@dataclass(frozen=True)
class KeptDuty:
    """One duty, where it stands, and which person decided it where the facts did not."""

    duty: Duty
    state: str  # open, undecided, met, closed
    met_at: datetime | None
    decided_by: str | None
    decision_reason: str | None


def kept_duties(desk: Desk, number: str, states: Sequence[str]) -> list[KeptDuty]:
    """The duties in these states, the one that is due first at the top."""
    with reading(desk.engine) as session:
        rows = session.exec(
            select(DutyRecord)
            .where(DutyRecord.incident_id == find(session, number).id, col(DutyRecord.state).in_(states))
            .order_by(col(DutyRecord.due_at).is_(None), col(DutyRecord.due_at), col(DutyRecord.id))
        ).all()
        return [KeptDuty(duty_of(row), row.state, row.met_at, row.decided_by, row.decision_reason) for row in rows]
