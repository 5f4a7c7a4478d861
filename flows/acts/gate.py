"""Gates: what waits for one person's answer, whichever way it is given, and the one act that takes the answer."""

from dataclasses import dataclass

from sqlmodel import Session, select

from flows.acts.playbook import kept_playbook, planned, step_sha256
from flows.acts.read_notice import notice_list
from flows.acts.sign import approve, reject
from flows.acts.work import approve_step, finish_step, refuse_step, skip_step
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError, TocsinError
from models.incident import find
from models.ledger import record
from models.store import reading, writing
from models.tables import Incident, LedgerEntry
from playbooks.plan import PlannedStep, StepState
from playbooks.step import in_language


@dataclass(frozen=True)
class Gate:
    """One open question to a person.

    `key` is `notice:ID` or `step:KEY`; `sha256` is of the text or the step's wording, as the answer must find it;
    `turn` grows with every answer that was not accepted, so that the question can be put again.
    """

    key: str
    what: str
    asked: tuple[str, ...]
    decisions: tuple[str, ...]
    sha256: str
    turn: int = 0

    @property
    def identity(self) -> str:
        """What makes it the same question."""
        return f"{self.key}:{self.sha256[:16]}:{'+'.join(self.asked)}:{self.turn}"


def open_gates(desk: Desk, number: str) -> list[Gate]:
    """Every question that somebody could answer now: texts to sign, steps to sign, tasks to do."""
    with reading(desk.engine) as session:
        if find(session, number).state != "open":
            return []
    gates = [
        Gate(f"notice:{line.notice}", line.what, line.still_needed, ("approve", "reject"), line.sha256)
        for line in notice_list(desk, number)
        if line.state == "draft" and not line.errors and line.still_needed
    ]
    with reading(desk.engine) as session:
        incident = find(session, number)
        gates += _step_gates(desk, session, incident)
        turns = _turns(session, incident)
    return [
        Gate(gate.key, gate.what, gate.asked, gate.decisions, gate.sha256, turns.get(gate.key, 0)) for gate in gates
    ]


def _step_gates(desk: Desk, session: Session, incident: Incident) -> list[Gate]:
    plan, playbook = planned(desk, session, incident), kept_playbook(incident)
    if plan is None or playbook is None:
        return []
    return [
        Gate(
            f"step:{step.key}",
            in_language(step.step.title, "en") + (f": {step.item}" if step.item else ""),
            tuple(role.value for role in step.asked),
            _decisions(step),
            step_sha256(playbook, step.key),
        )
        for step in plan.steps
        if step.state in (StepState.WAITING_FOR_PERSON, StepState.WAITING_FOR_APPROVAL)
    ]


def _decisions(step: PlannedStep) -> tuple[str, ...]:
    if step.state is StepState.WAITING_FOR_APPROVAL:
        return ("approve", "refuse")
    return (*(step.step.possible_answers or ("done",)), "skip")


def _turns(session: Session, incident: Incident) -> dict[str, int]:
    rows = session.exec(
        select(LedgerEntry.payload).where(
            LedgerEntry.incident_id == incident.id, LedgerEntry.kind == "gate.not_accepted"
        )
    )
    turns: dict[str, int] = {}
    for payload in rows:
        turns[payload["gate"]] = turns.get(payload["gate"], 0) + 1
    return turns


def answer_gate(
    desk: Desk, number: str, key: str, decision: str, *, by: str, sha256: str, way: str, reason: str | None = None
) -> str:
    """Take one person's answer as the act that belongs to it, with all its checks; gives what came of it in words.

    Of two answers at once one wins; the other raises `NotAllowedError`, as does whatever the act itself refuses. Both the
    answer and a refusal go on the ledger with the `way` by which it came.
    """
    try:
        gate = next((gate for gate in open_gates(desk, number) if gate.key == key), None)
        _is_open(gate, key, decision, sha256)
        said = _act(desk, number, key, decision, by, sha256, reason)
    except TocsinError as error:
        # Under the name of nobody: who was refused may have given one that is not theirs.
        _note(
            desk,
            number,
            "gate.not_accepted",
            {"gate": key, "way": way, "decision": decision, "why": str(error)},
            "tocsin",
        )
        raise
    _note(desk, number, "gate.answered", {"gate": key, "way": way, "decision": decision}, by)
    return said


def _is_open(gate: Gate | None, key: str, decision: str, sha256: str) -> None:
    if gate is None:
        raise NotAllowedError(f"{key} waits for nobody any more: it was answered elsewhere, or is not needed now")
    if gate.sha256 != sha256:
        raise NotAllowedError(f"{key} is not what you read any more: it is now {gate.sha256[:12]}; read it again")
    if decision not in gate.decisions:
        raise BadInputError(f"{decision!r} is no answer to {key}; known are {', '.join(gate.decisions)}")


def _act(desk: Desk, number: str, key: str, decision: str, by: str, sha256: str, reason: str | None) -> str:
    kind, _, name = key.partition(":")
    if decision in ("reject", "refuse", "skip") and not reason:
        raise BadInputError(f"to {decision} needs a reason; it goes on the ledger")
    match kind, decision:
        case "notice", "approve":
            return _missing(approve(desk, number, int(name), by=by, sha256=sha256, note=reason).still_needed)
        case "notice", _:
            reject(desk, number, int(name), by=by, reason=reason or "")
            return "sent back"
        case "step", "approve":
            return _missing(approve_step(desk, number, name, by=by, sha256=sha256))
        case "step", "refuse":
            refuse_step(desk, number, name, by=by, reason=reason or "")
            return "refused"
        case "step", "skip":
            skip_step(desk, number, name, by=by, reason=reason or "")
            return "skipped"
    finish_step(desk, number, name, by=by, outcome=None if decision == "done" else decision, note=reason)
    return decision


def _missing(still_needed: tuple[str, ...]) -> str:
    return f"signed; still needed: {', '.join(still_needed)}" if still_needed else "signed"


def _note(desk: Desk, number: str, kind: str, payload: dict[str, str], actor: str) -> None:
    with writing(desk.engine) as session:
        incident = find(session, number)
        record(session, incident, kind, payload, actor=actor, at=desk.clock(), zone=incident.zone)
