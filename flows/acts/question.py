"""What texts leave open, drafts and filings sent incomplete alike, as questions to people."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from flows.acts.draft import open_gaps, texts_of
from flows.desk import Desk
from models.incident import find, identity
from models.store import reading
from models.tables import Incident, Notice


@dataclass(frozen=True)
class Question:
    """One open question, with the languages in which an answer is wanted and the notices that wait for it."""

    key: str
    question: str
    languages: tuple[str, ...]
    notices: tuple[int, ...]


def questions(desk: Desk, number: str) -> list[Question]:
    """What people can answer so that texts get whole, the question that most texts ask first."""
    with reading(desk.engine) as session:
        return questions_of(desk, session, find(session, number))


def questions_of(desk: Desk, session: Session, incident: Incident) -> list[Question]:
    """The same, read with what else the caller reads; what filings were sent without is asked on until it is known."""
    rows = texts_of(session, incident, "draft", "approved")
    asked = [(one, notice) for notice, version in rows for one in version.missing]
    asked += open_gaps(desk, session, incident)
    keys = dict.fromkeys(one["key"] for one, _ in asked)
    found = [_question(key, [(one, notice) for one, notice in asked if one["key"] == key]) for key in keys]
    return sorted(found, key=lambda one: -len(one.notices))


def _question(key: str, asked: Iterable[tuple[dict[str, Any], Notice]]) -> Question:
    pairs = list(asked)
    english = [one for one, notice in pairs if notice.language == "en"]
    return Question(
        key,
        str((english or [one for one, _ in pairs])[0]["question"]),
        tuple(dict.fromkeys(notice.language for _, notice in pairs)),
        tuple(identity(notice) for _, notice in pairs),
    )
