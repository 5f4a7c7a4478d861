"""Reading the steps of an incident as the people who do them need them: what to do, by whom, with which evidence."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from flows.acts.playbook import kept_playbook, planned, step_rows, step_sha256
from flows.acts.tickets import TicketLine, tickets_of
from flows.desk import Desk
from models.incident import find
from models.store import reading
from models.tables import Evidence, Incident, Step
from playbooks.plan import PlannedStep
from playbooks.step import in_language


@dataclass(frozen=True)
class Piece:
    """One piece of evidence."""

    name: str
    sha256: str
    size: int
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class StepLine:
    """One step, with what it asks for and what came of it; `sha256` is of its wording, for whoever signs it."""

    key: str
    title: str
    phase: str
    state: str
    reason: str
    task: str
    asked: tuple[str, ...]
    assigned_to: str | None
    answers: tuple[str, ...]
    missing_evidence: tuple[str, ...]
    evidence: tuple[Piece, ...]
    destroys: bool
    overdue: bool
    due_at: datetime | None
    finished_at: datetime | None
    done_by: str | None
    outcome: str | None
    note: str | None
    sha256: str
    zone: str
    ticket: TicketLine | None = None


def step_list(desk: Desk, number: str, language: str = "en") -> list[StepLine]:
    """Every step in the playbook's order; empty while no playbook was chosen."""
    tickets = tickets_of(desk, number)
    with reading(desk.engine) as session:
        incident = find(session, number)
        plan, playbook, rows = planned(desk, session, incident), kept_playbook(incident), step_rows(session, incident)
        if plan is None or playbook is None:
            return []
        kept = _evidence(session, incident)
        return [
            _line(
                step,
                rows[step.key],
                tuple(kept.get(step.key, ())),
                step_sha256(playbook, step.key),
                language,
                tickets.get(step.key),
            )
            for step in plan.steps
            if step.key in rows
        ]


def _evidence(session: Session, incident: Incident) -> dict[str, list[Piece]]:
    rows = session.exec(select(Evidence).where(Evidence.incident_id == incident.id).order_by(col(Evidence.id)))
    found: dict[str, list[Piece]] = {}
    for row in rows:
        piece = Piece(row.name, row.sha256, row.size, row.recorded_at, row.recorded_by)
        found.setdefault(row.step_key or "", []).append(piece)
    return found


def _line(
    step: PlannedStep,
    row: Step,
    evidence: tuple[Piece, ...],
    sha256: str,
    language: str,
    ticket: TicketLine | None,
) -> StepLine:
    return StepLine(
        key=step.key,
        title=in_language(step.step.title, language) + (f": {step.item}" if step.item else ""),
        phase=step.step.phase.value,
        state=step.state.value,
        reason=step.reason,
        task=step.step.task or "",
        asked=tuple(role.value for role in step.asked),
        assigned_to=row.assigned_to,
        answers=step.step.possible_answers,
        missing_evidence=step.missing_evidence or step.step.evidence_missing(piece.name for piece in evidence),
        evidence=evidence,
        destroys=step.step.destroys,
        overdue=step.overdue,
        due_at=step.due_at,
        finished_at=row.finished_at,
        done_by=row.done_by,
        outcome=row.outcome,
        note=row.note,
        sha256=sha256,
        zone=row.zone,
        ticket=ticket,
    )
