"""Why a text may not leave yet although it is signed: what the playbook wants to be so first."""

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session, col, select

from flows.acts.draft import current
from flows.acts.overridden import is_overridden
from flows.acts.playbook import notice_rules, step_rows
from models.clock import rfc3339
from models.incident import facts_of
from models.tables import Delivery, DutyRecord, Incident, Notice
from models.vocabulary import Audience
from playbooks.notices import Hold


def embargo(session: Session, incident: Incident, notice: Notice, now: datetime) -> str | None:
    """What a signed text still waits for at `now`, or None; two people can override it as they can the signatures."""
    if notice.corrects is not None:
        return None  # what is already out is put right at once
    rule = notice_rules(incident).held_for(Audience(notice.audience))
    reason = next(_reasons(session, incident, rule, now), None)
    if reason is None or is_overridden(session, incident, notice, current(session, notice).sha256):
        return None
    return reason


def _reasons(session: Session, incident: Incident, hold: Hold, now: datetime) -> Iterator[str]:
    for audience in hold.told:
        if untold := _untold(session, incident, audience):
            yield f"{_named(audience)} first ({untold})"
    for audience in hold.being_told:
        untold = _untold(session, incident, audience)
        if untold and not _is_under_way(session, incident, audience):
            yield f"{_named(audience)} must be being told ({untold})"
    steps = step_rows(session, incident) if hold.done else {}
    for key in hold.done:
        rows = [row for name, row in steps.items() if name == key or name.startswith((f"{key}/", f"{key}["))]
        if not rows or any(row.record not in ("done", "skipped") and row.state != "not_needed" for row in rows):
            yield f"the step {key} first"
    if hold.after is not None:
        since = facts_of(session, incident).times.aware_at or incident.opened_at
        if now < since + hold.after:
            yield f"not before {rfc3339(since + hold.after)}"


def _named(audience: Audience) -> str:
    return audience.value.replace("_", " ")


def _untold(session: Session, incident: Incident, audience: Audience) -> str | None:
    """What is still to be said to an audience: an open duty, or where no law speaks of it, a text that was not sent.

    Whoever had the first report under a provision is told, though a supplement or the final report is still to follow.
    """
    is_open = (col(DutyRecord.state) == "open") & (col(DutyRecord.clock_state) != "not_started")
    duties = session.exec(
        # Not the rows: each holds its whole assessment.
        select(DutyRecord.provision, DutyRecord.recipient, col(DutyRecord.met_at).is_not(None), is_open)
        .where(DutyRecord.incident_id == incident.id, DutyRecord.audience == audience.value)
        .order_by(col(DutyRecord.id))
    ).all()
    has_heard = {(provision, recipient) for provision, recipient, met, _ in duties if met}
    for provision, recipient, _, open_now in duties:
        if open_now and (provision, recipient) not in has_heard:
            return f"{provision} is open"
    if duties:
        return None
    text = session.exec(
        select(Notice.id).where(
            Notice.incident_id == incident.id,
            Notice.audience == audience.value,
            col(Notice.state).in_(("draft", "approved")),
        )
    ).first()
    return f"notice {text} is not sent" if text is not None else None


def _is_under_way(session: Session, incident: Incident, audience: Audience) -> bool:
    row = session.exec(
        select(Delivery.id)
        .join(Notice, col(Delivery.notice_id) == col(Notice.id))
        .where(
            Notice.incident_id == incident.id,
            Notice.audience == audience.value,
            col(Delivery.state).in_(("sending", "uncertain", "sent")),
        )
    ).first()
    return row is not None
