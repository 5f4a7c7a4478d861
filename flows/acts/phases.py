"""How far each phase of a response has come, in a few words: the name of the state that its run ends in."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlmodel import col, func, select

from flows.acts.evaluate import Evaluated
from flows.acts.ladder import Fired
from flows.desk import Desk
from models.incident import find
from models.store import reading
from models.tables import Notice, Step
from models.vocabulary import Audience
from playbooks.plan import StepState

STEPS: dict[str, tuple[str, str]] = {  # a step's state, and what is said of one step and of several in it
    StepState.DONE: ("done", "done"),
    StepState.FAILED: ("failed", "failed"),
    StepState.WAITING_FOR_PERSON: ("waits for a person", "wait for people"),
    StepState.WAITING_FOR_APPROVAL: ("waits for an approval", "wait for approvals"),
    StepState.WAITING_FOR_FACT: ("waits for a fact", "wait for facts"),
    StepState.WAITING_FOR_EVENT: ("waits for an event", "wait for events"),
    StepState.UNDECIDED: ("undecided", "undecided"),
    StepState.SKIPPED: ("skipped", "skipped"),
}
DUTIES = {
    "required": ("applies", "apply"),
    "undecided": ("undecided", "undecided"),
    "gained": ("new", "new"),
    "withdrawn": ("withdrawn", "withdrawn"),
    "changed": ("changed", "changed"),
}
TEXTS = {
    "held": ("held", "held"),
    "draft": ("waits for a signature", "wait for signatures"),
    "approved": ("signed", "signed"),
    "sent": ("sent", "sent"),
}


def steps_said(desk: Desk, number: str) -> str:
    """Of the containment: `21 steps: 6 done, 4 wait for people`."""
    with reading(desk.engine) as session:
        rows = select(Step.state, func.count()).where(Step.incident_id == find(session, number).id)
        counts = dict(session.exec(rows.group_by(Step.state)).all())
    counts.pop(StepState.NOT_NEEDED, None)
    return _said(counts, STEPS, "step") if counts else "No playbook fits"


def duties_said(found: Evaluated) -> str:
    """Of the evaluation: `26 duties: 17 apply, 9 undecided, 3 new`."""
    counts = Counter(duty.verdict.value for duty in found.assessment.duties)
    counts.update(moved.change if moved.change in DUTIES else "changed" for moved in found.moved)
    total = counts["required"] + counts["undecided"]
    return _said(counts, DUTIES, "duty", "duties", total) if total else "No duty applies"


def texts_said(desk: Desk, number: str, audiences: Sequence[Audience], drafted: int) -> str:
    """Of the notices to some audiences: `14 texts: 2 drafted now, 11 wait for signatures, 3 sent`."""
    wanted = [audience.value for audience in audiences]
    with reading(desk.engine) as session:
        rows = session.exec(
            select(Notice.state, Notice.held, func.count())
            .where(Notice.incident_id == find(session, number).id, col(Notice.audience).in_(wanted))
            .where(Notice.state != "withdrawn")
            .group_by(Notice.state, col(Notice.held))
        ).all()
    counts: Counter[str] = Counter()
    for state, held, count in rows:
        counts["held" if held and state != "sent" else state] += count
    total = sum(counts.values())
    now = {"now": drafted} if drafted else {}
    return (
        _said(now | counts, {"now": ("drafted now", "drafted now"), **TEXTS}, "text", total=total)
        if total
        else "Nothing to say"
    )


def alerts_said(fired: Sequence[Fired]) -> str:
    """Of a pass of the watch: `3 alerts fired`."""
    return f"{len(fired)} alert{'s' if len(fired) > 1 else ''} fired" if fired else "Nothing was due"


def _said(
    counts: Mapping[str, int],
    words: Mapping[str, tuple[str, str]],
    one: str,
    many: str | None = None,
    total: int | None = None,
) -> str:
    whole = sum(counts.values()) if total is None else total
    parts = [f"{counts[key]} {said[counts[key] > 1]}" for key, said in words.items() if counts.get(key)]
    return f"{whole} {one if whole == 1 else many or one + 's'}" + (f": {', '.join(parts)}" if parts else "")
