from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.report import Report
from playbooks.plan import Plan, PlannedStep, RecordState, StepRecord, StepState, measures_taken, plan
from playbooks.playbook import Playbook

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
ACT: dict[str, object] = {"action": "record_evidence", "with": {"name": "n"}}
FAILED = StepRecord(RecordState.FAILED, attempts=1, finished_at=NOW)


def act(key: str, **more: object) -> dict[str, object]:
    return {"key": key, "phase": "contain", "title": {"en": key}, **ACT, **more}


def task(key: str, **more: object) -> dict[str, object]:
    return {"key": key, "phase": "contain", "title": {"en": key}, "role": "responder", "task": "Do it", **more}


def playbook(*steps: dict[str, object]) -> Playbook:
    return Playbook.model_validate({"name": "trial", "title": {"en": "T"}, "applies": {"always": True}, "steps": steps})


def report(**facts: object) -> Report:
    return Report.model_validate({"title": "t", **facts})


def done(outcome: str = "done", at: datetime = NOW, *evidence: str) -> StepRecord:
    return StepRecord(RecordState.DONE, outcome, 1, finished_at=at, evidence=evidence)


def planned(book: Playbook, record: dict[str, StepRecord] | None = None, now: datetime = NOW, **facts: object) -> Plan:
    return plan(book, report(**facts), record or {}, now)


def states(found: Plan) -> dict[str, str]:
    return {step.key: step.state.value for step in found.steps}


def the(found: Plan, key: str) -> PlannedStep:
    return found.by_key[key]


def test_steps_that_do_not_need_each_other_are_ready_together() -> None:
    book = playbook(act("a"), act("b"), act("c", needs=["a", "b"]))

    assert states(planned(book)) == {"a": "ready", "b": "ready", "c": "waiting"}
    assert the(planned(book, {"a": done()}), "c").waits_for == ("b",)
    assert the(planned(book, {"a": done(), "b": done()}), "c").state is StepState.READY


def test_a_task_waits_for_the_person_with_its_role() -> None:
    found = the(planned(playbook(task("a"))), "a")

    assert (found.state, found.asked) == (StepState.WAITING_FOR_PERSON, ("responder",))


def test_a_question_is_put_first_and_then_waits_for_its_answer() -> None:
    book = playbook(act("a", action="ask_person", **{"with": {"role": "legal", "question": "Q?"}}))

    assert the(planned(book), "a").state is StepState.READY
    asked = the(planned(book, {"a": StepRecord(RecordState.ASKED)}), "a")
    assert (asked.state, asked.asked) == (StepState.WAITING_FOR_PERSON, ("legal",))


def test_a_condition_on_the_facts_decides_or_names_what_is_missing() -> None:
    book = playbook(act("a", when={"kind": "ransomware"}))

    assert the(planned(book, kind="ransomware"), "a").state is StepState.READY
    assert the(planned(book, kind="other"), "a").state is StepState.NOT_NEEDED
    assert the(planned(book, kind="other"), "a").reason == "kind does not include ransomware"
    unknown = the(planned(book), "a")
    assert (unknown.state, unknown.missing_facts) == (StepState.UNDECIDED, ("kind",))


def test_new_facts_close_what_has_not_begun_and_leave_what_is_done() -> None:
    book = playbook(act("a", when={"kind": "ransomware"}), act("b", when={"kind": "ransomware"}))

    found = planned(book, {"a": done()}, kind="other")

    assert states(found) == {"a": "done", "b": "not_needed"}
    assert found.finished


def test_a_branch_is_taken_by_the_answer_of_an_earlier_step() -> None:
    book = playbook(
        task("decide", answers=["pay", "refuse"]),
        act("pay", when={"step": {"key": "decide", "outcome": "pay"}}),
        act("rebuild", when={"step": {"key": "decide", "outcome": "refuse"}}),
        act("either", when={"step": {"key": "decide"}}),
    )

    assert states(planned(book))["pay"] == "waiting"
    assert states(planned(book, {"decide": done("refuse")})) == {
        "decide": "done",
        "pay": "not_needed",
        "rebuild": "ready",
        "either": "ready",
    }


def test_a_step_that_is_not_needed_still_keeps_the_order_around_it() -> None:
    book = playbook(
        act("first"), act("middle", needs=["first"], when={"kind": "ransomware"}), act("last", needs=["middle"])
    )

    found = planned(book, kind="other")

    assert states(found) == {"first": "ready", "middle": "not_needed", "last": "waiting"}
    assert the(found, "last").waits_for == ("first",)


def test_the_limit_counts_from_when_the_steps_turn_came() -> None:
    book = playbook(task("a"), task("b", needs=["a"], within="4 hours", stand_in="commander"))
    record = {"a": done(at=NOW - 5 * HOUR)}

    late = the(planned(book, record), "b")

    assert (late.ready_at, late.due_at, late.overdue) == (NOW - 5 * HOUR, NOW - HOUR, True)
    assert late.asked == ("responder", "commander")
    assert not the(planned(book, record, NOW - 2 * HOUR), "b").overdue
    assert the(planned(book), "b").due_at is None


def test_the_recorded_turn_of_a_step_stands() -> None:
    book = playbook(task("a", within="1 hour"))

    found = the(planned(book, {"a": StepRecord(ready_at=NOW - 2 * HOUR)}), "a")

    assert found.due_at == NOW - HOUR
    assert found.overdue


def test_the_plan_says_when_time_alone_will_change_it() -> None:
    book = playbook(task("a", within="1 hour"), task("b", within="3 hours"))
    found = planned(book)

    assert found.wake_at(NOW) == NOW + HOUR
    assert found.wake_at(NOW + 2 * HOUR) == NOW + 3 * HOUR
    assert found.wake_at(NOW + 4 * HOUR) is None


RETRY = {"attempts": 3, "delay": "1 minute", "factor": 2}


def test_a_failed_step_is_tried_again_after_its_delay_and_then_asks_a_person() -> None:
    book = playbook(act("a", retry=RETRY), act("b", needs=["a"]))

    waiting = the(planned(book, {"a": FAILED}), "a")
    assert (waiting.state, waiting.retry_at) == (StepState.FAILED, NOW + timedelta(minutes=1))
    assert the(planned(book, {"a": FAILED}, NOW + timedelta(minutes=1)), "a").state is StepState.READY
    second = StepRecord(RecordState.FAILED, attempts=2, finished_at=NOW)
    assert the(planned(book, {"a": second}), "a").retry_at == NOW + timedelta(minutes=2)
    last = planned(book, {"a": StepRecord(RecordState.FAILED, attempts=3, finished_at=NOW)})
    assert states(last) == {"a": "waiting_for_person", "b": "waiting"}
    assert "it failed 3 times" in the(last, "a").reason


def test_a_step_without_retry_is_never_started_again_by_itself() -> None:
    book = playbook(act("a"))

    assert the(planned(book, {"a": StepRecord(RecordState.FAILED)}), "a").state is StepState.WAITING_FOR_PERSON


def test_after_a_failure_the_others_may_go_on() -> None:
    book = playbook(
        act("a", on_failure="continue"),
        act("b", needs=["a"]),
        act("c", when={"step": {"key": "a", "outcome": "failed"}}),
    )

    assert states(planned(book, {"a": FAILED})) == {"a": "failed", "b": "ready", "c": "ready"}
    assert states(planned(book, {"a": done()})) == {"a": "done", "b": "ready", "c": "not_needed"}


def test_a_failure_path_takes_over_and_the_others_wait_for_it() -> None:
    book = playbook(act("a", on_failure="step:by_hand"), task("by_hand"), act("b", needs=["a"]))

    assert states(planned(book)) == {"a": "ready", "by_hand": "not_needed", "b": "waiting"}
    failed = planned(book, {"a": FAILED})
    assert states(failed) == {"a": "failed", "by_hand": "waiting_for_person", "b": "waiting"}
    assert the(failed, "b").waits_for == ("by_hand",)
    assert states(planned(book, {"a": FAILED, "by_hand": done()}))["b"] == "ready"
    assert planned(book, {"a": FAILED, "by_hand": done(), "b": done()}).finished


def test_a_failure_path_may_name_its_source_as_a_need() -> None:
    book = playbook(act("a", on_failure="step:by_hand"), task("by_hand", needs=["a"]))

    assert the(planned(book, {"a": FAILED}), "by_hand").state is StepState.WAITING_FOR_PERSON


def test_a_failure_that_stops_the_playbook_starts_nothing_but_the_undoing() -> None:
    book = playbook(
        act("hold", compensate="release"),
        act("release"),
        act("send", needs=["hold"], on_failure="stop"),
        act("other"),
    )

    found = planned(book, {"hold": done(), "send": FAILED})

    assert found.stopped_by == "send"
    assert states(found) == {"hold": "done", "release": "ready", "send": "failed", "other": "waiting"}
    assert not found.finished


def test_what_is_done_and_no_longer_needed_is_undone() -> None:
    book = playbook(
        act("hold", when={"not": {"circumstance": "exfiltration_excluded"}}, compensate="release"), act("release")
    )

    assert states(planned(book, {"hold": done()})) == {"hold": "done", "release": "not_needed"}
    after = planned(book, {"hold": done()}, circumstances=["exfiltration_excluded"])
    assert states(after) == {"hold": "done", "release": "ready"}
    never_begun = planned(book, circumstances=["exfiltration_excluded"])
    assert states(never_begun) == {"hold": "not_needed", "release": "not_needed"}


def test_a_step_does_not_count_as_done_before_its_evidence_is_recorded() -> None:
    book = playbook(task("image", evidence=["disk image", "memory image"]), act("b", needs=["image"]))

    found = planned(book, {"image": done("done", NOW, "disk image")})

    assert the(found, "image").state is StepState.WAITING_FOR_PERSON
    assert the(found, "image").missing_evidence == ("memory image",)
    assert the(found, "b").waits_for == ("image",)


def test_destruction_waits_until_something_is_preserved_or_the_override_is_signed() -> None:
    book = playbook(task("image", evidence=["disk image"], preserves=True), act("wipe", needs=["image"], destroys=True))
    skipped = {"image": StepRecord(RecordState.SKIPPED, "skipped")}

    assert states(planned(book, {"image": done("done", NOW, "disk image")}))["wipe"] == "ready"
    refused = the(planned(book, skipped), "wipe")
    assert (refused.state, refused.asked) == (StepState.WAITING_FOR_APPROVAL, ("commander", "legal"))
    signed = skipped | {"wipe": StepRecord(approvals=(("commander", "ana"), ("legal", "li")))}
    assert states(planned(book, signed))["wipe"] == "ready"
    alone = skipped | {"wipe": StepRecord(approvals=(("commander", "ana"), ("legal", "ana")))}
    assert states(planned(book, alone))["wipe"] == "waiting_for_approval"


def test_a_gate_names_the_roles_that_may_still_sign() -> None:
    book = playbook(act("a", approval={"roles": ["executive", "legal", "commander"], "needed": 2}))

    found = the(planned(book, {"a": StepRecord(approvals=(("legal", "li"),))}), "a")

    assert (found.state, found.asked) == (StepState.WAITING_FOR_APPROVAL, ("executive", "commander"))


def test_a_refused_step_lets_a_branch_follow() -> None:
    book = playbook(
        act("a", approval={"roles": ["legal"]}), act("b", when={"step": {"key": "a", "outcome": "refused"}})
    )

    assert states(planned(book, {"a": StepRecord(RecordState.SKIPPED, "refused")})) == {"a": "skipped", "b": "ready"}


def test_waiting_for_a_fact_ends_with_the_fact() -> None:
    book = playbook(act("a", action="wait_for_fact", **{"with": {"condition": {"kind": "ransomware"}}}))

    waiting = the(planned(book), "a")
    assert (waiting.state, waiting.missing_facts) == (StepState.WAITING_FOR_FACT, ("kind",))
    assert the(planned(book, kind="other"), "a").state is StepState.WAITING_FOR_FACT
    assert the(planned(book, kind="ransomware"), "a").state is StepState.READY


CONTRACTS = [{"party": "Acme Ltd"}, {"party": "Bolt"}]
REPEATED = (
    act("ask", for_each="contracts"),
    act("tell", for_each="contracts", needs=["ask"]),
    act("end", needs=["tell"]),
)


def test_a_repeated_step_has_one_instance_per_item_and_follows_its_own_item() -> None:
    found = planned(playbook(*REPEATED), {"ask[bolt]": done()}, contracts=CONTRACTS)

    assert states(found) == {
        "ask[acme_ltd]": "ready",
        "ask[bolt]": "done",
        "tell[acme_ltd]": "waiting",
        "tell[bolt]": "ready",
        "end": "waiting",
    }
    assert the(found, "ask[acme_ltd]").item == "Acme Ltd"
    assert the(found, "end").waits_for == ("tell[acme_ltd]", "tell[bolt]")


def test_an_empty_list_needs_nothing_and_an_unknown_one_is_undecided() -> None:
    assert states(planned(playbook(*REPEATED))) == {"ask": "not_needed", "tell": "not_needed", "end": "ready"}
    unknown = the(planned(playbook(act("a", for_each="people"))), "a")
    assert (unknown.state, unknown.missing_facts) == (StepState.UNDECIDED, ("people",))


def test_an_item_that_left_the_facts_is_closed_unless_it_was_done() -> None:
    record = {"ask[gone]": StepRecord(), "ask[old]": done()}

    found = planned(playbook(act("ask", for_each="contracts")), record, contracts=CONTRACTS[:1])

    assert states(found) == {"ask[acme_ltd]": "ready", "ask[gone]": "not_needed", "ask[old]": "done"}
    assert the(found, "ask[gone]").reason == "gone is no longer among the contracts"


def test_a_repeated_step_kept_before_its_list_was_known_gives_way_to_its_items() -> None:
    book = playbook(act("ask", for_each="people"), act("b", when={"step": {"key": "ask", "outcome": "done"}}))
    record = {"ask": StepRecord(), "ask[FR]": done(), "ask[gone]": StepRecord()}

    found = planned(book, record, people=[{"jurisdiction": "FR", "count": 1}])

    assert states(found) == {"ask[FR]": "done", "ask": "not_needed", "ask[gone]": "not_needed", "b": "ready"}


def test_two_parties_with_the_same_short_name_stay_two() -> None:
    found = planned(
        playbook(act("a", for_each="contracts")), contracts=[{"party": "A & B"}, {"party": "A-B"}, {"party": "甲方"}]
    )

    assert [step.item for step in found.steps] == ["A & B", "A-B", "甲方"]
    assert len({step.key for step in found.steps}) == 3


def test_a_sub_playbook_is_done_once_its_steps_are() -> None:
    book = playbook(
        act("sub/a"),
        {"key": "sub", "phase": "contain", "title": {"en": "s"}, "playbook": "inner", "needs": ["sub/a"]},
        act("b", needs=["sub"]),
    )

    assert states(planned(book)) == {"sub/a": "ready", "sub": "waiting", "b": "waiting"}
    assert states(planned(book, {"sub/a": done()})) == {"sub/a": "done", "sub": "done", "b": "ready"}


def test_measures_taken_are_the_public_words_of_what_was_done() -> None:
    book = playbook(
        act("a", says={"en": "We blocked it.", "zh": "已阻断。"}),
        act("b", says={"en": "We blocked it.", "zh": "已阻断。"}),
        act("c", says={"en": "We restored it."}),
        act("d", says={"en": "Not yet."}),
    )
    found = planned(book, {"a": done(), "b": done(), "c": done()})

    assert measures_taken(found) == ["We blocked it.", "We restored it."]
    assert measures_taken(found, "zh-HK") == ["已阻断。", "We restored it."]


def test_a_long_chain_of_steps_not_needed_is_planned_quickly() -> None:
    """Each needs the two before it: walked without memory, this would take 2**200 steps."""
    steps = [
        act(
            f"s{index}",
            needs=[f"s{before}" for before in (index - 2, index - 1) if before >= 0],
            when={"always": False},
        )
        for index in range(200)
    ]

    assert planned(playbook(*steps)).finished


@st.composite
def playbooks(draw: st.DrawFn) -> Playbook:
    """Steps that need, and ask about, only earlier ones; repeated or not; failing in every way that goes on."""
    steps: list[dict[str, object]] = []
    for index in range(draw(st.integers(1, 12))):
        earlier = [f"s{before}" for before in range(index)]
        step = act(f"s{index}") if draw(st.booleans()) else task(f"s{index}")
        step["needs"] = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
        if draw(st.booleans()) and earlier:
            outcome = draw(st.sampled_from(["done", "not_needed", "skipped"]))
            step["when"] = {"step": {"key": draw(st.sampled_from(earlier)), "outcome": outcome}}
        if draw(st.booleans()):
            step["for_each"] = draw(st.sampled_from(["contracts", "data"]))
        step["on_failure"] = draw(st.sampled_from(["ask", "continue", f"step:h{index}"]))
        steps += [step, act(f"h{index}")] if step["on_failure"] == f"step:h{index}" else [step]
    order = draw(st.permutations(steps))
    return playbook(*order)


FACTS: dict[str, Any] = {"contracts": CONTRACTS, "data": [{"category": "health"}, {"category": "name"}]}


@settings(max_examples=150, deadline=None)
@given(playbooks(), st.randoms(use_true_random=False))
def test_every_playbook_ends_when_what_is_ready_is_done_and_nothing_starts_twice(
    book: Playbook, chance: Random
) -> None:
    record: dict[str, StepRecord] = {}
    started: list[str] = []
    for turn in range(200):
        found = planned(book, record, **FACTS)
        assert found == planned(book, record, **FACTS)
        if found.finished:
            break
        open_now = [step for step in found.steps if step.state in (StepState.READY, StepState.WAITING_FOR_PERSON)]
        assert open_now, states(found)
        step = chance.choice(open_now)
        started.append(step.key)
        fails = step.step.goes_on_after_failure and chance.random() < 0.3
        record[step.key] = FAILED if fails else done(at=NOW + turn * HOUR)
    assert found.finished
    assert len(started) == len(set(started))
    for key in started:
        assert all(need_settled_before(need, key, started, found) for need in the(found, key).step.needs)


def need_settled_before(need: str, key: str, started: list[str], found: Plan) -> bool:
    """Whether every instance of a needed step that was started at all, and concerns this one, came first."""
    item = the(found, key).item
    same_list = (
        next(step.step for step in found.steps if step.step.key == need).for_each == the(found, key).step.for_each
    )
    concerned = [
        step.key
        for step in found.steps
        if step.step.key == need and (not same_list or item is None or step.item == item)
    ]
    return all(started.index(one) < started.index(key) for one in concerned if one in started)


@pytest.mark.parametrize("state", list(StepState))
def test_every_state_of_a_step_is_reached_by_some_test(state: StepState) -> None:
    """A state that nothing can produce would be a promise to the reader that nobody keeps."""
    book = playbook(
        act("ready"),
        act("waiting", needs=["ready"]),
        task("waiting_for_person"),
        act("waiting_for_approval", approval={"roles": ["legal"]}),
        act("waiting_for_fact", action="wait_for_fact", **{"with": {"condition": {"kind": "other"}}}),
        act("waiting_for_event", action="wait_for_event", **{"with": {"event": "scan_finished"}}),
        act("undecided", when={"kind": "other"}),
        act("running"),
        act("failed", on_failure="continue"),
        act("done"),
        act("skipped"),
        act("not_needed", when={"always": False}),
    )
    record = {
        "running": StepRecord(RecordState.RUNNING),
        "failed": FAILED,
        "done": done(),
        "skipped": StepRecord(RecordState.SKIPPED),
    }

    assert states(planned(book, record))[state.value] == state.value
