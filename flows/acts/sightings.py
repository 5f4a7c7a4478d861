"""Who looked at personal data of those affected, and what is unusual about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlmodel import Session, col, func, select

from flows.acts import audit
from flows.acts.announce import announce_access
from flows.acts.membership import holds
from flows.desk import Desk
from models.clock import zone
from models.incident import find, identity
from models.ledger import record
from models.store import reading, writing
from models.tables import Incident, Membership, Person, PersonalView

WITHIN = timedelta(hours=24)
SATURDAY = 5
COMMAND = "command"


@dataclass(frozen=True)
class Sighting:
    """One look at personal data."""

    at: datetime
    name: str
    what: str
    records: int
    address: str
    unusual: tuple[str, ...]


def saw(
    desk: Desk,
    number: str,
    person_id: int,
    what: str,
    *,
    records: int,
    now: datetime,
    address: str,
    agent: str,
) -> tuple[str, ...]:
    """Note that a person is shown personal data of an incident; gives what is unusual about it, of which the members hear.

    Of one person and incident each reason is told once a day.
    """
    with writing(desk.engine) as session:
        incident, person = find(session, number), session.get_one(Person, person_id)
        reasons = tuple(_unusual(desk, session, person, records, _place(address), now))
        told = _told_today(session, incident, person_id, now)
        session.add(
            PersonalView(
                at=now,
                incident_id=identity(incident),
                person_id=person_id,
                what=what,
                records=records,
                place=_place(address),
                unusual=list(reasons),
            )
        )
        new = [reason for reason in reasons if reason not in told]
        if new:
            _alert(desk, session, incident, person, what, new)
    audit.note(
        desk,
        "personal_data.seen",
        who=person.name,
        incident=number,
        what=what,
        records=records,
        unusual=", ".join(reasons) or None,
        address=address,
        agent=agent,
    )
    return reasons


def seen_by_command(desk: Desk, number: str, name: str, what: str, records: int) -> None:
    """The same for whoever works by the command, whose name need not be one of the team; it tells no place."""
    with reading(desk.engine) as session:
        person_id = session.exec(select(Person.id).where(Person.name == name)).first()
    if person_id is None:
        audit.note(desk, "personal_data.seen", who=name, incident=number, what=what, records=records, address=COMMAND)
        return
    saw(desk, number, person_id, what, records=records, now=datetime.now(UTC), address=COMMAND, agent="")


def _unusual(desk: Desk, session: Session, person: Person, records: int, place: str, now: datetime) -> Iterator[str]:
    of_late = select(func.coalesce(func.sum(PersonalView.records), 0)).where(
        PersonalView.person_id == person.id, col(PersonalView.at) > now - WITHIN
    )
    if session.exec(of_late).one() + records >= desk.settings.many_records:
        yield "many records"
    there = now.astimezone(zone(person.zone))
    opens, closes = desk.settings.opening_hours()
    if there.weekday() >= SATURDAY or not opens <= there.time() < closes:
        yield "out of hours"
    places = {COMMAND} | set(
        session.exec(select(PersonalView.place).where(PersonalView.person_id == person.id).distinct())
    )
    if len(places) > 1 and place not in places:
        yield "a new place"


def _told_today(session: Session, incident: Incident, person_id: int, now: datetime) -> set[str]:
    rows = session.exec(
        select(PersonalView).where(
            PersonalView.incident_id == incident.id,
            PersonalView.person_id == person_id,
            col(PersonalView.at) > now - WITHIN,
        )
    )
    return {reason for row in rows for reason in row.unusual}


def _alert(desk: Desk, session: Session, incident: Incident, person: Person, what: str, reasons: list[str]) -> None:
    payload = {"person": person.name, "what": what, "reasons": reasons}
    entry = record(session, incident, "access.unusual", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)
    members = session.exec(
        select(Person).join(Membership).where(Membership.incident_id == incident.id, Person.id != person.id, holds())
    ).all()
    words = f"{incident.number}: unusual access by {person.name} to {what}: {', '.join(reasons)}"
    announce_access(desk, session, incident, f"{incident.number}.access.{entry.seq}", words, members)


def _place(address: str) -> str:
    """The network that an address is of, wide enough that a new lease is no new place."""
    try:
        width = 24 if ip_address(address).version == 4 else 48
    except ValueError:
        return address[:100]
    return str(ip_network(f"{address}/{width}", strict=False))


def sightings(desk: Desk, number: str, limit: int = 500) -> list[Sighting]:
    """Who looked at personal data of the incident, the latest first."""
    with reading(desk.engine) as session:
        rows = session.exec(
            select(PersonalView, Person)
            .join(Person, col(Person.id) == col(PersonalView.person_id))
            .where(PersonalView.incident_id == find(session, number).id)
            .order_by(col(PersonalView.id).desc())
            .limit(limit)
        )
        return [
            Sighting(row.at, person.name, row.what, row.records, row.place, tuple(row.unusual)) for row, person in rows
        ]
