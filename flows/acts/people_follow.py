"""After a failure for good: the person's next channel, with the notice that their cohort has for it."""

from sqlmodel import Session, col, select

from flows.acts.people_plan import insert_once, row_of, sending_of
from flows.acts.people_texts import notice_for
from flows.desk import Desk
from models.incident import find, identity
from models.store import writing
from models.tables import Incident, Notice, PeopleSending, PersonDelivery
from people.addressed import addressees
from people.letter import Addressee
from people.roster import Roster

FAILED = ("refused", "bounced")
BATCH = 1_000


def follow_failures(desk: Desk, number: str, roster: Roster) -> int:
    """Move everybody whose message failed for good to their next channel; gives how many have one."""
    made = 0
    while True:
        with writing(desk.engine) as session:
            incident = find(session, number)
            sending = sending_of(session, incident)
            rows = _failed(session, incident)
            if not rows or sending is None:
                return made
            people = addressees(roster, [row.seq for row in rows])
            for row in rows:
                made += _followed(session, incident, sending, row, people.get(row.seq))


def _failed(session: Session, incident: Incident) -> list[PersonDelivery]:
    query = (
        select(PersonDelivery)
        .where(
            PersonDelivery.incident_id == incident.id,
            col(PersonDelivery.state).in_(FAILED),
            col(PersonDelivery.followed).is_(False),
        )
        .order_by(col(PersonDelivery.id))
        .limit(BATCH)
    )
    return list(session.exec(query.with_for_update(skip_locked=True)))


def _followed(
    session: Session, incident: Incident, sending: PeopleSending, row: PersonDelivery, person: Addressee | None
) -> int:
    row.followed = True
    session.add(row)
    way = _next_way(session, incident, sending, row, person)
    if way is None:
        return 0
    channel, notice = way
    more = {"cohort": row.cohort, "wave": row.wave, "rank": row.rank + 1, "also": row.also}
    return insert_once(session, [row_of(incident, row.person, row.seq, identity(notice), channel, **more)])


def _next_way(
    session: Session, incident: Incident, sending: PeopleSending, row: PersonDelivery, person: Addressee | None
) -> tuple[str, Notice] | None:
    channels = list(person.channels) if person is not None else []
    if row.channel not in channels:
        return None
    said = session.get_one(Notice, row.notice_id)
    for channel in channels[channels.index(row.channel) + 1 :]:
        form = sending.ways.get(row.cohort, {}).get(channel)
        notice = notice_for(session, incident, said.provision or "", form, said.language) if form else None
        if notice is not None:
            return channel, notice
    return None
