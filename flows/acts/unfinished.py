"""Incidents that have something to do which no run is doing: what a dead run left, and what a decision made possible."""

from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, func, or_, select

from flows.acts.deliver import may_be_tried
from flows.acts.embargo import embargo
from flows.desk import Desk
from models import lease
from models.store import reading, writing
from models.tables import Delivery, DutyRecord, Incident, Lease, Notice, Step


def unfinished(desk: Desk) -> list[str]:
    """The numbers of open incidents with work that is ready, and no run that carries them or failed just now."""
    _mend_leases(desk)
    with reading(desk.engine) as session:
        now = datetime.now(UTC)
        carried = select(Lease.incident_id).where(or_(col(Lease.expires_at) > now, col(Lease.not_before) > now))
        idle = session.exec(
            select(Incident).where(
                Incident.state == "open",
                col(Incident.playbook).is_not(None),
                col(Incident.halted_at).is_(None),
                col(Incident.id).not_in(carried),
            )
        ).all()
        return [incident.number for incident in idle if _has_work(desk, session, incident)]


def _mend_leases(desk: Desk) -> None:
    """After the machine's clock was set back, no dead run's lease may outlast its length."""
    now = datetime.now(UTC)
    with reading(desk.engine) as session:
        ahead = session.exec(select(Lease.incident_id).where(lease.too_far_ahead(now))).first()
    if ahead is not None:
        with writing(desk.engine) as session:
            lease.shorten(session, now)


def idle(desk: Desk) -> dict[str, int]:
    """How many ledger entries each incident has that is open, or was closed in the last day, and no run carries just now."""
    with reading(desk.engine) as session:
        carried = select(Lease.incident_id).where(col(Lease.expires_at) > datetime.now(UTC))
        of_late = or_(Incident.state == "open", col(Incident.closed_at) > desk.clock() - timedelta(days=1))
        rows = session.exec(
            select(Incident.number, Incident.ledger_count).where(of_late, col(Incident.id).not_in(carried))
        )
        return dict(rows.all())


def _has_work(desk: Desk, session: Session, incident: Incident) -> bool:
    return (
        _is_behind_its_facts(session, incident)
        or (incident.wake_at is not None and incident.wake_at <= desk.clock())
        or _has_steps(session, incident)
        or _has_deliveries(desk, session, incident)
        or _has_signed_texts(session, incident, desk.clock())
        or _has_unsettled(session, incident)
    )


def _is_behind_its_facts(session: Session, incident: Incident) -> bool:
    evaluated = session.exec(
        select(func.max(DutyRecord.facts_version)).where(DutyRecord.incident_id == incident.id)
    ).one()
    return evaluated is None or evaluated < incident.facts_version


def _has_steps(session: Session, incident: Incident) -> bool:
    query = select(Step.id).where(Step.incident_id == incident.id, or_(Step.state == "ready", Step.record == "running"))
    return session.exec(query).first() is not None


def _has_deliveries(desk: Desk, session: Session, incident: Incident) -> bool:
    query = select(Delivery.id).where(
        Delivery.incident_id == incident.id,
        col(Delivery.purpose).not_in(("alert", "ticket")),  # those the watch sends
        may_be_tried(desk.clock()),
    )
    return session.exec(query).first() is not None


def _has_signed_texts(session: Session, incident: Incident, now: datetime) -> bool:
    queued = select(Delivery.id).where(
        Delivery.notice_id == Notice.id, Delivery.notice_version == Notice.version, Delivery.state != "withdrawn"
    )
    signed = session.exec(
        select(Notice).where(
            Notice.incident_id == incident.id,
            Notice.state == "approved",
            or_(col(Notice.held).is_(False), col(Notice.held_until) <= now),
            ~queued.exists(),
        )
    ).all()
    return any(embargo(session, incident, notice, now) is None for notice in signed)


def _has_unsettled(session: Session, incident: Incident) -> bool:
    """Whether something arrived that its notice and its duty do not know of yet."""
    query = select(Notice.id).join(Delivery, col(Delivery.notice_id) == col(Notice.id))
    unsettled = query.where(
        Notice.incident_id == incident.id,
        Notice.state != "sent",
        Delivery.state == "sent",
        Delivery.notice_version == Notice.version,
    )
    return session.exec(unsettled).first() is not None
