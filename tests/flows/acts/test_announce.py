from pydantic import SecretStr

from flows.acts.announce import announce_opening, announce_sent, ask_for_signatures
from flows.acts.deliver import waiting
from flows.acts.evaluate import evaluate
from flows.desk import Desk, open_desk
from models.tables import Delivery
from tests.flows.meridia import add, draft, every, notices, queue, send, sign
from tests.flows.post import Post, by_post

NUMBER = "INC-2026-0001"


def announcements(desk: Desk) -> list[Delivery]:
    return every(desk, Delivery, NUMBER, purpose="announcement")


def test_the_opening_is_said_once_with_kind_and_severity_and_nothing_that_a_person_wrote(
    desk: Desk, number: str
) -> None:
    evaluate(desk, number)
    announce_opening(desk, number)
    announce_opening(desk, number)

    [said] = announcements(desk)
    assert said.subject.startswith(f"{number} opened: ransomware, severity ")
    assert "booking platform" not in str(said.body)


def test_signatures_are_asked_for_once_for_each_exact_text(drafted: Desk) -> None:
    before = len(announcements(drafted))
    ids = [line.notice for line in notices(drafted, NUMBER)]

    ask_for_signatures(drafted, NUMBER, ids[:3])
    ask_for_signatures(drafted, NUMBER, ids[:3])

    assert len(announcements(drafted)) == before + 1


def test_a_text_that_was_drafted_again_is_asked_for_again(drafted: Desk) -> None:
    before = len(announcements(drafted))
    add(drafted, NUMBER, "records: 33850")

    draft(drafted, NUMBER)

    assert len(announcements(drafted)) > before


def test_many_texts_are_asked_for_in_messages_that_a_chat_can_show(drafted: Desk) -> None:
    assert max(len(said.body["blocks"]) for said in announcements(drafted)) <= 50
    shown = sum(NUMBER in str(block) for said in announcements(drafted) for block in said.body["blocks"])
    assert shown >= len(notices(drafted, NUMBER))


def test_what_was_sent_is_told_once_with_its_reference(drafted: Desk) -> None:
    chat = Post(name="slack")
    desk = by_post(drafted, chat=chat)
    sign(desk, NUMBER, *notices(desk, NUMBER, provision="eu-gdpr-33"))
    queue(desk, NUMBER)
    keys = waiting(desk, NUMBER, "notice")
    send(desk, NUMBER)

    announce_sent(desk, NUMBER)
    announce_sent(desk, NUMBER)
    send(desk, NUMBER)

    [message] = chat.taken.values()
    assert message.subject == f"{NUMBER}: 1 notices sent"
    assert keys[0] in str(message.blocks)


def test_nothing_is_told_of_what_was_not_sent(drafted: Desk) -> None:
    before = len(announcements(drafted))
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)

    announce_sent(drafted, NUMBER)

    assert len(announcements(drafted)) == before


def test_every_chat_that_is_set_gets_the_card_once(desk: Desk, number: str) -> None:
    settings = desk.settings.model_copy(
        update={
            "teams_url": SecretStr("https://teams.example/1"),
            "mattermost_url": SecretStr("https://chat.example/2"),
        }
    )
    both = open_desk(settings)
    evaluate(both, number)

    announce_opening(both, number)
    announce_opening(both, number)

    assert [(one.channel, one.key) for one in announcements(both)] == [
        ("teams", f"{number}.opened"),
        ("mattermost", f"{number}.opened.mattermost"),
    ]
    assert [both.channels.named(name).name for name in ("teams", "mattermost")] == ["teams", "mattermost"]
