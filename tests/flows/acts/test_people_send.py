import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from threading import Thread
from time import sleep

import httpx
import pytest

from flows.acts.people import key_file, roster_folder
from flows.acts.people_carry import carry_sending
from flows.acts.people_claim import claim
from flows.acts.people_control import pause, stop
from flows.acts.people_limits import limits_of
from flows.acts.people_plan import sending_of, start_sending
from flows.acts.people_progress import progress
from flows.desk import Desk
from flows.senders import left_alone
from integrations.webhook import Webhook
from models.clock import VirtualClock
from models.cohorts import Cohorts
from models.errors import NotAllowedError
from models.incident import find
from models.store import writing
from models.tables import Delivery, DutyRecord, SendingSlot
from people.addressed import addressees
from people.roster import open_roster
from tests.flows.affected import NUMBER, assign_people, email, french, rows, rules, send, sink_and_desk
from tests.flows.meridia import LEGAL, add, every, ledger, notices, one
from tests.flows.post import DeskByPost
from tests.integrations.sinks import HttpSink, MailSink, Reply


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


TO_PHONES = {"name": "phones", "text": "email", "channels": ["sms", "in_app"]}
WITH_PHONES = "name,phone,id,country,language\nAna Planted,+33612345678,a-1,FR,fr\nBel Planted,,b-2,FR,fr\n"


def test_messages_to_phones_and_accounts_wait_as_the_endpoint_asks_and_keep_their_key(
    signed: Desk, clock: VirtualClock, http_sink: HttpSink
) -> None:
    assign_people(signed, WITH_PHONES, Cohorts.model_validate({"cohorts": [TO_PHONES]}))
    webhook = Webhook(httpx.Client(), http_sink.url, clock, b"secret")
    desk = DeskByPost(signed.settings, signed.engine, signed.clock, ways=replace(signed.channels, webhook=webhook))
    http_sink.replies = [Reply(429, headers={"Retry-After": "120"}), Reply(503), Reply()]

    send(desk, connections=1)
    assert {row.state for row in rows(desk)} == {"delayed"}
    assert clock() + timedelta(seconds=120) in [row.next_try_at for row in rows(desk)]
    assert not left_alone(desk), "nothing leaves before the endpoint wants it"
    clock.set(clock() + timedelta(seconds=121))
    assert left_alone(desk) == [NUMBER]
    send(desk, connections=1)

    assert {(row.state, row.attempts) for row in rows(desk)} == {("sent", 2)}
    asked = [(each.headers["Idempotency-Key"], json.loads(each.body)) for each in http_sink.received]
    assert len(asked) == 4
    assert Counter(key for key, _ in asked) == {row.key: 2 for row in rows(desk)}
    assert {(body["channel"], body["to"]) for _, body in asked} == {("sms", "+33612345678"), ("in_app", "b-2")}
    assert all(body["text"].count("\n") and body["language"] == "fr" for _, body in asked)


def test_the_alarm_is_given_while_a_share_runs(forty: Desk, clock: VirtualClock) -> None:
    with sink_and_desk(forty) as (sink, desk):
        start_sending(desk, NUMBER, by=LEGAL, wave="rest", limits={"email": 4.0})
        limit_passes(desk, clock() - timedelta(hours=1))
        worker = Thread(target=carry_sending, args=(desk, NUMBER), kwargs={"judged_every": 0.1})
        worker.start()
        while not ledger(desk, NUMBER, "people.too_slow"):
            sleep(0.02)
        pause(desk, NUMBER, by=LEGAL)
        worker.join()

    assert len(sink.taken) < 40, "it was told before the share had ended"
    [alert] = every(desk, Delivery, NUMBER, purpose="alert", state="pending")
    assert "messages to people are left" in str(alert.body)


def limit_passes(desk: Desk, due_at: datetime) -> None:
    with writing(desk.engine) as session:
        sending = sending_of(session, find(session, NUMBER))
        assert sending is not None
        sending.due_at = due_at
        session.add(sending)


def test_the_limits_of_a_channel_and_a_domain_hold_over_all_senders_together(forty: Desk) -> None:
    start_sending(forty, NUMBER, by=LEGAL, wave="rest", limits={"email": 0.5, "domain": 0.25})
    folder = roster_folder(forty.settings, NUMBER)
    free: list[dict[str, datetime]] = []
    with open_roster(folder, key_file(forty.settings, NUMBER), read_only=True) as roster:
        for sender in ("one", "two"):
            taken = claim(forty, NUMBER, sender, ["email"], 3, {})
            people = addressees(roster, [row.seq for row in taken])
            limits_of(forty, NUMBER).spread(forty, NUMBER, taken, people)
            free.append({slot.name: slot.free_at for slot in every(forty, SendingSlot, NUMBER)})

    of_domains = Counter(each.email.partition("@")[2] for each in people.values() if each.email)
    moved = {name: at - free[0][name] for name, at in free[1].items() if name in free[0]}
    assert moved.pop("email") == timedelta(seconds=len(taken) / 0.5), "the second sender stands behind the first"
    assert moved
    assert set(moved.values()) <= {timedelta(seconds=count / 0.25) for count in (0, *of_domains.values())}


def test_nothing_leaves_before_every_text_is_signed(drafted: Desk) -> None:
    assign_people(drafted, french(3))

    with (
        sink_and_desk(drafted) as (sink, desk),
        pytest.raises(NotAllowedError, match=r"eu-gdpr-34:email \(fr\): not signed"),
    ):
        send(desk)

    assert sink.taken == []
