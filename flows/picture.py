"""The incident drawn as a picture: what happened on a line of time, and each clock as a bar up to its limit."""

import base64
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape

from flows.acts.standing import ClockLine, Standing, colour_of

WIDTH, LEFT, RIGHT, ROW, TOP = 960, 250, 40, 24, 70
NEAR = 70  # closer than this, labels would lie over each other
CURVE = 0.4  # 1 would draw every day alike
MOST_BARS = 24
TICKS = (0, 1, 3, 7, 14, 30, 60, 120, 365)  # days from the beginning
DARK = (
    "@media (prefers-color-scheme: dark) { .paper { fill: #16161a } .ink { fill: #ececf1 } .soft { fill: #b3b3bf } "
    ".faint { stroke: #44444f } .line { stroke: #ececf1 } .met { fill: #66bb6a } .open { fill: #64b5f6 } "
    ".risk { fill: #ffb74d } .late { fill: #ff8a80 } .undecided { fill: #9e9e9e } }"
)
COLOURS = {"met": "#2e7d32", "open": "#1565c0", "risk": "#ef6c00", "late": "#c62828", "undecided": "#757575"}


MILESTONES = {
    "incident.reported": "reported",
    "playbook.chosen": "playbook",
    "duties.evaluated": "law applied",
    "delivery.sent": "sent",
    "alert.fired": "alert",
    "incident.closed": "closed",
}


def _labelled(clock: ClockLine) -> str:
    return clock.label


@dataclass(frozen=True)
class PictureWords:
    """The words in a picture; `days`, `more` and `moment` hold a number of days, a count and a time by `strftime`."""

    marks: Mapping[str, str] = field(default_factory=lambda: MILESTONES)
    now: str = "now"
    days: str = "+{days} d"
    more: str = "and {count} more clocks"
    moment: str = "%d %b %H:%M"
    title: str = "Clocks and milestones over time"
    label: Callable[[ClockLine], str] = _labelled


ENGLISH = PictureWords()


@dataclass(frozen=True)
class Bar:
    """One clock: its label, when it began, when it ends, in which of `COLOURS` it stands, and when it was met."""

    label: str
    starts: datetime
    ends: datetime
    colour: str
    met: datetime | None = None


@dataclass(frozen=True)
class Mark:
    """One moment on the line."""

    label: str
    at: datetime


@dataclass(frozen=True)
class _Axis:
    """Time from left to right, the first days wide and the later ones narrow, as an incident is lived."""

    first: datetime
    span: float  # seconds

    def x(self, at: datetime) -> float:
        part = max((at - self.first).total_seconds(), 0.0) / self.span
        return LEFT + math.pow(part, CURVE) * (WIDTH - LEFT - RIGHT)


def picture_of(now: Standing, firsts: Mapping[str, datetime], words: PictureWords = ENGLISH) -> str:
    """An incident's clocks and milestones as an SVG, from where it stands and when each milestone was first reached."""
    bars = [
        Bar(
            words.label(clock),
            clock.starts_at,
            clock.due_at,
            colour_of(clock, now.now),
            clock.met_at,
        )
        for clock in now.clocks
        if clock.starts_at and clock.due_at
    ]
    marks = [Mark(words.marks[kind], at) for kind, at in firsts.items() if kind in words.marks]
    return drawn(bars, marks, now.now, words)


def drawn(every: Sequence[Bar], marks: Sequence[Mark], now: datetime, words: PictureWords = ENGLISH) -> str:
    """An SVG of the bars and marks over one axis of time, with a line where now is; all text is escaped.

    Bars for which there is no room are counted. It is dark where the page is.
    """
    bars = every[:MOST_BARS]
    moments = [now, *(mark.at for mark in marks), *(moment for bar in bars for moment in (bar.starts, bar.ends))]
    axis = _Axis(min(moments), max((max(moments) - min(moments)).total_seconds(), 1.0))
    left_out = len(every) - len(bars)
    height = TOP + ROW * (max(len(bars), 1) + bool(left_out)) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        'font-family="DejaVu Sans, Arial, Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif" font-size="12">',
        f"<title>{escape(words.title)}</title><style>{DARK}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_ticks(axis, height, words),
        f'<line x1="{LEFT}" y1="{TOP - 14}" x2="{WIDTH - RIGHT}" y2="{TOP - 14}" stroke="#9e9e9e"/>',
        *_marks(axis, marks),
        *(_bar(axis, bar, TOP + ROW * index) for index, bar in enumerate(bars)),
        _more(left_out, TOP + ROW * len(bars), words),
        _now(axis.x(now), height, words),
    ]
    return "".join([*parts, "</svg>"])


def _more(count: int, y: float, words: PictureWords) -> str:
    said = escape(words.more.format(count=count))
    return (
        f'<text class="soft" x="{LEFT - 10}" y="{y + 14}" text-anchor="end" fill="#616161">{said}</text>'
        if count
        else ""
    )


def _ticks(axis: _Axis, height: int, words: PictureWords) -> Iterator[str]:
    """A thin line at each of a few round distances from the beginning, where its label has room."""
    last = float(LEFT - NEAR)
    for days in TICKS:
        length = timedelta(days=days)
        at = axis.first + length
        x = axis.x(at)
        if length.total_seconds() > axis.span or x - last < NEAR:
            continue
        last = x
        name = escape(words.days.format(days=days) if days else at.strftime(words.moment))
        yield f'<line class="faint" x1="{x:.1f}" y1="{TOP - 14}" x2="{x:.1f}" y2="{height - 26}" stroke="#e0e0e0"/>'
        yield f'<text class="soft" x="{x:.1f}" y="{height - 10}" text-anchor="middle" fill="#616161">{name}</text>'


def _marks(axis: _Axis, marks: Sequence[Mark]) -> Iterator[str]:
    """The moments, those that lie close together under one label."""
    groups: list[tuple[float, list[str]]] = []
    for mark in sorted(marks, key=lambda one: one.at):
        x = axis.x(mark.at)
        yield f'<circle class="ink" cx="{x:.1f}" cy="{TOP - 14}" r="4" fill="#37474f"/>'
        if groups and x - groups[-1][0] < NEAR:
            groups[-1][1].append(mark.label)
        else:
            groups.append((x, [mark.label]))
    for index, (x, labels) in enumerate(groups):
        anchor = "end" if x > WIDTH - 160 else "start"
        y = 14 if index % 2 == 0 else 30
        yield f'<text class="ink" x="{x:.1f}" y="{y}" text-anchor="{anchor}" fill="#37474f">{escape(", ".join(labels))}</text>'


def _bar(axis: _Axis, bar: Bar, y: float) -> str:
    """The whole period in pale, and in full colour what of it has run until it was met."""
    start, end = axis.x(bar.starts), axis.x(bar.ends)
    met = min(axis.x(bar.met), end) if bar.met else end
    colour, shape = COLOURS[bar.colour], f'y="{y + 3}" height="14" rx="3"'
    return (
        f'<text class="ink" x="{LEFT - 10}" y="{y + 14}" text-anchor="end" fill="#212121">{escape(bar.label)}</text>'
        f'<rect x="{start:.1f}" width="{max(end - start, 3):.1f}" {shape} class="{bar.colour}" fill="{colour}" opacity="0.3"/>'
        f'<rect x="{start:.1f}" width="{max(met - start, 3):.1f}" {shape} class="{bar.colour}" fill="{colour}"/>'
    )


def _now(x: float, height: int, words: PictureWords) -> str:
    return (
        f'<line class="line" x1="{x:.1f}" y1="{TOP - 20}" x2="{x:.1f}" y2="{height - 26}" stroke="#000000" stroke-dasharray="4 3"/>'
        f'<text class="ink" x="{x:.1f}" y="{TOP - 22}" text-anchor="middle" font-weight="bold">{escape(words.now)}</text>'
    )


def dot(colour: str) -> str:
    """A small round sign in one of `COLOURS`."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12">'
        f'<circle cx="6" cy="6" r="5" fill="{COLOURS[colour]}"/></svg>'
    )


def data_address(svg: str) -> str:
    """The picture as a `data:` address, so that a page that shows it asks no other host."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
