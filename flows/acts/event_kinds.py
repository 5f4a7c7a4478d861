"""What subscribers are told of: which entries of a ledger are events, and by which name they know them."""

from enum import StrEnum

from sqlmodel import Session, select

from models.tables import Delivery, LedgerEntry


class EventKind(StrEnum):
    """One kind of event; the names are stable for ever."""

    INCIDENT_OPENED = "incident.opened"
    INCIDENT_CLOSED = "incident.closed"
    INCIDENT_REOPENED = "incident.reopened"
    FACTS_CHANGED = "facts.changed"
    DUTY_AROSE = "duty.arose"
    DUTY_WITHDRAWN = "duty.withdrawn"
    DUTY_DECIDED = "duty.decided"
    DUTY_MET = "duty.met"
    CLOCK_MOVED = "clock.moved"
    CLOCK_AT_RISK = "clock.at_risk"
    CLOCK_MISSED = "clock.missed"
    NOTICE_DRAFTED = "notice.drafted"
    NOTICE_SIGNED = "notice.signed"
    NOTICE_HELD = "notice.held"
    NOTICE_RELEASED = "notice.released"
    NOTICE_STALE = "notice.stale"
    NOTICE_SENT = "notice.sent"
    STEP_WAITS = "step.waits"
    STEP_OVERDUE = "step.overdue"
    STEP_DONE = "step.done"
    STEP_SKIPPED = "step.skipped"
    STEP_FAILED = "step.failed"


TEST = "test"  # what a subscriber is sent on request
KINDS = {
    "incident.reported": EventKind.INCIDENT_OPENED,
    "incident.closed": EventKind.INCIDENT_CLOSED,
    "incident.reopened": EventKind.INCIDENT_REOPENED,
    "facts.added": EventKind.FACTS_CHANGED,
    "duty.gained": EventKind.DUTY_AROSE,
    "duty.reopened": EventKind.DUTY_AROSE,
    "duty.withdrawn": EventKind.DUTY_WITHDRAWN,
    "duty.decided": EventKind.DUTY_DECIDED,
    "duty.met": EventKind.DUTY_MET,
    "duty.clock_moved": EventKind.CLOCK_MOVED,
    "notice.drafted": EventKind.NOTICE_DRAFTED,
    "notice.ready": EventKind.NOTICE_SIGNED,
    "notice.held": EventKind.NOTICE_HELD,
    "notice.released": EventKind.NOTICE_RELEASED,
    "notice.stale": EventKind.NOTICE_STALE,
    "step.waiting": EventKind.STEP_WAITS,
    "step.overdue": EventKind.STEP_OVERDUE,
    "step.done": EventKind.STEP_DONE,
    "step.skipped": EventKind.STEP_SKIPPED,
    "step.failed": EventKind.STEP_FAILED,
}
SENT = ("delivery.sent", "delivery.handed_over")


def event_of(session: Session, entry: LedgerEntry) -> EventKind | None:
    """Which event an entry is, or None where it is none."""
    if entry.kind == "alert.fired":
        is_over = (entry.payload.get("rung_due_at") or "") >= (entry.payload.get("due_at") or "~")
        return EventKind.CLOCK_MISSED if is_over else EventKind.CLOCK_AT_RISK
    if entry.kind in SENT:
        return EventKind.NOTICE_SENT if _is_of_a_notice(session, entry) else None
    return KINDS.get(entry.kind)


def _is_of_a_notice(session: Session, entry: LedgerEntry) -> bool:
    """Of a text for others; what the team itself is told is no event."""
    found = select(Delivery.purpose).where(Delivery.key == entry.payload.get("key"))
    return session.exec(found).first() == "notice"
