"""Mails that answer mails to people: a person's words open a case by themselves, or belong to the one that is open.

The words are sealed beside the roster. The database knows whose mail it was by their opaque id, and a keyed hash of it.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Literal

from sqlmodel import Session, col, func, select

from flows.acts.people import key_file
from flows.acts.people_cases import LONGEST, MOST_MAILS, opened, seal_words
from flows.desk import Desk
from integrations.returned_mail import Reply
from models.errors import NotAllowedError
from models.incident import identity
from models.tables import CaseMail, Incident, PersonCase, PersonDelivery

TOPIC = "reply"  # until somebody says what it is about

Became = Literal["case", "added", "known"]


def take_reply(
    desk: Desk, session: Session, row: PersonDelivery, reply: Reply, came_at: datetime, *, by: str
) -> Became:
    """Open a case of what somebody answered, or add it to their open one; the same mail again is known.

    Raises `NotAllowedError` where the roster's key is gone.
    """
    incident = session.get_one(Incident, row.incident_id)
    digest = _digest(desk, incident.number, reply)
    known = select(CaseMail.id).where(CaseMail.incident_id == incident.id, CaseMail.digest == digest)
    if session.exec(known).first() is not None:
        return "known"
    case, words = _open_case(session, row), reply.words[:LONGEST]
    became: Became = "added" if case is not None else "case"
    if case is None:
        case = opened(
            desk, session, incident, row.person, by=by, way="reply", topic=TOPIC, words=words, came_at=came_at
        )
    else:
        _add(desk, session, incident.number, case, words)
    at = min(came_at, desk.clock())
    session.add(CaseMail(incident_id=row.incident_id, case_id=identity(case), digest=digest, at=at))
    session.flush()
    return became


def _digest(desk: Desk, number: str, reply: Reply) -> str:
    key = key_file(desk.settings, number)
    if not key.exists():
        raise NotAllowedError(f"{number}: the roster's key is gone; answer the mail from the mailbox")
    return hmac.new(key.read_bytes(), reply.identity.encode(errors="replace"), hashlib.sha256).hexdigest()


def _open_case(session: Session, row: PersonDelivery) -> PersonCase | None:
    return session.exec(
        select(PersonCase)
        .where(
            PersonCase.incident_id == row.incident_id,
            PersonCase.person == row.person,
            PersonCase.way == "reply",
            PersonCase.state == "open",
        )
        .order_by(col(PersonCase.id))
        .with_for_update()
    ).first()


def _add(desk: Desk, session: Session, number: str, case: PersonCase, words: str) -> None:
    """The first mail stands under `said`, the next ones under `said-2` and so on."""
    mails = session.exec(select(func.count(col(CaseMail.id))).where(CaseMail.case_id == case.id)).one()
    if mails < MOST_MAILS:
        seal_words(desk, number, f"{identity(case)}-said-{mails + 1}", words)
