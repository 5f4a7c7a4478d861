"""Letting go: what is fully signed, on exactly the text that is there, and not held, is queued to be sent."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from flows.acts.deliver import new_delivery, queue, withdraw_unwanted
from flows.acts.draft import current, has_left, notice_in, title, void_approvals
from flows.acts.embargo import embargo
from flows.acts.sign import unfit
from flows.acts.team import roles_of
from flows.acts.way import way_of
from flows.desk import Desk
from integrations.channel import Channel
from models.clock import rfc3339
from models.errors import BadInputError, OvertakenError
from models.incident import find
from models.ledger import record
from models.store import writing
from models.tables import Delivery, Incident, Notice, NoticeVersion
from models.vocabulary import Audience
from templates.page import html

ON_PAPER = (  # who files what they get; people get a mail, and no attachment that they would have to open
    Audience.AUTHORITY,
    Audience.CSIRT,
    Audience.POLICE,
    Audience.CREDIT_AGENCIES,
    Audience.CONTROLLER,
    Audience.CONTRACT_PARTY,
)


def queue_signed(desk: Desk, number: str, audiences: Sequence[Audience]) -> int:
    """Queue every signed notice for these audiences that nothing holds back; gives how many are new."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        _let_go(desk, session, incident)
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
        now = desk.clock()
        free = [notice for notice in ready if embargo(session, incident, notice, now) is None]
        return sum(queue_notice(desk, session, incident, notice) for notice in free)


def _let_go(desk: Desk, session: Session, incident: Incident) -> None:
    """Holds whose time has come end by themselves."""
    over = session.exec(
        select(Notice).where(
            Notice.incident_id == incident.id, col(Notice.held).is_(True), col(Notice.held_until) <= desk.clock()
        )
    ).all()
    for notice in over:
        until = rfc3339(notice.held_until) if notice.held_until else ""
        notice.held, notice.held_by, notice.held_reason, notice.held_until = False, None, None, None
        session.add(notice)
        payload = {"notice": notice.id, "what": title(notice), "reason": f"it was held until {until}"}
        record(session, incident, "notice.released", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)


def queue_notice(desk: Desk, session: Session, incident: Incident, notice: Notice) -> bool:
    """Queue one signed notice unless it is queued, or not fit to leave any more; tells whether it was."""
    version = current(session, notice)
    why = unfit(session, incident, notice)
    if why is not None:
        _reopened(desk, session, incident, notice, why)
        return False
    if _is_queued(session, notice):
        return False  # also when the settings name another channel meanwhile: one text leaves once
    channel, to = way_of(desk, session, notice)
    message = _message(notice, version) | {"with_pdf": channel.attaches and notice.audience in ON_PAPER}
    key = _key(incident, notice, version, channel)
    delivery = new_delivery(incident, key, "notice", channel, to, message, desk.clock())
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


def hold(desk: Desk, number: str, notice_id: int, *, by: str, reason: str, until: datetime | None = None) -> None:
    """Keep a text back until it is released, or until a time, also one that waits to be sent.

    Raises `NotAllowedError` once it has left.
    """
    if until is not None and until <= desk.clock():
        raise BadInputError(f"{rfc3339(until)} is past; give a time that lies ahead, or none")
    with writing(desk.engine) as session:
        incident, notice = _still_here(session, number, notice_id, by)
        notice.held, notice.held_by, notice.held_reason, notice.held_until = True, by, reason, until
        session.add(notice)
        payload = {"notice": notice_id, "what": title(notice), "reason": reason}
        payload["until"] = rfc3339(until) if until else None
        record(session, incident, "notice.held", payload, actor=by, at=desk.clock(), zone=incident.zone)


def release(desk: Desk, number: str, notice_id: int, *, by: str) -> str | None:
    """Let a held text go; it leaves with the next pass if nothing else keeps it, else gives what does."""
    with writing(desk.engine) as session:
        incident, notice = _still_here(session, number, notice_id, by)
        notice.held, notice.held_by, notice.held_reason, notice.held_until = False, None, None, None
        session.add(notice)
        payload = {"notice": notice_id, "what": title(notice), "reason": ""}
        record(session, incident, "notice.released", payload, actor=by, at=desk.clock(), zone=incident.zone)
        return unfit(session, incident, notice) or embargo(session, incident, notice, desk.clock())


def _still_here(session: Session, number: str, notice_id: int, by: str) -> tuple[Incident, Notice]:
    incident = find(session, number)
    roles_of(session, by)
    notice = notice_in(session, incident, notice_id)
    if notice.state == "sent" or has_left(session, notice):
        raise OvertakenError(
            f"notice {notice_id} is on its way or sent; write a correction instead: "
            f"`tocsin notices {number} correct {notice_id} --reason ...`"
        )
    return incident, notice
