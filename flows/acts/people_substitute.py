"""People whom no channel reached, and what telling everybody costs: whether a law lets a substitute notice stand, and its texts."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import col, func, select

from flows.acts.draft import Drafted, ask_for
from flows.acts.people_claim import ROW
from flows.acts.people_plan import sending_of
from flows.acts.people_told import DutyTold, duties_told
from flows.desk import Desk
from laws.substitute import Substitute, substitute
from models.incident import find
from models.store import reading
from models.tables import Notice

FORMS = ("substitute", "newspaper")


@dataclass(frozen=True)
class Unreached:
    """One duty's people who were not reached, and what its law says of a substitute notice (None: no figures in it)."""

    duty: DutyTold
    substitute: Substitute | None


@dataclass(frozen=True)
class Standing:
    """Where substitute notice stands; people without any address belong to no duty, and are counted apart."""

    duties: tuple[Unreached, ...]
    without_address: int
    cost: float | None


def substitute_standing(desk: Desk, number: str, costs: Mapping[str, float]) -> Standing:
    """What each law says, given what a message costs by channel (in the law's currency); costs left out are not known."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        sending = sending_of(session, incident)
        channels = session.execute(
            select(ROW.c.channel, func.count())
            .where(ROW.c.incident_id == incident.id, ROW.c.seq > 0)
            .group_by(ROW.c.channel)
        ).all()
        cost = sum(costs.get(channel, 0.0) * count for channel, count in channels) if costs else None
        told = duties_told(session, incident)
    found = (
        Unreached(duty, substitute(duty.provision, due=duty.due, not_reached=duty.not_reached, cost=cost))
        for duty in told
    )
    return Standing(tuple(found), (sending.unreached if sending else {}).get("no_address", 0), cost)


def draft_substitutes(desk: Desk, number: str) -> list[Drafted]:
    """Draft the substitute texts in the languages that letters went out in; they are signed like any other."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        used = select(ROW.c.notice_id).where(ROW.c.incident_id == incident.id).distinct()
        languages = session.exec(select(Notice.language).where(col(Notice.id).in_(used)).distinct()).all()
    return [
        drafted for form in FORMS for language in sorted(languages) for drafted in ask_for(desk, number, form, language)
    ]
