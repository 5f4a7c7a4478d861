"""Affected people who write or call: a case under the opaque id, with a clock of its own; common questions go into the
questions-and-answers text.

What they said is sealed beside the roster and goes with its key; database and ledger know topic and times only.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, PositiveInt
from sqlmodel import Session, col, func, select

import people.sealed as sealed
from flows.acts.draft import current
from flows.acts.edit import edit_notice
from flows.acts.people import key_file, roster_folder
from flows.acts.team import roles_of
from flows.desk import Desk
from models.document import nearest, read_document, validated
from models.errors import BadInputError, NotAllowedError
from models.incident import find, identity
from models.ledger import record
from models.store import reading, writing
from models.tables import CaseMail, Incident, Notice, PersonCase, PersonDelivery
from models.vocabulary import Audience

ANSWERING = Path(sealed.__file__).parent / "answering.yaml"
WAYS = ("reply", "call", "letter", "visit")
LONGEST = 20_000
MOST_MAILS = 50  # of one case whose words are kept; more are counted
_TOPIC = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Answering(BaseModel):
    """Within how many days an answer is due."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    within_days: PositiveInt
    citation: str


@dataclass(frozen=True)
class CaseLine:
    """One case, without its words."""

    case: int
    person: str
    way: str
    topic: str
    state: str
    opened_at: datetime
    due_at: datetime
    overdue: bool
    zone: str


def open_case(
    desk: Desk, number: str, person: str, *, by: str, way: str, topic: str, words: str, within: timedelta | None = None
) -> CaseLine:
    """Record that somebody affected wrote or called; `person` is the id of the reference that they named."""
    if way not in WAYS:
        raise BadInputError(f"no way is called {way!r}{nearest(way, WAYS)}")
    _must_be_a_topic(topic)
    if len(words) > LONGEST:
        raise BadInputError(f"at most {LONGEST} characters are kept of what somebody said; this is {len(words)}")
    with writing(desk.engine) as session:
        incident, now = find(session, number), desk.clock()
        roles_of(session, by)
        _is_known(session, incident, person)
        case = opened(desk, session, incident, person, by=by, way=way, topic=topic, words=words, within=within)
        return _line(case, now)


def opened(
    desk: Desk,
    session: Session,
    incident: Incident,
    person: str,
    *,
    by: str,
    way: str,
    topic: str,
    words: str,
    within: timedelta | None = None,
    came_at: datetime | None = None,
) -> PersonCase:
    """A new case within the caller's transaction; its clock runs from when the words came, which is now if nothing is said."""
    now = desk.clock()
    came = min(came_at or now, now)
    case = PersonCase(
        incident_id=identity(incident),
        person=person,
        way=way,
        topic=topic,
        opened_at=came,
        opened_by=by,
        due_at=came + (within or timedelta(days=answering().within_days)),
        zone=incident.zone,
    )
    session.add(case)
    session.flush()
    seal_words(desk, incident.number, f"{identity(case)}-said", words)
    payload = {"case": identity(case), "person": person, "way": way, "topic": topic}
    record(session, incident, "people.case", payload, actor=by, at=now, zone=incident.zone)
    return case


def seal_words(desk: Desk, number: str, name: str, words: str) -> None:
    """Keep words beside the roster, under its key; raises `NotAllowedError` where that is gone."""
    sealed.seal(_folder(desk, number), key_file(desk.settings, number), name, words)


def answer_case(desk: Desk, number: str, case_id: int, *, by: str, words: str, topic: str | None = None) -> CaseLine:
    """Record the answer to a case, and what it was about, if somebody can say so only now; its clock ends."""
    if topic is not None:
        _must_be_a_topic(topic)
    with writing(desk.engine) as session:
        incident, now = find(session, number), desk.clock()
        roles_of(session, by)
        case = _case(session, incident, case_id)
        if case.state != "open":
            raise NotAllowedError(f"case {case_id} was answered by {case.answered_by}")
        seal_words(desk, number, f"{case_id}-answered", words)
        case.state, case.answered_at, case.answered_by = "answered", now, by
        case.topic = topic or case.topic
        session.add(case)
        payload = {"case": case_id, "person": case.person, "topic": case.topic, "late": now > case.due_at}
        record(session, incident, "people.case_answered", payload, actor=by, at=now, zone=incident.zone)
        return _line(case, now)


def cases(desk: Desk, number: str, *, state: str | None = None, limit: int = 200) -> list[CaseLine]:
    """The cases, the most urgent first."""
    with reading(desk.engine) as session:
        query = select(PersonCase).where(PersonCase.incident_id == find(session, number).id)
        if state is not None:
            query = query.where(PersonCase.state == state)
        rows = session.exec(query.order_by(col(PersonCase.state).desc(), col(PersonCase.due_at)).limit(limit))
        return [_line(row, desk.clock()) for row in rows]


def words_of(desk: Desk, number: str, case_id: int) -> dict[str, str]:
    """What was said in a case, and answered."""
    with reading(desk.engine) as session:
        case = _case(session, find(session, number), case_id)
        mails = select(func.count(col(CaseMail.id))).where(CaseMail.case_id == case_id)
        later = [f"said-{number}" for number in range(2, min(session.exec(mails).one(), MOST_MAILS) + 1)]
        parts = ["said", *later, *(["answered"] if case.state == "answered" else [])]
    folder, key = _folder(desk, number), key_file(desk.settings, number)
    return {part: sealed.unseal(folder, key, f"{case_id}-{part}") for part in parts}


def topics(desk: Desk, number: str) -> dict[str, int]:
    """What people ask about, the most frequent first."""
    with reading(desk.engine) as session:
        count = func.count(col(PersonCase.id))
        rows = session.exec(
            select(PersonCase.topic, count)
            .where(PersonCase.incident_id == find(session, number).id)
            .group_by(col(PersonCase.topic))
            .order_by(count.desc(), col(PersonCase.topic))
        )
        return dict(rows.all())


def put_into_questions(desk: Desk, number: str, question: str, answer: str, language: str, *, by: str) -> int:
    """Add a question and its answer to the questions-and-answers text as an edit, which has to be signed; gives the notice."""
    if "\n" in question.strip() or not question.strip() or not answer.strip():
        raise BadInputError("a question is one line, with an answer; write both in words that fit everybody")
    with reading(desk.engine) as session:
        incident = find(session, number)
        notice = session.exec(
            select(Notice)
            .where(
                Notice.incident_id == incident.id,
                Notice.audience == Audience.CUSTOMER_CARE.value,
                Notice.form == "questions",
                Notice.language == language,
                Notice.state != "withdrawn",
            )
            .order_by(col(Notice.id).desc())
        ).first()
        if notice is None:
            raise NotAllowedError(
                f"{number} has no questions-and-answers text in {language!r}; `tocsin notices {number}`"
            )
        text, notice_id, sha256 = current(session, notice).text, identity(notice), current(session, notice).sha256
    added = f"{text.rstrip()}\n\n## {question.strip()}\n\n{answer.strip()}\n"
    edit_notice(desk, number, notice_id, added, by=by, sha256=sha256)
    return notice_id


@cache
def answering() -> Answering:
    """Our own period, read once."""
    return validated(Answering, read_document(ANSWERING))


def _must_be_a_topic(topic: str) -> None:
    if not _TOPIC.fullmatch(topic):
        raise BadInputError(
            f"the topic {topic!r} is one word in small letters, such as bank_account; say more with --words"
        )


def _is_known(session: Session, incident: Incident, person: str) -> None:
    known = session.exec(
        select(PersonDelivery.id)
        .where(PersonDelivery.incident_id == incident.id, PersonDelivery.person == person)
        .limit(1)
    )
    if known.first() is None:
        raise BadInputError(
            f"{incident.number}: nobody written to has the id {person!r}; it follows the / in the reference"
        )


def _case(session: Session, incident: Incident, case_id: int) -> PersonCase:
    case = session.exec(
        select(PersonCase).where(PersonCase.incident_id == incident.id, PersonCase.id == case_id).with_for_update()
    ).first()
    if case is None:
        raise BadInputError(
            f"{incident.number} has no case {case_id}; `tocsin people cases {incident.number}` lists them"
        )
    return case


def _line(case: PersonCase, now: datetime) -> CaseLine:
    return CaseLine(
        case=identity(case),
        person=case.person,
        way=case.way,
        topic=case.topic,
        state=case.state,
        opened_at=case.opened_at,
        due_at=case.due_at,
        overdue=case.state == "open" and now > case.due_at,
        zone=case.zone,
    )


def _folder(desk: Desk, number: str) -> Path:
    return roster_folder(desk.settings, number) / "cases"
