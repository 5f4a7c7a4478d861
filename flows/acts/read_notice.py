"""Reading notices as the people who sign them do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from flows.acts.draft import CURRENT, current, notice_in, title
from flows.acts.embargo import embargo
from flows.acts.sign import Asked, asked_to_sign
from flows.desk import Desk
from models.clock import rfc3339
from models.incident import find, identity
from models.store import reading
from models.tables import Approval, Delivery, DutyRecord, Incident, Notice, NoticeVersion


@dataclass(frozen=True)
class NoticeLine:
    """One notice in a list."""

    notice: int
    what: str
    provision: str | None
    stage: str | None
    audience: str
    form: str
    language: str
    recipient: str
    state: str
    held: bool
    version: int
    sha256: str
    facts_version: int
    errors: int
    warnings: int
    missing: int
    still_needed: tuple[str, ...]
    waits_for: str | None
    corrects: int | None
    corrected_by: tuple[int, ...]


@dataclass(frozen=True)
class NoticeText:
    """One notice's current text with all that was found about it."""

    notice: int
    what: str
    state: str
    version: int
    subject: str
    text: str
    sha256: str
    facts_version: int
    author: str
    facts_used: tuple[dict[str, Any], ...]
    missing: tuple[dict[str, Any], ...]
    findings: tuple[dict[str, Any], ...]
    corrects: int | None
    corrected_by: tuple[str, ...]


def notice_list(desk: Desk, number: str) -> list[NoticeLine]:
    """Every notice of the incident, the most urgent duty's first."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        rows = session.exec(
            select(Notice, NoticeVersion, DutyRecord)
            .join(NoticeVersion, CURRENT)
            .join(DutyRecord, col(Notice.duty_id) == col(DutyRecord.id), isouter=True)
            .where(Notice.incident_id == incident.id)
            .order_by(col(DutyRecord.due_at).is_(None), col(DutyRecord.due_at), col(Notice.id))
        ).all()
        corrections: dict[int | None, list[int]] = {}
        for notice, _, _ in rows:
            corrections.setdefault(notice.corrects, []).append(identity(notice))
        now = desk.clock()
        return [
            _line(session, incident, notice, version, duty, tuple(corrections.get(notice.id, ())), now)
            for notice, version, duty in rows
        ]


def _line(
    session: Session,
    incident: Incident,
    notice: Notice,
    version: NoticeVersion,
    duty: DutyRecord | None,
    corrected_by: tuple[int, ...],
    now: datetime,
) -> NoticeLine:
    levels = [finding["level"] for finding in version.findings]
    asked = asked_to_sign(session, incident, notice, now) if notice.state == "draft" else None
    return NoticeLine(
        identity(notice),
        title(notice),
        duty.provision if duty else None,
        duty.stage if duty else None,
        notice.audience,
        notice.form,
        notice.language,
        notice.recipient,
        notice.state,
        notice.held,
        notice.version,
        version.sha256,
        version.facts_version,
        levels.count("error"),
        levels.count("warning"),
        len(version.missing),
        asked.still_needed if asked else (),
        _keeps(session, incident, notice, asked, now),
        notice.corrects,
        corrected_by,
    )


def waits_for(session: Session, incident: Incident, notice: Notice, now: datetime) -> str | None:
    """What keeps a text from leaving now, or None for one that may leave or has left."""
    asked = asked_to_sign(session, incident, notice, now) if notice.state == "draft" else None
    return _keeps(session, incident, notice, asked, now)


def _keeps(session: Session, incident: Incident, notice: Notice, asked: Asked | None, now: datetime) -> str | None:
    if notice.state not in ("draft", "approved"):
        return None
    if notice.held:
        until = f" until {rfc3339(notice.held_until)}" if notice.held_until else ""
        return f"held by {notice.held_by}{until}: {notice.held_reason or 'no reason given'}"
    if asked:
        late = f", overdue since {rfc3339(asked.due_at)}" if asked.due_at and asked.due_at < now else ""
        others = f"; {' or '.join(asked.stand_ins)} may stand in" if asked.stand_ins else ""
        return f"signature by {' and '.join(asked.roles)}{late}{others}"
    return embargo(session, incident, notice, now) or _on_its_way(session, notice)


def _on_its_way(session: Session, notice: Notice) -> str | None:
    """What became of the tries to send the text, or None before the first."""
    row = session.exec(
        select(Delivery)
        .where(Delivery.notice_id == notice.id, Delivery.notice_version == notice.version)
        .order_by(col(Delivery.id).desc())
    ).first()
    if row is None or row.state in ("withdrawn", "sent") or (row.state == "pending" and not row.attempts):
        return None
    if row.state == "to_hand_over":
        return f"somebody to file it: {row.body['where']}"
    again = f"; tried again at {rfc3339(row.next_try_at)}" if row.next_try_at else ""
    return f"{row.channel}, {row.state}: {row.last_error or 'no answer yet'}{again}"


@dataclass(frozen=True)
class SignatureLine:
    """One decision on a notice: by whom, as what, on which text, and why it no longer holds where that is so."""

    person: str
    role: str
    decision: str
    note: str | None
    sha256: str
    facts_version: int
    at: datetime
    void_reason: str | None


def signature_lines(desk: Desk, number: str, notice_id: int) -> list[SignatureLine]:
    """Every decision on a notice, oldest first."""
    with reading(desk.engine) as session:
        notice = notice_in(session, find(session, number), notice_id)
        rows = session.exec(
            select(Approval).where(Approval.subject == f"notice:{notice.id}").order_by(col(Approval.id))
        ).all()
    return [
        SignatureLine(
            row.person, row.role, row.decision, row.reason, row.sha256, row.facts_version, row.at, row.void_reason
        )
        for row in rows
    ]


def notice_text(desk: Desk, number: str, notice_id: int) -> NoticeText:
    """One notice's current text; raises `BadInputError` where there is none of that id."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        notice = notice_in(session, incident, notice_id)
        version = current(session, notice)
        return NoticeText(
            notice_id,
            title(notice),
            notice.state,
            version.version,
            version.subject,
            version.text,
            version.sha256,
            version.facts_version,
            version.author,
            tuple(version.facts_used),
            tuple(version.missing),
            tuple(version.findings),
            notice.corrects,
            tuple(
                f"{one.form} in notice {one.id}, {one.state}"
                for one in session.exec(select(Notice).where(Notice.corrects == notice.id).order_by(col(Notice.id)))
            ),
        )
