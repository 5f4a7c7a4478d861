"""Texts that no longer say what the facts say, or are called for no more: which, what changed, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session, select

from flows.acts.draft import facts_used, signatures, texts_of, title, void_approvals
from flows.acts.severity import severity_in
from flows.acts.uncalled import why_uncalled
from flows.desk import Desk
from models.incident import facts_of, find, identity
from models.ledger import record
from models.report import Report
from models.store import reading, writing
from models.tables import Incident, LedgerEntry, Notice, NoticeVersion
from models.vocabulary import Audience
from templates.facts import stale
from templates.forms import Occasion

REMEDIES = ("correction", "withdrawal")
Pair = tuple[Notice, NoticeVersion]
MEND = {
    "draft": "it is drafted again with the next pass",
    "edited": "it is drafted again with the next pass, its edits kept; choose where both changed the same words",
    "approved": "its signatures no longer hold; it is drafted again and must be signed again",
    "sent": "send a follow-up or a correction: it was sent with the old value",
    "uncalled": "it is closed with the next pass, and not sent",
    "sent and uncalled": "send a withdrawal: it was sent, and is called for no more",
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
        return stale_under(desk, session, incident, facts_of(session, incident))


def refresh_stale(desk: Desk, number: str) -> list[StaleText]:
    """Find the stale texts and end the signatures on them, with one entry for each fact; they are not sent any more."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        found = stale_under(desk, session, incident, facts_of(session, incident))
        told = _told(session, incident)
        for text in found:
            notice = session.get_one(Notice, text.notice)
            if text.mend == MEND["uncalled"]:
                continue  # the pass that closes it says so
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


def stale_under(desk: Desk, session: Session, incident: Incident, report: Report) -> list[StaleText]:
    """Every text that states something else than these facts do, or is called for no more."""
    rows = texts_of(session, incident, "draft", "approved", "sent")
    press_told = any(notice.audience == Audience.PRESS and notice.state == "sent" for notice, _ in rows)
    occasion = Occasion(report, severity_in(desk, report).level, press_told)
    remedies = {notice.corrects: (notice, version) for notice, version in rows if notice.form in REMEDIES}
    return [
        text
        for notice, version in rows
        for text in _of_one(session, incident, notice, version, occasion, remedies.get(notice.id))
    ]


def _of_one(
    session: Session,
    incident: Incident,
    notice: Notice,
    version: NoticeVersion,
    occasion: Occasion,
    remedy: Pair | None,
) -> Iterator[StaleText]:
    """What is no longer so of one text; what its remedy has told the recipient, or will, is not asked for twice."""
    changes = stale(facts_used(version), occasion.report)
    if remedy is not None and remedy[0].state == "sent":
        told = stale(facts_used(version), facts_of(session, incident, remedy[1].facts_version))
        changes = tuple(one for one in changes if one not in told and remedy[0].form != "withdrawal")
    signed_by = tuple(one.person for one in signatures(session, notice, version))

    def text(path: str, old: str, new: str, mend: tuple[str, str]) -> StaleText:
        what, audience, language = title(notice), notice.audience, notice.language
        return StaleText(identity(notice), what, audience, language, notice.state, path, old, new, *mend, signed_by)

    uncalled = why_uncalled(session, notice, occasion)
    if uncalled is None:
        for change in changes:
            yield text(change.path, change.old, change.new, _mended(incident.number, notice, version, remedy))
    elif notice.state != "sent":
        yield text(
            f"notice {notice.id}", "called for", uncalled, (MEND["uncalled"], f"tocsin respond {incident.number}")
        )
    elif remedy is None or remedy[0].form != "withdrawal" or remedy[0].state != "sent":
        yield text(f"notice {notice.id}", "called for", uncalled, _withdrawal(incident.number, notice, remedy))


def _mended(number: str, notice: Notice, version: NoticeVersion, remedy: Pair | None) -> tuple[str, str]:
    """What to do about a stale text, and the command that does it."""
    if notice.state == "sent" and remedy is not None and remedy[0].state != "sent":
        return _to_be_signed(number, remedy[0])
    if notice.state == "sent":
        return MEND["sent"], f"tocsin notices {number} correct {notice.id} --reason ..."
    edited = version.edited and notice.state in ("draft", "approved")
    return MEND["edited" if edited else notice.state], f"tocsin respond {number}"


def _withdrawal(number: str, notice: Notice, remedy: Pair | None) -> tuple[str, str]:
    if remedy is not None and remedy[0].form == "withdrawal":
        return _to_be_signed(number, remedy[0])
    return MEND["sent and uncalled"], f"tocsin notices {number} withdraw {notice.id} --reason ..."


def _to_be_signed(number: str, remedy: Notice) -> tuple[str, str]:
    return f"its {remedy.form} is notice {remedy.id}, {remedy.state}", f"tocsin notices {number} show {remedy.id}"
