import json

import pytest

from flows.acts.accounts import Viewer
from flows.acts.slack_room import keep_room
from flows.acts.slack_thread import MOST_OPEN, open_questions, question_at, record_reply, reply_view
from flows.acts.standing import standing
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.store import writing
from models.tables import ContentAnswer, Person, SlackQuestion, SlackRoom
from models.vocabulary import PersonRole
from tests.flows.meridia import CARE, LEGAL, draft, every, ledger, one
from tests.slack_office import NUMBER
from tests.slack_server import SlackServer


def keep(desk: Desk) -> None:
    assert desk.channels.workspace is not None
    assert keep_room(desk, desk.channels.workspace, NUMBER) is None


def put(desk: Desk) -> list[SlackQuestion]:
    return every(desk, SlackQuestion, NUMBER)


def viewer(desk: Desk, name: str, role: PersonRole) -> Viewer:
    [person] = every(desk, Person, name=name)
    assert person.id is not None
    return Viewer(person.id, name, (role,), "", None, 0)


def lea(desk: Desk) -> Viewer:
    return viewer(desk, LEGAL, PersonRole.LEGAL)


def about(key: str) -> str:
    return json.dumps({"number": NUMBER, "key": key})


def test_a_handful_of_questions_is_put_in_the_conversation_each_once(office: Desk, slack: SlackServer) -> None:
    keep(office)
    keep(office)

    channel = one(office, SlackRoom).channel
    assert channel is not None
    asked = [message for message in slack.posted(channel) if "*Question*" in json.dumps(message["blocks"])]
    assert len(asked) == len(put(office)) == MOST_OPEN
    assert len(open_questions(office, standing(office, NUMBER))) > MOST_OPEN
    assert question_at(office, channel, asked[0]["ts"]) == (NUMBER, put(office)[0].key)
    assert slack.too_large == []


def test_a_question_whose_posting_was_not_heard_of_is_not_put_twice(office: Desk, slack: SlackServer) -> None:
    keep(office)
    [room] = slack.rooms
    row = put(office)[-1]
    slack.messages[room][-1]["ts"] = "1.5"
    with writing(office.engine) as session:
        row.message, row.trying = None, True
        session.merge(row)
    before = len(slack.posted(room))

    keep(office)

    assert len(slack.posted(room)) == before
    assert put(office)[-1].message == "1.5"


def test_a_confirmed_reply_becomes_the_answer_under_the_persons_name_and_makes_room_for_the_next(
    office: Desk, slack: SlackServer
) -> None:
    keep(office)
    row = next(row for row in put(office) if not row.key.startswith("fact:"))
    question = next(one for one in open_questions(office, standing(office, NUMBER)) if one.key == row.key)

    for language in question.languages:
        record_reply(office, lea(office), about(row.key), "Two years of monitoring, free of charge.", language)
    draft(office, NUMBER)
    keep(office)

    kept = every(office, ContentAnswer, NUMBER, key=row.key)
    assert {(answer.given_by, answer.words) for answer in kept} == {(LEGAL, "Two years of monitoring, free of charge.")}
    assert len(put(office)) == MOST_OPEN + 1


@pytest.mark.parametrize(
    ("path", "words", "kept"), [("records", "33850", 33850), ("times.contained_at", "2026-11-23T11:00:00+01:00", None)]
)
def test_a_confirmed_reply_becomes_a_new_version_of_the_facts(
    office: Desk, path: str, words: str, kept: object
) -> None:
    number, came = record_reply(office, lea(office), about(f"fact:{path}"), words, None)

    assert path in came
    [entry] = ledger(office, number, "facts.added")
    assert (entry["actor"], entry["payload"]["changed"]) == (LEGAL, [path])


@pytest.mark.parametrize("words", ["about four thousand", "5\nkind: other", "", "[", "{a: 1"])
def test_a_reply_that_is_no_such_fact_changes_nothing_and_says_why(office: Desk, words: str) -> None:
    with pytest.raises(BadInputError):
        record_reply(office, lea(office), about("fact:records"), words or "''", None)

    assert ledger(office, NUMBER, "facts.added") == []


def test_who_is_no_member_records_nothing(office: Desk, slack: SlackServer) -> None:
    keep(office)
    [room] = slack.rooms
    ben = viewer(office, CARE, PersonRole.CUSTOMER_CARE)

    with pytest.raises(NotAllowedError, match="that you may see"):
        record_reply(office, ben, about("fact:records"), "5", None)
    with pytest.raises(NotAllowedError, match="that you may see"):
        reply_view(office, ben, room, put(office)[0].message or "", "5")


def test_a_reply_to_anything_else_is_no_answer(office: Desk, slack: SlackServer) -> None:
    keep(office)
    [room] = slack.rooms

    assert question_at(office, room, "1.0") is None
    assert question_at(office, "C-another", put(office)[0].message or "") is None
