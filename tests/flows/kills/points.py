"""Where a process is killed: at a chosen boundary, at any line of ours, or at any time. Nothing in the product knows of it.

Boundaries are seen from the outside: SQLAlchemy's own events tell what a transaction writes, the sinks tell what arrives,
and Python's own tracing counts the lines.
"""

import os
import random
import signal
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from models.tables import Approval, Delivery, Evidence, LedgerEntry, Receipt
from tests.flows.kills.sinks import STAGES

ROOT = Path(__file__).parents[3]
OURS = tuple(f"{ROOT / name}{os.sep}" for name in ("flows", "integrations", "models", "playbooks"))
# What is written, by the name of its boundary.
ROW, MARK, RECEIPT = "row", "mark", "receipt"
BOUNDARIES = {
    (ROW, "before"): "before the row",
    (ROW, "after"): "after the row",
    (MARK, "before"): "after the row",
    (MARK, "after"): "during the act",
    ("sink", "arrived"): "during the act",
    ("sink", "taken"): "during the act",
    ("sink", "answered"): "after the act, before the receipt",
    (RECEIPT, "before"): "after the act, before the receipt",
    (RECEIPT, "after"): "after the receipt",
}


@dataclass(frozen=True)
class Point:
    """One place to die: `what` is a boundary's thing, "sink", "line" or "time"; `where` says which side, stage, line or moment."""

    what: str
    where: str | int | float

    @property
    def boundary(self) -> str:
        """Which boundary it lies at, as far as that is chosen."""
        return BOUNDARIES.get((self.what, str(self.where)), f"any {'line' if self.what == 'line' else 'moment'}")


def chosen(*, has_sink: bool, has_row: bool) -> list[Point]:
    """Every boundary of an effect once."""
    found = [
        Point(what, side) for what in ((ROW, MARK, RECEIPT) if has_row else (RECEIPT,)) for side in ("before", "after")
    ]
    return [*found, *(Point("sink", stage) for stage in STAGES)] if has_sink else found


def any_lines(count: int, lines: int, dice: random.Random) -> Iterator[Point]:
    return (Point("line", dice.randrange(1, lines)) for _ in range(count))


def any_moments(count: int, seconds: float, dice: random.Random) -> Iterator[Point]:
    return (Point("time", dice.uniform(0, seconds)) for _ in range(count))


def die(by: int = signal.SIGKILL) -> None:
    """As if the plug were pulled."""
    os.kill(os.getpid(), by)


def arm(point: Point, by: int = signal.SIGKILL) -> None:
    """Have this process die at the point, or stop; those of sinks and time come from outside."""
    if point.what == "line":
        trace(LineCount(int(point.where)))
    elif point.what in (ROW, MARK, RECEIPT):
        _arm_boundary(point, by)


def _arm_boundary(point: Point, by: int) -> None:
    @event.listens_for(Session, "after_flush")
    def written(session: Session, _context: object) -> None:
        if point.what in _written([*session.new, *session.dirty], session.new):
            if point.where == "before":
                die(by)
            session.info["dies"] = True

    @event.listens_for(Session, "after_commit")
    def kept(session: Session) -> None:
        if session.info.pop("dies", False):
            die(by)


def _written(rows: Iterable[object], new: Any) -> set[str]:
    found = set()
    for row in rows:
        if isinstance(row, Delivery):
            found |= {ROW} if row in new else {MARK} if row.state == "sending" else set()
            found |= {RECEIPT} if row.state == "to_hand_over" else set()
        elif isinstance(row, Receipt | Evidence | Approval):
            found.add(RECEIPT)
        elif isinstance(row, LedgerEntry) and row.kind == "step.started":
            found.add(ROW)
    return found


class LineCount:
    """Counts the lines of ours that run, and dies at one of them."""

    def __init__(self, last: int | None = None) -> None:
        self.count, self.last = 0, last

    def __call__(self, frame: FrameType, kind: str, _argument: object) -> Any:  # Any: what sys.settrace takes
        return self.line if frame.f_code.co_filename.startswith(OURS) else None

    def line(self, _frame: FrameType, kind: str, _argument: object) -> Any:  # Any: what sys.settrace takes
        if kind == "line":
            self.count += 1
            if self.count == self.last:
                die()
        return self.line


def trace(count: LineCount) -> None:
    """Count from here on."""
    sys.settrace(count)
