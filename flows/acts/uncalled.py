"""Why a text is called for no more: a new fact withdrew its duty, or what its form hangs on is not so."""

from sqlmodel import Session, select

from flows.acts.evaluate import duty_of
from models.tables import DutyRecord, Notice, NoticeVersion
from models.vocabulary import Audience, Verdict
from templates.forms import Condition, Occasion, lapsed

ASKED = "asked for"  # the note of a version that somebody asked for, whether or not the facts call for it
_LAPSED: dict[Condition, str] = {
    "minors": "no minors are among the people",
    "employees": "no employees are among the people",
    "accounts": "nobody among the people has an account",
    "grave": "the severity is no longer high",
    "followed_up": "the press has been told nothing that could be followed up",
}


def why_uncalled(session: Session, notice: Notice, occasion: Occasion) -> str | None:
    """Why a text is not called for on this occasion, or None where it is, or where somebody asked for it."""
    if notice.corrects is not None and notice.form != "followup":
        return None  # a correction is called for by what was sent
    first = session.get_one(Notice, notice.corrects) if notice.corrects is not None else notice
    duty = session.get_one(DutyRecord, first.duty_id) if first.duty_id is not None else None
    if duty is not None and (gone := why_gone(duty)):
        return gone
    condition = lapsed(duty_of(duty) if duty else None, Audience(notice.audience), notice.form, occasion)
    return _LAPSED[condition] if condition and not _is_asked_for(session, notice) else None


def why_gone(duty: DutyRecord) -> str | None:
    """Why a duty no longer arises, also one that was met before; None where it does."""
    if duty.state != "closed" and not (duty.state == "met" and duty.verdict == Verdict.NOT_REQUIRED):
        return None
    reasons = duty.body.get("reasons", []) if duty.body.get("verdict") == Verdict.NOT_REQUIRED else []
    return ": ".join(["the duty no longer arises", *reasons[:1]])


def _is_asked_for(session: Session, notice: Notice) -> bool:
    query = select(NoticeVersion.id).where(NoticeVersion.notice_id == notice.id, NoticeVersion.note == ASKED)
    return session.exec(query).first() is not None
