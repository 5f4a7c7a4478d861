"""What stands above every page about an incident: which one it is, in what state, and the limit that comes first."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from flows.acts.membership import holds
from flows.acts.overview import first_limit
from flows.acts.severity import severity_in
from flows.desk import Desk
from models.incident import facts_of, find
from models.store import reading
from models.tables import DutyRecord, Incident, Membership, Person, PersonRoleRow
from models.vocabulary import PersonRole


@dataclass(frozen=True)
class Heading:
    """The least that anybody who works on an incident has to see."""

    number: str
    title: str
    state: str
    rehearsal: bool
    private: bool
    zone: str
    facts_version: int
    playbook: str | None
    severity: str
    next_due: datetime | None
    leads: tuple[str, ...]
    halted_at: datetime | None


def heading(desk: Desk, number: str) -> Heading:
    """The heading of one incident."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        first_due = select(first_limit(desk.clock())).where(DutyRecord.incident_id == incident.id)
        return Heading(
            incident.number,
            incident.title,
            incident.state,
            incident.rehearsal,
            incident.private,
            incident.zone,
            incident.facts_version,
            incident.playbook,
            severity_in(desk, facts_of(session, incident)).level.value,
            session.exec(first_due).one(),
            leads(session, incident),
            incident.halted_at,
        )


def leads(session: Session, incident: Incident) -> tuple[str, ...]:
    """Who leads: the members of the incident who are commanders."""
    names = (
        select(Person.name)
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .join(PersonRoleRow, col(PersonRoleRow.person_id) == col(Person.id))
        .where(
            Membership.incident_id == incident.id,
            PersonRoleRow.role == PersonRole.COMMANDER.value,
            col(Person.active).is_(True),
            holds(),
        )
    )
    return tuple(session.exec(names.order_by(col(Person.name))))
