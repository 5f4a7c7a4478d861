import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.slack_blocks import (
    Block,
    blocks_approval_needed,
    blocks_clock_at_risk,
    blocks_incident_opened,
    blocks_notice_sent,
    blocks_question,
    blocks_summary,
    blocks_text,
    clock_line,
    mrkdwn,
)
from integrations.slack_views import SEEN, answer_button
from tests.integrations.sinks import NOW
from tests.slack_server import faults_of_message

PARIS = ZoneInfo("Europe/Paris")
DUE = datetime(2026, 3, 5, 8, tzinfo=UTC)
LONG = "&<>" * 4_000


def cards(text: str) -> list[list[Block]]:
    return [
        blocks_incident_opened(text, text, NOW, PARIS, text, "https://tocsin.example/i/1"),
        blocks_clock_at_risk(text, text, text, DUE, NOW, PARIS, text, "https://tocsin.example/d/1"),
        blocks_approval_needed(text, text, text, text, "ab" * 32, [text, text], "https://tocsin.example/n/1"),
        blocks_notice_sent(text, text, text, NOW, PARIS, text, "ab" * 32, "https://tocsin.example/n/1"),
        blocks_approval_needed(text, text, text, text, "ab" * 32, [text], button=answer_button("T-1 notice:1")),
        blocks_clock_at_risk(text, text, text, DUE, NOW, PARIS, text, button=answer_button("T-1 p", text, SEEN)),
        blocks_summary(
            text, [("Kind", text)] * 3, [clock_line(text, text, DUE, text, PARIS)] * 100, text[:9], [text] * 100, []
        ),
        blocks_question(text),
        blocks_text(text, text),
    ]


def within_limits(blocks: list[Block]) -> bool:
    """Slack's own limits, written out again so that a wrong constant in the code is seen."""
    assert 1 <= len(blocks) <= 50
    for block in blocks:
        text = json.loads(json.dumps(block))
        if block["type"] == "header":
            assert 1 <= len(text["text"]["text"]) <= 150
        if block["type"] == "section" and "text" in text:
            assert 1 <= len(text["text"]["text"]) <= 3000
        if block["type"] == "section" and "fields" in text:
            assert 1 <= len(text["fields"]) <= 10
            assert all(1 <= len(field["text"]) <= 2000 for field in text["fields"])
        if block["type"] == "actions":
            assert all(len(button["text"]["text"]) <= 75 for button in text["elements"])
    assert faults_of_message(json.loads(json.dumps(blocks))) == []
    return True


@pytest.mark.parametrize("text", ["GDPR", "", LONG, "a\n" * 9_000, "数" * 20_000, "word " * 40_000])
def test_every_card_stays_within_slacks_limits(text: str) -> None:
    assert all(within_limits(blocks) for blocks in cards(text))


@given(st.text(max_size=500))
def test_no_text_whatever_breaks_a_card(text: str) -> None:
    assert all(within_limits(blocks) for blocks in cards(text * 20))


@given(st.text(alphabet="&<>ab;", max_size=200), st.integers(10, 60))
def test_escaped_text_is_never_cut_inside_an_escape(text: str, limit: int) -> None:
    escaped = mrkdwn(text, limit)

    assert len(escaped) <= limit
    rest = escaped.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set("&<>") & set(rest)


def test_a_clock_at_risk_says_how_long_is_left_and_when_it_ends_on_the_organisations_clock() -> None:
    blocks = blocks_clock_at_risk("T-1", "Notify the CNIL", "CNIL", DUE, NOW, PARIS, "GDPR Art. 33(1)")

    shown = json.dumps(blocks, ensure_ascii=False)
    assert "Clock at risk: Notify the CNIL" in shown
    assert "*23 h 30 min left* to tell CNIL" in shown
    assert "2026-03-05 09:00 Europe/Paris (2026-03-05T08:00:00Z)" in shown


def test_a_clock_that_ran_out_says_so() -> None:
    blocks = blocks_clock_at_risk("T-1", "Notify", "CNIL", NOW - timedelta(days=1, minutes=2), NOW, PARIS, "Art. 33")

    assert "*1 d 2 min overdue*" in json.dumps(blocks)


def test_an_approval_names_the_hash_and_holds_no_text() -> None:
    shown = json.dumps(blocks_approval_needed("T-1", "CNIL notice", "CNIL", "fr", "ab" * 32, ["legal", "executive"]))

    assert "ab" * 32 in shown
    assert "legal, executive" in shown


def test_a_long_text_keeps_every_word_that_fits_and_says_when_one_does_not() -> None:
    fits, cut = blocks_text("s", "word & " * 1_000), blocks_text("s", "word & " * 50_000)

    joined = "".join(json.loads(json.dumps(block))["text"]["text"] for block in fits[1:])
    assert joined == "word &amp; " * 1_000
    assert "longer than Slack can show" in json.dumps(cut[-1])
