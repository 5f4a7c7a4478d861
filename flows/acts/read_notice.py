"""Reading notices as the people who sign them do."""

from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from flows.acts.draft import current, notice_in, title
from flows.acts.sign import open_roles
from flows.desk import Desk
from models.incident import find, identity
from models.store import reading
from models.tables import DutyRecord, Notice


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


def notice_list(desk: Desk, number: str) -> list[NoticeLine]:
    """Every notice of the incident, the most urgent duty's first."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        rows = session.exec(
            select(Notice, DutyRecord)
            .join(DutyRecord, col(Notice.duty_id) == col(DutyRecord.id), isouter=True)
            .where(Notice.incident_id == incident.id)
            .order_by(col(DutyRecord.due_at).is_(None), col(DutyRecord.due_at), col(Notice.id))
        ).all()
        lines = []
        for notice, duty in rows:
            version = current(session, notice)
            levels = [finding["level"] for finding in version.findings]
            lines.append(
                NoticeLine(
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
                    open_roles(session, incident, notice) if notice.state == "draft" else (),
                )
            )
        return lines


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
        )
