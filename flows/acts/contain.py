"""Working the playbook: what is ready is done, what a person must do is asked for, and nothing is skipped in silence."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from flows.acts.deliver import Attempt, attempt, falls_to_a_person, give_up, new_delivery, queue
from flows.acts.evidence import preserve_record
from flows.acts.limit import TookTooLongError, within
from flows.acts.playbook import kept_playbook, planned, step_rows
from flows.acts.tickets import add_ticket, link_of, settle_tickets, tickets_in
from flows.desk import Desk
from integrations.channel import Channel
from integrations.ticket import TicketSystem
from models.clock import rfc3339
from models.errors import TocsinError
from models.incident import find, identity
from models.ledger import record
from models.store import writing
from models.tables import Delivery, Incident, Step
from playbooks.actions import (
    AskPerson,
    CallWebhook,
    HoldMarketingSends,
    Inputs,
    OpenTicket,
    PostToSlack,
    RecordEvidence,
    SendMail,
    filled,
)
from playbooks.period import in_words
from playbooks.plan import Plan, PlannedStep, StepState
from playbooks.step import Step as PlaybookStep
from playbooks.step import in_language

Way = tuple[Channel, str, Mapping[str, Any]]  # by which channel, to whom, what; Any: plain JSON
BY_HAND = "no way out is set for it: do it by hand, as the outbox says, and say that it is done"
WAITS = {
    StepState.WAITING_FOR_PERSON: "a person",
    StepState.WAITING_FOR_APPROVAL: "approval",
    StepState.WAITING_FOR_FACT: "a fact",
    StepState.WAITING_FOR_EVENT: "an event",
}


def ready_steps(desk: Desk, number: str) -> list[tuple[str, str]]:
    """Bring the step rows up to the plan; gives key and title of each step to be done now.

    A step that a dead run left as running is taken up again: its effect's row says whether it had happened.
    """
    with writing(desk.engine) as session:
        incident = find(session, number)
        for row in step_rows(session, incident).values():
            _taken_up(desk, session, incident, row)
        session.flush()
        plan = planned(desk, session, incident)
        if plan is None:
            return []
        while _given_up(desk, session, incident, plan):
            plan = planned(desk, session, incident) or plan
        rows = step_rows(session, incident)
        for step in plan.steps:
            _brought_up(desk, session, incident, rows.get(step.key), step)
        for key in rows.keys() - plan.by_key.keys():
            _left_behind(desk, session, incident, rows[key])
        incident.wake_at = plan.wake_at(desk.clock())
        session.add(incident)
        session.flush()
        settle_tickets(desk, session, incident)
        return [
            (step.key, in_language(step.step.title, "en") + (f": {step.item}" if step.item else ""))
            for step in plan.ready
        ]


def _taken_up(desk: Desk, session: Session, incident: Incident, row: Step) -> None:
    sent = session.exec(
        select(Delivery).where(
            Delivery.key == _key(incident, row.key), col(Delivery.state).in_(("sent", "to_hand_over"))
        )
    ).first()
    if sent is not None and row.record in ("running", "failed"):
        _finish(desk, session, incident, row, "asked" if row.outcome == "asking" else "done")
    elif row.record == "running":
        row.record = "pending"
        session.add(row)


def _given_up(desk: Desk, session: Session, incident: Incident, plan: Plan) -> bool:
    """Count every wait that is over its own limit as failed; tells whether there was one."""
    rows, now = step_rows(session, incident), desk.clock()
    over = [step for step in plan.steps if step.gives_up_at and step.gives_up_at <= now]
    for step in over:
        row = rows.get(step.key) or _new_row(session, incident, step)
        row.record, row.finished_at = "failed", now
        row.attempts = max(row.attempts, step.step.retry.attempts if step.step.retry else 1)
        session.add(row)
        limit = in_words(step.step.wait_limit) if step.step.wait_limit else ""
        payload = {"step": row.key, "title": row.title, "attempt": row.attempts, "why": f"nothing came within {limit}"}
        _note(desk, session, incident, "step.failed", payload)
    session.flush()
    return bool(over)


def _left_behind(desk: Desk, session: Session, incident: Incident, row: Step) -> None:
    """Close a step that the playbook does not have any more; what was done stays done."""
    if row.state in ("done", "skipped", "not_needed"):
        return
    row.state, row.record, row.reason = "not_needed", "pending", "the playbook has no such step any more"
    session.add(row)
    _note(desk, session, incident, "step.not_needed", {"step": row.key, "title": row.title, "because": row.reason})


def _new_row(session: Session, incident: Incident, step: PlannedStep) -> Step:
    row = Step(
        incident_id=identity(incident),
        key=step.key,
        title=in_language(step.step.title, "en") + (f": {step.item}" if step.item else ""),
        phase=step.step.phase.value,
        zone=incident.zone,
        state="",
    )
    session.add(row)
    return row


def _brought_up(desk: Desk, session: Session, incident: Incident, row: Step | None, step: PlannedStep) -> None:
    begun = row is not None
    row = row or _new_row(session, incident, step)
    news, late = row.state != step.state.value, step.overdue and not row.overdue
    row.state, row.reason = step.state.value, step.reason or _why_by_hand(row, step)
    row.role = " or ".join(role.value for role in step.asked) or (step.step.role.value if step.step.role else None)
    row.ready_at, row.due_at, row.overdue = step.ready_at, step.due_at, step.overdue
    session.add(row)
    if news and step.state in WAITS:
        waits = {
            "step": row.key,
            "title": row.title,
            "for": f"{WAITS[step.state]} ({_for_whom(row, step)})",
        }
        _note(desk, session, incident, "step.waiting", waits)
    elif news and step.state is StepState.NOT_NEEDED and (begun or step.step.when is not None or step.step.for_each):
        _note(desk, session, incident, "step.not_needed", {"step": row.key, "title": row.title, "because": step.reason})
    if late:
        due = rfc3339(step.due_at) if step.due_at else None
        payload = {"step": row.key, "title": row.title, "due_at": due, "asked": row.role}
        _note(desk, session, incident, "step.overdue", payload)


def _for_whom(row: Step, step: PlannedStep) -> str:
    if step.state is StepState.WAITING_FOR_EVENT:
        return str(step.step.inputs["event"])
    return row.role or ", ".join(step.missing_facts)


def _why_by_hand(row: Step, step: PlannedStep) -> str:
    falls_to_somebody = row.record == "asked" and step.step.action not in ("ask_person", None)
    return BY_HAND if falls_to_somebody else ""


def perform(desk: Desk, number: str, key: str) -> str:
    """Do one ready step; gives its new state. A failure is kept with its reason and follows the step's own rule."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        row = step_rows(session, incident)[key]
        if row.state != StepState.READY or row.record not in ("pending", "failed"):
            return row.state
        playbook = kept_playbook(incident)
        assert playbook is not None, "a ready step comes from a playbook"
        step = playbook.step(key.split("[")[0])
        inputs = filled(
            step.typed_inputs(), {"number": number, "item": _item(desk, session, incident, key), "step": key}
        )
        row.record, row.attempts, row.started_at = "running", row.attempts + 1, desk.clock()
        way = _way(desk, inputs, row.title, number, link_of(desk, incident, key))
        by_hand = way is not None and falls_to_a_person(incident, way[0].name, "step")
        row.outcome = "asking" if isinstance(inputs, AskPerson) or by_hand else None
        session.add(row)
        _note(desk, session, incident, "step.started", {"step": key, "title": row.title, "attempt": row.attempts})
        effect = _queued_effect(desk, session, incident, key, row.title, way)
    return _kept(desk, number, key, _tried(desk, number, step, key, inputs, effect))


def _tried(desk: Desk, number: str, step: PlaybookStep, key: str, inputs: Inputs, effect: str | None) -> str | None:
    """Do what the step asks within its limit; gives why it did not succeed, or None."""
    try:
        return within(step.attempt_limit, lambda: _acted(desk, number, key, inputs, effect))
    except TookTooLongError as error:
        if effect is not None:
            give_up(desk, number, effect, str(error))
        return str(error)
    except TocsinError as error:
        return str(error)


def _item(desk: Desk, session: Session, incident: Incident, key: str) -> str:
    """The name of the item that a repeated step is for, as the facts have it; nothing for a step that is done once."""
    plan = planned(desk, session, incident) if "[" in key else None
    return (plan.by_key[key].item or "") if plan else ""


def _queued_effect(
    desk: Desk, session: Session, incident: Incident, key: str, title: str, way: Way | None
) -> str | None:
    """Write the row of the step's effect, before the effect; steps that reach nothing outside have none."""
    if way is None:
        return None
    channel, to, message = way
    delivery = new_delivery(
        incident, _key(incident, key), "step", channel, to, {"what": f"step: {title}", **message}, desk.clock()
    )
    delivery.step_key = key
    queue(session, desk, incident, delivery)
    if desk.channels.tickets is not None and channel.name == desk.channels.tickets.name:
        _ticket_row(session, incident, key, delivery.key, desk.channels.tickets)
    return delivery.key


def _ticket_row(session: Session, incident: Incident, step: str, key: str, system: TicketSystem) -> None:
    session.flush()
    delivery = session.exec(select(Delivery).where(Delivery.key == key)).one()
    add_ticket(session, incident, step, delivery, system, of_task=False, known=tickets_in(session, incident).get(step))


def _key(incident: Incident, step: str) -> str:
    return f"{incident.number}.step.{step.replace('/', '.').replace('[', '.').replace(']', '')}"


def _way(desk: Desk, inputs: Inputs, title: str, number: str, link: str) -> Way | None:
    channels, subject = desk.channels, f"{number}: {title}"
    match inputs:
        case CallWebhook():
            return *channels.for_webhook(_name(inputs.to)), _message(
                f"{number}: {inputs.event}", inputs.event, body=inputs.body
            )
        case OpenTicket():
            return *channels.for_ticket(_name(inputs.to)), _message(
                f"{number}: {inputs.title}", inputs.text, urgency=inputs.urgency, link=link
            )
        case HoldMarketingSends():
            act = "release" if inputs.release else "hold"
            return *channels.for_webhook(_name(inputs.to)), _message(
                subject, inputs.reason, act=act, audience="affected people"
            )
        case PostToSlack():
            return *channels.for_chat(), _message(subject, inputs.text)
        case SendMail():
            return *channels.for_mail(_name(inputs.to)), _message(inputs.subject, inputs.text)
        case AskPerson():
            asked = f"{inputs.question}\n\nAnswers: {', '.join(inputs.answers)}"
            return *channels.for_chat(), _message(
                f"{number}: question for {inputs.role.value}", asked, role=inputs.role.value
            )
    return None


def _name(reference: str) -> str:
    return reference.partition(":")[2]


def _message(subject: str, text: str, **about: object) -> Mapping[str, Any]:
    return {
        "subject": subject,
        "text": text,
        "about": {key: value if isinstance(value, str) else str(value) for key, value in about.items()},
    }


def _acted(desk: Desk, number: str, key: str, inputs: Inputs, effect: str | None) -> str | None:
    """Do what the step asks; gives why it did not succeed, or None."""
    if effect is not None:
        tried: Attempt = attempt(desk, number, effect)
        return None if tried.state in ("sent", "to_hand_over") else tried.detail
    if isinstance(inputs, RecordEvidence):
        preserve_record(desk, number, key, inputs.name, inputs.source)
    return None


def _kept(desk: Desk, number: str, key: str, why: str | None) -> str:
    with writing(desk.engine) as session:
        incident = find(session, number)
        row = step_rows(session, incident)[key]
        if why is None:
            _finish(desk, session, incident, row, "asked" if row.outcome == "asking" else "done")
            return row.record
        playbook = kept_playbook(incident)
        assert playbook is not None, "the step comes from a playbook"
        retry = playbook.step(key.split("[")[0]).retry
        row.record, row.finished_at = "failed", desk.clock()
        row.next_try_at = retry.next_try_at(desk.clock(), row.attempts, f"{number}:{key}") if retry else None
        asked_for = session.exec(select(Delivery.next_try_at).where(Delivery.key == _key(incident, key))).first()
        if row.next_try_at and asked_for:
            row.next_try_at = max(row.next_try_at, asked_for)  # the other side may have named a later time
        session.add(row)
        _note(
            desk,
            session,
            incident,
            "step.failed",
            {"step": key, "title": row.title, "attempt": row.attempts, "why": why},
        )
        return row.record


def _finish(desk: Desk, session: Session, incident: Incident, row: Step, state: str) -> None:
    row.record, row.finished_at, row.next_try_at = state, desk.clock(), None
    row.outcome = None if state == "asked" else "done"
    row.done_by = "tocsin"
    session.add(row)
    if state == "done":
        _note(desk, session, incident, "step.done", {"step": row.key, "title": row.title})


def _note(desk: Desk, session: Session, incident: Incident, kind: str, payload: Mapping[str, Any]) -> None:
    record(session, incident, kind, payload, actor="tocsin", at=desk.clock(), zone=incident.zone)
