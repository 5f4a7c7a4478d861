"""What to do next: every step of a playbook with its state, worked out from the facts, the record and the time.

Pure: the same playbook, facts, record and time give the same plan. Nothing is started here.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from models.condition import Answer, parse_condition
from models.report import Report
from models.vocabulary import PersonRole
from playbooks.actions import AskPerson, WaitForEvent, WaitForFact
from playbooks.event import Event, has_happened
from playbooks.item import items_of
from playbooks.order import all_before, in_order, needed, sources, waits_graph
from playbooks.playbook import Playbook
from playbooks.situation import PLAYBOOK_WORDS, Result, Situation
from playbooks.step import Approval, Step, in_language


class RecordState(StrEnum):
    """What the record says of a step."""

    PENDING = "pending"
    ASKED = "asked"  # the question was put to a person
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # by a person, with a reason


class StepState(StrEnum):
    """Where a step stands."""

    READY = "ready"
    WAITING = "waiting"
    WAITING_FOR_PERSON = "waiting_for_person"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    WAITING_FOR_FACT = "waiting_for_fact"
    WAITING_FOR_EVENT = "waiting_for_event"
    UNDECIDED = "undecided"
    RUNNING = "running"
    FAILED = "failed"
    DONE = "done"
    SKIPPED = "skipped"
    NOT_NEEDED = "not_needed"


ON_OTHERS = frozenset({StepState.WAITING_FOR_PERSON, StepState.WAITING_FOR_FACT, StepState.WAITING_FOR_EVENT})
CLOSED = frozenset({StepState.DONE, StepState.SKIPPED, StepState.NOT_NEEDED})


@dataclass(frozen=True)
class StepRecord:
    """What happened to one step so far; every time carries a zone, `approvals` are (role, person)."""

    state: RecordState = RecordState.PENDING
    outcome: str | None = None
    attempts: int = 0
    ready_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    next_try_at: datetime | None = None
    approvals: tuple[tuple[str, str], ...] = ()
    evidence: tuple[str, ...] = ()


NOTHING = StepRecord()
_NOT_TAKEN_UP = (RecordState.PENDING, RecordState.ASKED)


@dataclass(frozen=True)
class PlannedStep:
    """One step, or one item of a repeated step, and where it stands.

    `key` is unique in the plan (`isolate`, `tell_party[acme]`); `item` is the item's own name. `asked` are the roles
    whose turn it is. `due_at` and `gives_up_at` count from `ready_at`, when its turn came: by the first it should be done,
    at the second its wait has failed. Each tuple is empty unless it says why it waits.
    """

    key: str
    step: Step
    state: StepState
    item: str | None = None
    reason: str = ""
    waits_for: tuple[str, ...] = ()
    asked: tuple[PersonRole, ...] = ()
    missing_facts: tuple[str, ...] = ()
    missing_evidence: tuple[str, ...] = ()
    outcome: str | None = None
    attempts: int = 0
    ready_at: datetime | None = None
    due_at: datetime | None = None
    gives_up_at: datetime | None = None
    overdue: bool = False
    retry_at: datetime | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing remains to be done for it."""
        return self.state in CLOSED or (
            self.state is StepState.FAILED and self.step.goes_on_after_failure and not self.retry_at
        )


@dataclass(frozen=True)
class Plan:
    """Every step in the playbook's order, and the step whose failure stopped the playbook, if one did."""

    steps: tuple[PlannedStep, ...]
    stopped_by: str | None = None

    @cached_property
    def by_key(self) -> Mapping[str, PlannedStep]:
        """The steps by their unique key."""
        return {step.key: step for step in self.steps}

    @property
    def ready(self) -> tuple[PlannedStep, ...]:
        """The steps to start now."""
        return tuple(step for step in self.steps if step.state is StepState.READY)

    @property
    def finished(self) -> bool:
        """Whether nothing remains to be done."""
        return all(step.closed for step in self.steps)

    def wake_at(self, now: datetime) -> datetime | None:
        """The next moment after `now` at which time alone changes the plan, or None."""
        moments = [
            moment
            for step in self.steps
            if not step.closed
            for moment in (step.retry_at, step.due_at, step.gives_up_at)
            if moment
        ]
        return min((moment for moment in moments if moment > now), default=None)


def plan(
    playbook: Playbook,
    report: Report,
    record: Mapping[str, StepRecord],
    now: datetime,
    events: Collection[Event] = (),
) -> Plan:
    """Where every step stands; `record` is by the planned steps' keys, and a step that is not in it has not begun."""
    return _Planning(playbook, report, record, now, events).whole()


def measures_taken(planned: Plan, language: str = "en") -> list[str]:
    """The public words of every step that was done, in order, each once."""
    said = [step.step.says for step in planned.steps if step.state is StepState.DONE and step.step.says]
    return list(dict.fromkeys(in_language(words, language) for words in said))


@dataclass(frozen=True)
class _Instance:
    """A step, or one item of a repeated step; `absent` says why it has nothing to do whatever its condition."""

    key: str
    step: Step
    name: str | None = None  # the item's key
    item: str | None = None
    absent: str = ""
    unknown: tuple[str, ...] = ()


@dataclass
class _Planning:
    """The plan in the making: each step is settled after all that it may wait for."""

    playbook: Playbook
    report: Report
    record: Mapping[str, StepRecord]
    now: datetime
    events: Collection[Event] = ()
    found: dict[str, PlannedStep] = field(default_factory=dict)
    ended: dict[str, datetime | None] = field(default_factory=dict)
    waiting: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        steps = self.playbook.steps
        self.graph = waits_graph(steps)
        self.sources = {step.key: sources(step, steps) for step in steps}
        self.instances = {step.key: tuple(_instances(step, self.report, self.record)) for step in steps}
        self.by_key = {one.key: one for many in self.instances.values() for one in many}
        self.failed = {one.key for one in self.by_key.values() if self._failed_for_good(one)}
        self.stopped_by = next((key for key in self.by_key if self._stops(key)), None)

    def whole(self) -> Plan:
        """Plan every step after those it waits for, and give them back in the playbook's order."""
        for key in in_order(self.graph):
            for one in self.instances[key]:
                self.waiting[one.key] = self._waits(one)
                self.found[one.key] = self._timed(one, self._planned(one))
        return Plan(tuple(self.found[key] for key in self.by_key), self.stopped_by)

    # What the record says ---------------------------------------------------------------------------------------------

    def _of(self, one: _Instance) -> StepRecord:
        return self.record.get(one.key, NOTHING)

    def _failed_for_good(self, one: _Instance) -> bool:
        attempts = one.step.retry.attempts if one.step.retry else 1
        return self._of(one).state is RecordState.FAILED and max(self._of(one).attempts, 1) >= attempts

    def _stops(self, key: str) -> bool:
        return key in self.failed and self.by_key[key].step.on_failure == "stop"

    # One step ---------------------------------------------------------------------------------------------------------

    def _planned(self, one: _Instance) -> PlannedStep:
        was = self._of(one)
        blank = PlannedStep(one.key, one.step, StepState.READY, one.item, outcome=was.outcome, attempts=was.attempts)
        if was.state in (RecordState.DONE, RecordState.SKIPPED, RecordState.RUNNING):
            return self._begun(one, blank)
        if one.key in self.failed:
            return _failed(blank)
        return (
            self._not_needed(one, blank) or self._held(one, blank) or self._gated(one, blank) or self._open(one, blank)
        )

    def _begun(self, one: _Instance, blank: PlannedStep) -> PlannedStep:
        was = self._of(one)
        missing = one.step.evidence_missing(was.evidence) if was.state is RecordState.DONE else ()
        if missing:
            reason = f"done, but evidence is still to be recorded: {', '.join(missing)}"
            return replace(
                blank,
                state=StepState.WAITING_FOR_PERSON,
                reason=reason,
                missing_evidence=missing,
                asked=_roles(one.step),
            )
        reason = (was.outcome or "") if was.state is RecordState.SKIPPED else self._unneeded(one)
        return replace(blank, state=StepState(was.state.value), reason=reason)

    def _not_needed(self, one: _Instance, blank: PlannedStep) -> PlannedStep | None:
        reason = one.absent or self._untriggered(one) or self._unneeded(one)
        return replace(blank, state=StepState.NOT_NEEDED, reason=reason) if reason else None

    def _held(self, one: _Instance, blank: PlannedStep) -> PlannedStep | None:
        """Held up by other steps, by a playbook that stopped, by a fact, or until it is tried again."""
        answer = self._answer(one)
        facts = tuple(path for path in (*one.unknown, *answer.missing) if not path.startswith("steps."))
        waits = self.waiting[one.key]
        if waits:
            return replace(
                blank, state=StepState.WAITING, reason=f"after {', '.join(waits)}", waits_for=waits, missing_facts=facts
            )
        if facts:
            reason = f"the list of {one.step.for_each} is not known" if one.unknown else "; ".join(answer.reasons)
            return replace(blank, state=StepState.UNDECIDED, reason=reason, missing_facts=facts)
        if self.stopped_by and not self._undoes(one):
            reason = f"the playbook stopped when {self.stopped_by} failed"
            return replace(blank, state=StepState.WAITING, reason=reason, waits_for=(self.stopped_by,))
        retry_at = self._retry_at(one)
        if retry_at and retry_at > self.now:
            reason = f"failed {blank.attempts} of {one.step.retry.attempts if one.step.retry else 1} times; it is tried again"
            return replace(blank, state=StepState.FAILED, reason=reason, retry_at=retry_at)
        return None

    def _gated(self, one: _Instance, blank: PlannedStep) -> PlannedStep | None:
        given = self._of(one).approvals
        gates: list[tuple[Approval, str]] = [(one.step.approval, "to be signed")] if one.step.approval else []
        if one.step.destroys and not self._preserved(one):
            gates.append(
                (self.playbook.override, "nothing is preserved yet, so that it goes ahead only if this is signed")
            )
        for gate, reason in gates:
            roles = gate.still_open(given)
            if roles:
                return replace(blank, state=StepState.WAITING_FOR_APPROVAL, reason=reason, asked=roles)
        return None

    def _open(self, one: _Instance, blank: PlannedStep) -> PlannedStep:
        step = one.step
        if step.playbook:
            return replace(blank, state=StepState.DONE, outcome="done", reason="every step of it is settled")
        if step.task or self._of(one).state is RecordState.ASKED:
            return replace(blank, state=StepState.WAITING_FOR_PERSON, asked=_roles(step))
        return self._waiting(step, blank) or blank

    def _waiting(self, step: Step, blank: PlannedStep) -> PlannedStep | None:
        inputs = step.typed_inputs() if step.action else None
        if isinstance(inputs, WaitForFact):
            answer = parse_condition(inputs.condition, PLAYBOOK_WORDS)(Situation(self.report, {}))
            if not answer.value:
                reason = "; ".join(answer.reasons)
                return replace(
                    blank, state=StepState.WAITING_FOR_FACT, reason=reason, missing_facts=tuple(answer.missing)
                )
        if isinstance(inputs, WaitForEvent) and not has_happened(inputs, self.events):
            about = "".join(f", {key} {value}" for key, value in inputs.about.items())
            return replace(
                blank, state=StepState.WAITING_FOR_EVENT, reason=f"{inputs.event}{about} has not happened yet"
            )
        return None

    def _timed(self, one: _Instance, planned: PlannedStep) -> PlannedStep:
        was = self._of(one)
        self.ended[one.key] = was.finished_at if was.finished_at else self._last_end(one)
        unready = planned.state in (StepState.WAITING, StepState.NOT_NEEDED, StepState.UNDECIDED)
        if unready and not was.ready_at:
            return planned
        ready_at = was.ready_at or was.started_at or self._turn_came(one)
        due_at = ready_at + one.step.within if one.step.within and not unready else None
        limit = one.step.wait_limit if planned.state in ON_OTHERS and was.state in _NOT_TAKEN_UP else None
        overdue = bool(due_at and due_at <= self.now and not planned.closed)
        asked = planned.asked
        if overdue and one.step.stand_in and planned.state is StepState.WAITING_FOR_PERSON:
            asked = tuple(dict.fromkeys([*asked, one.step.stand_in]))
        gives_up_at = ready_at + limit if limit else None
        return replace(planned, ready_at=ready_at, due_at=due_at, gives_up_at=gives_up_at, overdue=overdue, asked=asked)

    # Why a step waits, or need not be done ----------------------------------------------------------------------------

    def _answer(self, one: _Instance) -> Answer:
        if one.step.when is None:
            return Answer(True)
        return parse_condition(one.step.when, PLAYBOOK_WORDS)(Situation(self.report, self._results(one)))

    def _unneeded(self, one: _Instance) -> str:
        answer = self._answer(one)
        return "; ".join(answer.reasons) or "its condition is not met" if answer.value is False else ""

    def _untriggered(self, one: _Instance) -> str:
        """Why a step that takes over or undoes another one has nothing to do, or "" where it has, or is none of these."""
        keys = self.sources[one.step.key]
        if not keys or any(self._triggers(source, one) for key in keys for source in self._related(key, one)):
            return ""
        return f"{', '.join(keys)} neither failed nor must be undone"

    def _triggers(self, source: _Instance, one: _Instance) -> bool:
        if source.step.handler == one.step.key and source.key in self.failed:
            return True
        return source.step.compensate == one.step.key and self._must_be_undone(source)

    def _must_be_undone(self, source: _Instance) -> bool:
        if self.found[source.key].state is not StepState.DONE:
            return False
        stopped = [self.by_key[key].step.key for key in self.failed if self._stops(key)]
        return bool(self._unneeded(source) or source.absent) or any(
            source.step.key in all_before(key, self.graph) for key in stopped
        )

    def _undoes(self, one: _Instance) -> bool:
        return any(
            source.step.compensate == one.step.key
            for key in self.sources[one.step.key]
            for source in self._related(key, one)
        )

    def _waits(self, one: _Instance) -> tuple[str, ...]:
        keys = dict.fromkeys([*needed(one.step), *self.sources[one.step.key]])
        return tuple(
            dict.fromkeys(
                blocker for key in keys for other in self._related(key, one) for blocker in self._blockers(other, one)
            )
        )

    def _blockers(self, other: _Instance, one: _Instance) -> tuple[str, ...]:
        """What of a needed step is not settled; a step that is not needed passes on what it would have waited for."""
        planned = self.found[other.key]
        if planned.state is StepState.NOT_NEEDED:
            return self.waiting[other.key]
        if planned.state is StepState.FAILED and other.key in self.failed and other.step.handler:
            if other.step.handler == one.step.key:
                return ()
            return tuple(
                blocker
                for handler in self._related(other.step.handler, other)
                for blocker in self._blockers(handler, one)
            )
        return () if planned.closed else (other.key,)

    def _related(self, key: str, one: _Instance) -> tuple[_Instance, ...]:
        """The instances of another step that concern this one: its own item where both are repeated over the same list."""
        many = self.instances[key]
        if one.name is None or not many or many[0].step.for_each != one.step.for_each:
            return many
        return tuple(other for other in many if other.name == one.name) or many

    def _results(self, one: _Instance) -> dict[str, Result]:
        results = {}
        for key in needed(one.step):
            related = self._related(key, one)
            if all(other.key in self.found and not self._blockers(other, one) for other in related):
                present = [other for other in related if not other.absent] or related
                results[key] = _result([self.found[other.key] for other in present])
        return results

    def _preserved(self, one: _Instance) -> bool:
        before = [other for key in all_before(one.step.key, self.graph) for other in self._related(key, one)]
        return any(other.step.preserves and self.found[other.key].state is StepState.DONE for other in before)

    # When ---------------------------------------------------------------------------------------------------------------

    def _retry_at(self, one: _Instance) -> datetime | None:
        was = self._of(one)
        if was.state is not RecordState.FAILED or one.step.retry is None:
            return None
        return was.next_try_at or one.step.retry.next_try_at(was.finished_at or self.now, was.attempts, one.key)

    def _last_end(self, one: _Instance) -> datetime | None:
        ends = [self.ended[other.key] for key in self.graph[one.step.key] for other in self._related(key, one)]
        return max((end for end in ends if end), default=None)

    def _turn_came(self, one: _Instance) -> datetime:
        """When a step's turn came, if the record does not say: with the end of the last it waited for, or now."""
        by_facts = one.step.when is not None or one.step.for_each is not None
        last = None if by_facts else self._last_end(one)
        return last or self.now


def _instances(step: Step, report: Report, record: Mapping[str, StepRecord]) -> Iterator[_Instance]:
    if step.for_each is None:
        yield _Instance(step.key, step)
        return
    items = items_of(step.for_each, report)
    if items is None:
        yield _Instance(step.key, step, unknown=(step.for_each,))
    elif not items:
        yield _Instance(step.key, step, absent=f"the facts list no {step.for_each}")
    for name, item in (items or {}).items():
        yield _Instance(f"{step.key}[{name}]", step, name, item)
    if items and step.key in record:
        yield _Instance(step.key, step, absent=f"the {step.for_each} are known now; it is done once for each")
    begun = [key for key in record if key.startswith(f"{step.key}[") and key.endswith("]")]
    for key in sorted(begun):
        name = key[len(step.key) + 1 : -1]
        if items is None:
            yield _Instance(key, step, name, name, unknown=(step.for_each,))
        elif name not in items:
            yield _Instance(key, step, name, name, absent=f"{name} is no longer among the {step.for_each}")


def _failed(blank: PlannedStep) -> PlannedStep:
    times = f"{blank.attempts} times" if blank.attempts > 1 else "once"
    if blank.step.on_failure == "ask":
        reason = f"it failed {times}: try it again, or skip it with a reason"
        return replace(blank, state=StepState.WAITING_FOR_PERSON, reason=reason, asked=_roles(blank.step))
    follow = {"stop": "the playbook stopped", "continue": "the others go on"}.get(
        blank.step.on_failure, f"{blank.step.handler} takes over"
    )
    return replace(blank, state=StepState.FAILED, reason=f"it failed {times}; {follow}")


def _roles(step: Step) -> tuple[PersonRole, ...]:
    if step.role:
        return (step.role,)
    inputs = step.typed_inputs() if step.action == "ask_person" else None
    return (inputs.role,) if isinstance(inputs, AskPerson) else (PersonRole.COMMANDER,)


def _result(steps: list[PlannedStep]) -> Result:
    outcomes = {_outcome(step) for step in steps}
    return Result(
        outcomes.pop() if len(outcomes) == 1 else "mixed", all(step.state is StepState.DONE for step in steps)
    )


def _outcome(step: PlannedStep) -> str:
    if step.state is StepState.SKIPPED:
        return "refused" if step.outcome == "refused" else "skipped"
    if step.state is StepState.DONE:
        return step.outcome or "done"
    return step.state.value
