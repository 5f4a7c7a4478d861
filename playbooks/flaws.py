"""What is wrong with a playbook's steps beyond their form: found when it is loaded, never in the middle of an incident."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from models.condition import ConditionError, parse_condition
from models.document import explained, nearest
from playbooks.actions import ACTIONS
from playbooks.order import all_before, cycle_in, needs_graph, waits_graph
from playbooks.situation import PLAYBOOK_WORDS, StepQuestion, mentions
from playbooks.step import Step

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Flaw:
    """One thing that is wrong, and where in the file it stands."""

    location: Location
    message: str


def flaws_in(steps: Sequence[Step]) -> list[Flaw]:
    """Every flaw of the steps taken together; the later checks need the earlier ones to find none."""
    for check in (_alone, _references, _conditions, _cycles, _destruction):
        if found := list(check(steps)):
            return found
    return []


def _alone(steps: Sequence[Step]) -> Iterator[Flaw]:
    seen: set[str] = set()
    for index, step in enumerate(steps):
        at = ("steps", index)
        if step.key in seen:
            yield Flaw((*at, "key"), f"two steps are called {step.key!r}; rename one")
        seen.add(step.key)
        yield from _action(step, at)
        if step.preserves and not step.evidence and not (step.action and ACTIONS[step.action].preserves):
            yield Flaw((*at, "preserves"), f"{step.key} preserves but records nothing; name its `evidence`")


def _action(step: Step, at: Location) -> Iterator[Flaw]:
    if step.action is None:
        return
    if step.action not in ACTIONS:
        yield Flaw((*at, "action"), f"unknown action {step.action!r}{nearest(step.action, ACTIONS)}")
        return
    try:
        step.typed_inputs()
    except ValidationError as error:
        detail = error.errors()[0]
        yield Flaw((*at, "with", *detail["loc"]), f"{step.action}: {explained(detail, ACTIONS[step.action].inputs)}")


def _references(steps: Sequence[Step]) -> Iterator[Flaw]:
    keys = [step.key for step in steps]
    for index, step in enumerate(steps):
        at = ("steps", index)
        named: list[tuple[Location, str]] = [(("needs", place), key) for place, key in enumerate(step.needs)]
        named += [(("on_failure",), step.handler)] if step.handler else []
        named += [(("compensate",), step.compensate)] if step.compensate else []
        for place, key in named:
            if key == step.key:
                yield Flaw((*at, *place), f"{step.key} names itself in `{place[0]}`; remove that")
            elif key not in keys:
                yield Flaw((*at, *place), f"{step.key}: no step is called {key!r}{nearest(key, keys)}")


def _conditions(steps: Sequence[Step]) -> Iterator[Flaw]:
    by_key = {step.key: step for step in steps}
    for index, step in enumerate(steps):
        if step.when is None:
            continue
        at = ("steps", index, "when")
        try:
            parse_condition(step.when, PLAYBOOK_WORDS)
        except ConditionError as error:
            yield Flaw((*at, *error.location), f"{step.key}: {error}")
            continue
        for place, question in mentions(step.when):
            yield from _question(step, question, by_key, (*at, *place))


def _question(step: Step, question: StepQuestion, by_key: dict[str, Step], at: Location) -> Iterator[Flaw]:
    asked = by_key.get(question.key)
    if asked is None or asked is step:
        hint = (
            "it cannot ask about itself"
            if asked
            else f"no step is called {question.key!r}{nearest(question.key, by_key)}"
        )
        yield Flaw((*at, "key"), f"{step.key}: {hint}")
        return
    for outcome in question.outcome:
        if outcome not in asked.possible_outcomes:
            yield Flaw(
                (*at, "outcome"),
                f"{step.key}: {asked.key} never comes out as {outcome!r}{nearest(outcome, asked.possible_outcomes)}",
            )


def _cycles(steps: Sequence[Step]) -> Iterator[Flaw]:
    ring = cycle_in(needs_graph(steps)) or cycle_in(waits_graph(steps))
    if ring:
        first = next(index for index, step in enumerate(steps) if step.key in ring)
        start = ring.index(steps[first].key)
        turned = [*ring[start:-1], *ring[:start], steps[first].key]
        place = "needs" if steps[first].needs else "when" if steps[first].when else "key"
        yield Flaw(("steps", first, place), f"a cycle: {' needs '.join(turned)}; none of them could ever start")


def _destruction(steps: Sequence[Step]) -> Iterator[Flaw]:
    graph = needs_graph(steps)
    preserving = {step.key for step in steps if step.preserves}
    for index, step in enumerate(steps):
        if step.destroys and not all_before(step.key, graph) & preserving:
            yield Flaw(
                ("steps", index, "destroys"),
                f"{step.key} destroys evidence, but no step with `preserves: true` is among those it needs; add one to `needs`",
            )
