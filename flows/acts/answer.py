"""People's answers to what texts leave open and no fact says, such as which further measures are planned."""

from sqlmodel import Session, select

from flows.acts.team import roles_of
from flows.desk import Desk
from models.document import nearest
from models.errors import BadInputError
from models.incident import find, identity
from models.ledger import record
from models.store import writing
from models.tables import ContentAnswer, Incident
from templates.forms import read_forms
from templates.language import languages

LONGEST_ANSWER = 5_000


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
