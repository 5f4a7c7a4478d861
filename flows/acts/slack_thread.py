"""Questions put in the incident's conversation: a reply in the thread becomes an answer or a fact once its writer confirms it.

What is asked is what texts leave open and what facts clocks and duties hang on. Only so many stand open at a time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import Session, col, select

from flows.acts.accounts import Viewer
from flows.acts.answer import answer
from flows.acts.question import questions
from flows.acts.report import add_facts
from flows.acts.slack_gate import seen_by
from flows.acts.standing import Standing
from flows.desk import Desk
from integrations.slack_blocks import blocks_question
from integrations.slack_views import View, record_view
from integrations.slack_workspace import Workspace
from models.document import Document, read_document
from models.errors import BadInputError, NotAllowedError
from models.store import reading, writing
from models.tables import Incident, SlackQuestion, SlackRoom

MOST_OPEN = 5
FACT = "fact:"  # begins the key of a question about a fact; the rest is its path in the report


@dataclass(frozen=True)
class Asked:
    """One question as it is put."""

    key: str
    words: str
    languages: tuple[str, ...] = ()


def open_questions(desk: Desk, now: Standing) -> list[Asked]:
    """What people can answer in a thread, facts that clocks wait for first, then what most texts leave open."""
    facts: dict[str, list[str]] = {}
    for clock in now.clocks:
        for path in clock.missing_facts:
            if all(part.isidentifier() for part in path.split(".")):
                facts.setdefault(path, []).append(clock.provision)
    asked = [
        Asked(f"{FACT}{path}", f"`{path}` is not known; {', '.join(dict.fromkeys(provisions))} hang on it")
        for path, provisions in sorted(facts.items(), key=lambda one: -len(one[1]))
    ]
    return asked + [Asked(one.key, one.question, one.languages) for one in questions(desk, now.number)]


def ask(desk: Desk, workspace: Workspace, room: SlackRoom, now: Standing) -> None:
    """Put questions in the conversation, each once, while fewer than a handful stand open; an answered one makes room."""
    assert room.channel is not None, "it was made before"
    wanted = open_questions(desk, now)
    known = _rows(desk, room.incident_id)
    standing_open = sum(row.key in {one.key for one in wanted} for row in known.values() if row.message)
    for one in wanted:
        row = known.get(one.key)
        if standing_open >= MOST_OPEN:
            return
        if row is None or row.message is None:
            _put(desk, workspace, room, row, one)
            standing_open += 1


def _rows(desk: Desk, incident_id: int) -> dict[str, SlackQuestion]:
    with reading(desk.engine) as session:
        rows = session.exec(select(SlackQuestion).where(SlackQuestion.incident_id == incident_id)).all()
    return {row.key: row for row in rows}


def _put(desk: Desk, workspace: Workspace, room: SlackRoom, row: SlackQuestion | None, one: Asked) -> None:
    """A row, the message, and its place; where an earlier try may have arrived, it is looked for first."""
    assert room.channel is not None, "it was made before"
    key, now = f"{room.name}.question.{one.key}", datetime.now(UTC)
    found = workspace.found(room.channel, key) if row is not None and row.trying else None
    row = row or SlackQuestion(incident_id=room.incident_id, key=one.key, at=now, zone=room.zone)
    row.trying = True
    row = _kept(desk, row)
    row.message = found or workspace.post(room.channel, one.words, blocks_question(one.words), key)
    row.trying = False
    _kept(desk, row)


def _kept(desk: Desk, row: SlackQuestion) -> SlackQuestion:
    with writing(desk.engine) as session:
        kept = session.merge(row)
        session.flush()
        return kept


def question_at(desk: Desk, channel: str, message: str) -> tuple[str, str] | None:
    """The incident's number and the key of the question that stands at this place, or None for any other message."""
    with reading(desk.engine) as session:
        return _question_at(session, channel, message)


def _question_at(session: Session, channel: str, message: str) -> tuple[str, str] | None:
    return session.exec(
        select(Incident.number, SlackQuestion.key)
        .join(SlackQuestion, col(SlackQuestion.incident_id) == col(Incident.id))
        .join(SlackRoom, col(SlackRoom.incident_id) == col(Incident.id))
        .where(SlackRoom.channel == channel, SlackQuestion.message == message)
    ).first()


def reply_view(desk: Desk, viewer: Viewer, channel: str, thread: str, words: str) -> View:
    """The form in which whoever replied sees their words once more and confirms them; raises `NotAllowedError`."""
    number, key = _known(desk, channel, thread)
    seen_by(desk, number, viewer)
    languages = next((one.languages for one in questions(desk, number) if one.key == key), ())
    what = f"{key.removeprefix(FACT)} becomes" if key.startswith(FACT) else f"The answer to {key}"
    return record_view(number, what, words, languages, {"number": number, "key": key})


def reply_again(desk: Desk, viewer: Viewer, reference: str, words: str, refused: str) -> View:
    """The same form with why the words were not taken, so that they can be mended."""
    said = json.loads(reference)
    number, key = seen_by(desk, said["number"], viewer), str(said["key"])
    languages = next((one.languages for one in questions(desk, number) if one.key == key), ())
    return record_view(number, refused, words, languages, {"number": number, "key": key})


def _known(desk: Desk, channel: str, thread: str) -> tuple[str, str]:
    found = question_at(desk, channel, thread)
    if found is None:
        raise NotAllowedError("no question of Tocsin's stands here any more")
    return found


def record_reply(desk: Desk, viewer: Viewer, reference: str, words: str, language: str | None) -> tuple[str, str]:
    """Keep confirmed words as an answer, or as a new version of the facts; gives the number and what came of it."""
    said = json.loads(reference)
    number, key = seen_by(desk, said["number"], viewer), str(said["key"])
    if not key.startswith(FACT):
        answer(desk, number, key, words, language or "en", by=viewer.name)
        return (
            number,
            f"The answer to {key} is kept, in {language or 'en'}; the texts that ask for it are drafted again.",
        )
    path = key.removeprefix(FACT)
    added = add_facts(desk, number, Document(_nested(path, _value(words)), "the reply", {}), by=viewer.name)
    changed = ", ".join(path for path, _, _ in added.changed) or "nothing"
    return number, f"Facts version {added.version}: {changed} changed, under your name."


def _value(words: str) -> object:
    """What was typed, read as a report writes it: a number, true or false, a word, a time."""
    data = read_document("the reply", f"value: {words.strip()}".encode()).data
    if not isinstance(data, Mapping) or set(data) != {"value"}:
        raise BadInputError("write only the value, such as 4000, true, or 2026-03-01T08:00:00+01:00")
    value: object = data["value"]
    return value


def _nested(path: str, value: object) -> dict[str, object]:
    first, _, rest = path.partition(".")
    return {first: _nested(rest, value) if rest else value}
