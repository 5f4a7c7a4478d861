"""The incident's playbook: chosen once from the facts, kept with the incident, so that a changed file does not change it."""

import json
from dataclasses import replace
from functools import lru_cache

from sqlmodel import Session, col, select

from flows.desk import Desk
from models.incident import facts_of, find
from models.ledger import canonical, record, sha256_of
from models.store import writing
from models.tables import Approval, Evidence, Incident, Step
from playbooks.plan import Plan, RecordState, StepRecord, StepState, plan
from playbooks.playbook import Notices, Playbook, body_of, choose, playbook_of


def start_playbook(desk: Desk, number: str) -> str | None:
    """Choose the playbook that fits the facts, unless one was chosen; gives its name, or None while none fits."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        if incident.playbook is not None:
            return incident.playbook
        chosen = choose(desk.playbooks, facts_of(session, incident))
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
    return plan(playbook, facts_of(session, incident), _records(session, incident), desk.clock())


def not_called_for(desk: Desk, session: Session, incident: Incident, key: str) -> str | None:
    """Why a step is not to be carried out any more, were it to begin now, or None: somebody ended it, or the facts did."""
    playbook, row = kept_playbook(incident), step_rows(session, incident).get(key)
    if playbook is None or row is None:
        return None
    if row.record in (RecordState.DONE, RecordState.SKIPPED):
        return f"its step is {row.record} already"
    records = _records(session, incident)
    records[key] = replace(records[key], state=RecordState.PENDING)
    step = plan(playbook, facts_of(session, incident), records, desk.clock()).by_key[key]
    return f"its step is not needed any more: {step.reason}" if step.state is StepState.NOT_NEEDED else None


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
