"""The incident drawn as a picture: what happened on a line of time, and each clock as a bar up to its limit."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 960, 250, 30, 24, 58
COLOURS = {"met": "#2e7d32", "open": "#1565c0", "risk": "#ef6c00", "late": "#c62828", "undecided": "#757575"}


@dataclass(frozen=True)
class Bar:
    """One clock: its label, when it began, when it ends, and in which of `COLOURS` it stands."""

    label: str
    starts: datetime
    ends: datetime
    colour: str


@dataclass(frozen=True)
class Mark:
    """One moment on the line."""

    label: str
    at: datetime


def drawn(bars: Sequence[Bar], marks: Sequence[Mark], now: datetime) -> str:
    """An SVG of the bars and marks over one axis of time (UTC), with a line where now is; all text is escaped."""
    moments = [now, *(mark.at for mark in marks), *(moment for bar in bars for moment in (bar.starts, bar.ends))]
    first, last = min(moments), max(moments)
    span = max((last - first).total_seconds(), 1.0)

    def x(at: datetime) -> float:
        return LEFT + (at - first).total_seconds() / span * (WIDTH - LEFT - RIGHT)

    height = TOP + ROW * max(len(bars), 1) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="DejaVu Sans, Arial, sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<line x1="{LEFT}" y1="{TOP - 14}" x2="{WIDTH - RIGHT}" y2="{TOP - 14}" stroke="#9e9e9e"/>',
    ]
    parts += [_mark(mark, x(mark.at), index) for index, mark in enumerate(marks)]
    parts += [_bar(bar, x(bar.starts), x(bar.ends), TOP + ROW * index) for index, bar in enumerate(bars)]
    parts.append(_now(x(now), height))
    parts.append(f'<text x="{LEFT}" y="{height - 10}" fill="#424242">{first:%d %b %H:%M}</text>')
    parts.append(
        f'<text x="{WIDTH - RIGHT}" y="{height - 10}" text-anchor="end" fill="#424242">{last:%d %b %H:%M} UTC</text>'
    )
    return "".join([*parts, "</svg>"])


def _mark(mark: Mark, x: float, index: int) -> str:
    y = 14 if index % 2 == 0 else 30
    anchor = "end" if x > WIDTH - 120 else "start"
    return (
        f'<circle cx="{x:.1f}" cy="{TOP - 14}" r="4" fill="#37474f"/>'
        f'<text x="{x:.1f}" y="{y}" text-anchor="{anchor}" fill="#37474f">{escape(mark.label)}</text>'
    )


def _bar(bar: Bar, start: float, end: float, y: float) -> str:
    return (
        f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end" fill="#212121">{escape(bar.label)}</text>'
        f'<rect x="{start:.1f}" y="{y + 3}" width="{max(end - start, 3):.1f}" height="14" rx="3" fill="{COLOURS[bar.colour]}"/>'
    )


def _now(x: float, height: int) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{TOP - 20}" x2="{x:.1f}" y2="{height - 26}" stroke="#000000" stroke-dasharray="4 3"/>'
        f'<text x="{x:.1f}" y="{height - 10}" text-anchor="middle" font-weight="bold">now</text>'
    )


def data_address(svg: str) -> str:
    """The picture as a `data:` address, so that a page that shows it asks no other host."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
