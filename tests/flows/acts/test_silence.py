from datetime import timedelta

import pytest

from flows.acts.pulse import seen
from flows.acts.silence import tell_silence
from flows.acts.watch import watch_once
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import RefusedDeliveryError, TemporaryDeliveryError
from tests.flows.meridia import payloads
from tests.flows.post import Post, by_post

MINUTE = timedelta(minutes=1)


def test_while_the_watch_runs_nobody_is_told_anything(desk: Desk, number: str, clock: VirtualClock) -> None:
    assert tell_silence(desk) is False, "it has never run here"
    watch_once(desk)
    clock.set(clock() + 1.5 * MINUTE)

    assert tell_silence(desk) is False


def test_when_it_is_silent_the_responders_are_told_once_and_it_stands_on_the_record(
    desk: Desk, number: str, clock: VirtualClock
) -> None:
    watch_once(desk)
    last = clock()
    clock.set(last + 3 * MINUTE)
    chat = Post(name="slack")

    assert tell_silence(by_post(desk, chat=chat)) is True
    assert tell_silence(by_post(desk, chat=chat)) is False

    [message] = chat.sendings
    assert message.subject == "The deadline watch has stopped"
    [said] = payloads(desk, number, "watch.stopped")
    assert said["last_pass"] == "2026-11-23T09:00:00Z"


def test_it_is_said_again_each_hour(desk: Desk, number: str, clock: VirtualClock) -> None:
    watch_once(desk)
    chat = Post(name="slack")
    for _ in range(4):
        clock.set(clock() + 30 * MINUTE)
        tell_silence(by_post(desk, chat=chat))

    assert len({message.key for message in chat.sendings}) == 2
    assert len(payloads(desk, number, "watch.stopped")) == 1


def test_a_pass_of_a_stand_in_does_not_hide_that_the_watch_is_silent(
    desk: Desk, number: str, clock: VirtualClock
) -> None:
    seen(desk)
    clock.set(clock() + 3 * MINUTE)
    watch_once(desk, stand_in=True)

    assert tell_silence(desk) is True


def test_when_chat_refuses_mail_takes_over_and_when_nobody_takes_it_the_run_is_to_be_tried_again(
    desk: Desk, number: str, clock: VirtualClock
) -> None:
    watch_once(desk)
    clock.set(clock() + 3 * MINUTE)
    chat, mail = Post(name="slack"), Post(name="smtp")
    both = by_post(desk, chat=chat, mail=mail)
    both.ways.addresses["commander"] = "commander@meridia.example"
    chat.then(RefusedDeliveryError("the channel is archived"), RefusedDeliveryError("the channel is archived"))
    mail.then(TemporaryDeliveryError("greylisted"))

    with pytest.raises(TemporaryDeliveryError, match=r"nobody could be told.*archived; greylisted"):
        tell_silence(both)
    assert tell_silence(both) is True

    assert [message.to for message in mail.sendings] == ["commander@meridia.example"] * 2
    assert len({message.key for message in mail.sendings}) == 1
