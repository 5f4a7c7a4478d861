"""The incident's playbook: chosen once from the facts, kept with the incident, so that a changed file does not change it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sqlmodel import Session, col, select

from flows.acts.team import roles_of
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.incident import facts_of, find, find_locked
from models.ledger import canonical, record, sha256_of
from models.store import reading, writing
from models.tables import Approval, Evidence, Incident, LedgerEntry, Step
from playbooks.difference import diff
from playbooks.event import Event, awaited
from playbooks.notices import Notices
from playbooks.plan import Plan, RecordState, StepRecord, StepState, plan
from playbooks.playbook import Playbook, body_of, choose, playbook_of


def start_playbook(desk: Desk, number: str, name: str | None = None) -> str | None:
    """Choose the playbook called `name`, or the one that fits the facts, unless one was chosen; gives its name, or None
    while none fits.
    """
    with writing(desk.engine) as session:
        incident = find(session, number)
        if incident.playbook is not None:
            return incident.playbook
        chosen = desk.playbooks[name] if name else choose(desk.playbooks, facts_of(session, incident))
        if chosen is None:
            return None
        incident.playbook, incident.playbook_body = chosen.name, body_of(chosen)
        session.add(incident)
        payload = {"playbook": chosen.name, "sha256": sha256_of(incident.playbook_body), "steps": len(chosen.steps)}
        record(session, incident, "playbook.chosen", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)
        return chosen.name


def kept_playbook(incident: Incident) -> Playbook | None:
    """The playbook as it was when it was chosen."""
    return _parsed(canonical(incident.playbook_body)) if incident.playbook_body else None


@lru_cache(maxsize=64)
def _parsed(body: bytes) -> Playbook:
    return playbook_of(json.loads(body))


def notice_rules(incident: Incident) -> Notices:
    """Who signs what, and what is held for what, by the incident's playbook or, without one, by the plain rule."""
    playbook = kept_playbook(incident)
    return playbook.notices if playbook else Notices()


def planned(desk: Desk, session: Session, incident: Incident) -> Plan | None:
    """Where every step stands now, or None without a playbook."""
    playbook = kept_playbook(incident)
    if playbook is None:
        return None
    return plan(
        playbook,
        facts_of(session, incident),
        _records(session, incident),
        desk.clock(),
        _events(session, incident, awaited(playbook.steps)),
    )


def _events(session: Session, incident: Incident, names: Sequence[str]) -> list[Event]:
    """What has happened of the events that the playbook waits for."""
    if not names:
        return []
    rows = session.exec(
        select(LedgerEntry.kind, LedgerEntry.payload).where(
            LedgerEntry.incident_id == incident.id, col(LedgerEntry.kind).in_([*names, "event.told"])
        )
    )
    return [Event(str(said["event"]) if kind == "event.told" else kind, _as_text(said)) for kind, said in rows]


def _as_text(payload: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in payload.items()}


def not_called_for(desk: Desk, session: Session, incident: Incident, key: str) -> str | None:
    """Why a step is not to be carried out any more, were it to begin now, or None: somebody ended it, or the facts did."""
    playbook, row = kept_playbook(incident), step_rows(session, incident).get(key)
    if playbook is None or row is None:
        return None
    if row.record in (RecordState.DONE, RecordState.SKIPPED):
        return f"its step is {row.record} already"
    records = _records(session, incident)
    records[key] = replace(records[key], state=RecordState.PENDING)
    step = plan(playbook, facts_of(session, incident), records, desk.clock()).by_key.get(key)
    if step is None:
        return "the playbook has no such step any more"
    return f"its step is not needed any more: {step.reason}" if step.state is StepState.NOT_NEEDED else None


def step_sha256(playbook: Playbook, key: str) -> str:
    """The hash of a step as the playbook words it: what a signature on the step is bound to."""
    step = playbook.step(key.split("[")[0])
    return sha256_of({"step": key, "wording": step.model_dump(mode="json", by_alias=True, exclude_defaults=True)})


@dataclass(frozen=True)
class Move:
    """What moving an incident to another playbook means, in lines a person reads before."""

    number: str
    before: str
    after: str
    sha256: str
    difference: tuple[str, ...]
    consequences: tuple[str, ...]


def preview_move(desk: Desk, number: str, to: Playbook) -> Move:
    """What would change, were the incident moved to this playbook."""
    with reading(desk.engine) as session:
        return _move(session, find(session, number), to)


def move_playbook(desk: Desk, number: str, to: Playbook, *, by: str) -> Move:
    """Move an incident to another playbook, or to this one as it is now: steps done stay done, signatures on steps that
    changed no longer hold. Raises `NotAllowedError` where nothing differs.
    """
    with writing(desk.engine) as session:
        incident = find_locked(session, number)
        roles_of(session, by)
        move = _move(session, incident, to)
        if not move.difference:
            raise NotAllowedError(f"{number} follows {to.name} as it is already; nothing to move")
        for approval in _signatures_lost(session, incident, to):
            approval.voided_at, approval.void_reason = desk.clock(), "the playbook was changed"
            session.add(approval)
            said = {"person": approval.person, "what": approval.subject, "reason": approval.void_reason}
            record(session, incident, "approval.voided", said, actor=by, at=desk.clock(), zone=incident.zone)
        incident.playbook, incident.playbook_body = to.name, body_of(to)
        session.add(incident)
        payload = {"from": move.before, "playbook": to.name, "sha256": move.sha256, "difference": list(move.difference)}
        record(session, incident, "playbook.moved", payload, actor=by, at=desk.clock(), zone=incident.zone)
        return move


def _move(session: Session, incident: Incident, to: Playbook) -> Move:
    kept = kept_playbook(incident)
    if kept is None:
        raise BadInputError(f"{incident.number} has no playbook yet; `tocsin respond {incident.number}` chooses one")
    keys = {step.key for step in to.steps}
    gone = [row for row in step_rows(session, incident).values() if row.key.split("[")[0] not in keys]
    lines = [
        f"{row.key} is {row.record} and stays so on the record" for row in gone if row.record in ("done", "skipped")
    ]
    lines += [f"{row.key} is not done any more" for row in gone if row.record not in ("done", "skipped")]
    lines += [
        f"the signature of {approval.person} on {approval.subject.removeprefix('step:')} no longer holds"
        for approval in _signatures_lost(session, incident, to)
    ]
    return Move(incident.number, kept.name, to.name, sha256_of(body_of(to)), tuple(diff(kept, to)), tuple(lines))


def _signatures_lost(session: Session, incident: Incident, to: Playbook) -> list[Approval]:
    """Signatures on steps not yet done that the other playbook words otherwise, or does not have."""
    rows, keys = step_rows(session, incident), {step.key for step in to.steps}
    signed = session.exec(
        select(Approval).where(
            Approval.incident_id == incident.id,
            Approval.decision == "approved",
            col(Approval.voided_at).is_(None),
            col(Approval.subject).startswith("step:"),
        )
    )
    lost = []
    for approval in signed:
        key = approval.subject.removeprefix("step:")
        still_open = key in rows and rows[key].record not in ("done", "skipped")
        if still_open and (key.split("[")[0] not in keys or step_sha256(to, key) != approval.sha256):
            lost.append(approval)
    return lost


def step_rows(session: Session, incident: Incident) -> dict[str, Step]:
    """The incident's step rows by key."""
    rows = session.exec(select(Step).where(Step.incident_id == incident.id).order_by(col(Step.id)))
    return {row.key: row for row in rows}


def _records(session: Session, incident: Incident) -> dict[str, StepRecord]:
    signed: dict[str, list[tuple[str, str]]] = {}
    approvals = session.exec(
        select(Approval).where(
            Approval.incident_id == incident.id,
            Approval.decision == "approved",
            col(Approval.voided_at).is_(None),
            col(Approval.subject).startswith("step:"),
        )
    )
    for approval in approvals:
        signed.setdefault(approval.subject.removeprefix("step:"), []).append((approval.role, approval.person))
    kept: dict[str, list[str]] = {}
    for evidence in session.exec(select(Evidence).where(Evidence.incident_id == incident.id)):
        kept.setdefault(evidence.step_key or "", []).append(evidence.name)
    return {
        key: StepRecord(
            state=RecordState(row.record),
            outcome=row.outcome,
            attempts=row.attempts,
            ready_at=row.ready_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            next_try_at=row.next_try_at,
            approvals=tuple(signed.get(key, ())),
            evidence=tuple(kept.get(key, ())),
        )
        for key, row in step_rows(session, incident).items()
    }
