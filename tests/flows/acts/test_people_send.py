from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy
from threading import Thread
from time import sleep

import pytest

from flows.acts.people_carry import carry_sending
from flows.acts.people_control import pause, stop
from flows.acts.people_plan import start_sending
from flows.acts.people_progress import progress
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import NotAllowedError
from models.tables import DutyRecord
from tests.flows.affected import NUMBER, assign_people, email, french, rows, rules, send, sink_and_desk
from tests.flows.meridia import LEGAL, add, notices, one
from tests.integrations.sinks import MailSink


@pytest.fixture
def forty(signed: Desk) -> Desk:
    """Forty people in France."""
    assign_people(signed, french(40))
    return signed


def test_everybody_gets_the_signed_text_once_under_a_message_id_of_their_own(forty: Desk) -> None:
    with sink_and_desk(forty) as (sink, desk):
        tally = send(desk)
        send(desk)

    assert tally.outcomes == Counter(sent=40)
    assert sorted(sink.recipients) == sorted(email(n) for n in range(40))
    mails = [message_from_bytes(mail, policy=policy.default) for mail in sink.taken]
    assert len({mail["Message-ID"] for mail in mails}) == 40
    assert {mail["Message-ID"] for mail in mails} == {f"<{row.key}@meridia.example>" for row in rows(desk)}
    for mail in mails:
        name = mail["To"].partition("@")[0].capitalize()
        text, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
        assert text.startswith(f"{name} Planted\r\n")
        assert f">{name} Planted</p>" in page
    [line] = notices(desk, NUMBER, provision="eu-gdpr-34", language="fr", form="email")
    assert {row.text_sha256 for row in rows(desk)} == {line.sha256}


def test_a_duty_is_met_once_everybody_was_told(forty: Desk) -> None:
    with sink_and_desk(forty) as (_, desk):
        send(desk, "first")
        assert one(desk, DutyRecord, NUMBER, provision="eu-gdpr-34").state == "open"
        send(desk)

    assert one(desk, DutyRecord, NUMBER, provision="eu-gdpr-34").state == "met"
    assert progress(desk, NUMBER).state == "done"


def test_whoever_is_refused_is_written_to_by_their_next_channel(signed: Desk) -> None:
    assign_people(signed, french(4, post=True))

    with sink_and_desk(signed, MailSink(on_rcpt="550 5.1.1 <anab@planted1.example> is not known")) as (_, desk):
        send(desk)

    assert Counter((row.channel, row.state, row.answer) for row in rows(desk)) == {
        ("email", "refused", "550 5.1.1"): 4,
        ("post", "pending", None): 4,
    }
    assert progress(desk, NUMBER).left == 0
    assert one(desk, DutyRecord, NUMBER, provision="eu-gdpr-34").state == "open"


def test_what_may_have_been_taken_is_counted_and_sent_again_under_the_same_message_id(
    forty: Desk, clock: VirtualClock
) -> None:
    with sink_and_desk(forty, MailSink(on_data="drop")) as (sink, desk):
        send(desk)
        assert Counter(row.state for row in rows(desk)) == {"uncertain": 40}
        sink.on_data = "250 2.0.0 Ok"
        clock.set(clock() + timedelta(hours=1))
        send(desk)

    assert len(sink.taken) == 80
    assert {sink.taken.count(mail) for mail in sink.taken} == {2}, "the second copy is the same to the byte"
    found = progress(desk, NUMBER)
    assert (found.sent, found.doubtful, found.twice) == (40, 40, 40)


def test_what_is_put_off_is_tried_again_when_its_time_has_come(forty: Desk, clock: VirtualClock) -> None:
    with sink_and_desk(forty, MailSink(on_data="451 4.7.1 later")) as (sink, desk):
        send(desk)
        send(desk)
        assert len(sink.taken) == 40, "nobody is tried again before"
        sink.on_data = "250 2.0.0 Ok"
        clock.set(clock() + timedelta(hours=1))
        send(desk)

    assert {(row.state, row.attempts, row.answer) for row in rows(desk)} == {("sent", 2, "250 2.0.0")}


def test_many_refusals_in_a_row_pause_the_sending(forty: Desk) -> None:
    with sink_and_desk(forty, MailSink(on_rcpt="554 5.7.1 blocked")) as (_, desk):
        send(desk, connections=1)
        found = progress(desk, NUMBER)
        assert (found.state, found.why) == ("paused", "20 in a row were refused, the last with 554 5.7.1")
        assert found.states == {"refused": 20, "pending": 20}


def test_a_fact_that_the_text_states_pauses_the_sending_when_it_changes(forty: Desk) -> None:
    with sink_and_desk(forty) as (sink, desk):
        start_sending(desk, NUMBER, by=LEGAL, wave="rest")
        add(desk, NUMBER, "kind: lost_or_stolen_paper")
        carry_sending(desk, NUMBER)

    assert sink.taken == []
    assert str(progress(desk, NUMBER).why).startswith("notice")


def test_paused_nothing_leaves_and_resumed_the_rest_does(forty: Desk) -> None:
    with sink_and_desk(forty) as (sink, desk):
        start_sending(desk, NUMBER, by=LEGAL, wave="rest", limits={"email": 8.0})
        worker = Thread(target=carry_sending, args=(desk, NUMBER))
        worker.start()
        while len(sink.taken) < 3:
            sleep(0.02)
        pause(desk, NUMBER, by=LEGAL, why="wrong number")
        worker.join()
        taken = len(sink.taken)
        assert taken < 40
        assert Counter(row.state for row in rows(desk)) == {"sent": taken, "pending": 40 - taken}
        start_sending(desk, NUMBER, by=LEGAL, limits={"email": 1000.0})
        carry_sending(desk, NUMBER)

    assert len(set(sink.recipients)) == len(sink.recipients) == 40


def test_stopped_and_started_again_nobody_is_missed_and_nobody_written_to_twice(forty: Desk) -> None:
    with sink_and_desk(forty) as (sink, desk):
        send(desk, "first")
        first = len(sink.taken)
        assert stop(desk, NUMBER, by=LEGAL, why="the facts changed") == 40 - first
        carry_sending(desk, NUMBER)
        assert len(sink.taken) == first
        send(desk)

    assert 0 < first < 40
    assert len(set(sink.recipients)) == len(sink.recipients) == 40


def test_reviewers_come_first_and_seeds_go_with_each_wave(signed: Desk) -> None:
    seed = {"name": "Our own", "email": "seed@meridia.example"}
    waves = {"reviewers": ["lea@meridia.example"], "first_percent": 10}
    assign_people(signed, french(20), rules(seeds=[seed], waves=waves))

    with sink_and_desk(signed) as (sink, desk):
        send(desk, "review")
        assert sink.recipients == ["lea@meridia.example"]
        send(desk, "first")
        assert len(sink.recipients) == 1 + 2 + 1
        send(desk)

    assert sink.recipients.count("seed@meridia.example") == 2
    assert progress(desk, NUMBER).states == {"sent": 20}


def test_no_name_and_no_address_stands_outside_the_roster(signed: Desk) -> None:
    assign_people(signed, french(4))
    with sink_and_desk(signed, MailSink(on_data="550 5.1.1 <anab@planted1.example> Anab Planted is not known")) as (
        _,
        desk,
    ):
        send(desk)
    desk.engine.dispose()

    for file in (path for path in desk.settings.home.rglob("*") if path.is_file()):
        assert b"planted" not in file.read_bytes().lower(), file


def test_nothing_leaves_before_every_text_is_signed(drafted: Desk) -> None:
    assign_people(drafted, french(3))

    with (
        sink_and_desk(drafted) as (sink, desk),
        pytest.raises(NotAllowedError, match=r"eu-gdpr-34:email \(fr\): not signed"),
    ):
        send(desk)

    assert sink.taken == []
