"""Leadership's view in the Prefect UI: one living page and one feed of events for each incident.

Nothing personal goes there, and no words that a person typed: numbers, counts, states, names of laws and steps only.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.context import FlowRunContext
from prefect.events import emit_event

from flows.acts.standing import ClockLine, Standing, colour_of, standing
from flows.acts.timeline import told
from flows.desk import Desk
from flows.picture import data_address, dot, picture_of
from flows.saved_filter import runs_of
from models.clock import zone
from models.incident import find
from models.ledger import entries
from models.store import reading, writing

LAST_SHOWN = 40
LONGEST_CELL, LONGEST_SENTENCE = 70, 240
MACHINES = ("tocsin", "watch")
DECISIONS = (
    "duty.decided",
    "notice.approved",
    "notice.held",
    "notice.rejected",
    "notice.released",
    "playbook.moved",
    "run.cancelled",
    "run.resumed",
    "step.approved",
    "step.done",
    "step.refused",
    "step.skipped",
    "incident.closed",
)
ASKED = {  # of people, by kind of what waits: one, several
    "signature": ("signature", "signatures"),
    "filing": ("filing by hand", "filings by hand"),
    "step": ("step", "steps"),
    "question": ("answer", "answers"),
    "fact": ("fact", "facts"),
    "release": ("release", "releases"),
}
TYPED_BY_PEOPLE = ("reason", "note", "why", "name")


def ending(now: Standing) -> str:
    """What an incident waits for once a run has done what it could, in a few words: the name of the state it ends in."""
    if now.halted_at is not None:
        return "Halted"
    waits = Counter(wait.kind for wait in now.waits if wait.kind in ASKED)
    if waits:
        return "Waits for " + ", ".join(
            f"{waits[kind]} {ASKED[kind][waits[kind] > 1]}" for kind in ASKED if waits[kind]
        )
    running = sum(clock.state in ("open", "undecided") for clock in now.clocks)
    return f"Nothing to do now, duties open: {running}" if running or not now.clocks else "Every duty met"


def artifact_key(number: str) -> str:
    """The key under which the incident's page keeps its versions."""
    return f"incident-{number.lower()}"


def resource(number: str) -> dict[str, str]:
    """The one resource whose event feed is the incident's history."""
    return {"prefect.resource.id": f"tocsin.incident.{number}", "prefect.resource.name": number}


def events_of(number: str) -> str:
    """Where on the Prefect server the incident's events stand."""
    return f"/events?resource={resource(number)['prefect.resource.id']}"


async def publish(desk: Desk, number: str) -> None:
    """Bring the incident's page and events up to date with the record."""
    page, fresh = await asyncio.to_thread(_prepared, desk, number)
    for entry in fresh:
        emit_event(
            event=f"tocsin.{entry['kind']}",
            resource=resource(number),
            payload={
                "said": told(entry["kind"], discreet(entry["payload"])),
                "by": entry["actor"],
                "at": entry["at"],
                "entry": entry["seq"],
            },
        )
    if fresh:
        await _page_kept(number, page)
        # Only now: a run that dies before has its events told again, which is better than not at all.
        await asyncio.to_thread(_set_published, desk, number, int(fresh[-1]["seq"]))


async def _page_kept(number: str, page: str) -> None:
    """A new version of the incident's page: under the run that made it, or, brought up by the watch, under none."""
    key, description = artifact_key(number), f"{number}: the story so far"
    if FlowRunContext.get() is not None:
        await acreate_markdown_artifact(key=key, markdown=page, description=description)
        return
    async with get_client() as client:
        await client.create_artifact(ArtifactCreate(key=key, type="markdown", data=page, description=description))


def discreet(payload: dict[str, Any]) -> dict[str, Any]:
    """A ledger entry's payload without what a person typed."""
    return {key: "(on the record)" if key in TYPED_BY_PEOPLE and value else value for key, value in payload.items()}


def _prepared(desk: Desk, number: str) -> tuple[str, list[dict[str, Any]]]:
    with reading(desk.engine) as session:
        incident = find(session, number)
        chain = list(entries(session, incident))
        shown_before = incident.published
    fresh = chain[shown_before:]
    return board(standing(desk, number), chain) if fresh else "", fresh


def _set_published(desk: Desk, number: str, seq: int) -> None:
    with writing(desk.engine) as session:
        incident = find(session, number)
        incident.published = max(incident.published, seq)
        session.add(incident)


def board(now: Standing, chain: list[dict[str, Any]]) -> str:
    """The incident's page in Markdown."""
    return "\n".join(
        [
            f"# {now.number}: {(now.kind or 'incident').replace('_', ' ')}" + (" (rehearsal)" if now.rehearsal else ""),
            "",
            _headline(now),
            "",
            f"[All its runs]({runs_of(now.number)}) · [its events]({events_of(now.number)})",
            "",
            *_halted(now),
            f"![Timeline of {now.number}]({data_address(picture_of(now, _firsts(chain)))})",
            "",
            "## Clocks",
            "",
            *_clocks(now),
            "",
            "## What waits for whom",
            "",
            *_waits(now),
            "",
            "## Who decided what",
            "",
            *_decisions(now, chain),
            "",
            "## What has happened",
            "",
            *_story(now, chain),
        ]
    )


def _firsts(chain: list[dict[str, Any]]) -> dict[str, datetime]:
    """When each kind of thing happened first."""
    return {entry["kind"]: datetime.fromisoformat(entry["at"]) for entry in reversed(chain)}


def _signatures(now: Standing) -> str:
    asked = sum(wait.kind == "signature" for wait in now.waits)
    return f" · **{asked}** wait{'s' if asked == 1 else ''} for a signature" if asked else ""


def _headline(now: Standing) -> str:
    people = "an unknown number of" if now.people is None else f"{now.people:,}"
    severity = (now.severity or "not assessed yet").replace("_", " ")
    met = sum(clock.state == "met" for clock in now.clocks)
    open_ = sum(clock.state == "open" for clock in now.clocks)
    undecided = sum(clock.state == "undecided" for clock in now.clocks)
    return (
        f"**{now.state.capitalize()}** since {_local(now.opened_at, now.zone)} · severity **{severity}** · {people} people affected · "
        f"**{met}** duties met, **{open_}** open, **{undecided}** undecided, **{len(now.overdue)}** overdue{_signatures(now)} · as of {_local(now.now, now.zone)}"
    )


def _halted(now: Standing) -> Iterator[str]:
    if now.halted_at is not None:
        yield (
            f"**HALTED** since {_local(now.halted_at, now.zone)} by {_cell(now.halted_by or 'somebody')}. Nothing is "
            f"carried on or sent until somebody says so (`tocsin respond {now.number}`). **The clocks run on.**"
        )
        yield ""


def _decisions(now: Standing, chain: list[dict[str, Any]]) -> Iterator[str]:
    """The latest decisions of people, each with who made it; what they wrote stays on the record."""
    made = [entry for entry in chain if entry["kind"] in DECISIONS and entry["actor"] not in MACHINES]
    if not made:
        yield "Nobody has decided anything yet."
        return
    yield "| who | decided | when |"
    yield "|---|---|---|"
    for entry in reversed(made[-LAST_SHOWN:]):
        at = _local(datetime.fromisoformat(entry["at"]), now.zone)
        yield f"| {_cell(entry['actor'])} | {_sentence(told(entry['kind'], discreet(entry['payload'])))} | {at} |"
    if len(made) > LAST_SHOWN:
        yield f"| | and {len(made) - LAST_SHOWN} earlier decisions | |"


def _local(at: datetime, zone_name: str) -> str:
    return at.astimezone(zone(zone_name)).strftime("%d %b %Y %H:%M %Z")


SAID = {"met": "met", "open": "running", "risk": "at risk", "late": "overdue", "undecided": "undecided"}
SIGNS = {colour: f"![{said}]({data_address(dot(colour))}) {said}" for colour, said in SAID.items()}


def _clocks(now: Standing) -> Iterator[str]:
    yield "| clock | limit | left | duty | to |"
    yield "|---|---|---|---|---|"
    for clock in now.clocks:
        if clock.clock_state == "not_started" and clock.state != "met":
            limit, left = "starts later", ""
        else:
            limit = (
                _local(clock.due_at, clock.zone) if clock.due_at else (clock.standard or "no number").replace("_", " ")
            )
            left = _left(clock, now.now)
        sign = SIGNS[colour_of(clock, now.now)]
        yield f"| {sign} | {limit} | {left} | {_cell(clock.label)} | {_cell(clock.recipient)} |"


def _left(clock: ClockLine, now: datetime) -> str:
    if clock.state == "met" or clock.due_at is None:
        return ""
    left = clock.due_at - now
    hours = abs(left) // timedelta(hours=1)
    text = (
        f"{hours // 24} d {hours % 24} h"
        if hours >= 48
        else f"{hours} h {abs(left) % timedelta(hours=1) // timedelta(minutes=1)} min"
    )
    if left >= timedelta(0):
        return text
    return f"{text} over, if it applies" if clock.state == "undecided" else f"**{text} over**"


def _sentence(text: str) -> str:
    return _cell(text[:LONGEST_SENTENCE], LONGEST_SENTENCE)


def _cell(text: str, longest: int = LONGEST_CELL) -> str:
    """Text from outside, bounded, so that it can be no markup, link or picture in a table."""
    line = " ".join(text.split())
    shown = line if len(line) <= longest else line[: longest - 3] + "..."
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#!|~" else sign for sign in shown)


def _waits(now: Standing) -> Iterator[str]:
    if not now.waits:
        yield "Nothing waits for a person."
        return
    yield "| waits for | what | by |"
    yield "|---|---|---|"
    for wait in now.waits[:LAST_SHOWN]:
        due = _local(wait.due_at, now.zone) if wait.due_at else ""
        yield f"| {_cell(wait.kind)}: {_cell(wait.who.replace('_', ' '))} | {_cell(wait.what)} | {due} |"
    if len(now.waits) > LAST_SHOWN:
        yield f"| | and {len(now.waits) - LAST_SHOWN} more | |"


def _story(now: Standing, chain: list[dict[str, Any]]) -> Iterator[str]:
    for entry in reversed(chain[-LAST_SHOWN:]):
        at = _local(datetime.fromisoformat(entry["at"]), now.zone)
        yield f"- **{at}** {_sentence(told(entry['kind'], discreet(entry['payload'])))} ({_cell(entry['actor'])})"
    if len(chain) > LAST_SHOWN:
        yield f"- ... and {len(chain) - LAST_SHOWN} earlier entries: `tocsin timeline {now.number}`"
