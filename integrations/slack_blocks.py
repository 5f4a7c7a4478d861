"""What Slack shows: cards for the four moments of an incident, within Block Kit's limits.

Cards hold numbers, names of duties, states, times and links: nothing personal. Slack's limits are those of
https://docs.slack.dev/reference/block-kit/blocks.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.clock import rfc3339

Block = dict[str, object]

MOST_BLOCKS = 50
MOST_HEADER = 150
MOST_TEXT = 3_000
MOST_FIELD = 2_000
MOST_FIELDS = 10
MOST_BUTTON = 75
MOST_URL = 3_000
MOST_CLOCKS = 15
MOST_WAITS = 15


def mrkdwn(text: str, limit: int = MOST_TEXT) -> str:
    """`text` with Slack's control signs escaped, so that it can mention and link nobody; cut with "…" at `limit`."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if len(escaped) <= limit:
        return escaped
    return re.sub(r"&[a-z]*$", "", escaped[: limit - 1]) + "…"


def plain(text: str, limit: int) -> str:
    """`text` where Slack takes no formatting; cut with "…" at `limit`, and never empty, which Slack refuses."""
    return (text if len(text) <= limit else text[: limit - 1] + "…") or "-"


def blocks_incident_opened(
    number: str, title: str, opened_at: datetime, zone: ZoneInfo, severity: str | None = None, link: str | None = None
) -> list[Block]:
    """The card that says an incident was opened; the title must name nobody."""
    return [
        _header(f"Incident {number} opened"),
        _section(f"*{mrkdwn(title, 300)}*"),
        _fields([("Opened", moment(opened_at, zone)), ("Severity", severity or "not assessed yet")]),
        *_link("Open the incident", link),
    ]


def blocks_clock_at_risk(
    number: str,
    duty: str,
    recipient: str,
    due_at: datetime,
    now: datetime,
    zone: ZoneInfo,
    citation: str,
    link: str | None = None,
    button: Block | None = None,
) -> list[Block]:
    """The card that says a statutory period runs out, or has run out; by `button` somebody says that they saw it."""
    overdue = now > due_at
    return [
        _header(f"{'Overdue' if overdue else 'Clock at risk'}: {duty}"),
        _section(f"*{span(abs(due_at - now))} {'overdue' if overdue else 'left'}* to tell {mrkdwn(recipient, 300)}"),
        _fields([("Due", moment(due_at, zone)), ("Incident", number), ("Citation", citation)]),
        *([button] if button else _link("Open the duty", link)),
    ]


def blocks_approval_needed(
    number: str,
    notice: str,
    recipient: str,
    language: str,
    sha256: str,
    roles: Sequence[str],
    link: str | None = None,
    button: Block | None = None,
) -> list[Block]:
    """The card that asks for signatures on one exact text, known by its SHA-256.

    The text itself is behind the link, or behind the `button` that opens it before whoever may read it.
    """
    return [
        _header(f"Signature needed: {notice}"),
        _fields(
            [
                ("Incident", number),
                ("To", recipient),
                ("Language", language),
                ("Signed by", ", ".join(roles)),
                ("SHA-256 of the text", sha256),
            ]
        ),
        *([button] if button else _link("Read the exact text", link)),
    ]


def blocks_notice_sent(
    number: str,
    notice: str,
    recipient: str,
    sent_at: datetime,
    zone: ZoneInfo,
    reference: str,
    sha256: str,
    link: str | None = None,
) -> list[Block]:
    """The card that says a notice was taken by the other side, under which reference and with which exact text."""
    return [
        _header(f"Sent: {notice}"),
        _fields(
            [
                ("Incident", number),
                ("To", recipient),
                ("Sent", moment(sent_at, zone)),
                ("Their reference", reference),
                ("SHA-256 of the text", sha256),
            ]
        ),
        *_link("Open the notice", link),
    ]


def blocks_summary(
    number: str,
    lines: Sequence[tuple[str, str]],
    clocks: Sequence[str],
    no_clock: str,
    waits: Sequence[str],
    buttons: Sequence[Block],
) -> list[Block]:
    """The pinned summary of one incident: where it stands, its clocks, and what waits for whom.

    `clocks` are made by `clock_line`; `no_clock` says why there is none.
    """
    shown = [_section(line) for line in clocks[:MOST_CLOCKS]] or [_section(no_clock)]
    more = len(clocks) - MOST_CLOCKS
    open_ones = [_section(f"• {mrkdwn(line, 300)}") for line in waits[:MOST_WAITS]] or [_section("Nothing.")]
    others = len(waits) - MOST_WAITS
    row: list[Block] = [{"type": "actions", "elements": list(buttons)}] if buttons else []
    return [
        _header(number),
        _fields(lines),
        _header("Clocks"),
        *shown,
        *([_context(f"and {more} more")] if more > 0 else []),
        _header("Waits for"),
        *open_ones,
        *([_context(f"and {others} more")] if others > 0 else []),
        *row,
    ]


def blocks_question(words: str) -> list[Block]:
    """A question whose thread takes the answers."""
    return [
        _section(f"*Question*: {mrkdwn(words, 2_500)}"),
        _context("Answer in this thread. Nothing is taken until you confirm it. Name nobody who is affected."),
    ]


def clock_line(label: str, recipient: str, due_at: datetime | None, state: str, zone: ZoneInfo) -> str:
    """One clock in one line; Slack shows the time in each reader's own zone."""
    who = f"*{mrkdwn(label, 200)}* to {mrkdwn(recipient, 200)}"
    if due_at is None:
        return f"{who}: {mrkdwn(state, 200)}"
    fallback = moment(due_at, zone)
    return f"{who}: {mrkdwn(state, 200)}, <!date^{int(due_at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def blocks_text(subject: str, text: str) -> list[Block]:
    """Any text under its subject, over as many sections as it needs; one that Slack cannot hold says where it was cut."""
    sections = [_section(part) for part in _parts(text)]
    room = MOST_BLOCKS - 2
    cut = [_context("The text is longer than Slack can show; the rest is in Tocsin.")] if len(sections) > room else []
    return [_header(subject), *sections[:room], *cut]


def moment(at: datetime, zone: ZoneInfo) -> str:
    """A time as the organisation's clock shows it, and in UTC beside it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key} ({rfc3339(at.replace(second=0, microsecond=0))})"


def span(length: timedelta) -> str:
    """A length of time in days, hours and minutes, rounded down."""
    minutes = int(length.total_seconds() // 60)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (rest, "min")) if count]
    return " ".join(parts) or "less than a minute"


def _header(text: str) -> Block:
    line = plain(" ".join(text.split()) or "Tocsin", MOST_HEADER)
    return {"type": "header", "text": {"type": "plain_text", "text": line, "emoji": False}}


def _section(escaped: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": escaped or " "}}


def _fields(pairs: Iterable[tuple[str, str]]) -> Block:
    fields = [
        {"type": "mrkdwn", "text": f"*{name}*\n{mrkdwn(value or '-', MOST_FIELD - len(name) - 3)}"}
        for name, value in pairs
    ]
    return {"type": "section", "fields": fields[:MOST_FIELDS]}


def _context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": mrkdwn(text)}]}


def _link(label: str, url: str | None) -> list[Block]:
    if url is None or len(url) > MOST_URL:
        return []
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": label[:MOST_BUTTON]},
        "url": url,
        "action_id": "open",
    }
    return [{"type": "actions", "elements": [button]}]


def _parts(text: str) -> list[str]:
    """The escaped text in pieces that a section holds, cut at line ends where there are any."""
    parts = [""]
    for line in text.splitlines(keepends=True):
        for piece in _pieces(line):
            if len(parts[-1]) + len(piece) > MOST_TEXT:
                parts.append("")
            parts[-1] += piece
    return parts


def _pieces(line: str) -> Iterable[str]:
    """A line, escaped, in pieces of at most a fifth of what a section holds before escaping, so that each still fits."""
    step = MOST_TEXT // 5  # "&amp;" is five signs long
    return (mrkdwn(line[start : start + step]) for start in range(0, len(line), step))
