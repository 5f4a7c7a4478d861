"""Who may act, and in which role."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from flows.desk import Desk
from models.document import nearest
from models.errors import NotAllowedError
from models.incident import identity
from models.store import reading, writing
from models.tables import Person, PersonRoleRow
from models.vocabulary import PersonRole


@dataclass(frozen=True)
class Member:
    """One person with every role they have."""

    name: str
    email: str | None
    roles: tuple[PersonRole, ...]
    active: bool


def add_member(
    desk: Desk, name: str, roles: Sequence[PersonRole], *, email: str | None = None, zone: str = "UTC"
) -> Member:
    """Add a person, or more roles to one who is there."""
    with writing(desk.engine) as session:
        person = session.exec(select(Person).where(Person.name == name)).first() or Person(name=name, zone=zone)
        person.email, person.active = email or person.email, True
        session.add(person)
        session.flush()
        known = set(roles_of_person(session, person))
        session.add_all(
            PersonRoleRow(person_id=identity(person), role=role.value) for role in roles if role not in known
        )
        session.flush()
        return _member(session, person)


def remove_member(desk: Desk, name: str) -> Member:
    """Take a person's right to act; what they decided before stays decided."""
    with writing(desk.engine) as session:
        person = member_called(session, name)
        person.active = False
        session.add(person)
        return _member(session, person)


def members(desk: Desk) -> list[Member]:
    """Everybody, by name."""
    with reading(desk.engine) as session:
        return [_member(session, person) for person in session.exec(select(Person).order_by(col(Person.name)))]


def roles_of(session: Session, name: str) -> tuple[PersonRole, ...]:
    """The roles of somebody who may act; raises `NotAllowedError` for a stranger."""
    person = member_called(session, name)
    if not person.active:
        raise NotAllowedError(f"{name} may not act any more; `tocsin team add` gives the right back")
    return roles_of_person(session, person)


def member_called(session: Session, name: str) -> Person:
    """The person of the team called `name`; raises `NotAllowedError` with the nearest name there is."""
    person = session.exec(select(Person).where(Person.name == name)).first()
    if person is None:
        hint = nearest(name, session.exec(select(Person.name)).all())
        raise NotAllowedError(f"{name!r} is not in the team{hint}; add them with `tocsin team add NAME --role ROLE`")
    return person


def roles_of_person(session: Session, person: Person) -> tuple[PersonRole, ...]:
    """Every role that the person has."""
    found = session.exec(
        select(PersonRoleRow.role).where(PersonRoleRow.person_id == person.id).order_by(col(PersonRoleRow.id))
    )
    return tuple(PersonRole(role) for role in found)


def _member(session: Session, person: Person) -> Member:
    return Member(person.name, person.email, roles_of_person(session, person), person.active)
