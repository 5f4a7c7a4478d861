"""A list of incidents with what a person looks for first, read by a few indexed queries however many there are."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Subquery, and_, case, false
from sqlalchemy import select as columns  # SQLModel's own knows the types of four columns at most
from sqlmodel import Session, col, func, or_, select

from flows.acts.membership import holds, visible_to
from flows.desk import Desk
from models.incident import identity
from models.store import reading
from models.tables import DutyRecord, Incident, Membership, Notice, Person, PersonRoleRow, Step
from models.vocabulary import PersonRole

Which = Literal["open", "closed", "all"]


@dataclass(frozen=True)
class IncidentLine:
    """One incident in a list; `signatures` and `steps` are how many texts and steps wait for a person."""

    number: str
    title: str
    state: str
    rehearsal: bool
    private: bool
    zone: str
    opened_at: datetime
    facts_version: int
    severity: str | None
    halted: bool
    next_due: datetime | None
    open: int
    undecided: int
    overdue: int
    signatures: int
    steps: int
    leads: tuple[str, ...]
    place: tuple[datetime | None, int]  # where it stands in the list: its limit, then its id


def overview(
    desk: Desk,
    person_id: int,
    *,
    which: Which = "open",
    limit: int = 50,
    after: tuple[datetime | None, int] | None = None,
    skip: int = 0,
) -> list[IncidentLine]:
    """The incidents that a person may know of, the one whose clock runs out first at the top.

    From the place `after` on, or without the first `skip`.
    """
    now = desk.clock()
    with reading(desk.engine) as session:
        clocks = _clocks(now)
        due = clocks.c.next_due
        query = (
            columns(Incident, due, clocks.c.open, clocks.c.undecided, clocks.c.overdue)
            .join(clocks, clocks.c.incident_id == col(Incident.id), isouter=True)
            .where(visible_to(person_id))
            .order_by(due.is_(None), due, col(Incident.id))
            .offset(skip)
            .limit(limit)
        )
        query = query if which == "all" else query.where(col(Incident.state) == which)
        query = query if after is None else query.where(_beyond(due, *after))
        return list(_lines(session, session.execute(query).all()))


def _clocks(now: datetime) -> Subquery:
    """For each incident the limit that runs out first, and how many duties are open, undecided and overdue."""
    is_open = col(DutyRecord.state) == "open"
    return (
        columns(
            col(DutyRecord.incident_id),
            first_limit(now).label("next_due"),
            func.sum(case((is_open, 1), else_=0)).label("open"),
            func.sum(case((is_open, 0), else_=1)).label("undecided"),
            func.sum(case((and_(is_open, col(DutyRecord.due_at) < now), 1), else_=0)).label("overdue"),
        )
        .where(col(DutyRecord.state).in_(("open", "undecided")))
        .group_by(col(DutyRecord.incident_id))
        .subquery()
    )


def first_limit(now: datetime) -> ColumnElement[Any]:
    """The limit of the open duty that runs out first; where none has one, that of an undecided duty still to come."""
    state, due = col(DutyRecord.state), col(DutyRecord.due_at)
    decided = func.min(case((state == "open", due)))
    return func.coalesce(decided, func.min(case((and_(state == "undecided", due >= now), due))))


def _beyond(due: ColumnElement[Any], last_due: datetime | None, last_id: int) -> ColumnElement[bool]:
    later = col(Incident.id) > last_id
    if last_due is None:
        return and_(due.is_(None), later)
    return or_(due > last_due, and_(due == last_due, later), due.is_(None))


def _lines(session: Session, rows: Sequence[Any]) -> Iterable[IncidentLine]:
    """The rows with what else is asked about their incidents; Any: SQLAlchemy's own tuples."""
    ids = [identity(row[0]) for row in rows]
    signatures = _counted(session, Notice, ids, col(Notice.state) == "draft")
    steps = _counted(session, Step, ids, col(Step.state).startswith("waiting_for"))
    leads = _leads(session, ids)
    for incident, next_due, is_open, undecided, overdue in rows:
        mine = identity(incident)
        yield IncidentLine(
            number=incident.number,
            title=incident.title,
            state=incident.state,
            rehearsal=incident.rehearsal,
            private=incident.private,
            zone=incident.zone,
            opened_at=incident.opened_at,
            facts_version=incident.facts_version,
            severity=incident.severity,
            halted=incident.halted_at is not None,
            next_due=next_due,
            open=is_open or 0,
            undecided=undecided or 0,
            overdue=overdue or 0,
            signatures=signatures.get(mine, 0),
            steps=steps.get(mine, 0),
            leads=tuple(leads[mine]),
            place=(next_due, mine),
        )


def _counted(
    session: Session, table: type[Notice | Step], ids: Sequence[int], wanted: ColumnElement[bool]
) -> dict[int, int]:
    rows = session.exec(
        select(table.incident_id, func.count())
        .where(col(table.incident_id).in_(ids) if ids else false(), wanted)
        .group_by(col(table.incident_id))
    )
    return dict(rows.all())


def _leads(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    """Who of each incident's members leads incidents."""
    rows = session.exec(
        select(Membership.incident_id, Person.name)
        .join(Person, col(Person.id) == col(Membership.person_id))
        .join(PersonRoleRow, col(PersonRoleRow.person_id) == col(Person.id))
        .where(
            col(Membership.incident_id).in_(ids) if ids else false(),
            PersonRoleRow.role == PersonRole.COMMANDER.value,
            col(Person.active).is_(True),
            holds(),
        )
        .order_by(col(Person.name))
    )
    found: dict[int, list[str]] = defaultdict(list)
    for incident_id, name in rows:
        found[incident_id].append(name)
    return found
