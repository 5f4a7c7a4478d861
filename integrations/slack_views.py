"""What Slack opens before one person: views, within Block Kit's limits. Only whoever pressed the button sees them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from integrations.slack_blocks import MOST_BUTTON, MOST_HEADER, MOST_TEXT, Block, mrkdwn, plain

View = dict[str, object]

REPORT, ANSWER, FACTS = "tocsin_report", "tocsin_answer", "tocsin_facts"  # what is submitted
GATE = "tocsin_gate"  # a button whose value names what waits
SEEN = "tocsin_seen"  # a button whose value names an incident and the provision whose warning was seen
WAITS = "tocsin_waits"  # a button whose value names an incident
REPLY = "tocsin_reply"  # a button whose value says where a reply stands
MOST_TITLE = 24
MOST_VIEW_BLOCKS = 100
MOST_OPTIONS = 100
MOST_OPTION = 75
MOST_TYPED = 3_000
LONGEST_TEXT = 60_000  # signs of a text that a view shows whole; a view holds about 250 kB
DECISIONS = {
    "approve": "Sign exactly this",
    "reject": "Send it back, with the reason",
    "refuse": "Refuse, with the reason",
    "done": "It is done",
    "skip": "Leave it undone, with the reason",
}


@dataclass(frozen=True)
class Waiting:
    """One thing that waits for an answer: what, of whom, and the value that names it."""

    value: str
    what: str
    asked: str


def report_view(kinds: Sequence[str], categories: Sequence[str], now: datetime) -> View:
    """The form that asks little first: what, when, who is affected. Every field but the title may stay open."""
    return _form(
        REPORT,
        "Report an incident",
        "Report",
        [
            _context("What is not known yet stays open and can be added later. Name nobody who is affected."),
            _input("title", "What happened, on one line", {"type": "plain_text_input", "max_length": 300}),
            _input("kind", "Kind", _select(_words(kinds), "Not known yet"), optional=True),
            _input(
                "aware_at",
                "When the organisation became aware",
                {"type": "datetimepicker", "initial_date_time": int(now.timestamp())},
                optional=True,
            ),
            _input(
                "people",
                "Who is affected: country codes, each with a number where it is known",
                {"type": "plain_text_input", "max_length": 1_000, "placeholder": _plain("FR 1200, DE", 150)},
                optional=True,
            ),
            _input(
                "data",
                "Kinds of data",
                {**_select(_words(categories), "Not known yet"), "type": "multi_static_select"},
                optional=True,
            ),
            _input(
                "respond",
                "Then",
                {
                    "type": "checkboxes",
                    "options": [_option("Start the playbook that fits", "yes")],
                    "initial_options": [_option("Start the playbook that fits", "yes")],
                },
                optional=True,
            ),
        ],
    )


def answer_view(
    number: str,
    what: str,
    text: str,
    sha256: str,
    asked: Sequence[str],
    decisions: Sequence[str],
    warnings: Sequence[str],
    reference: Mapping[str, str],
    refused: str = "",
    typed: str = "",
) -> View:
    """The exact text and its hash, and what may be said to it; `reference` comes back with the answer.

    `refused` is why an answer before was not taken, and `typed` the reason that was given with it.
    """
    notes = [f"To sign in spite of this, say below what you make of it: {warning}" for warning in warnings[:5]]
    return _form(
        ANSWER,
        number,
        "Answer",
        [
            *([_section(f":warning: *{mrkdwn(refused, MOST_TEXT - 20)}*")] if refused else []),
            _header(what),
            *_exact(text),
            _context(f"SHA-256 {sha256}"),
            _context(f"Asked: {', '.join(asked) or 'anybody'}"),
            *(_context(note) for note in notes),
            _input(
                "decision",
                "Your answer",
                {
                    "type": "radio_buttons" if len(decisions) <= 10 else "static_select",
                    "options": [_option(DECISIONS.get(one, one.replace("_", " ")), one) for one in decisions],
                },
            ),
            _input(
                "reason",
                "Reason or note; it goes on the record. Name nobody who is affected",
                {
                    "type": "plain_text_input",
                    "multiline": True,
                    "max_length": MOST_TYPED,
                    **({"initial_value": typed[:MOST_TYPED]} if typed else {}),
                },
                optional=True,
            ),
        ],
        dict(reference),
    )


def record_view(number: str, what: str, words: str, languages: Sequence[str], reference: Mapping[str, str]) -> View:
    """What somebody replied, once more before them, to be confirmed as it is or mended first."""
    choice = [
        _input("language", "Language", {**_select(_words(languages), "en"), "initial_option": _option(first, first)})
        for first in languages[:1]
    ]
    typed_before = {"initial_value": words[:MOST_TYPED]} if words else {}
    return _form(
        FACTS,
        number,
        "Record",
        [
            _input(
                "words", what, {"type": "plain_text_input", "multiline": True, "max_length": MOST_TYPED, **typed_before}
            ),
            *choice,
            _context("It goes on the record under your name. Name nobody who is affected."),
        ],
        dict(reference),
    )


def waiting_view(title: str, waiting: Sequence[Waiting]) -> View:
    """What waits for an answer, each with its button; what a view cannot hold is counted."""
    room = (MOST_VIEW_BLOCKS - 2) // 2
    blocks: list[Block] = []
    for one in waiting[:room]:
        blocks += [_section(f"*{mrkdwn(one.what, 500)}*\nAsked: {mrkdwn(one.asked, 200)}"), answer_button(one.value)]
    if len(waiting) > room:
        blocks.append(_context(f"And {len(waiting) - room} more; the console lists them all."))
    return view(title, blocks or [_section("Nothing waits for an answer.")])


def said_view(title: str, text: str, link: str | None = None) -> View:
    """A few words, such as what came of an answer."""
    more = [_section(f"<{link}|Open it in the console>")] if link else []
    return view(title, [_section(mrkdwn(text)), *more])


def answer_button(value: str, label: str = "Read and answer", action: str = GATE) -> Block:
    """A button that opens what waits, before whoever presses it."""
    return {"type": "actions", "elements": [button(action, label, value)]}


def button(action: str, label: str, value: str) -> Block:
    """A button by itself."""
    return {"type": "button", "text": _plain(label, MOST_BUTTON), "action_id": action, "value": value}


def view(title: str, blocks: Sequence[Block]) -> View:
    """A view to read."""
    return {
        "type": "modal",
        "title": _plain(title, MOST_TITLE),
        "close": _plain("Close", MOST_TITLE),
        "blocks": list(blocks)[:MOST_VIEW_BLOCKS],
    }


def typed(values: Mapping[str, Mapping[str, Mapping[str, object]]], name: str) -> object:
    """What somebody put into the input called `name`: text, a number of seconds, the value chosen, or a list of these."""
    field = values.get(name, {}).get(name, {})
    if "selected_options" in field:
        chosen = field["selected_options"]
        return [option["value"] for option in chosen] if isinstance(chosen, list) else []
    option = field.get("selected_option")
    if isinstance(option, Mapping):
        return option.get("value")
    return field.get("value") or field.get("selected_date_time")


def _form(name: str, title: str, submit: str, blocks: Sequence[Block], kept: Mapping[str, str] | None = None) -> View:
    return {
        **view(title, blocks),
        "callback_id": name,
        "submit": _plain(submit, MOST_TITLE),
        "private_metadata": json.dumps(kept or {}),
    }


def _exact(text: str) -> Iterable[Block]:
    """The text to the letter: plain, so that no sign of it is taken for formatting."""
    return ({"type": "section", "text": _plain(part, MOST_TEXT)} for part in _in_parts(text) if part.strip())


def _in_parts(text: str) -> list[str]:
    """Pieces that a section holds, cut at a line's end where there is one."""
    parts, rest = [], text
    while len(rest) > MOST_TEXT:
        cut = rest.rfind("\n", 0, MOST_TEXT) + 1 or MOST_TEXT
        parts.append(rest[:cut])
        rest = rest[cut:]
    return [*parts, rest]


def _input(name: str, label: str, element: Mapping[str, object], *, optional: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label, 2_000),
        "element": {**element, "action_id": name},
        "optional": optional,
    }


def _select(options: Iterable[tuple[str, str]], nothing: str) -> Block:
    shown = [_option(label, value) for label, value in options][:MOST_OPTIONS]
    return {"type": "static_select", "placeholder": _plain(nothing, 150), "options": shown}


def _words(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(value.replace("_", " "), value) for value in values]


def _option(label: str, value: str) -> Block:
    return {"text": _plain(label, MOST_OPTION), "value": value}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": plain(text, limit), "emoji": False}


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(" ".join(text.split()), MOST_HEADER)}


def _section(escaped: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": escaped or " "}}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": mrkdwn(text, 2_000)}]}
