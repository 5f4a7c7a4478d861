"""A playbook drawn as a graph in SVG: each step a box, phases from left to right, a line from what must be done before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from playbooks.playbook import Playbook
from playbooks.step import Phase, Step, in_language

WIDTH, HEIGHT, GAP_X, GAP_Y, TOP = 230, 56, 60, 18, 44
LONGEST_LINE, MOST_LINES = 32, 2


@dataclass(frozen=True)
class _Box:
    step: Step
    x: int
    y: int


def graph_picture(playbook: Playbook, language: str = "en", states: Mapping[str, str] | None = None) -> str:
    """The whole playbook; `states` gives the class of a step's box by key, such as `done`."""
    boxes = _placed(playbook.steps)
    width = max((box.x for box in boxes.values()), default=0) + WIDTH + 20
    height = max((box.y for box in boxes.values()), default=0) + HEIGHT + 20
    parts = [
        *_headings(boxes),
        *_lines(boxes),
        *(part for box in boxes.values() for part in _box(box, language, states or {})),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
    title = f"<title>{escape(in_language(playbook.title, language))}</title>"
    return "\n".join([head, title, STYLE, *parts, "</svg>"])


STYLE = (
    "<style>text{font:13px sans-serif;fill:#1a1a1a}.phase{font-weight:700}.who{fill:#4a4a4a;font-size:11px}"
    "rect{fill:#f4f4f8;stroke:#6b6b7b}rect.done{stroke:#1b6e2b;stroke-width:2}rect.failed{stroke:#a50e0e;stroke-width:2}"
    "rect.waiting_for_person,rect.waiting_for_approval{stroke:#8a4b00;stroke-width:2}"
    "path{fill:none;stroke:#6b6b7b;stroke-width:1.3}path.undo{stroke-dasharray:4 3}</style>"
)


def _placed(steps: Sequence[Step]) -> dict[str, _Box]:
    """Each phase a band of columns; within it a step stands right of what it needs in the same phase."""
    boxes: dict[str, _Box] = {}
    left = 10
    for phase in Phase:
        mine = [step for step in steps if step.phase is phase]
        columns: dict[str, int] = {}
        for step in mine:  # a playbook with a circle is refused when it is loaded
            columns[step.key] = _column(step.key, {one.key: one for one in mine}, columns)
        filled: dict[int, int] = {}
        for step in mine:
            column = columns[step.key]
            row = filled[column] = filled.get(column, -1) + 1
            boxes[step.key] = _Box(step, left + column * (WIDTH + GAP_X), TOP + row * (HEIGHT + GAP_Y))
        left += (max(columns.values()) + 1) * (WIDTH + GAP_X) if columns else 0
    return boxes


def _column(key: str, of_phase: Mapping[str, Step], known: Mapping[str, int]) -> int:
    before = [need for need in of_phase[key].needs if need in of_phase]
    return max((known[need] if need in known else _column(need, of_phase, known) for need in before), default=-1) + 1


def _headings(boxes: Mapping[str, _Box]) -> Iterator[str]:
    for phase in Phase:
        first = min((box.x for box in boxes.values() if box.step.phase is phase), default=None)
        if first is not None:
            yield f'<text class="phase" x="{first}" y="26">{escape(phase.value.replace("_", " "))}</text>'


def _lines(boxes: Mapping[str, _Box]) -> Iterator[str]:
    for box in boxes.values():
        for need in box.step.needs:
            yield _line(boxes[need], box, "need")
        for other in (box.step.handler, box.step.compensate):
            if other is not None and other in boxes:
                yield _line(box, boxes[other], "undo")


def _line(start: _Box, end: _Box, kind: str) -> str:
    x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT // 2, end.x, end.y + HEIGHT // 2
    bend = max((x2 - x1) // 2, 24)
    return f'<path class="{kind}" d="M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"/>'


def _box(box: _Box, language: str, states: Mapping[str, str]) -> Iterator[str]:
    step = box.step
    doer = step.action or (f"playbook {step.playbook}" if step.playbook else str(step.role or ""))
    yield f'<rect class="{escape(states.get(step.key, ""))}" x="{box.x}" y="{box.y}" width="{WIDTH}" height="{HEIGHT}" rx="5"/>'
    for count, line in enumerate(_wrapped(in_language(step.title, language))):
        yield f'<text x="{box.x + 8}" y="{box.y + 18 + count * 15}">{escape(line)}</text>'
    condition = ", if ..." if step.when else ""
    yield f'<text class="who" x="{box.x + 8}" y="{box.y + HEIGHT - 7}">{escape(doer.replace("_", " ") + condition)}</text>'


def _wrapped(title: str) -> list[str]:
    """The title on at most two lines; Chinese breaks anywhere, and its signs are twice as wide."""
    wide = any(ord(sign) > 0x2E80 for sign in title)
    longest = LONGEST_LINE // 2 if wide else LONGEST_LINE
    lines: list[str] = []
    rest = title
    while rest and len(lines) < MOST_LINES:
        cut = len(rest) if len(rest) <= longest else longest if wide else rest.rfind(" ", 0, longest + 1)
        cut = cut if cut > 0 else longest
        lines.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    if rest:
        lines[-1] = lines[-1][: longest - 1] + "…"
    return lines
