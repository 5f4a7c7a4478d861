import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import flows.acts
from flows.acts import event_kinds
from flows.acts.answer import answer
from flows.acts.edit import edit_notice
from flows.acts.evaluate import evaluate
from flows.acts.read_notice import notice_text
from flows.acts.release import hold, release
from flows.acts.review import write_review
from flows.acts.sign import reject
from flows.acts.stale import refresh_stale
from flows.acts.timeline import WORDS, timeline, told
from flows.acts.watch import watch_once
from flows.acts.work import assign_step, finish_step, skip_step
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import TemporaryDeliveryError
from tests.flows.meridia import (
    COMMANDER,
    LEGAL,
    PR,
    RESPONDER,
    add,
    contain,
    draft,
    ledger,
    notices,
    queue,
    second_facts,
    send,
    sign,
)
from tests.flows.post import Post, by_post

NUMBER = "INC-2026-0001"
ACTS = Path(str(flows.acts.__file__)).parent


def kinds_written() -> Iterator[str]:
    """Every kind of ledger entry that stands in the source of an act; what subscribers are told has names of its own."""
    for path in sorted(set(ACTS.glob("*.py")) - {Path(str(event_kinds.__file__))}):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_kind(node.value):
                yield node.value


def _is_kind(text: str) -> bool:
    subject, _, verb = text.partition(".")
    known = {kind.partition(".")[0] for kind in WORDS}
    return subject in known and verb.replace("_", "").isalpha() and verb.islower()


@pytest.mark.parametrize("kind", sorted(set(kinds_written())))
def test_every_kind_of_entry_that_an_act_writes_has_words(kind: str) -> None:
    assert kind in WORDS


def test_the_whole_story_is_told_in_words(drafted: Desk, clock: VirtualClock) -> None:
    mail = Post(name="mail")
    mail.then(TemporaryDeliveryError("smtp.example does not answer"))
    desk = by_post(drafted, mail=mail)
    [filing] = notices(desk, NUMBER, provision="eu-gdpr-33")
    [press] = notices(desk, NUMBER, audience="press", form="full", language="en")
    assign_step(desk, NUMBER, "protect_backups", to=PR, by=COMMANDER)
    finish_step(desk, NUMBER, "protect_backups", by=PR, note="three sites")
    skip_step(desk, NUMBER, "capture_memory", by=RESPONDER, reason="the spread cannot wait")
    answer(desk, NUMBER, "measures_planned", "An outside test.", "en", by=LEGAL)
    sign(desk, NUMBER, filing, press)
    second_facts(desk, NUMBER)
    evaluate(desk, NUMBER)
    refresh_stale(desk, NUMBER)
    draft(desk, NUMBER)
    edit_notice(desk, NUMBER, press.notice, notice_text(desk, NUMBER, press.notice).text + "\n", by=PR)
    hold(desk, NUMBER, press.notice, by=PR, reason="wait for the board")
    release(desk, NUMBER, press.notice, by=PR)
    reject(desk, NUMBER, press.notice, by=LEGAL, reason="too long")
    sign(desk, NUMBER, *notices(desk, NUMBER, provision="eu-gdpr-33"))
    queue(desk, NUMBER)
    send(desk, NUMBER)
    clock.set(datetime(2026, 11, 25, 7, tzinfo=UTC))
    watch_once(desk)
    send(desk, NUMBER)
    contain(desk, NUMBER)
    write_review(desk, NUMBER)

    events = timeline(desk, NUMBER)

    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert {event.kind for event in events} <= set(WORDS)
    words = {event.kind: event.words for event in events}
    assert words["incident.reported"].startswith("Incident reported (")
    assert words["playbook.chosen"] == "Playbook ransomware started"
    assert words["step.skipped"] == "Step skipped: Capture the memory of affected hosts: the spread cannot wait"
    assert words["notice.rejected"] == "Sent back as legal: full to press (en): too long"
    assert "smtp.example does not answer" in words["delivery.delayed"]
    assert words["duty.met"].startswith("Duty met: ")
    assert words["alert.fired"].startswith("Alert to ")
    assert words["review.written"].startswith("Review written: 1 duties met")
    assert len({event.kind for event in events}) > 25


def test_an_event_carries_who_and_when_and_the_zone_it_was_read_from(desk: Desk, number: str) -> None:
    add(desk, number, "records: 33850", by=RESPONDER)

    event = timeline(desk, number)[-1]

    assert (event.actor, event.at, event.zone) == (RESPONDER, desk.clock(), "Europe/Paris")
    assert event.words == "Facts version 2: records"


def test_a_kind_of_a_later_version_is_told_by_its_name() -> None:
    assert told("insurer.policy_checked", {}) == "insurer policy checked"


def test_words_are_told_from_the_ledger_and_change_nothing_in_it(drafted: Desk) -> None:
    before = ledger(drafted, NUMBER)

    timeline(drafted, NUMBER)

    assert ledger(drafted, NUMBER) == before
