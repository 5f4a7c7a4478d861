"""Breaking the glass: somebody who is no member sees a private incident for some hours, gives the reason, and all hear of it."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, select

from flows.acts import audit
from flows.acts.announce import announce_access
from flows.acts.membership import holds, membership_of
from flows.acts.team import member_called
from flows.desk import Desk
from models.clock import rfc3339
from models.errors import BadInputError, NotAllowedError
from models.incident import identity
from models.ledger import record
from models.store import writing
from models.tables import Incident, Membership, Person

USUAL, LONGEST = timedelta(hours=4), timedelta(hours=24)


def break_glass(desk: Desk, number: str, name: str, *, reason: str, lasts: timedelta = USUAL) -> datetime:
    """Let the person see the incident until the time given back; on the ledger, and told to its members.

    Raises `BadInputError` without a reason or for too long, and `NotAllowedError` for somebody who sees it anyhow.
    """
    if len(reason.strip()) < 10:
        raise BadInputError("say why in a sentence; the incident's members read it")
    if not timedelta() < lasts <= LONGEST:
        raise BadInputError("the glass is broken for 1 to 24 hours")
    now = datetime.now(UTC)  # as sign-ins, in a rehearsal too
    until = now + lasts
    with writing(desk.engine) as session:
        incident, person = _called(session, number), member_called(session, name)
        row = membership_of(session, incident, person)
        if not incident.private or (row is not None and row.ends_at is None):
            raise NotAllowedError(f"{name} sees {incident.number} already")
        row = row or Membership(
            incident_id=identity(incident),
            person_id=identity(person),
            added_by=name,
            at=desk.clock(),
            zone=incident.zone,
        )
        row.ends_at, row.reason = until, reason.strip()
        session.add(row)
        payload = {"person": name, "reason": reason.strip(), "until": rfc3339(until)}
        entry = record(session, incident, "glass.broken", payload, actor=name, at=desk.clock(), zone=incident.zone)
        members = session.exec(
            select(Person)
            .join(Membership)
            .where(Membership.incident_id == incident.id, Person.id != person.id, holds())
        ).all()
        words = f"{incident.number}: {name} broke the glass and sees it until {rfc3339(until)}: {reason.strip()}"
        announce_access(desk, session, incident, f"{incident.number}.glass.{entry.seq}", words, members)
    audit.note(desk, "glass.broken", who=name, incident=number, until=rfc3339(until))
    return until


def _called(session: Session, number: str) -> Incident:
    """The incident, or an answer that names no other one that there is."""
    incident = session.exec(select(Incident).where(Incident.number == number)).first()
    if incident is None:
        raise BadInputError(f"no incident has the number {number!r}")
    return incident
