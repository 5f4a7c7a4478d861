"""The story of an incident: its ledger, told in sentences a chief executive can read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select

from flows.desk import Desk
from models.incident import find
from models.ledger import entries
from models.store import reading
from models.tables import LedgerEntry

Payload = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """One thing that happened: when, who did it, and in words."""

    seq: int
    at: datetime
    zone: str
    actor: str
    kind: str
    words: str


def _changed(payload: Payload) -> str:
    paths = payload["changed"]
    shown = ", ".join(paths[:4]) + (f" and {len(paths) - 4} more" if len(paths) > 4 else "")
    return f"Facts version {payload['version']}: {shown}"


def _duty(text: str) -> Callable[[Payload], str]:
    def words(payload: Payload) -> str:
        stage = f" ({payload['stage']})" if payload["stage"] != "initial" else ""
        due = f", due {payload['to']['due_at']}" if payload["to"].get("due_at") else ""
        return f"{text}: {payload['provision']}{stage} to {payload['recipient']}{due}"

    return words


def _clock(payload: Payload) -> str:
    return f"Clock of {payload['provision']} ({payload['stage']}) moved from {payload['from']['due_at']} to {payload['to']['due_at']}: {payload['why']}"


def _evaluated(payload: Payload) -> str:
    return (
        f"Law applied to facts version {payload['facts_version']}: {payload['required']} duties required, "
        f"{payload['undecided']} undecided, {payload['not_required']} not required; severity {payload['severity'].replace('_', ' ')}"
    )


def _by(payload: Payload) -> str:
    return f" by {payload['closed_by']}" if payload["closed_by"] else ""


def _overridden(payload: Payload) -> str:
    without = [f"without {' and '.join(payload['unsigned'])}"] if payload["unsigned"] else []
    errors = [f"with {len(payload['findings'])} errors"] if payload["findings"] else []
    early = [f"although it waited for {payload['embargo']}"] if payload.get("embargo") else []
    how = " and ".join([*without, *errors, *early]) or "as it is"
    return f"OVERRIDDEN as {payload['role']}, the second person: {payload['what']} may go {how}: {payload['reason']}"


WORDS: dict[str, Callable[[Payload], str]] = {
    "incident.reported": lambda p: f"Incident reported ({len(p['changed'])} facts)",
    "member.added": lambda p: f"{p['person']} sees the incident from now on",
    "member.removed": lambda p: f"{p['person']} no longer sees the incident",
    "glass.broken": lambda p: f"{p['person']} broke the glass and sees it until {p['until']}: {p['reason']}",
    "access.unusual": lambda p: f"Unusual access by {p['person']} to {p['what']}: {', '.join(p['reasons'])}",
    "event.told": lambda p: f"Told that it happened: {p['event'].replace('_', ' ')}",
    "run.cancelled": lambda p: (
        f"Cancelled, so that nothing is carried on until somebody says so ({p['said']}); the clocks run on"
    ),
    "run.resumed": lambda p: f"Carried on again after it was halted at {p['halted_at']}",
    "gate.answered": lambda p: f"Answered in the {p['way']}: {p['gate']}: {p['decision'].replace('_', ' ')}",
    "gate.not_accepted": lambda p: f"Answer in the {p['way']} not accepted: {p['gate']}: {p['why']}",
    "incident.closed": lambda p: f"Incident closed: {p['reason']}",
    "facts.added": _changed,
    "people.loaded": lambda p: (
        f"Roster loaded: {p['read']} rows read so far, {p['kept']} people kept, {p['duplicates']} duplicates, {p['set_aside']} set aside"
    ),
    "people.merge_undone": lambda p: f"Two rows of the roster are two people again: {p['person']}",
    "people.cohorts": lambda p: (
        f"Accepted who gets which text: {p['reached']} of {p['people']} people to be written to, by the rules {p['rules_sha256'][:12]}"
    ),
    "people.sending": lambda p: (
        f"Sending to people, as far as the wave {p['wave']}: {p['left']} messages to send, {p['planned']} of them new"
    ),
    "people.sending_state": lambda p: f"Sending to people is {p['state']}" + (f": {p['why']}" if p.get("why") else ""),
    "people.run_cancelled": lambda p: f"A run that sends to people was cancelled: {p['said']}",
    "people.returned": lambda p: (
        ("Came back from people so far: " if p.get("in_all") else "Came back from people: ")
        + (", ".join(f"{count} {said}" for said, count in sorted(p["said"].items())) or "nothing")
        + (f"; {p['moved_on']} go to their next channel" if "moved_on" in p else "")
    ),
    "people.letters": lambda p: f"Letters to people written to be printed: {p['letters']} in {p['batch']}",
    "people.posted": lambda p: f"Letters to people posted: {p['letters']} of {p['batch']}",
    "people.case": lambda p: f"Somebody affected asks ({p['way']}, {p['topic'].replace('_', ' ')}): case {p['case']}",
    "people.case_answered": lambda p: (
        f"Case {p['case']} of somebody affected answered" + (", late" if p["late"] else "")
    ),
    "people.too_slow": lambda p: (
        f"Sending to people will miss its limit: {p['left']} left, the last leaves at {p['expected_end'] or 'no known time'}, due {p['due_at']}"
    ),
    "people.set_aside_taken": lambda p: f"Rows that were set aside written out: {p['rows']}",
    "people.forgotten": lambda p: "Roster's key destroyed; the counts remain",  # noqa: ARG005 - it has no more to say
    "duties.evaluated": _evaluated,
    "duty.gained": _duty("Duty arises"),
    "duty.reopened": _duty("Duty open again"),
    "duty.withdrawn": _duty("Duty no longer arises"),
    "duty.clock_started": _duty("Clock started"),
    "duty.clock_moved": _clock,
    "duty.met": _duty("Duty met"),
    "duty.decided": lambda p: f"Decided that {p['provision']} is {p['verdict'].replace('_', ' ')}: {p['reason']}",
    "playbook.chosen": lambda p: f"Playbook {p['playbook']} started",
    "playbook.moved": lambda p: (
        f"Moved from playbook {p['from']} to {p['playbook']}: {len(p['difference'])} differences"
    ),
    "step.started": lambda p: f"Step started: {p['title']}",
    "step.done": lambda p: f"Step done: {p['title']}" + (f" ({p['note']})" if p.get("note") else ""),
    "step.failed": lambda p: f"Step failed: {p['title']}: {p['why']}",
    "step.waiting": lambda p: f"Step waits for {p['for']}: {p['title']}",
    "step.overdue": lambda p: f"Step overdue since {p['due_at']}, asked of {p['asked']}: {p['title']}",
    "step.skipped": lambda p: f"Step skipped: {p['title']}: {p['reason']}",
    "step.not_needed": lambda p: f"Step not needed: {p['title']}: {p['because']}",
    "step.retried": lambda p: f"Step to be tried again: {p['title']}",
    "step.assigned": lambda p: f"Step assigned to {p['to']}: {p['title']}",
    "step.refused": lambda p: f"Step refused as {p['role']}: {p['title']}: {p['reason']}",
    "ticket.done": lambda p: f"Ticket {p['ticket']} done in {p['system']}{_by(p)}: {p['title']}",
    "ticket.dropped": lambda p: (
        f"Ticket {p['ticket']} closed in {p['system']} without being done{_by(p)}: {p['title']}: {p['status']}"
    ),
    "ticket.removed": lambda p: f"Ticket {p['ticket']} removed from {p['system']}: {p['title']}",
    "ticket.reopened": lambda p: f"Ticket {p['ticket']} opened again in {p['system']}: {p['title']}",
    "step.approved": lambda p: f"Step approved as {p['role']}: {p['title']}",
    "evidence.recorded": lambda p: f"Evidence preserved: {p['name']} ({p['size']} bytes, SHA-256 {p['sha256'][:12]})",
    "content.answered": lambda p: f"Question answered ({p['language']}): {p['key'].replace('_', ' ')}",
    "notice.drafted": lambda p: f"Draft: {p['what']} (version {p['version']})",
    "notice.edited": lambda p: f"Edited: {p['what']} (version {p['version']})",
    "notice.stale": lambda p: f"Text no longer holds: {p['what']}: {p['path']} changed",
    "notice.approved": lambda p: f"Signed as {p['role']}: {p['what']}, SHA-256 {p['sha256'][:12]}",
    "signature.overdue": lambda p: (
        f"Signature overdue since {p['due_at']}, asked of {' and '.join(p['asked'])}: {p['what']}; told {' and '.join(p['told'])}"
    ),
    "notice.rejected": lambda p: f"Sent back as {p['role']}: {p['what']}: {p['reason']}",
    "notice.override_asked": lambda p: f"Override asked for as {p['role']}: {p['what']}: {p['reason']}",
    "notice.overridden": _overridden,
    "notice.remedied": lambda p: f"Drafted: {p['what']}, of notice {p['corrects']} ({p['reference']}): {p['reason']}",
    "notice.ready": lambda p: f"Fully signed: {p['what']}",
    "notice.held": lambda p: f"Held: {p['what']}: {p['reason']}",
    "notice.released": lambda p: f"Released: {p['what']}",
    "notices.released": lambda p: (
        f"Everything ready released: {len(p['ready'])} texts were ready, {len(p['kept'])} waited for something then"
    ),
    "notice.refused": lambda p: f"Could not be drafted: {p['what']}: {p['why']}",
    "notice.reopened": lambda p: f"Not sent, to be signed again: {p['what']}: {p['reason']}",
    "notice.withdrawn": lambda p: (
        f"Stopped before it was sent, signed by {' and '.join(p['signed_by'])}: {p['what']}: {p['reason']}"
        if p.get("signed_by")
        else f"No longer needed: {p['what']}: {p['reason']}"
    ),
    "approval.voided": lambda p: f"Signature of {p['person']} no longer holds: {p['what']}: {p['reason']}",
    "delivery.queued": lambda p: f"To be sent: {p['what']} by {p['channel']}",
    "delivery.sent": lambda p: (
        f"Sent: {p['what']} by {p['channel']}"
        + (f", without its PDF: {p['without_pdf']}" if "without_pdf" in p else "")
    ),
    "delivery.to_hand_over": lambda p: (
        f"Waits for somebody to file it by hand: {p['what']}, in the outbox at {p['where']}"
    ),
    "delivery.handed_over": lambda p: (
        f"Filed by hand: {p['what']}, on {p['filed_at']}, reference {p['reference']}, SHA-256 {p['sha256'][:12]}"
        if p.get("sha256")
        else f"Done by hand: {p['what']}"
    ),
    "delivery.uncertain": lambda p: f"Not known whether it arrived: {p['what']} by {p['channel']}: {p['why']}",
    "delivery.delayed": lambda p: f"Not sent yet: {p['what']} by {p['channel']}: {p['why']}",
    "delivery.refused": lambda p: f"Refused: {p['what']} by {p['channel']}: {p['why']}",
    "delivery.withdrawn": lambda p: f"Not sent any more: {p['what']} by {p['channel']}: {p['why']}",
    "alert.fired": lambda p: (
        f"Alert to {p['role']}: {p['rung']} for {p['provision']} ({p['stage']}), due {p['due_at']}"
    ),
    "alert.missed": lambda p: f"Alert not fired in time: {p['rung']} for {p['provision']}: {p['why']}",
    "alert.overtaken": lambda p: f"Alert put aside: {p['rung']} for {p['provision']}: {p['why']}",
    "alert.acknowledged": lambda p: f"Alert acknowledged for {p['provision']} ({p['stage']}): {', '.join(p['rungs'])}",
    "alert.snoozed": lambda p: f"Alerts put off until {p['until']} for {p['provision']} ({p['stage']}): {p['reason']}",
    "watch.stopped": lambda p: f"Nobody watched the deadlines since {p['last_pass']}; the responders were told",
    "incident.handled": lambda p: f"Handling ended: {p['reason']}; open still for {', '.join(p['follows'])}",
    "incident.reopened": lambda p: f"Incident opened again: {p['reason']}",
    "incident.restored": lambda p: (
        f"Restored from the back-up of {p['taken_at']} and halted; {len(p['uncertain'])} deliveries are uncertain"
    ),
    "incident.purged": lambda p: (
        f"Removed for good: {p['texts']} texts, {p['facts']} versions of the facts, {p['evidence']} pieces of evidence"
    ),
    "ladder.replanned": lambda p: (
        f"Alerts of {p['provision']} ({p['stage']}) planned again, since {p['why']}: "
        f"{len(p['cancelled'])} cancelled, {len(p['planned'])} planned, limit {p['due_at']}"
    ),
    "review.written": lambda p: f"Review written: {p['summary']}",
}


def told(kind: str, payload: Payload) -> str:
    """One ledger entry in words; a kind without words of its own is told by its name."""
    return WORDS[kind](payload) if kind in WORDS else kind.replace(".", " ").replace("_", " ")


def in_english(entry: LedgerEntry) -> str:
    """One row of the ledger in words."""
    return told(entry.kind, entry.payload)


def timeline(desk: Desk, number: str) -> list[Event]:
    """Everything that happened to an incident, in order."""
    with reading(desk.engine) as session:
        return list(_events(entries(session, find(session, number))))


def latest(
    desk: Desk,
    number: str,
    count: int,
    before: int | None = None,
    say: Callable[[LedgerEntry], str] = in_english,
) -> list[Event]:
    """The last things that happened to an incident (or the last before an entry), the newest first."""
    with reading(desk.engine) as session:
        query = select(LedgerEntry).where(LedgerEntry.incident_id == find(session, number).id)
        query = query if before is None else query.where(LedgerEntry.seq < before)
        rows = session.exec(query.order_by(col(LedgerEntry.seq).desc()).limit(count)).all()
        return [Event(row.seq, row.at, row.zone, row.actor, row.kind, say(row)) for row in rows]


def firsts(desk: Desk, number: str, kinds: Iterable[str]) -> dict[str, datetime]:
    """When each of these kinds of thing happened first to an incident, if it did."""
    with reading(desk.engine) as session:
        rows = session.exec(
            select(LedgerEntry.kind, func.min(col(LedgerEntry.at)))
            .where(LedgerEntry.incident_id == find(session, number).id, col(LedgerEntry.kind).in_(kinds))
            .group_by(col(LedgerEntry.kind))
        )
        return dict(rows.all())


def _events(found: Iterator[dict[str, Any]]) -> Iterator[Event]:
    for entry in found:
        at = datetime.fromisoformat(entry["at"])
        yield Event(
            entry["seq"], at, entry["zone"], entry["actor"], entry["kind"], told(entry["kind"], entry["payload"])
        )
