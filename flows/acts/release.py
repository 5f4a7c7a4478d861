"""Letting go: what is fully signed, on exactly the text that is there, and not held, is queued to be sent."""

import re
from collections.abc import Sequence

from sqlmodel import Session, col, select

from flows.acts.deliver import new_delivery, queue, withdraw_unwanted
from flows.acts.draft import current, has_left, notice_in, title, void_approvals
from flows.acts.playbook import notice_rules
from flows.acts.sign import unfit
from flows.acts.team import roles_of
from flows.desk import Desk
from integrations.channel import Channel
from models.errors import NotAllowedError
from models.incident import find
from models.ledger import record
from models.store import writing
from models.tables import Delivery, DutyRecord, Incident, Notice, NoticeVersion
from models.vocabulary import Audience
from templates.page import html


def queue_signed(desk: Desk, number: str, audiences: Sequence[Audience]) -> int:
    """Queue every signed notice for these audiences that nothing holds back; gives how many are new."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        desk.guard(session)
        withdraw_unwanted(desk, session, incident)
        ready = session.exec(
            select(Notice)
            .where(
                Notice.incident_id == incident.id,
                Notice.state == "approved",
                col(Notice.held).is_(False),
                col(Notice.audience).in_([audience.value for audience in audiences]),
            )
            .order_by(col(Notice.id))
        ).all()
        return sum(
            queue_notice(desk, session, incident, notice) for notice in ready if not embargo(session, incident, notice)
        )


def embargo(session: Session, incident: Incident, notice: Notice) -> str | None:
    """Why a text may not leave yet although it is signed, or None: the playbook has, say, the authority told first."""
    for first in notice_rules(incident).held_for(Audience(notice.audience)):
        untold = session.exec(
            select(DutyRecord.provision).where(
                DutyRecord.incident_id == incident.id,
                DutyRecord.audience == first.value,
                DutyRecord.state == "open",
                DutyRecord.clock_state != "not_started",
            )
        ).first()
        if untold:
            return f"{first.value.replace('_', ' ')} first ({untold} is open)"
    return None


def queue_notice(desk: Desk, session: Session, incident: Incident, notice: Notice) -> bool:
    """Queue one signed notice unless it is queued, or not fit to leave any more; tells whether it was."""
    version = current(session, notice)
    why = unfit(session, incident, notice)
    if why is not None:
        _reopened(desk, session, incident, notice, why)
        return False
    if _is_queued(session, notice):
        return False  # also when the settings name another channel meanwhile: one text leaves once
    channel, to = _way(desk, notice)
    delivery = new_delivery(
        incident,
        _key(incident, notice, version, channel),
        "notice",
        channel,
        to,
        _message(notice, version),
        desk.clock(),
    )
    delivery.notice_id, delivery.notice_version = notice.id, version.version
    return queue(session, desk, incident, delivery)


def _is_queued(session: Session, notice: Notice) -> bool:
    row = session.exec(
        select(Delivery.id).where(
            Delivery.notice_id == notice.id,
            Delivery.notice_version == notice.version,
            Delivery.state != "withdrawn",
        )
    ).first()
    return row is not None


def _reopened(desk: Desk, session: Session, incident: Incident, notice: Notice, why: str) -> None:
    """A text that was signed enough once, and is not any more, is a draft again; the others are not held up."""
    notice.state = "draft"
    session.add(notice)
    payload = {"notice": notice.id, "what": title(notice), "reason": why}
    record(session, incident, "notice.reopened", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)
    if not why.startswith("signatures"):
        void_approvals(desk, session, incident, notice, why)


def _way(desk: Desk, notice: Notice) -> tuple[Channel, str]:
    return desk.channels.for_mail(notice.recipient, notice.audience)


def _key(incident: Incident, notice: Notice, version: NoticeVersion, channel: Channel) -> str:
    """The effect's key, from what it is: incident, notice, recipient, channel and exact text."""
    words = notice.key.removeprefix(f"{incident.number}:").replace(":", ".")
    named = re.sub(r"[^A-Za-z0-9.]+", "-", words).strip("-")[:90]
    return f"{incident.number}.{notice.id}.{named}.{channel.name}.{version.sha256[:16]}"


def _message(notice: Notice, version: NoticeVersion) -> dict[str, object]:
    return {
        "subject": version.subject,
        "text": version.text,
        "html": html(version.text, notice.language, version.subject),
        "language": notice.language,
        "what": title(notice),
        "about": {"notice": str(notice.id), "audience": notice.audience, "sha256": version.sha256},
    }


def hold(desk: Desk, number: str, notice_id: int, *, by: str, reason: str) -> None:
    """Keep a text back until it is released, also one that waits to be sent; raises `NotAllowedError` once it has left."""
    _set_held(desk, number, notice_id, by=by, held=True, reason=reason)


def release(desk: Desk, number: str, notice_id: int, *, by: str) -> None:
    """Let a held text go; it leaves with the next pass if it is signed."""
    _set_held(desk, number, notice_id, by=by, held=False, reason="")


def _set_held(desk: Desk, number: str, notice_id: int, *, by: str, held: bool, reason: str) -> None:
    with writing(desk.engine) as session:
        incident = find(session, number)
        roles_of(session, by)
        notice = notice_in(session, incident, notice_id)
        if notice.state == "sent" or has_left(session, notice):
            raise NotAllowedError(f"notice {notice_id} is on its way or sent; write a correction instead")
        notice.held, notice.held_by = held, by if held else None
        session.add(notice)
        payload = {"notice": notice_id, "what": title(notice), "reason": reason}
        record(
            session,
            incident,
            "notice.held" if held else "notice.released",
            payload,
            actor=by,
            at=desk.clock(),
            zone=incident.zone,
        )
