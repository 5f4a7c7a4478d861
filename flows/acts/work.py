"""What people do with steps: finish, skip, assign, sign, try again; each under their name, with what the step asks for."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from sqlmodel import Session, select

from flows.acts.contain import ready_steps
from flows.acts.hand_over import step_handed_over
from flows.acts.playbook import kept_playbook, planned, step_rows, step_sha256
from flows.acts.team import roles_of
from flows.desk import Desk
from models.document import nearest
from models.errors import NotAllowedError, OvertakenError, UnknownNameError
from models.incident import find, find_locked, identity
from models.ledger import record
from models.store import reading, writing
from models.tables import Approval, Evidence, Incident, Step
from models.vocabulary import PersonRole
from playbooks.event import awaited
from playbooks.plan import PlannedStep, StepState

MAY_ALWAYS = (PersonRole.COMMANDER, PersonRole.ADMINISTRATOR)


def finish_step(
    desk: Desk, number: str, key: str, *, by: str, outcome: str | None = None, note: str | None = None
) -> None:
    """Say that a human step is done, with its answer where it asks for one.

    Raises `NotAllowedError` while evidence that it asks for is missing, or for somebody without its role.
    """
    with writing(desk.engine) as session:
        incident, row, step = _step(desk, session, number, key)
        if step.state is not StepState.WAITING_FOR_PERSON:
            raise OvertakenError(
                f"{key} is {step.state.replace('_', ' ')}: {step.reason or 'nobody is asked to do it now'}"
            )
        _may(session, by, step, row)
        missing = step.missing_evidence or step.step.evidence_missing(_recorded(session, incident, key))
        if missing:
            raise NotAllowedError(
                f"{key} needs evidence: {', '.join(missing)}; record it with `tocsin steps {number} evidence {key} FILE`"
            )
        row.outcome, row.record = step.step.accepted(outcome), "done"
        row.finished_at, row.done_by, row.note = desk.clock(), by, note
        row.started_at = row.started_at or row.finished_at
        session.add(row)
        _note(
            desk,
            session,
            incident,
            "step.done",
            {"step": key, "title": row.title, "outcome": row.outcome, "note": note},
            by,
        )
        step_handed_over(desk, session, incident, key, by)
    ready_steps(desk, number)


def evidence_name(desk: Desk, number: str, key: str, file: PurePath) -> str:
    """What a file is called as evidence of a step: the name that the step asks for where it fits, else the file's own."""
    with reading(desk.engine) as session:
        incident, _, step = _step(desk, session, number, key)
        missing = step.step.evidence_missing(_recorded(session, incident, key))
    spoken = file.stem.replace("-", " ").replace("_", " ").casefold()
    fitting = [name for name in missing if name.casefold() == spoken]
    asked = step.step.evidence if isinstance(step.step.evidence, tuple) else ()
    return (fitting or (missing if len(missing) == 1 and asked else ()) or [file.name])[0]


def skip_step(desk: Desk, number: str, key: str, *, by: str, reason: str) -> None:
    """Leave a step undone, with a reason, on the ledger."""
    with writing(desk.engine) as session:
        incident, row, step = _step(desk, session, number, key)
        if step.closed:
            raise OvertakenError(f"{key} is {step.state.replace('_', ' ')} already")
        _may(session, by, step, row)
        row.record, row.outcome, row.note = "skipped", reason, reason
        row.finished_at, row.done_by = desk.clock(), by
        session.add(row)
        _note(desk, session, incident, "step.skipped", {"step": key, "title": row.title, "reason": reason}, by)
    ready_steps(desk, number)


def assign_step(desk: Desk, number: str, key: str, *, to: str, by: str) -> None:
    """Give a step to a person."""
    with writing(desk.engine) as session:
        incident, row, step = _step(desk, session, number, key)
        roles_of(session, by)
        roles_of(session, to)
        row.assigned_to = to
        session.add(row)
        _note(
            desk,
            session,
            incident,
            "step.assigned",
            {"step": key, "title": row.title, "to": to, "state": step.state.value},
            by,
        )


def approve_step(desk: Desk, number: str, key: str, *, by: str, sha256: str | None = None) -> tuple[str, ...]:
    """Sign a step that waits for approval; gives the roles that are still to sign.

    `sha256` (eight characters or more) says which wording of the step was read; another one than the current is refused.
    """
    with writing(desk.engine) as session:
        incident, row, step = _step(desk, session, number, key)
        role = _signing_role(session, step, by)
        approval = _decided(desk, incident, key, by, role, "approved", None)
        if sha256 is not None and (len(sha256) < 8 or not approval.sha256.startswith(sha256.lower())):
            raise NotAllowedError(
                f"{key} is not worded as you read it: it is now {approval.sha256[:12]}; read it again"
            )
        session.add(approval)
        payload = {"step": key, "title": row.title, "role": role, "sha256": approval.sha256}
        _note(desk, session, incident, "step.approved", payload, by)
        session.flush()
        plan = planned(desk, session, incident)
        assert plan is not None, "the step comes from a playbook"
        after = plan.by_key[key]
    ready_steps(desk, number)
    return tuple(role.value for role in after.asked) if after.state is StepState.WAITING_FOR_APPROVAL else ()


def refuse_step(desk: Desk, number: str, key: str, *, by: str, reason: str) -> None:
    """Refuse to sign a step: it is not done, with the reason; others may ask about it as `refused`."""
    with writing(desk.engine) as session:
        incident, row, step = _step(desk, session, number, key)
        role = _signing_role(session, step, by)
        session.add(_decided(desk, incident, key, by, role, "rejected", reason))
        row.record, row.outcome, row.note = "skipped", "refused", reason
        row.finished_at, row.done_by = desk.clock(), by
        session.add(row)
        payload = {"step": key, "title": row.title, "role": role, "reason": reason}
        _note(desk, session, incident, "step.refused", payload, by)
    ready_steps(desk, number)


def tell_event(desk: Desk, number: str, event: str, *, by: str) -> None:
    """Say that something happened which a step waits for; raises `BadInputError` for what no step waits for."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        playbook = kept_playbook(incident)
        known = [name for name in awaited(playbook.steps if playbook else ()) if "." not in name]
        if event not in known:
            hint = f"; known are {', '.join(known)}" if known else ""
            raise UnknownNameError(f"no step of {number} waits for {event!r}{nearest(event, known)}{hint}")
        roles_of(session, by)
        _note(desk, session, incident, "event.told", {"event": event}, by)
    ready_steps(desk, number)


def try_again(desk: Desk, number: str, key: str, *, by: str) -> None:
    """Have a step that failed tried once more with the next pass."""
    with writing(desk.engine) as session:
        incident, row, step = _step(desk, session, number, key)
        if row.record != "failed":
            raise OvertakenError(f"{key} did not fail; it is {step.state.replace('_', ' ')}")
        _may(session, by, step, row)
        row.record, row.next_try_at, row.attempts = "pending", None, 0
        row.ready_at = desk.clock()  # what it may take counts from now
        session.add(row)
        _note(desk, session, incident, "step.retried", {"step": key, "title": row.title}, by)
    ready_steps(desk, number)


def _step(desk: Desk, session: Session, number: str, key: str) -> tuple[Incident, Step, PlannedStep]:
    incident = find_locked(session, number)  # of two answers at once, the second sees the first
    rows, plan = step_rows(session, incident), planned(desk, session, incident)
    if plan is None or key not in plan.by_key or key not in rows:
        raise UnknownNameError(f"{number} has no step {key!r}{nearest(key, rows)}; `tocsin steps {number}` lists them")
    return incident, rows[key], plan.by_key[key]


def _signing_role(session: Session, step: PlannedStep, by: str) -> str:
    if step.state is not StepState.WAITING_FOR_APPROVAL:
        raise OvertakenError(f"{step.key} does not wait for approval; it is {step.state.replace('_', ' ')}")
    fitting = [role for role in step.asked if role in roles_of(session, by)]
    if not fitting:
        raise NotAllowedError(f"{step.key} needs {' or '.join(step.asked)}; {by} is none of these")
    return fitting[0].value


def _decided(
    desk: Desk, incident: Incident, key: str, by: str, role: str, decision: str, reason: str | None
) -> Approval:
    playbook = kept_playbook(incident)
    assert playbook is not None, "the step comes from a playbook"
    return Approval(
        incident_id=identity(incident),
        subject=f"step:{key}",
        sha256=step_sha256(playbook, key),
        facts_version=incident.facts_version,
        person=by,
        role=role,
        decision=decision,
        reason=reason,
        at=desk.clock(),
        zone=incident.zone,
    )


def _may(session: Session, by: str, step: PlannedStep, row: Step) -> None:
    roles = roles_of(session, by)
    if row.assigned_to == by or any(role in (*step.asked, *MAY_ALWAYS) for role in roles):
        return
    raise NotAllowedError(f"{step.key} is for {' or '.join(step.asked) or row.role}; {by} is {', '.join(roles)}")


def _recorded(session: Session, incident: Incident, key: str) -> list[str]:
    rows = session.exec(select(Evidence.name).where(Evidence.incident_id == incident.id, Evidence.step_key == key))
    return list(rows)


def _note(desk: Desk, session: Session, incident: Incident, kind: str, payload: Mapping[str, Any], by: str) -> None:
    record(session, incident, kind, payload, actor=by, at=desk.clock(), zone=incident.zone)
