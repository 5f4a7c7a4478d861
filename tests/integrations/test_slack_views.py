import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.slack_views import (
    LONGEST_TEXT,
    View,
    Waiting,
    answer_view,
    record_view,
    report_view,
    said_view,
    typed,
    waiting_view,
)
from models.vocabulary import Category, Kind
from tests.slack_server import faults_of_view

NOW = datetime(2026, 3, 4, 8, 30, tzinfo=UTC)
HOSTILE = ["GDPR", "", "&<>" * 4_000, "a\n" * 9_000, "数" * 20_000, "<!channel> <@U1> `x`", "\n\n \n"]


def views(text: str, many: int = 3) -> list[View]:
    return [
        answer_view(
            "T-1", text, text[:LONGEST_TEXT], "ab" * 32, [text], ["approve", "reject"], [text] * many, {"a": "b"}, text
        ),
        answer_view("T-1", text, text[:LONGEST_TEXT], "ab" * 32, [], [f"answer_{n}" for n in range(60)], [], {}),
        record_view("T-1", text, text, ["en", "fr"], {"number": "T-1", "key": "k"}),
        record_view("T-1", text, "", [], {}),
        waiting_view(text, [Waiting("T-1 notice:1", text, text)] * many),
        said_view(text, text, "https://tocsin.example/i/1"),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_every_view_stays_within_slacks_limits(text: str) -> None:
    assert [fault for view in views(text, many=100) for fault in faults_of_view(json.loads(json.dumps(view)))] == []


@given(st.text(max_size=400))
def test_no_text_whatever_breaks_a_view(text: str) -> None:
    assert [fault for view in views(text * 20) for fault in faults_of_view(json.loads(json.dumps(view)))] == []


def test_the_report_form_stays_within_slacks_limits_with_every_kind_and_category() -> None:
    view = report_view([kind.value for kind in Kind], [one.value for one in Category], NOW)

    assert faults_of_view(json.loads(json.dumps(view))) == []


def test_the_exact_text_is_shown_to_the_letter_and_plain() -> None:
    text = "Dear *customer*,\n" + "<b>5 &amp; 6</b> :smile:\n" * 400

    view = answer_view("T-1", "w", text, "ab" * 32, ["legal"], ["approve"], [], {})

    shown = json.loads(json.dumps(view))["blocks"]
    exact = [b["text"] for b in shown if b["type"] == "section"]
    assert "".join(one["text"] for one in exact) == text
    assert {(one["type"], one["emoji"]) for one in exact} == {("plain_text", False)}


def test_what_a_list_cannot_hold_is_counted() -> None:
    view = waiting_view("w", [Waiting(str(n), str(n), "legal") for n in range(100)])

    assert "And 51 more" in json.dumps(view)


def test_what_was_typed_is_read_from_each_kind_of_input() -> None:
    values = {
        "a": {"a": {"type": "plain_text_input", "value": "x"}},
        "b": {"b": {"type": "static_select", "selected_option": {"value": "y"}}},
        "c": {"c": {"type": "checkboxes", "selected_options": [{"value": "z"}]}},
        "d": {"d": {"type": "datetimepicker", "selected_date_time": 5}},
        "e": {"e": {"type": "static_select", "selected_option": None}},
    }

    assert [typed(values, name) for name in "abcdef"] == ["x", "y", ["z"], 5, None, None]
