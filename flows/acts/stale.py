"""Texts that no longer say what the facts say: which, what changed, and what to do about it."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from flows.acts.draft import facts_used, signatures, title, void_approvals
from flows.desk import Desk
from models.incident import facts_of, find, identity
from models.ledger import record
from models.report import Report
from models.store import reading, writing
from models.tables import Incident, LedgerEntry, Notice, NoticeVersion
from templates.facts import stale

MEND = {
    "draft": "it is drafted again with the next pass",
    "edited": "it is drafted again with the next pass, its edits kept; choose where both changed the same words",
    "approved": "its signatures no longer hold; it is drafted again and must be signed again",
    "sent": "send a follow-up or a correction: it was sent with the old value",
}


@dataclass(frozen=True)
class StaleText:
    """One fact that one text states otherwise than it is now known."""

    notice: int
    what: str
    audience: str
    language: str
    state: str
    path: str
    old: str
    new: str
    mend: str
    command: str
    signed_by: tuple[str, ...]


def stale_texts(desk: Desk, number: str) -> list[StaleText]:
    """Every text that states an old value, sent ones too."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        return stale_under(session, incident, facts_of(session, incident))


def refresh_stale(desk: Desk, number: str) -> list[StaleText]:
    """Find the stale texts and end the signatures on them, with one entry for each fact; they are not sent any more."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        found = stale_under(session, incident, facts_of(session, incident))
        told = _told(session, incident)
        for text in found:
            notice = session.get_one(Notice, text.notice)
            if notice.state == "approved" or (notice.state == "draft" and _is_signed(session, notice)):
                notice.state = "draft"
                session.add(notice)
                void_approvals(desk, session, incident, notice, f"{text.path} changed")
            payload = {"notice": text.notice, "what": text.what, "path": text.path, "state": text.state}
            payload["version"] = notice.version
            if (text.notice, notice.version, text.path) not in told:
                record(session, incident, "notice.stale", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)
        return found


def _told(session: Session, incident: Incident) -> set[tuple[int, int, str]]:
    """What the ledger says already: that this version of this notice states a fact as it is no more."""
    rows = session.exec(
        select(LedgerEntry.payload).where(LedgerEntry.incident_id == incident.id, LedgerEntry.kind == "notice.stale")
    )
    return {(said["notice"], said["version"], said["path"]) for said in rows}


def _is_signed(session: Session, notice: Notice) -> bool:
    version = session.exec(
        select(NoticeVersion).where(NoticeVersion.notice_id == notice.id, NoticeVersion.version == notice.version)
    ).one()
    return bool(signatures(session, notice, version))


def stale_under(session: Session, incident: Incident, report: Report) -> list[StaleText]:
    """Every text that states something else than these facts do."""
    rows = session.exec(
        select(Notice, NoticeVersion)
        .join(
            NoticeVersion,
            (col(NoticeVersion.notice_id) == col(Notice.id)) & (col(NoticeVersion.version) == col(Notice.version)),
        )
        .where(Notice.incident_id == incident.id, Notice.state != "withdrawn")
        .order_by(col(Notice.id))
    ).all()
    return [
        StaleText(
            identity(notice),
            title(notice),
            notice.audience,
            notice.language,
            notice.state,
            change.path,
            change.old,
            change.new,
            *_mended(incident.number, notice, version),
            tuple(one.person for one in signatures(session, notice, version)),
        )
        for notice, version in rows
        for change in stale(facts_used(version), report)
    ]


def _mended(number: str, notice: Notice, version: NoticeVersion) -> tuple[str, str]:
    """What to do about a stale text, and the command that does it."""
    if notice.state == "sent":
        return MEND["sent"], f"tocsin notices {number} correct {notice.id} --reason ..."
    edited = version.edited and notice.state in ("draft", "approved")
    return MEND["edited" if edited else notice.state], f"tocsin respond {number}"
