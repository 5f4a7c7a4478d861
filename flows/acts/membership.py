"""Who sees which incident: a private one is seen by its members, and nobody else learns that it exists."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, or_, select

from flows.acts.team import member_called, roles_of_person
from flows.desk import Desk
from models.errors import BadInputError
from models.incident import find, identity
from models.ledger import record
from models.store import reading, writing
from models.tables import Incident, Membership, Person, PersonRoleRow
from models.vocabulary import PersonRole

ALWAYS_IN = (PersonRole.COMMANDER, PersonRole.LEGAL)  # whoever leads and whoever decides on duties is in from the start


def holds() -> ColumnElement[bool]:
    """That a membership has no end, or has not come to it; by the machine's time, as sign-ins, in a rehearsal too."""
    return or_(col(Membership.ends_at).is_(None), col(Membership.ends_at) > datetime.now(UTC))


def has_broken_glass(session: Session, person: Person) -> bool:
    """Whether the person sees an incident just now by having broken the glass."""
    found = session.exec(
        select(Membership.id).where(Membership.person_id == person.id, col(Membership.ends_at).is_not(None), holds())
    )
    return found.first() is not None


def is_visible(session: Session, incident: Incident, person_id: int) -> bool:
    """Whether the person may know of the incident."""
    if not incident.private:
        return True
    found = session.exec(
        select(Membership.id).where(Membership.incident_id == incident.id, Membership.person_id == person_id, holds())
    )
    return found.first() is not None


def visible_to(person_id: int) -> ColumnElement[bool]:
    """The incidents that the person may know of, as a condition of a query."""
    mine = select(Membership.incident_id).where(Membership.person_id == person_id, holds())
    return or_(col(Incident.private).is_(False), col(Incident.id).in_(mine))


def visible_numbers(desk: Desk, person_id: int, *, closed: bool = False) -> list[str]:
    """The numbers of the incidents that the person may know of, newest first."""
    with reading(desk.engine) as session:
        query = select(Incident.number).where(visible_to(person_id))
        query = query if closed else query.where(Incident.state == "open")
        return list(session.exec(query.order_by(col(Incident.id).desc())))


def join_from_the_start(session: Session, incident: Incident, reporter: str) -> None:
    """Make the reporter and everybody who leads or decides on duties members of an incident that was just opened."""
    by_role = select(PersonRoleRow.person_id).where(col(PersonRoleRow.role).in_([role.value for role in ALWAYS_IN]))
    people = session.exec(
        select(Person).where(
            col(Person.active).is_(True), or_(col(Person.id).in_(by_role), col(Person.name) == reporter)
        )
    )
    for person in people:
        session.add(
            Membership(
                incident_id=identity(incident),
                person_id=identity(person),
                added_by=reporter,
                at=incident.opened_at,
                zone=incident.zone,
            )
        )


def add_to_incident(desk: Desk, number: str, name: str, *, by: str) -> None:
    """Let a person of the team see the incident; on the ledger. Adding somebody twice does nothing."""
    with writing(desk.engine) as session:
        incident, person = find(session, number), member_called(session, name)
        row = membership_of(session, incident, person)
        if row is not None and row.ends_at is None:
            return
        if row is not None:  # who broke the glass, and may stay
            session.delete(row)
            session.flush()
        now = desk.clock()
        session.add(
            Membership(
                incident_id=identity(incident), person_id=identity(person), added_by=by, at=now, zone=incident.zone
            )
        )
        record(session, incident, "member.added", {"person": person.name}, actor=by, at=now, zone=incident.zone)


def remove_from_incident(desk: Desk, number: str, name: str, *, by: str) -> None:
    """Take the incident out of a person's sight; on the ledger. Raises `BadInputError` if they are not a member."""
    with writing(desk.engine) as session:
        incident, person = find(session, number), member_called(session, name)
        row = membership_of(session, incident, person)
        if row is None:
            raise BadInputError(f"{person.name} is not a member of {number}")
        session.delete(row)
        record(
            session, incident, "member.removed", {"person": person.name}, actor=by, at=desk.clock(), zone=incident.zone
        )


def members_of(desk: Desk, number: str) -> list[str]:
    """The names of an incident's members."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        names = (
            select(Person.name)
            .join(Membership, col(Membership.person_id) == col(Person.id))
            .where(Membership.incident_id == incident.id, holds())
        )
        return list(session.exec(names.order_by(col(Person.name))))


def membership_of(session: Session, incident: Incident, person: Person) -> Membership | None:
    """The person's membership of the incident, also one that has ended."""
    return session.exec(
        select(Membership).where(Membership.incident_id == incident.id, Membership.person_id == person.id)
    ).first()


@dataclass(frozen=True)
class Standing:
    """One member of an incident: since when, by whom, and until when where they broke the glass."""

    name: str
    roles: tuple[PersonRole, ...]
    added_by: str
    ends_at: datetime | None
    reason: str | None


def memberships(desk: Desk, number: str) -> list[Standing]:
    """Everybody who sees the incident by being a member."""
    with reading(desk.engine) as session:
        rows = session.exec(
            select(Membership, Person)
            .join(Person, col(Person.id) == col(Membership.person_id))
            .where(Membership.incident_id == find(session, number).id, holds())
            .order_by(col(Person.name))
        )
        return [
            Standing(person.name, roles_of_person(session, person), row.added_by, row.ends_at, row.reason)
            for row, person in rows
        ]
