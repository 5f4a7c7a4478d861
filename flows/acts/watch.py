"""The deadline monitor's pass: every rung whose time has come fires once, the highest of a clock first; late is recorded as late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlmodel import Session, col, select

from flows.acts.deliver import attempt, may_be_tried, new_delivery, queue
from flows.desk import Desk
from integrations.slack_blocks import blocks_clock_at_risk
from models.clock import rfc3339, zone
from models.incident import identity
from models.ledger import record
from models.store import reading, writing
from models.tables import Alert, Delivery, DutyRecord, Incident

MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Fired:
    """One alert that fired just now."""

    number: str
    provision: str
    stage: str
    rung: str
    role: str
    due_at: datetime
    lateness: timedelta
    delivery: str


def watch_once(desk: Desk) -> list[Fired]:
    """Fire what is due, and try again every delivery whose time has come."""
    fired: list[Fired] = []
    while batch := _fire_batch(desk):
        fired += batch
    for number, key in _due_deliveries(desk):
        attempt(desk, number, key)
    return fired


def _fire_batch(desk: Desk) -> list[Fired]:
    """One indexed pass over the due rows; two watchers cannot fire the same one, since each locks what it takes."""
    now = desk.clock()
    with writing(desk.engine) as session:
        due = session.exec(
            select(Alert)
            .where(Alert.state == "pending", Alert.due_at <= now)
            .order_by(col(Alert.duty_id), col(Alert.due_at))
            .limit(MOST_AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        return [_fire(desk, session, list(alerts), now) for _, alerts in groupby(due, key=lambda alert: alert.duty_id)]


def _fire(desk: Desk, session: Session, alerts: Sequence[Alert], now: datetime) -> Fired:
    *missed, highest = alerts
    duty = session.get_one(DutyRecord, highest.duty_id)
    incident = session.get_one(Incident, highest.incident_id)
    for alert in missed:
        alert.state, alert.why = "missed", f"not watched when due; {highest.rung!r} fired instead"
        session.add(alert)
        _note(desk, session, incident, duty, alert, "alert.missed")
    highest.state, highest.fired_at = "fired", now
    session.add(highest)
    delivery = _delivery(desk, incident, duty, highest, now)
    queue(session, desk, incident, delivery)
    _note(desk, session, incident, duty, highest, "alert.fired")
    assert duty.due_at is not None, "a rung belongs to a clock with a number"
    return Fired(
        incident.number,
        duty.provision,
        duty.stage,
        highest.rung,
        highest.role,
        duty.due_at,
        now - highest.due_at,
        delivery.key,
    )


def _delivery(desk: Desk, incident: Incident, duty: DutyRecord, alert: Alert, now: datetime) -> Delivery:
    channel, to = desk.channels.for_chat()
    assert duty.due_at is not None, "a rung belongs to a clock with a number"
    due = duty.due_at.astimezone(zone(duty.zone)).strftime("%Y-%m-%d %H:%M %Z")
    subject = f"{incident.number}: {alert.rung} for {duty.provision} ({duty.stage})"
    message = {
        "subject": subject,
        "what": f"alert to {alert.role}: {alert.rung} for {duty.provision} ({duty.stage})",
        "text": f"{subject}. To {duty.recipient}, due {due}. Role: {alert.role}. `tocsin status {incident.number}` says what it waits for.",
        "blocks": blocks_clock_at_risk(
            incident.number,
            f"{duty.provision} ({duty.stage})",
            duty.recipient,
            duty.due_at,
            now,
            zone(duty.zone),
            str(duty.body.get("citation")),
        ),
        "about": {"provision": duty.provision, "stage": duty.stage, "rung": alert.rung},
    }
    return new_delivery(incident, f"{incident.number}.alert.{identity(alert)}", "alert", channel, to, message, now)


def _note(desk: Desk, session: Session, incident: Incident, duty: DutyRecord, alert: Alert, kind: str) -> None:
    payload = {
        "provision": duty.provision,
        "stage": duty.stage,
        "rung": alert.rung,
        "role": alert.role,
        "rung_due_at": rfc3339(alert.due_at),
        "due_at": rfc3339(duty.due_at) if duty.due_at else None,
        "why": alert.why,
    }
    record(session, incident, kind, payload, actor="watch", at=desk.clock(), zone=incident.zone)


def _due_deliveries(desk: Desk) -> list[tuple[str, str]]:
    """Alerts that are not out yet, and deliveries that wait for a next try; a first try is left to the runs."""
    with reading(desk.engine) as session:
        rows = session.exec(
            select(Incident.number, Delivery.key)
            .join(Incident, col(Delivery.incident_id) == col(Incident.id))
            .where(
                may_be_tried(desk.clock()),
                col(Delivery.next_try_at).is_not(None) | (col(Delivery.purpose) == "alert"),
            )
            .order_by(col(Delivery.id))
            .limit(MOST_AT_ONCE)
        )
        return [(number, key) for number, key in rows]
