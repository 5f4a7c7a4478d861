"""Questions that texts leave open, and people's answers: what no fact says, such as which further measures are planned."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from flows.acts.team import roles_of
from flows.desk import Desk
from models.document import nearest
from models.errors import BadInputError
from models.incident import find, identity
from models.ledger import record
from models.store import reading, writing
from models.tables import ContentAnswer, Incident, Notice, NoticeVersion
from templates.forms import read_forms
from templates.language import languages

LONGEST_ANSWER = 5_000


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
        rows = session.exec(
            select(Notice, NoticeVersion)
            .join(
                NoticeVersion,
                (col(NoticeVersion.notice_id) == col(Notice.id)) & (col(NoticeVersion.version) == col(Notice.version)),
            )
            .where(Notice.incident_id == find(session, number).id, col(Notice.state).in_(("draft", "approved")))
            .order_by(col(Notice.id))
        ).all()
    asked = [(one, notice) for notice, version in rows for one in version.missing]
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


def answer(desk: Desk, number: str, key: str, words: str, language: str, *, by: str) -> None:
    """Keep a person's answer; the texts that ask for it are drafted again with the next pass."""
    known = read_forms().contents
    if key not in known:
        raise BadInputError(f"no text asks for {key!r}{nearest(key, known)}")
    if language not in languages():
        raise BadInputError(f"no texts in the language {language!r}{nearest(language, languages())}")
    if not words.strip() or len(words) > LONGEST_ANSWER:
        raise BadInputError(f"an answer has between 1 and {LONGEST_ANSWER} characters; this one has {len(words)}")
    with writing(desk.engine) as session:
        incident = find(session, number)
        roles_of(session, by)
        row = session.exec(
            select(ContentAnswer).where(
                ContentAnswer.incident_id == incident.id, ContentAnswer.key == key, ContentAnswer.language == language
            )
        ).first() or ContentAnswer(
            incident_id=identity(incident), key=key, language=language, words="", given_by=by, at=desk.clock()
        )
        row.words, row.given_by, row.at, row.zone = words.strip(), by, desk.clock(), incident.zone
        session.add(row)
        payload = {"key": key, "language": language}
        record(session, incident, "content.answered", payload, actor=by, at=desk.clock(), zone=incident.zone)


def answers_of(session: Session, incident: Incident) -> dict[str, dict[str, str]]:
    """Every answer given so far: content key, then language, then words."""
    found: dict[str, dict[str, str]] = {}
    for row in session.exec(select(ContentAnswer).where(ContentAnswer.incident_id == incident.id)):
        found.setdefault(row.key, {})[row.language] = row.words
    return found
