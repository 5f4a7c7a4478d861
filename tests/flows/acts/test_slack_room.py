import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flows.acts.announce import announce_sent, tell_signers
from flows.acts.deliver import attempt, waiting
from flows.acts.edit import edit_notice
from flows.acts.membership import add_to_incident, remove_from_incident
from flows.acts.slack_person import link_slack
from flows.acts.slack_room import Rooms, keep_room, summary
from flows.acts.standing import ClockLine, Wait, standing
from flows.acts.work import finish_step
from flows.desk import Desk
from integrations.slack_workspace import Workspace
from models.clock import VirtualClock
from models.store import writing
from models.tables import Delivery, SlackGuest, SlackRoom
from tests.conftest import START
from tests.flows.meridia import (
    CARE,
    COMMANDER,
    LEGAL,
    PR,
    RESPONDER,
    add,
    approve,
    every,
    notices,
    one,
    queue,
    send,
    sign,
)
from tests.slack_office import MEMBERS, NUMBER
from tests.slack_server import SlackServer, faults_of_message

PLANTED = ["Zdenka Plantová", "zdenka@planted.example", "+33 6 12 34 56 78", "FR7630006000011234567890189"]


def workspace(desk: Desk) -> Workspace:
    assert desk.channels.workspace is not None
    return desk.channels.workspace


def keep(desk: Desk) -> str | None:
    return keep_room(desk, workspace(desk), NUMBER)


def row(desk: Desk) -> SlackRoom:
    return one(desk, SlackRoom)


def try_now(desk: Desk) -> None:
    with writing(desk.engine) as session:
        for room in every(desk, SlackRoom):
            room.next_try_at = None
            session.merge(room)


def summaries(slack: SlackServer, channel: str) -> list[dict[str, object]]:
    return [one for one in slack.posted(channel) if ".summary" in json.dumps(one["metadata"])]


def shown(slack: SlackServer, desk: Desk) -> str:
    channel = row(desk).channel
    assert channel is not None
    [message] = summaries(slack, channel)
    return json.dumps(message["blocks"], ensure_ascii=False)


def test_an_incident_gets_a_private_conversation_with_its_members_and_one_pinned_summary(
    office: Desk, slack: SlackServer
) -> None:
    assert keep(office) is None
    assert keep(office) is None

    [room] = slack.rooms.values()
    assert (room["name"], room["private"]) == (NUMBER.lower(), True)
    assert set(room["in"]) >= {MEMBERS[name] for name in (LEGAL, COMMANDER, PR, RESPONDER)}
    assert MEMBERS[CARE] not in room["in"]
    [message] = summaries(slack, room["id"])
    assert slack.pins == [(room["id"], message["ts"])]
    assert "eu-gdpr-33" in shown(slack, office)
    assert slack.too_large == []


def test_the_summary_is_edited_in_place_and_only_when_it_would_say_something_else(
    office: Desk, slack: SlackServer
) -> None:
    keep(office)
    before = shown(slack, office)
    keep(office)
    assert "chat.update" not in slack.calls

    finish_step(office, NUMBER, "protect_backups", by=RESPONDER)
    keep(office)

    [room] = slack.rooms
    assert len(summaries(slack, room)) == 1
    assert slack.calls.count("chat.update") == 1
    assert shown(slack, office) != before


def test_the_summary_says_when_a_clock_has_run_out_though_nothing_happened(
    office: Desk, slack: SlackServer, clock: VirtualClock
) -> None:
    keep(office)
    assert "overdue" not in shown(slack, office)

    clock.set(START + timedelta(days=4))
    keep(office)

    assert "*overdue* since" in shown(slack, office)


def test_nothing_that_people_typed_about_people_is_posted(office: Desk, slack: SlackServer) -> None:
    add(office, NUMBER, f"title: 'Laptop of {PLANTED[0]}, {PLANTED[1]}, {PLANTED[2]}, {PLANTED[3]}'")
    [filing] = notices(office, NUMBER, provision="eu-gdpr-33")
    keep(office)
    approve(office, NUMBER, filing.notice, by=LEGAL)
    edit_notice(office, NUMBER, filing.notice, f"To whom it may concern: {' '.join(PLANTED)}\n", by=LEGAL)
    tell_signers(office, NUMBER)
    finish_step(office, NUMBER, "protect_backups", by=RESPONDER, note=" ".join(PLANTED))
    for key in waiting(office, NUMBER, "announcement"):
        attempt(office, NUMBER, key)

    keep(office)

    posted = slack.everything()
    assert NUMBER in posted
    assert [value for value in (*PLANTED, "Zdenka", "planted") if value in posted] == []


def test_cards_go_to_the_conversation_of_the_incident_once_somebody_is_in_it(office: Desk, slack: SlackServer) -> None:
    keep(office)
    sign(office, NUMBER, *notices(office, NUMBER, provision="eu-gdpr-33"))
    queue(office, NUMBER)
    send(office, NUMBER)
    announce_sent(office, NUMBER)

    cards = [one for one in every(office, Delivery, NUMBER, purpose="announcement") if ".sent." in one.key]
    assert {card.recipient for card in cards} <= {row(office).channel}


def test_members_who_come_are_brought_in_and_members_who_go_are_taken_out(office: Desk, slack: SlackServer) -> None:
    keep(office)
    add_to_incident(office, NUMBER, CARE, by=LEGAL)
    remove_from_incident(office, NUMBER, PR, by=LEGAL)

    keep(office)

    [room] = slack.rooms.values()
    assert MEMBERS[CARE] in room["in"]
    assert MEMBERS[PR] not in room["in"]


def test_somebody_whom_slack_does_not_know_comes_in_once_they_are_linked(office: Desk, slack: SlackServer) -> None:
    del slack.users[MEMBERS[PR]]
    keep(office)
    assert {guest.state for guest in every(office, SlackGuest)} == {"invited", "unknown"}

    link_slack(office, PR, "U0LINKED", by="Ada")
    keep(office)

    [room] = slack.rooms.values()
    assert "U0LINKED" in room["in"]


def test_while_slack_is_away_all_goes_on_and_once_it_is_back_it_is_caught_up_with(
    office: Desk, slack: SlackServer
) -> None:
    slack.down = True
    rooms = Rooms(office, workspace(office))
    [failed] = rooms.keep()
    assert failed.startswith(f"{NUMBER}: Slack answered 503")
    assert rooms.keep() == []  # not again at once
    finish_step(office, NUMBER, "protect_backups", by=RESPONDER)
    for key in waiting(office, NUMBER, "announcement"):
        attempt(office, NUMBER, key)

    slack.down = False
    try_now(office)
    assert rooms.keep() == []

    assert row(office).last_error is None
    assert "responder: Protect" not in shown(slack, office)
    assert standing(office, NUMBER).state == "open"


def test_a_conversation_whose_making_was_not_heard_of_is_found_again(office: Desk, slack: SlackServer) -> None:
    slack.lose_answer_of = "conversations.create"
    assert keep(office) is not None
    try_now(office)

    assert keep(office) is None

    assert len(slack.rooms) == 1


def test_a_summary_whose_posting_was_not_heard_of_is_not_posted_twice(office: Desk, slack: SlackServer) -> None:
    slack.lose_answer_of = "chat.postMessage"
    assert keep(office) is not None
    try_now(office)

    assert keep(office) is None

    [room] = slack.rooms
    assert len(summaries(slack, room)) == 1
    assert len(slack.pins) == 1


def test_a_summary_that_somebody_deleted_is_posted_again(office: Desk, slack: SlackServer) -> None:
    keep(office)
    [room] = slack.rooms
    slack.messages[room].clear()
    finish_step(office, NUMBER, "protect_backups", by=RESPONDER)

    keep(office)

    assert len(summaries(slack, room)) == 1


def test_one_process_at_a_time_keeps_a_conversation(office: Desk, slack: SlackServer) -> None:
    keep(office)
    before = len(slack.calls)
    with writing(office.engine) as session:
        room = session.get_one(SlackRoom, row(office).incident_id)
        room.busy_until = datetime.now(UTC) + timedelta(minutes=1)
        session.add(room)

    assert keep(office) == ""
    assert len(slack.calls) == before


def test_a_hundred_duties_with_hostile_names_stay_within_slacks_limits(office: Desk) -> None:
    now = standing(office, NUMBER)
    hostile = "<!channel> &" * 400
    clock = replace(now.clocks[0], recipient=hostile, provision=hostile, state="open")
    clocks: tuple[ClockLine, ...] = (clock,) * 100
    waits = (Wait("signature", hostile, hostile, "notice 1"),) * 100

    blocks = json.loads(json.dumps(summary(office, replace(now, clocks=clocks, waits=waits))))

    assert faults_of_message(blocks) == []
    assert "and 85 more" in json.dumps(blocks)
    assert "<!channel>" not in json.dumps(blocks)
