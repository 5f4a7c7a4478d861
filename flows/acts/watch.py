"""The deadline monitor's pass: every warning whose time has come fires once, the highest of a clock first; late is recorded as late."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import groupby

from sqlmodel import Session, and_, col, or_, select

from flows.acts.deliver import attempt, new_delivery, queue
from flows.acts.ladder import ENDED, Fired, key_of, ladder_of, runs, way_to
from flows.acts.page import page_of, stand_down
from flows.acts.pulse import seen
from flows.acts.ticket_watch import watch_tickets
from flows.acts.unsigned import fire_unsigned
from flows.desk import Desk
from integrations.slack_blocks import blocks_clock_at_risk
from integrations.slack_views import SEEN, answer_button
from models.clock import rfc3339, zone
from models.incident import identity
from models.ledger import record
from models.store import reading, writing
from models.tables import Alert, Delivery, DutyRecord, Incident
from playbooks.ladder import Ladder
from playbooks.period import in_words

MOST_AT_ONCE = 500
FIRED_BEFORE_SENDING = 50  # so that the first of many does not wait for the last
FIRED_TOGETHER = 10  # incidents in one transaction: most of its cost is its end, and nobody waits long for their rows
NOT_ACKNOWLEDGED = "not acknowledged: "
FAILURES_IN_A_ROW = 3  # then a channel is left alone until the next pass, so that a slow one holds up nothing


def watch_once(desk: Desk, *, stand_in: bool = False) -> list[Fired]:
    """Fire what is due, and try again every delivery whose time has come; a stand-in does so while no watch runs."""
    given_up: set[str] = set()
    fired, busy = _fire_due(desk, given_up)
    for incident_id in busy:
        fired += _fire_together(desk, [incident_id], wait=True)[0]
    fired += fire_unsigned(desk)
    stand_down(desk)
    _send_due(desk, given_up)
    watch_tickets(desk)
    seen(desk, stand_in=stand_in)
    return fired


def _fire_due(desk: Desk, given_up: set[str]) -> tuple[list[Fired], list[int]]:
    """Fire every incident's due alerts, and send some before the next; gives also the incidents that somebody else is writing to just now."""
    fired: list[Fired] = []
    busy: list[int] = []
    while found := _due_incidents(desk, busy):
        for first in range(0, len(found), FIRED_TOGETHER):
            of_them, locked = _fire_together(desk, found[first : first + FIRED_TOGETHER], wait=False)
            fired += of_them
            busy += locked
        _send_due(desk, given_up)
    return fired, busy


def _due_incidents(desk: Desk, without: Sequence[int]) -> list[int]:
    """The incidents with alerts whose time has come, by the one index; its cost depends on what is due alone."""
    with reading(desk.engine) as session:
        query = select(Alert.incident_id).where(Alert.state == "pending", Alert.fires_at <= desk.clock())
        if without:
            query = query.where(col(Alert.incident_id).not_in(without))
        return list(dict.fromkeys(session.exec(query.order_by(col(Alert.fires_at)).limit(FIRED_BEFORE_SENDING))))


def _fire_together(desk: Desk, incidents: Sequence[int], *, wait: bool) -> tuple[list[Fired], list[int]]:
    """Fire the due alerts of some incidents in one transaction; gives also those that somebody else has locked.

    Their rows are locked, so that two watchers cannot fire the same.
    """
    now = desk.clock()
    with writing(desk.engine) as session:
        locked = select(Incident).where(col(Incident.id).in_(incidents)).order_by(col(Incident.id))
        found = session.exec(locked.with_for_update(skip_locked=not wait, key_share=True)).all()
        fired = [alert for incident in found for alert in _fire_incident(desk, session, incident, now)]
    free = {identity(incident) for incident in found}
    return fired, [incident for incident in incidents if incident not in free]


def _fire_incident(desk: Desk, session: Session, incident: Incident, now: datetime) -> list[Fired]:
    due = session.exec(
        select(Alert)
        .where(Alert.incident_id == incident.id, Alert.state == "pending", Alert.fires_at <= now)
        .order_by(col(Alert.duty_id), col(Alert.due_at), col(Alert.id))
    ).all()
    groups = [list(alerts) for _, alerts in groupby(due, key=lambda alert: alert.duty_id)]
    return [fired for alerts in groups if (fired := _fire(desk, session, incident, alerts, now))]


def _fire(desk: Desk, session: Session, incident: Incident, due: Sequence[Alert], now: datetime) -> Fired | None:
    duty = session.get_one(DutyRecord, due[0].duty_id)
    if not runs(duty) or incident.state != "open":
        _end(session, due, "cancelled", ENDED, now)
        return None
    assert duty.due_at is not None, "a clock that runs has a limit"
    ladder = ladder_of(desk, incident, duty)
    *passed, highest = _with_reminders(incident, duty, ladder, sorted(due, key=_by_weight), now)
    session.add_all([*passed, highest])
    _pass_over(desk, session, incident, duty, passed, highest, now)
    highest.state, highest.fired_at = "fired", now
    session.flush()
    deliveries = _deliveries(desk, incident, duty, highest, now)
    for delivery in deliveries:
        queue(session, desk, incident, delivery)
    _note(desk, session, incident, duty, highest, kind="alert.fired")
    _plan_next(session, incident, duty, ladder, highest, now)
    return Fired(
        incident.number,
        duty.provision,
        duty.stage,
        highest.rung,
        highest.role,
        duty.due_at,
        now - highest.due_at,
        deliveries[0].key,
    )


def _by_weight(alert: Alert) -> tuple[bool, datetime]:
    """A rung that is due says more than an escalation of an earlier one."""
    return alert.kind != "escalation", alert.due_at


def _with_reminders(
    incident: Incident, duty: DutyRecord, ladder: Ladder, due: Sequence[Alert], now: datetime
) -> list[Alert]:
    """What is due, and after a limit that was reached unwatched, the reminders that ought to have come since."""
    last = due[-1]
    if not _is_over(ladder, last) or ladder.then_every is None:
        return list(due)
    assert duty.due_at is not None, "a clock that runs has a limit"
    since = max(last.due_at, last.made_at or last.due_at)
    first, latest = ((at - duty.due_at) // ladder.then_every for at in (since, now))
    return [*due, *(_reminder(incident, duty, ladder, last, count, now) for count in range(first + 1, latest + 1))]


def _is_over(ladder: Ladder, alert: Alert) -> bool:
    return alert.kind == "reminder" or (alert.kind == "rung" and alert.rung == ladder.limit.name)


def _reminder(incident: Incident, duty: DutyRecord, ladder: Ladder, last: Alert, count: int, now: datetime) -> Alert:
    assert duty.due_at is not None, "a clock that runs has a limit"
    assert ladder.then_every is not None, "asked for by the caller"
    name = f"{in_words(ladder.then_every * count)} over"
    return _more(incident, duty, last, "reminder", name, name, last.role, duty.due_at + ladder.then_every * count, now)


def _more(
    incident: Incident,
    duty: DutyRecord,
    last: Alert,
    kind: str,
    name: str,
    distinct: str,
    role: str,
    at: datetime,
    now: datetime,
) -> Alert:
    """A further warning of the same clock by the same ways."""
    return Alert(
        key=key_of(incident, duty, distinct),
        incident_id=last.incident_id,
        duty_id=last.duty_id,
        kind=kind,
        rung=name,
        role=role,
        ways=last.ways,
        made_at=now,
        due_at=at,
        fires_at=at,
        zone=duty.zone,
    )


def _pass_over(
    desk: Desk,
    session: Session,
    incident: Incident,
    duty: DutyRecord,
    passed: Sequence[Alert],
    highest: Alert,
    now: datetime,
) -> None:
    """Record what does not fire because a higher one does: snoozed, overtaken, or missed; reminders in one entry."""
    for alert in passed:
        state, why = _why_not(alert, highest)
        _end(session, [alert], state, why, now)
    singly = [alert for alert in passed if alert.kind != "reminder"]
    for alert in singly:
        _note(desk, session, incident, duty, alert, kind=f"alert.{alert.state}")
    reminders = [alert for alert in passed if alert.kind == "reminder"]
    for state, alerts in groupby(reminders, key=lambda alert: alert.state):
        _note(desk, session, incident, duty, *alerts, kind=f"alert.{state}")


def _why_not(alert: Alert, highest: Alert) -> tuple[str, str]:
    if alert.snoozed_until is not None:
        until = rfc3339(alert.snoozed_until)
        return "overtaken", f"snoozed by {alert.snoozed_by} until {until}; {highest.rung!r} fired instead"
    if alert.kind == "escalation":
        return "overtaken", f"{highest.rung!r} fired instead"
    return "missed", f"not watched when due; {highest.rung!r} fired instead"


def _end(session: Session, alerts: Iterable[Alert], state: str, why: str, now: datetime) -> None:
    for alert in alerts:
        alert.state, alert.why, alert.ended_at = state, why, now
        session.add(alert)


def _plan_next(
    session: Session, incident: Incident, duty: DutyRecord, ladder: Ladder, fired: Alert, now: datetime
) -> None:
    """The rows that follow from an alert: the next role where nobody acknowledges it, and the reminder after the limit."""
    waiting = select(Alert).where(Alert.duty_id == duty.id, Alert.state == "pending", Alert.kind == "escalation")
    _end(session, session.exec(waiting), "overtaken", f"{fired.rung!r} fired", now)
    more = [*_escalation(incident, duty, ladder, fired, now), *_next_reminder(incident, duty, ladder, fired, now)]
    known = session.exec(select(Alert.key).where(col(Alert.key).in_([alert.key for alert in more]))).all()
    session.add_all(alert for alert in more if alert.key not in known)


def _escalation(incident: Incident, duty: DutyRecord, ladder: Ladder, fired: Alert, now: datetime) -> Iterator[Alert]:
    about = fired.rung.removeprefix(NOT_ACKNOWLEDGED)
    within = ladder.answer_within(ladder.limit if fired.kind == "reminder" else ladder.rung(about))
    role = ladder.above(fired.role)
    if within is not None and role is not None:
        name = NOT_ACKNOWLEDGED + about
        yield _more(incident, duty, fired, "escalation", name, f"{name} -> {role.value}", role.value, now + within, now)


def _next_reminder(
    incident: Incident, duty: DutyRecord, ladder: Ladder, fired: Alert, now: datetime
) -> Iterator[Alert]:
    if _is_over(ladder, fired) and ladder.then_every is not None:
        assert duty.due_at is not None, "a clock that runs has a limit"
        yield _reminder(incident, duty, ladder, fired, (now - duty.due_at) // ladder.then_every + 1, now)


def _deliveries(desk: Desk, incident: Incident, duty: DutyRecord, alert: Alert, now: datetime) -> list[Delivery]:
    """One message for each way; tried by the watch itself, at once."""
    message = _message(desk, incident, duty, alert, now)
    found: list[Delivery] = []
    for way in alert.ways.split(","):
        channel, to = way_to(desk, way, alert.role)
        key = f"{incident.number}.alert.{identity(alert)}" + (f".{way}" if found else "")
        delivery = new_delivery(incident, key, "alert", channel, to, message, now)
        found.append(delivery)
    if "chat" in alert.ways.split(","):
        found += [
            new_delivery(
                incident, f"{incident.number}.alert.{identity(alert)}.{other.name}", "alert", other, to, message, now
            )
            for other, to in desk.channels.copies()
        ]
    for delivery in found:
        delivery.next_try_at = now
    return found


def _message(desk: Desk, incident: Incident, duty: DutyRecord, alert: Alert, now: datetime) -> dict[str, object]:
    assert duty.due_at is not None, "a clock that runs has a limit"
    due = duty.due_at.astimezone(zone(duty.zone)).strftime("%Y-%m-%d %H:%M %Z")
    subject = f"{incident.number}: {alert.rung} for {duty.provision} ({duty.stage})"
    seen = f"{incident.number} {duty.provision}"
    button = answer_button(seen, "I have seen this", SEEN) if desk.settings.answers_in_slack else None
    answer = f"`tocsin watch ack {incident.number} {duty.provision}` says that you have seen this"
    return {
        "subject": subject,
        "what": f"alert to {alert.role}: {alert.rung} for {duty.provision} ({duty.stage})",
        "text": f"{subject}. To {duty.recipient}, due {due}. Role: {alert.role}. `tocsin status {incident.number}` says what it waits for; {answer}.",
        "blocks": blocks_clock_at_risk(
            incident.number,
            f"{duty.provision} ({duty.stage})",
            duty.recipient,
            duty.due_at,
            now,
            zone(duty.zone),
            str(duty.body.get("citation")),
            button=button,
        ),
        "about": {
            "provision": duty.provision,
            "stage": duty.stage,
            "rung": alert.rung,
            "role": alert.role,
            "page": page_of(incident, duty),
        },
    }


def _note(desk: Desk, session: Session, incident: Incident, duty: DutyRecord, *alerts: Alert, kind: str) -> None:
    first, last = alerts[0], alerts[-1]
    payload = {
        "provision": duty.provision,
        "stage": duty.stage,
        "rung": first.rung if first is last else f"{first.rung} to {last.rung}",
        "role": last.role,
        "rung_due_at": rfc3339(first.due_at),
        "due_at": rfc3339(duty.due_at) if duty.due_at else None,
        "why": last.why,
        "count": len(alerts),
    }
    record(session, incident, kind, payload, actor="watch", at=desk.clock(), zone=incident.zone)


def _send_due(desk: Desk, given_up: set[str]) -> None:
    """Send the alerts that are not out yet, and what waits for a next try: each channel by itself, in order.

    A channel that fails again and again is given up for the rest of the pass.
    """
    by_channel: dict[str, list[tuple[str, str]]] = {}
    for channel, number, key in _due_deliveries(desk):
        if channel not in given_up:
            by_channel.setdefault(channel, []).append((number, key))
    if not by_channel:
        return
    _ = desk.channels  # made before there are threads that would each make their own
    with ThreadPoolExecutor(len(by_channel)) as pool:
        tried = {channel: pool.submit(_send_by_one, desk, rows) for channel, rows in by_channel.items()}
        given_up.update(channel for channel, done in tried.items() if not done.result())


def _send_by_one(desk: Desk, rows: Sequence[tuple[str, str]]) -> bool:
    """Send in order; False where the channel failed so often in a row that it is given up."""
    failures = 0
    for number, key in rows:
        failures = 0 if attempt(desk, number, key).state == "sent" else failures + 1
        if failures == FAILURES_IN_A_ROW:
            return False
    return True


def _due_deliveries(desk: Desk) -> list[tuple[str, str, str]]:
    """Channel, incident and key of the rows whose time has come, alerts first; a first try of the rest is left to the runs.

    Of a halted incident only its alerts go out.
    """
    real = datetime.now(UTC)  # a process dies in real time, also in a rehearsal
    with reading(desk.engine) as session:
        rows = session.exec(
            select(Delivery.channel, Incident.number, Delivery.key, Delivery.purpose)
            .join(Incident, col(Delivery.incident_id) == col(Incident.id))
            .where(
                or_(col(Incident.halted_at).is_(None), Delivery.purpose == "alert"),
                or_(
                    and_(col(Delivery.state).in_(("pending", "uncertain")), col(Delivery.next_try_at) <= desk.clock()),
                    and_(Delivery.state == "sending", col(Delivery.next_try_at) <= real),
                ),
            )
            .order_by(col(Delivery.next_try_at), col(Delivery.id))
            .limit(MOST_AT_ONCE)
        ).all()
    return [row[:3] for row in sorted(rows, key=lambda row: row[3] != "alert")]
