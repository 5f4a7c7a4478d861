"""How many people of each duty were told, by which text, and when; and the duty that is met once everybody was."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, or_
from sqlmodel import Session, col, func, select

from flows.acts.close_loop import met_at
from flows.acts.draft import title
from flows.acts.evaluate import evaluated
from flows.acts.people_claim import ROW
from flows.acts.people_plan import UNFINISHED, is_told, sending_of
from flows.desk import Desk
from models.incident import find, identity
from models.store import reading, writing
from models.tables import Delivery, DutyRecord, Incident, Notice

TOLD = ("sent", "delivered")
ON_THE_WAY = (*UNFINISHED, "written")


@dataclass(frozen=True)
class DutyTold:
    """One duty to tell people: due = told + on the way + not reached. A message may tell more than one duty."""

    duty_id: int
    provision: str
    stage: str
    due_at: datetime | None
    due: int
    told: int
    on_the_way: int
    not_reached: int
    last_told_at: datetime | None
    texts: dict[str, int]  # SHA-256 of the text -> messages that were taken

    @property
    def late(self) -> bool:
        """Whether somebody was told after the limit."""
        return self.due_at is not None and self.last_told_at is not None and self.last_told_at > self.due_at


def told_by_duty(desk: Desk, number: str) -> list[DutyTold]:
    """Each duty whose texts go to people of the roster, in the order in which they were derived."""
    with reading(desk.engine) as session:
        return duties_told(session, find(session, number))


def duties_told(session: Session, incident: Incident) -> list[DutyTold]:
    """The same within the caller's transaction."""
    duties = session.exec(select(DutyRecord).where(is_told(session, incident)).order_by(col(DutyRecord.id))).all()
    return [_told(session, incident, duty) for duty in duties]


def _told(session: Session, incident: Incident, duty: DutyRecord) -> DutyTold:
    was_told, is_going = ROW.c.state.in_(TOLD), ROW.c.state.in_(ON_THE_WAY)
    mine = [ROW.c.incident_id == incident.id, ROW.c.seq > 0, _tells(duty)]
    person = (
        select(
            func.max(case((was_told, 1), else_=0)).label("told"),
            func.max(case((is_going, 1), else_=0)).label("going"),
        )
        .where(*mine)
        .group_by(ROW.c.person)
        .subquery()
    )
    waits = case((person.c.told == 0, person.c.going), else_=0)
    due, told, going = session.execute(
        select(func.count(), func.coalesce(func.sum(person.c.told), 0), func.coalesce(func.sum(waits), 0))
        .select_from(person)
    ).one()  # fmt: skip
    last = session.execute(select(func.max(ROW.c.sent_at)).where(*mine, was_told)).scalar_one()
    texts = session.execute(
        select(ROW.c.text_sha256, func.count()).where(*mine, was_told).group_by(ROW.c.text_sha256)
    ).all()
    return DutyTold(
        duty_id=identity(duty),
        provision=duty.provision,
        stage=duty.stage,
        due_at=duty.due_at,
        due=due,
        told=told,
        on_the_way=going,
        not_reached=due - told - going,
        last_told_at=last,
        texts={text: int(count) for text, count in texts},
    )


def _tells(duty: DutyRecord) -> Any:  # Any: a condition of SQLAlchemy
    """Whether a message tells this duty: by a text of its own, or by one that holds all that it requires as well."""
    own = ROW.c.notice_id.in_(select(Notice.id).where(Notice.duty_id == duty.id))
    return or_(own, (" " + ROW.c.also + " ").contains(f" {duty.provision} ", autoescape=True))


def settle_told(desk: Desk, number: str) -> int:
    """Mark the duties as met of which everybody was told; gives how many.

    One is not met while somebody has no address or was not reached: their substitute notice is still to come.
    """
    with writing(desk.engine) as session:
        incident = find(session, number)
        sending = sending_of(session, incident, lock=True)
        if sending is None or sending.wave != "rest" or sending.unreached.get("no_address"):
            return 0
        met = 0
        for told in duties_told(session, incident):
            duty = session.get_one(DutyRecord, told.duty_id)
            if duty.state == "open" and told.told == told.due and told.last_told_at is not None:
                _everybody_was_told(desk, session, incident, duty, told.last_told_at)
                met += 1
        if met:
            session.flush()
            evaluated(desk, session, incident)
        return met


def _everybody_was_told(desk: Desk, session: Session, incident: Incident, duty: DutyRecord, last: datetime) -> None:
    used = set(
        session.execute(
            select(ROW.c.notice_id).where(ROW.c.incident_id == incident.id, _tells(duty)).distinct()
        ).scalars()
    )
    notices = session.exec(select(Notice).where(Notice.duty_id == duty.id, Notice.state != "withdrawn")).all()
    for notice in notices:
        if notice.id in used:
            notice.state = "sent"
            session.add(notice)
        waiting = session.exec(
            select(Delivery).where(
                Delivery.notice_id == notice.id, col(Delivery.state).in_(("pending", "to_hand_over", "refused"))
            )
        )
        for row in waiting.all():
            row.state, row.last_error, row.next_try_at = "withdrawn", "everybody was written to one by one", None
            session.add(row)
    told_by = session.exec(select(Notice).where(col(Notice.id).in_(used)).order_by(col(Notice.id))).all()
    met_at(desk, session, incident, duty, last, [title(notice) for notice in told_by])
