"""The deadlines of open incidents for calendars: as a file, or as a feed that one person may read."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from sqlmodel import Session, col, select

from flows.acts.membership import visible_numbers
from flows.acts.team import member_called
from flows.desk import Desk
from integrations.calendar import Deadline, as_calendar
from models.incident import identity
from models.store import reading, writing
from models.tables import CalendarFeed, DutyRecord, FactsVersion, Incident, Person

RUNNING = ("open", "undecided")


def calendar(desk: Desk, numbers: Sequence[str] | None = None) -> bytes:
    """The running clocks of the incidents named, or of every open one, as iCalendar."""
    with reading(desk.engine) as session:
        query = (
            select(DutyRecord, Incident, FactsVersion.added_at)
            .join(Incident, col(Incident.id) == col(DutyRecord.incident_id))
            .join(
                FactsVersion,
                (col(FactsVersion.incident_id) == col(Incident.id))
                & (col(FactsVersion.version) == col(DutyRecord.facts_version)),
            )
            .where(col(DutyRecord.state).in_(RUNNING), col(DutyRecord.due_at).is_not(None), Incident.state == "open")
        )
        if numbers is not None:
            query = query.where(col(Incident.number).in_(numbers))
        rows = session.exec(query.order_by(col(DutyRecord.due_at), col(DutyRecord.id))).all()
        return as_calendar("Tocsin", [_deadline(desk, duty, incident, at) for duty, incident, at in rows])


def make_feed(desk: Desk, name: str) -> str:
    """The address of a feed with the incidents that a person of the team sees; an older one ends."""
    token = secrets.token_urlsafe(32)
    with writing(desk.engine) as session:
        person = member_called(session, name)
        _end(session, person)
        session.add(CalendarFeed(person_id=identity(person), token_sha256=_hashed(token), made_at=datetime.now(UTC)))
    return f"{desk.settings.console()}/calendar/{token}.ics"


def end_feed(desk: Desk, name: str) -> bool:
    """End a person's feed; False where there was none."""
    with writing(desk.engine) as session:
        return _end(session, member_called(session, name))


def feed(desk: Desk, token: str) -> bytes | None:
    """The feed that a token opens, or None where it opens none: it ends with its person's right to act."""
    with reading(desk.engine) as session:
        person_id = session.exec(
            select(Person.id)
            .join(CalendarFeed, col(CalendarFeed.person_id) == col(Person.id))
            .where(CalendarFeed.token_sha256 == _hashed(token), col(Person.active).is_(True))
        ).first()
    return None if person_id is None else calendar(desk, visible_numbers(desk, person_id))


def _deadline(desk: Desk, duty: DutyRecord, incident: Incident, changed_at: datetime) -> Deadline:
    rehearsal = "rehearsal: " if incident.rehearsal else ""
    stage = "" if duty.stage == "initial" else f" ({duty.stage})"
    return Deadline(
        key=f"{incident.number}-{identity(duty)}",
        title=f"{rehearsal}{incident.number}: {duty.provision}{stage}",
        due_at=duty.due_at or changed_at,  # the query asks for those with a limit
        changed_at=changed_at,
        note=f"To {duty.recipient}. {duty.body.get('citation', '')}. Not legal advice.",
        link=f"{desk.settings.console()}/incidents/{incident.number}",
    )


def _end(session: Session, person: Person) -> bool:
    rows = session.exec(select(CalendarFeed).where(CalendarFeed.person_id == person.id)).all()
    for row in rows:
        session.delete(row)
    session.flush()
    return bool(rows)


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()
