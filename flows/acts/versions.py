"""The versions of a notice: who made which when, and what changed between two of them, word by word."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from flows.acts.draft import notice_in, title, version_of
from flows.desk import Desk
from models.errors import BadInputError
from models.incident import find
from models.store import reading
from models.tables import NoticeVersion
from templates.compare import Difference, differences


@dataclass(frozen=True)
class VersionLine:
    """One version in a list; `note` says how it came to be where neither drafting nor editing says it all."""

    version: int
    author: str
    edited: bool
    note: str
    created_at: datetime
    zone: str
    sha256: str
    facts_version: int
    errors: int


@dataclass(frozen=True)
class Compared:
    """What changed between two versions of one notice."""

    notice: int
    what: str
    old: int
    new: int
    differences: tuple[Difference, ...]


def versions(desk: Desk, number: str, notice_id: int) -> list[VersionLine]:
    """Every version of a notice, latest first."""
    with reading(desk.engine) as session:
        notice = notice_in(session, find(session, number), notice_id)
        rows = session.exec(
            select(NoticeVersion)
            .where(NoticeVersion.notice_id == notice.id)
            .order_by(col(NoticeVersion.version).desc())
        ).all()
    return [
        VersionLine(
            row.version,
            row.author,
            row.edited,
            row.note or ("edited" if row.edited else "drafted"),
            row.created_at,
            row.zone,
            row.sha256,
            row.facts_version,
            sum(finding["level"] == "error" for finding in row.findings),
        )
        for row in rows
    ]


def compared(desk: Desk, number: str, notice_id: int, old: int | None = None, new: int | None = None) -> Compared:
    """What changed from version `old` (default: the one before) to version `new` (default: the latest)."""
    with reading(desk.engine) as session:
        notice = notice_in(session, find(session, number), notice_id)
        to = notice.version if new is None else new
        since = to - 1 if old is None else old
        if since < 1:
            raise BadInputError(f"notice {notice_id} has one version only; there is nothing to compare it with")
        before, after = version_of(session, notice, since), version_of(session, notice, to)
        return Compared(notice_id, title(notice), since, to, differences(before.text, after.text))
