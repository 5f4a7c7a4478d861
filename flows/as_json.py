"""What acts give, as the JSON documents that the command prints and the HTTP API answers; see docs/reference/json.md."""

from collections.abc import Iterable
from typing import Any

from flows.acts.foresee import Foresight
from flows.acts.overview import IncidentLine
from flows.acts.people import Proposal
from flows.acts.read_notice import NoticeText, SignatureLine
from flows.acts.standing import Standing
from flows.acts.tickets import TicketLine
from flows.acts.update import Updated
from flows.acts.versions import Compared
from models.difference import Change
from models.plain import plain
from models.tables import Step

Json = dict[str, Any]  # Any: plain JSON


def standing_json(one: Standing) -> Json:
    """Where an incident stands."""
    return {**plain(one), "next_due": plain(one.next_due), "overdue": [clock.provision for clock in one.overdue]}


def incident_line_json(one: IncidentLine) -> Json:
    """One incident in a list."""
    return {name: value for name, value in plain(one).items() if name != "place"}


def updated_json(updated: Updated) -> Json:
    """What new facts changed."""
    return {
        "number": updated.added.number,
        "facts_version": updated.added.version,
        "facts": changes_json(updated.added.changed),
        "duties": [
            {
                "provision": one.provision,
                "stage": one.stage,
                "recipient": one.recipient,
                "change": one.change,
                "from": one.before,
                "to": one.after,
            }
            for one in updated.moved
        ],
        "stale": plain(updated.stale),
    }


def foresight_json(number: str, found: Foresight) -> Json:
    """What new facts would change."""
    return {
        "number": number,
        "facts_version": found.facts_version,
        "facts": changes_json(found.changed),
        "duties": [
            {
                "provision": one.duty.provision,
                "stage": one.duty.stage,
                "recipient": one.duty.recipient,
                "change": one.change,
                "from": {"due_at": plain(one.due_before)},
                "to": {"verdict": one.duty.verdict.value, "due_at": plain(one.duty.due_at)},
            }
            for one in found.duties
        ],
        "stale": plain(found.stale),
        "warnings": list(found.warnings),
    }


def changes_json(changed: Iterable[Change]) -> list[Json]:
    """Facts by their path, with the old and the new value."""
    return [{"path": path, "from": old, "to": new} for path, old, new in changed]


def proposal_json(proposal: Proposal) -> Json:
    """What the roster counts, and what would change if the counts were facts."""
    return {
        **plain(proposal.counts),
        "facts": changes_json(proposal.changed),
        "duties": [
            {"provision": one.provision, "stage": one.stage, "recipient": one.recipient, "from": one.was, "to": one.now}
            for one in proposal.duties
        ],
    }


def step_json(row: Step, ticket: TicketLine | None = None) -> Json:
    """One step in a list, with its ticket in the ticket system where it has one."""
    shown = ("key", "title", "phase", "state", "reason", "role", "assigned_to", "outcome", "attempts")
    rest = ("due_at", "finished_at", "done_by")
    said = {name: plain(getattr(row, name)) for name in (*shown, *rest)}
    return {**said, "ticket": plain(ticket)} if ticket is not None else said


def notice_json(text: NoticeText, signed: Iterable[SignatureLine]) -> Json:
    """One notice's current text, with every decision on it."""
    return {**plain(text), "signatures": plain(tuple(signed))}


def compared_json(number: str, found: Compared) -> Json:
    """What changed between two versions of a notice, passage by passage."""
    passages = [
        {"line": one.line, "was": one.was, "is": one.now, "pieces": plain(one.pieces)} for one in found.differences
    ]
    return {
        "number": number,
        "notice": found.notice,
        "from": found.old,
        "to": found.new,
        "differences": passages,
    }
