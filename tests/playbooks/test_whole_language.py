"""One playbook that uses every word of the language, walked from its first step to its end."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from playbooks.actions import ACTIONS
from playbooks.event import Event
from playbooks.plan import Plan, RecordState, StepRecord, StepState, plan
from playbooks.playbook import Notices, Playbook, load_playbooks
from playbooks.step import Step
from tests.playbooks.test_plan import NOW, done, report, states

FILE = Path(__file__).parent / "whole_language.yaml"
INNER = """
name: inner
title: {en: Inner}
applies: {kind: third_party}
steps:
  - {key: ask, phase: communicate, title: {en: Ask}, role: legal, task: Ask the supplier.}
"""
FACTS = {"kind": "ransomware", "cause": "malicious_external", "contracts": [{"party": "Acme"}, {"party": "Globex"}]}
HOUR = timedelta(hours=1)


@pytest.fixture
def book(tmp_path: Path) -> Playbook:
    (tmp_path / "inner.yaml").write_text(INNER)
    (tmp_path / "whole_language.yaml").write_text(FILE.read_text())
    return load_playbooks(tmp_path)["whole_language"]


def walked(
    book: Playbook, record: dict[str, StepRecord], hours: float = 0, events: tuple[Event, ...] = (), **facts: object
) -> Plan:
    return plan(book, report(**{**FACTS, **facts}), record, NOW + hours * HOUR, events)


def test_it_uses_every_word_of_a_step_and_of_a_playbook() -> None:
    text = yaml.safe_load(FILE.read_text())
    used = {key for step in text["steps"] for key in step}

    words = {field.alias or name for name, field in Step.model_fields.items()}
    assert words - used == set()
    assert set(text) == set(Playbook.model_fields) - {"summary"}
    assert set(text["notices"]) == set(Notices.model_fields) - {"otherwise"}


def test_at_first_every_branch_stands_where_it_must(book: Playbook) -> None:
    assert states(walked(book, {})) == {
        "keep_facts": "ready",
        "ask_scope": "ready",
        "cut_off": "waiting",
        "cut_by_hand": "not_needed",
        "connect_again": "not_needed",
        "know_whether_it_left": "waiting_for_fact",
        "scanner_is_done": "waiting_for_event",
        "authority_is_told": "waiting_for_event",
        "tell_party[acme]": "ready",
        "tell_party[globex]": "ready",
        "with_supplier/ask": "waiting_for_person",
        "with_supplier": "waiting",
        "restore": "waiting",
        "review": "waiting",
    }


def test_a_question_goes_to_the_stand_in_when_it_is_due_and_is_given_up_at_its_limit(book: Playbook) -> None:
    asked = {"ask_scope": StepRecord(RecordState.ASKED, ready_at=NOW)}

    at_once, later = walked(book, asked).by_key["ask_scope"], walked(book, asked, hours=2).by_key["ask_scope"]

    assert (at_once.asked, at_once.overdue) == (("responder",), False)
    assert (later.asked, later.overdue) == (("responder", "commander"), True)
    assert later.gives_up_at == NOW + 6 * HOUR
    assert walked(book, asked).wake_at(NOW) == NOW + HOUR, "the next moment at which time alone changes the plan"
    assert walked(book, asked, hours=2).wake_at(NOW + 2 * HOUR) == NOW + 6 * HOUR


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (done("contained"), "not_needed"),
        (done("spreading"), "waiting_for_approval"),
        (StepRecord(RecordState.FAILED, attempts=1, finished_at=NOW), "waiting_for_approval"),
    ],
)
def test_the_branch_taken_hangs_on_the_answer_and_no_answer_is_one_too(
    book: Playbook, answer: StepRecord, state: str
) -> None:
    record = {"keep_facts": done("done", NOW, "facts"), "ask_scope": answer}

    assert walked(book, record, circumstances=[]).by_key["cut_off"].state == state


def test_an_event_is_waited_for_until_it_happens_and_only_the_one_that_is_meant(book: Playbook) -> None:
    other = Event("duty.met", {"provision": "uk-gdpr-33"})
    found = walked(book, {}, events=(Event("scan_finished", {}), other))

    assert found.by_key["scanner_is_done"].state is StepState.READY
    assert found.by_key["authority_is_told"].reason == "duty.met, provision eu-gdpr-33 has not happened yet"
    met = walked(book, {}, events=(Event("duty.met", {"provision": "eu-gdpr-33"}),))
    assert met.by_key["authority_is_told"].state is StepState.READY


def test_what_was_done_is_undone_when_the_step_that_stops_everything_fails(book: Playbook) -> None:
    record = {
        "keep_facts": done("done", NOW, "facts"),
        "ask_scope": done("spreading"),
        "cut_off": done(),
        "know_whether_it_left": done(),
        "scanner_is_done": done(),
        "tell_party[acme]": done(),
        "tell_party[globex]": done(),
        "with_supplier/ask": done(),
        "restore": StepRecord(RecordState.FAILED, attempts=1, finished_at=NOW),
    }

    found = walked(book, record)

    assert found.stopped_by == "restore"
    assert found.by_key["connect_again"].state is StepState.READY
    assert found.by_key["review"].state is StepState.WAITING
    assert {step.key for step in found.ready} == {"connect_again"}


def test_it_comes_to_its_end(book: Playbook) -> None:
    keys = walked(book, {}).by_key
    record = {key: done() for key in keys if key not in ("cut_off", "cut_by_hand", "connect_again")}
    record |= {
        "ask_scope": done("contained"),
        "keep_facts": done("done", NOW, "facts"),
        "restore": done("done", NOW, "restore log"),
        "review": done("good"),
    }

    found = walked(book, record)

    assert found.finished
    assert {key for key, state in states(found).items() if state == "not_needed"} == {
        "cut_off",
        "cut_by_hand",
        "connect_again",
    }


def test_every_action_is_known(book: Playbook) -> None:
    assert {step.action for step in book.steps if step.action} <= set(ACTIONS)
