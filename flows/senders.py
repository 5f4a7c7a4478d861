"""Starting senders: one run of a sending for each worker of the pool, and again for what a dead one left."""

from datetime import datetime

import httpx
from sqlmodel import Session, and_, col, or_, select

from flows.acts.people_claim import held_off, may_go
from flows.acts.people_follow import FAILED
from flows.acts.people_plan import sending_of, waves_until
from flows.desk import Desk
from flows.server import api_client
from flows.start import CREATED, POOL
from models.clock import system_clock
from models.cohorts import Channel
from models.incident import find
from models.lease import is_dead
from models.store import reading
from models.tables import Incident, PeopleSending, PersonDelivery

DEPLOYMENT = "sending/people"
AGAIN_SECONDS = 120  # what was left is taken up by one more run in so long


def start_senders(desk: Desk, number: str) -> int:
    """Start a run for each worker that is heard of; gives how many, 0 without a server, deployment or worker.

    Asked twice about the same wave it starts them once.
    """
    with reading(desk.engine) as session:
        sending = sending_of(session, find(session, number))
        assert sending is not None, "it was started"
        key = f"{number}:{sending.wave}:{sending.changed_at:%Y%m%dT%H%M%S%f}"
    try:
        with api_client(desk.settings.server_port) as api:
            return sum(_started(api, number, f"{key}:{index}") for index in range(_workers(api)))
    except httpx.HTTPError:
        return 0


def take_up(desk: Desk) -> list[str]:
    """Start a run for each sending that has something to send which nobody is sending; gives their numbers."""
    numbers = left_alone(desk)
    if not numbers:
        return []
    turn = int(system_clock().timestamp()) // AGAIN_SECONDS
    try:
        with api_client(desk.settings.server_port) as api:
            return [number for number in numbers if _started(api, number, f"{number}:again:{turn}")]
    except httpx.HTTPError:
        return []


def left_alone(desk: Desk) -> list[str]:
    """The incidents of which something may be sent now, and no sender that lives has anything in hand."""
    with reading(desk.engine) as session:
        found = session.exec(
            select(Incident)
            .join(PeopleSending, col(PeopleSending.incident_id) == col(Incident.id))
            .where(PeopleSending.state == "running", Incident.state == "open", col(Incident.halted_at).is_(None))
        ).all()
        now = desk.clock()
        return [each.number for each in found if _is_alone(session, each, now)]


def _is_alone(session: Session, incident: Incident, now: datetime) -> bool:
    holders = session.exec(
        select(PersonDelivery.holder, PersonDelivery.lease_until)
        .where(PersonDelivery.incident_id == incident.id, PersonDelivery.state == "sending")
        .distinct()
    ).all()
    if any(holder and until and until > system_clock() and not is_dead(holder) for holder, until in holders):
        return False
    return bool(holders) or _has_ready(session, incident, now)


def _has_ready(session: Session, incident: Incident, now: datetime) -> bool:
    wave = may_go(session, incident)
    if wave is None:
        return False
    waits = or_(
        PersonDelivery.state == "pending",
        and_(col(PersonDelivery.state).in_(("delayed", "uncertain")), col(PersonDelivery.next_try_at) <= now),
    )
    open_to = [
        each.value for each in Channel if each is not Channel.POST and not held_off(session, incident, each.value, now)
    ]
    failed = and_(col(PersonDelivery.state).in_(FAILED), col(PersonDelivery.followed).is_(False))
    found = session.exec(
        select(PersonDelivery.id)
        .where(
            PersonDelivery.incident_id == incident.id,
            col(PersonDelivery.wave).in_(waves_until(wave)),
            or_(and_(col(PersonDelivery.channel).in_(open_to), waits), failed),
        )
        .limit(1)
    )
    return found.first() is not None


def tag_of(number: str) -> str:
    """The tag on each run of a sending."""
    return f"sending {number}"


def _workers(api: httpx.Client) -> int:
    """How many workers of the pool are heard of."""
    answer = api.post(f"/work_pools/{POOL}/workers/filter", json={})
    return sum(worker["status"] == "ONLINE" for worker in answer.json()) if answer.is_success else 0


def _started(api: httpx.Client, number: str, key: str) -> bool:
    found = api.get(f"/deployments/name/{DEPLOYMENT}")
    if not found.is_success:
        return False
    # Not the incident's own tag: its runs hold the incident's lease, and one without it is taken for dead.
    run = {"parameters": {"number": number}, "tags": [tag_of(number)], "idempotency_key": key}
    answer = api.post(f"/deployments/{found.json()['id']}/create_flow_run", json=run).raise_for_status()
    return answer.status_code == CREATED
