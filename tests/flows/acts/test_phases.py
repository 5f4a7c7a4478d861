from datetime import timedelta

from flows.acts.draft import AUTHORITIES, PUBLIC
from flows.acts.evaluate import evaluate
from flows.acts.phases import alerts_said, duties_said, steps_said, texts_said
from flows.acts.release import hold
from flows.acts.watch import watch_once
from flows.desk import Desk
from models.clock import VirtualClock
from models.duty import Verdict
from tests.flows.meridia import PR, RESPONDER, contain, finish_step, join_team, notices, queue, second_facts, send, sign

NUMBER = "INC-2026-0001"


def test_an_incident_without_a_playbook_says_so(desk: Desk, number: str) -> None:
    assert steps_said(desk, number) == "No playbook fits"


def test_containment_says_how_many_steps_are_done_and_how_many_wait_for_people(desk: Desk, number: str) -> None:
    join_team(desk)
    states = contain(desk, number)
    before = steps_said(desk, number)
    finish_step(desk, number, "protect_backups", by=RESPONDER)
    contain(desk, number)

    done = sum(state == "done" for state in states.values())
    assert f" steps: {done} done, " in before
    assert " wait for people" in before
    assert f" steps: {done + 1} done, " in steps_said(desk, number)


def test_evaluation_says_how_many_duties_apply_and_what_changed(desk: Desk, number: str) -> None:
    join_team(desk)
    first = evaluate(desk, number)
    apply = len([duty for duty in first.assessment.duties if duty.verdict is Verdict.REQUIRED])

    assert duties_said(first) == f"{apply} duties: {apply} apply, {apply} new"
    assert duties_said(evaluate(desk, number)) == f"{apply} duties: {apply} apply"
    second_facts(desk, number)
    assert duties_said(evaluate(desk, number)) == f"{apply + 1} duties: {apply + 1} apply, 1 new, 2 changed"


def test_a_phase_of_notices_says_what_was_drafted_and_what_waits_for_whom(drafted: Desk) -> None:
    filings = [
        line for line in notices(drafted, NUMBER) if line.audience in {audience.value for audience in AUTHORITIES}
    ]
    assert texts_said(drafted, NUMBER, AUTHORITIES, 2) == (
        f"{len(filings)} texts: 2 drafted now, {len(filings)} wait for signatures"
    )

    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    sign(drafted, NUMBER, filing)
    assert texts_said(drafted, NUMBER, AUTHORITIES, 0).endswith(" wait for signatures, 1 signed")
    queue(drafted, NUMBER)
    send(drafted, NUMBER)

    assert "drafted" not in texts_said(drafted, NUMBER, AUTHORITIES, 0)


def test_what_somebody_holds_is_counted_as_held(drafted: Desk) -> None:
    [press] = notices(drafted, NUMBER, audience="press", form="holding", language="en")
    hold(drafted, NUMBER, press.notice, by=PR, reason="the board meets first")

    assert ": 1 held, " in texts_said(drafted, NUMBER, PUBLIC, 0)


def test_with_no_text_to_anybody_there_is_nothing_to_say(desk: Desk, number: str) -> None:
    assert texts_said(desk, number, PUBLIC, 0) == "Nothing to say"


def test_a_pass_of_the_watch_says_how_many_alerts_fired(desk: Desk, number: str, clock: VirtualClock) -> None:
    evaluate(desk, number)
    assert alerts_said(watch_once(desk)) == "Nothing was due"
    clock.set(clock() + timedelta(hours=40))

    fired = watch_once(desk)

    assert alerts_said(fired) == f"{len(fired)} alerts fired"
    assert alerts_said(fired[:1]) == "1 alert fired"
