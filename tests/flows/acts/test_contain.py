import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flows.acts.contain import BY_HAND, perform, ready_steps
from flows.acts.deliver import attempt, waiting
from flows.acts.evaluate import evaluate
from flows.acts.evidence import preserve_file
from flows.acts.playbook import start_playbook
from flows.acts.report import open_incident
from flows.acts.unfinished import unfinished
from flows.acts.watch import watch_once
from flows.acts.work import approve_step, finish_step, skip_step, try_again
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.document import read_document
from models.errors import LeaseHeldError, NotAllowedError, RefusedDeliveryError, TemporaryDeliveryError
from models.report import read_report, report_of
from models.tables import Delivery, Evidence, Step
from tests.conftest import DEMO
from tests.flows.meridia import (
    COMMANDER,
    EXECUTIVE,
    LEGAL,
    PR,
    RESPONDER,
    add,
    carrying,
    contain,
    every,
    join_team,
    ledger,
    one,
    payloads,
    step,
)
from tests.flows.post import Died, Post, by_post

MINUTE = timedelta(minutes=1)
DRILL = """
name: drill
title: {en: Drill}
applies: {kind: misconfiguration}
steps:"""
WIPE = """
  - {key: image, phase: preserve, title: {en: Image the disk}, role: responder, task: Image it., preserves: true,
     evidence: [disk image]}
  - {key: wipe, phase: contain, title: {en: Wipe it}, action: call_webhook, needs: [image], destroys: true,
     with: {to: "setting:device_management_webhook", event: wipe_device, body: {reference: "{number}"}}}
"""
LOCK = """
  - {key: lock, phase: contain, title: {en: Lock it}, action: call_webhook, on_failure: "step:lock_by_hand",
     retry: {attempts: 2, delay: 1 minute}, with: {to: "setting:device_management_webhook", event: lock_device}}
  - {key: lock_by_hand, phase: contain, title: {en: Lock it by hand}, role: responder, task: Lock it.}
  - {key: after, phase: contain, title: {en: Go on}, role: responder, task: Go on., needs: [lock]}
"""
STOP = """
  - {key: isolate, phase: contain, title: {en: Isolate}, action: call_webhook, on_failure: stop,
     with: {to: "setting:firewall_webhook", event: isolate}}
  - {key: other, phase: contain, title: {en: Another thing}, role: responder, task: Do it.}
"""
ASK = """
  - {key: found, phase: triage, title: {en: Was it found}, action: ask_person,
     with: {role: responder, question: Was the device found?, answers: [found, not_found]}}
  - {key: wipe, phase: contain, title: {en: Wipe it}, role: responder, task: Wipe it.,
     when: {step: {key: found, outcome: not_found}}}
"""
HELD = """
  - {key: wipe, phase: contain, title: {en: Wipe it}, action: call_webhook,
     when: {not: {circumstance: law_enforcement_hold}},
     with: {to: "setting:device_management_webhook", event: wipe_device}}
"""
EACH = """
  - {key: tell, phase: communicate, title: {en: Tell the party}, action: post_to_slack, for_each: contracts,
     with: {text: "Tell {item} about {number}"}}
"""
KEEP = """
  - {key: keep_facts, phase: preserve, title: {en: Keep the facts}, action: record_evidence,
     with: {name: facts, from: facts}}
  - {key: keep_ledger, phase: preserve, title: {en: Keep the ledger}, action: record_evidence,
     with: {name: ledger, from: ledger}}
  - {key: keep_logs, phase: preserve, title: {en: Keep the logs}, action: record_evidence,
     with: {name: logs, from: "setting:log_folder"}}
"""
SLOW = """
  - {key: lock, phase: contain, title: {en: Lock it}, action: call_webhook, limit: 1 second,
     retry: {attempts: 2, delay: 1 minute, jitter: 1}, with: {event: lock_device}}
"""
TIMED = """
  - {key: decide, phase: triage, title: {en: Decide}, role: legal, task: Decide., within: 1 hour, stand_in: commander,
     limit: 3 hours, on_failure: "step:call"}
  - {key: call, phase: triage, title: {en: Call the executive}, role: executive, task: Call.}
"""

Drill = Callable[[str], tuple[Desk, str]]


@pytest.fixture
def webhook() -> Post:
    """The organisation's own systems."""
    return Post(name="webhook")


@pytest.fixture
def drill(home: Path, clock: VirtualClock, webhook: Post) -> Iterator[Drill]:
    """Opens an incident whose playbook has the steps given, on a desk whose webhook is `webhook`."""
    opened: list[Desk] = []

    def make(steps: str) -> tuple[Desk, str]:
        folder = home / "own"
        folder.mkdir()
        (folder / "drill.yaml").write_text(DRILL + steps)
        desk = open_desk(Settings(home=home, clock=clock.path, playbooks=folder))
        opened.append(desk)
        join_team(desk)
        report = report_of(read_document("r.yaml", b"title: Open bucket\nkind: misconfiguration"))
        return by_post(desk, webhook=webhook), open_incident(desk, report, by=RESPONDER)

    yield make
    for desk in opened:
        desk.engine.dispose()


# What is ready is done -------------------------------------------------------------------------------------------------


def test_the_ready_steps_of_the_ransomware_playbook_are_done_and_their_effects_stand_in_the_outbox(
    desk: Desk, number: str
) -> None:
    assert contain(desk, number) == {"open_case": "done", "hold_marketing": "done", "tell_insurer": "done"}

    written = [json.loads(path.read_text()) for path in sorted((desk.settings.home / "outbox").glob("*.json"))]
    assert [message["to"] for message in written] == ["campaign_webhook", "ticket_webhook", "insurer_mail"]
    assert {row.state for row in every(desk, Delivery, number, purpose="step")} == {"sent"}


def test_the_row_of_an_effect_stands_before_the_effect(desk: Desk, number: str) -> None:
    contain(desk, number)

    kinds = [entry["kind"] for entry in ledger(desk, number) if entry["payload"].get("key", "").endswith("open_case")]
    assert kinds == ["delivery.queued", "delivery.sent"]


def test_containing_again_does_nothing_twice(desk: Desk, number: str) -> None:
    contain(desk, number)
    before = ledger(desk, number)

    assert contain(desk, number) == {}
    assert ledger(desk, number) == before


def test_what_a_person_must_do_is_asked_for_once(desk: Desk, number: str) -> None:
    contain(desk, number)
    contain(desk, number)

    waits = [said["step"] for said in payloads(desk, number, "step.waiting")]
    assert waits.count("capture_memory") == 1
    assert step(desk, number, "settle_exfiltration").state == "waiting", "the logs are not exported yet"


def test_a_fact_plans_again_what_waited_for_it(drill: Drill) -> None:
    desk, number = drill(
        """
  - {key: known, phase: triage, title: {en: Wait until it is known}, action: wait_for_fact,
     with: {condition: {circumstance: [exfiltration_confirmed, exfiltration_excluded]}}}
  - {key: go_on, phase: contain, title: {en: Go on}, role: responder, task: Go on., needs: [known]}
"""
    )
    contain(desk, number)
    assert step(desk, number, "known").state == "waiting_for_fact"
    add(desk, number, "circumstances: [exfiltration_excluded]")

    assert contain(desk, number) == {"known": "done"}
    assert step(desk, number, "go_on").state == "waiting_for_person"


def test_a_step_is_repeated_for_each_contract_with_a_key_of_its_own(drill: Drill) -> None:
    desk, number = drill(EACH)
    add(
        desk,
        number,
        "contracts: [{party: Harbour, within_hours: 48, from: aware_at, contact: a@h.example, citation: c},"
        "{party: Quay, within_hours: 24, from: aware_at, contact: a@q.example, citation: c}]",
    )

    done = contain(desk, number)

    assert sorted(done.values()) == ["done", "done"]
    texts = sorted(row.body["text"] for row in every(desk, Delivery, number))
    assert texts == [f"Tell Harbour about {number}", f"Tell Quay about {number}"]


def test_evidence_steps_keep_the_facts_and_the_ledger_as_they_are(drill: Drill) -> None:
    desk, number = drill(KEEP)

    done = contain(desk, number)

    assert done == {"keep_facts": "done", "keep_ledger": "done", "keep_logs": "failed"}
    facts, chain = every(desk, Evidence, number)
    assert json.loads(Path(facts.path).read_text())["title"] == "Open bucket"
    assert Path(chain.path).read_text().startswith('{"entries":')
    assert "folders.log_folder" in payloads(desk, number, "step.failed")[0]["why"]


# Failure ---------------------------------------------------------------------------------------------------------------


def test_a_step_whose_channel_is_down_fails_with_the_reason_and_is_tried_again_when_its_rule_says(
    drill: Drill, webhook: Post, clock: VirtualClock
) -> None:
    desk, number = drill(LOCK)
    webhook.then(TemporaryDeliveryError("https://mdm.example answered 503"))

    assert contain(desk, number) == {"lock": "failed"}
    assert "503" in payloads(desk, number, "step.failed")[0]["why"]
    assert ready_steps(desk, number) == []
    clock.set(clock() + 2 * MINUTE)

    assert contain(desk, number) == {"lock": "done"}
    assert len(webhook.taken) == 1
    assert step(desk, number, "lock_by_hand").state == "not_needed"


def test_a_step_is_not_tried_again_before_the_time_that_the_other_side_named(
    drill: Drill, webhook: Post, clock: VirtualClock
) -> None:
    desk, number = drill(LOCK)
    webhook.then(TemporaryDeliveryError("429", timedelta(hours=1)))
    contain(desk, number)
    clock.set(clock() + 30 * MINUTE)

    assert contain(desk, number) == {}
    assert waiting(desk, number) == []
    clock.set(clock() + 30 * MINUTE)
    assert contain(desk, number) == {"lock": "done"}


def test_after_its_last_try_the_step_that_takes_over_is_asked_for(
    drill: Drill, webhook: Post, clock: VirtualClock
) -> None:
    desk, number = drill(LOCK)
    webhook.then(RefusedDeliveryError("401"), RefusedDeliveryError("401"))
    contain(desk, number)
    clock.set(clock() + MINUTE)
    contain(desk, number)

    ready_steps(desk, number)

    assert step(desk, number, "lock").state == "failed"
    assert step(desk, number, "lock_by_hand").state == "waiting_for_person"
    assert step(desk, number, "after").state == "waiting"
    finish_step(desk, number, "lock_by_hand", by=RESPONDER)
    assert step(desk, number, "after").state == "waiting_for_person"


def test_a_failure_that_stops_the_playbook_keeps_every_other_step_waiting(drill: Drill, webhook: Post) -> None:
    desk, number = drill(STOP)
    webhook.then(RefusedDeliveryError("403"))
    contain(desk, number)

    ready_steps(desk, number)

    assert step(desk, number, "isolate").state == "failed"
    assert step(desk, number, "other").state == "waiting"
    assert "isolate" in step(desk, number, "other").reason


def test_a_failure_without_a_rule_waits_for_a_person_who_may_have_it_tried_again(desk: Desk, team: Desk) -> None:
    report = report_of(read_document("r.yaml", b"title: Stolen phone\nkind: lost_or_stolen_device"))
    number = open_incident(desk, report, by=RESPONDER)
    chat = Post(name="webhook")
    by = by_post(team, webhook=chat)
    chat.then(*[RefusedDeliveryError("404")] * 2)
    contain(by, number)
    assert step(by, number, "open_case").state == "failed", "its rule says that the others go on"
    with pytest.raises(NotAllowedError, match="did not fail"):
        try_again(by, number, "revoke_access", by=RESPONDER)

    try_again(by, number, "open_case", by=COMMANDER)

    assert contain(by, number)["open_case"] == "done"
    assert payloads(by, number, "step.retried") == [{"step": "open_case", "title": "Open a case in the ticket system"}]


def test_what_arrived_by_a_later_try_of_its_delivery_finishes_the_step(
    drill: Drill, webhook: Post, clock: VirtualClock
) -> None:
    desk, number = drill(HELD)
    webhook.then(TemporaryDeliveryError("503"))
    contain(desk, number)
    assert step(desk, number, "wipe").record == "failed"
    clock.set(clock() + 30 * MINUTE)

    watch_once(desk)
    ready_steps(desk, number)

    assert step(desk, number, "wipe").state == "done"
    assert len(webhook.taken) == 1


# What takes too long ---------------------------------------------------------------------------------------------------


def test_an_action_that_hangs_is_ended_by_its_own_limit_and_tried_again_as_its_policy_says(
    drill: Drill, webhook: Post, clock: VirtualClock
) -> None:
    desk, number = drill(SLOW)
    webhook.then("hang")

    assert contain(desk, number) == {"lock": "failed"}

    row = step(desk, number, "lock")
    assert "limit of 1 s" in payloads(desk, number, "step.failed")[0]["why"]
    assert row.next_try_at is not None
    assert MINUTE <= row.next_try_at - clock() <= 2 * MINUTE, "spread by its jitter"
    assert one(desk, Delivery, number).state == "uncertain", "whether it arrived is not known"
    webhook.released.set()


def test_what_hung_and_arrived_after_all_is_seen_and_not_sent_twice(
    drill: Drill, webhook: Post, clock: VirtualClock
) -> None:
    desk, number = drill(SLOW)
    webhook.then("hang")
    contain(desk, number)
    webhook.released.set()
    limit = time.monotonic() + 20
    while one(desk, Delivery, number).state != "sent" and time.monotonic() < limit:
        time.sleep(0.01)

    assert contain(desk, number) == {}

    assert step(desk, number, "lock").state == "done"
    assert len(webhook.taken) == 1


def test_a_step_that_is_to_be_tried_again_is_taken_up_by_itself_when_its_time_comes(
    drill: Drill, webhook: Post, clock: VirtualClock
) -> None:
    desk, number = drill(LOCK)
    webhook.then(RefusedDeliveryError("401"))
    contain(desk, number)
    evaluate(desk, number)
    ready_steps(desk, number)
    assert unfinished(desk) == []

    clock.set(clock() + MINUTE)

    assert unfinished(desk) == [number]
    assert contain(desk, number) == {"lock": "done"}
    assert unfinished(desk) == []


def test_a_task_that_is_overdue_goes_to_its_stand_in_once_and_is_given_up_at_its_limit(
    drill: Drill, clock: VirtualClock
) -> None:
    desk, number = drill(TIMED)
    contain(desk, number)
    evaluate(desk, number)
    assert step(desk, number, "decide").role == "legal"

    clock.set(clock() + 61 * MINUTE)
    assert unfinished(desk) == [number], "time alone has something to say"
    ready_steps(desk, number)
    ready_steps(desk, number)

    assert step(desk, number, "decide").role == "legal or commander"
    [late] = payloads(desk, number, "step.overdue")
    assert late["asked"] == "legal or commander"
    clock.set(clock() + 120 * MINUTE)
    ready_steps(desk, number)
    assert payloads(desk, number, "step.failed")[0]["why"] == "nothing came within 3 hours"
    assert step(desk, number, "decide").state == "failed"
    assert step(desk, number, "call").state == "waiting_for_person"


def test_mail_or_a_call_that_has_no_way_out_but_the_outbox_is_not_done_until_somebody_says_so(
    home: Path, clock: VirtualClock
) -> None:
    live = open_desk(Settings(home=home, organisation=DEMO / "organisation.yaml"))
    join_team(live)
    number = open_incident(live, read_report(str(DEMO / "first_facts.yaml")), by=RESPONDER)

    contain(live, number)

    ready_steps(live, number)
    for key in ("open_case", "hold_marketing", "tell_insurer"):
        row = step(live, number, key)
        assert (row.state, row.reason) == ("waiting_for_person", BY_HAND)
    live.engine.dispose()


# What is not wanted any more does not happen --------------------------------------------------------------------------


def test_an_effect_that_waits_is_withdrawn_when_the_facts_forbid_its_step(
    drill: Drill, webhook: Post, clock: VirtualClock
) -> None:
    desk, number = drill(HELD)
    webhook.then(TemporaryDeliveryError("503"))
    contain(desk, number)
    add(desk, number, "circumstances: [law_enforcement_hold]")
    clock.set(clock() + 30 * MINUTE)

    watch_once(desk)

    assert webhook.taken == {}
    assert one(desk, Delivery, number).state == "withdrawn"
    assert "not needed any more" in payloads(desk, number, "delivery.withdrawn")[0]["why"]


def test_an_effect_that_waits_is_withdrawn_when_a_person_skips_its_step(
    drill: Drill, webhook: Post, clock: VirtualClock
) -> None:
    desk, number = drill(HELD)
    webhook.then(TemporaryDeliveryError("503"))
    contain(desk, number)
    skip_step(desk, number, "wipe", by=COMMANDER, reason="the device was found")
    clock.set(clock() + 30 * MINUTE)

    watch_once(desk)

    assert webhook.taken == {}
    assert "skipped" in payloads(desk, number, "delivery.withdrawn")[0]["why"]


# Preserve before destroy ----------------------------------------------------------------------------------------------


def test_a_destructive_step_waits_until_evidence_is_recorded(drill: Drill, webhook: Post, tmp_path: Path) -> None:
    desk, number = drill(WIPE)
    contain(desk, number)
    assert step(desk, number, "wipe").state == "waiting"
    with pytest.raises(NotAllowedError, match="disk image"):
        finish_step(desk, number, "image", by=RESPONDER)
    image = tmp_path / "disk.img"
    image.write_bytes(b"\0" * 4096)
    preserve_file(desk, number, "image", image, by=RESPONDER, name="disk image")
    finish_step(desk, number, "image", by=RESPONDER)

    assert contain(desk, number) == {"wipe": "done"}
    assert len(webhook.taken) == 1


def test_a_destructive_step_goes_ahead_without_evidence_only_when_the_override_is_signed_by_two(
    drill: Drill, webhook: Post
) -> None:
    desk, number = drill(WIPE)
    contain(desk, number)
    skip_step(desk, number, "image", by=RESPONDER, reason="the disk is being overwritten")
    assert contain(desk, number) == {}
    assert step(desk, number, "wipe").state == "waiting_for_approval"

    assert approve_step(desk, number, "wipe", by=COMMANDER) == ("legal",)
    assert contain(desk, number) == {}
    assert approve_step(desk, number, "wipe", by=LEGAL) == ()

    assert contain(desk, number) == {"wipe": "done"}
    assert [(said["role"]) for said in payloads(desk, number, "step.approved")] == ["commander", "legal"]


@pytest.mark.parametrize("who", [PR, EXECUTIVE, RESPONDER])
def test_an_override_by_the_wrong_role_is_refused(drill: Drill, who: str) -> None:
    desk, number = drill(WIPE)
    contain(desk, number)
    skip_step(desk, number, "image", by=RESPONDER, reason="no time")

    with pytest.raises(NotAllowedError, match="commander"):
        approve_step(desk, number, "wipe", by=who)
    assert step(desk, number, "wipe").state == "waiting_for_approval"


# A person asked -------------------------------------------------------------------------------------------------------


def test_a_question_is_put_once_and_its_answer_decides_what_follows(drill: Drill) -> None:
    desk, number = drill(ASK)
    assert contain(desk, number) == {"found": "asked"}
    assert contain(desk, number) == {}
    assert step(desk, number, "found").state == "waiting_for_person"

    finish_step(desk, number, "found", by=RESPONDER, outcome="not_found")

    assert step(desk, number, "wipe").state == "waiting_for_person"
    assert len(every(desk, Delivery, number)) == 1


# Death ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["die before", "die after"])
@pytest.mark.parametrize("settles", ["idempotency_key", "same_identity", "lookup"])
def test_a_step_left_running_by_a_dead_run_is_taken_up_and_its_effect_is_not_doubled(
    drill: Drill, webhook: Post, when: str, settles: str
) -> None:
    desk, number = drill(HELD)
    webhook.settles = settles  # type: ignore[assignment]  # one of the three
    webhook.then(when)
    with pytest.raises(Died):
        contain(carrying(desk, number), number)
    assert step(desk, number, "wipe").record == "running"

    contain(carrying(desk, number, "here/2/1"), number)

    assert step(desk, number, "wipe").state == "done"
    assert len(webhook.taken) == 1
    assert len({message.key for message in webhook.sendings}) == 1
    if settles == "lookup":
        assert len(webhook.sendings) == (1 if when == "die after" else 2)


def test_a_step_whose_effect_happened_before_the_run_died_is_done_without_being_performed_again(
    drill: Drill, webhook: Post
) -> None:
    desk, number = drill(HELD)
    run = carrying(desk, number)
    start_playbook(run, number)
    ready_steps(run, number)
    webhook.then("die before")
    with pytest.raises(Died):
        perform(run, number, "wipe")
    after = carrying(desk, number, "here/2/1")
    attempt(after, number, one(desk, Delivery, number).key)

    assert contain(after, number) == {}
    assert step(desk, number, "wipe").state == "done"
    assert step(desk, number, "wipe").attempts == 1


def test_a_run_that_lost_its_lease_performs_nothing(drill: Drill, webhook: Post) -> None:
    desk, number = drill(HELD)
    dead = carrying(desk, number)
    start_playbook(dead, number)
    ready_steps(dead, number)
    carrying(desk, number, "here/2/1")

    with pytest.raises(LeaseHeldError):
        perform(dead, number, "wipe")
    assert webhook.sendings == []
    assert one(desk, Step, number).record == "pending"
