"""The list of incidents that somebody may know of, the one whose clock runs out first at the top, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from flows.acts.membership import visible_to
from flows.acts.severity import severity_in
from flows.desk import Desk
from models.incident import identity
from models.report import Report
from models.store import reading
from models.tables import DutyRecord, FactsVersion, Incident, Membership, Person, PersonRoleRow
from models.vocabulary import PersonRole

A_PAGE = 50


@dataclass(frozen=True)
class IncidentLine:
    """One incident in the list."""

    number: str
    title: str
    state: str
    rehearsal: bool
    halted: bool
    zone: str
    severity: str
    leads: tuple[str, ...]
    next_due: datetime | None
    open: int
    undecided: int
    overdue: int


@dataclass(frozen=True)
class IncidentPage:
    """One page of the list, and how many incidents there are in all."""

    lines: tuple[IncidentLine, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages the list has."""
        return max(-(-self.total // A_PAGE), 1)


def incident_list(desk: Desk, person_id: int, *, closed: bool = False, page: int = 1) -> IncidentPage:
    """A page (the first is 1) of the incidents that the person may know of; closed ones only when asked."""
    with reading(desk.engine) as session:
        shown = select(Incident).where(visible_to(person_id))
        shown = shown if closed else shown.where(Incident.state == "open")
        total = session.exec(select(func.count()).select_from(shown.subquery())).one()
        due = func.min(col(DutyRecord.due_at))
        first = (
            select(DutyRecord.incident_id, due.label("due"))
            .where(col(DutyRecord.state).in_(("open", "undecided")), col(DutyRecord.due_at).is_not(None))
            .group_by(col(DutyRecord.incident_id))
            .subquery()
        )
        rows = session.exec(
            shown.outerjoin(first, first.c.incident_id == col(Incident.id))
            .order_by(first.c.due.is_(None), first.c.due, col(Incident.id).desc())
            .offset((page - 1) * A_PAGE)
            .limit(A_PAGE)
        ).all()
        return IncidentPage(tuple(_lines(desk, session, rows)), total, page)


def _lines(desk: Desk, session: Session, rows: Sequence[Incident]) -> list[IncidentLine]:
    ids = [identity(row) for row in rows]
    counts, severity, leads = _counts(desk, session, ids), _severity(desk, session, ids), _leads(session, ids)
    return [
        IncidentLine(
            row.number,
            row.title,
            row.state,
            row.rehearsal,
            row.halted_at is not None,
            row.zone,
            severity[identity(row)],
            tuple(leads.get(identity(row), ())),
            *counts.get(identity(row), (None, 0, 0, 0)),
        )
        for row in rows
    ]


def _counts(desk: Desk, session: Session, ids: Sequence[int]) -> dict[int, tuple[datetime | None, int, int, int]]:
    """The first limit, and how many duties are open, undecided and overdue, by incident."""
    of_these = col(DutyRecord.incident_id).in_(ids)
    by_state = session.exec(
        select(DutyRecord.incident_id, DutyRecord.state, func.count(), func.min(col(DutyRecord.due_at)))
        .where(of_these, col(DutyRecord.state).in_(("open", "undecided")))
        .group_by(col(DutyRecord.incident_id), col(DutyRecord.state))
    ).all()
    late = session.exec(
        select(DutyRecord.incident_id, func.count())
        .where(of_these, DutyRecord.state == "open", col(DutyRecord.due_at) < desk.clock())
        .group_by(col(DutyRecord.incident_id))
    ).all()
    counted = {(incident, state): count for incident, state, count, _ in by_state}
    overdue = dict(late)
    return {
        incident: (
            min((due for one, _, _, due in by_state if one == incident and due), default=None),
            counted.get((incident, "open"), 0),
            counted.get((incident, "undecided"), 0),
            overdue.get(incident, 0),
        )
        for incident in {row[0] for row in by_state}
    }


def _severity(desk: Desk, session: Session, ids: Sequence[int]) -> dict[int, str]:
    found = session.exec(
        select(FactsVersion.incident_id, FactsVersion.report)
        .join(Incident, col(Incident.id) == col(FactsVersion.incident_id))
        .where(col(Incident.id).in_(ids), FactsVersion.version == Incident.facts_version)
    )
    return {incident: severity_in(desk, Report.model_validate(report)).level.value for incident, report in found}


def _leads(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    """The members who are commanders, by incident."""
    found = session.exec(
        select(Membership.incident_id, Person.name)
        .join(Person, col(Person.id) == col(Membership.person_id))
        .join(PersonRoleRow, col(PersonRoleRow.person_id) == col(Person.id))
        .where(
            col(Membership.incident_id).in_(ids),
            PersonRoleRow.role == PersonRole.COMMANDER.value,
            col(Person.active).is_(True),
        )
        .order_by(col(Person.name))
    )
    leads: dict[int, list[str]] = {}
    for incident, name in found:
        leads.setdefault(incident, []).append(name)
    return leads
