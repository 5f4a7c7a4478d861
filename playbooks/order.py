"""Which step waits for which."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from playbooks.situation import mentions
from playbooks.step import Step

Graph = Mapping[str, tuple[str, ...]]


def needed(step: Step) -> tuple[str, ...]:
    """The steps that must be settled first: those it names, and those its condition asks about."""
    asked = [question.key for _, question in mentions(step.when)]
    return tuple(dict.fromkeys([*step.needs, *asked]))


def sources(step: Step, steps: Sequence[Step]) -> tuple[str, ...]:
    """The steps whose failure this one takes over, or which it undoes."""
    return tuple(other.key for other in steps if step.key in (other.handler, other.compensate))


def needs_graph(steps: Sequence[Step]) -> Graph:
    """For each step those that it needs."""
    return {step.key: needed(step) for step in steps}


def waits_graph(steps: Sequence[Step]) -> Graph:
    """For each step all that it may have to wait for: what it needs, the handlers of those, and its own sources."""
    handlers = {step.key: step.handler for step in steps}
    graph = {}
    for step in steps:
        first = [*needed(step), *sources(step, steps)]
        taken_over = [handler for key in needed(step) if (handler := handlers.get(key)) and handler != step.key]
        graph[step.key] = tuple(dict.fromkeys([*first, *taken_over]))
    return graph


def cycle_in(graph: Graph) -> list[str]:
    """The steps of a ring, each waiting for the next, the first repeated at the end; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def in_order(graph: Graph) -> list[str]:
    """Every step after all that it waits for; always in the same order."""
    return list(TopologicalSorter(graph).static_order())


def all_before(key: str, graph: Graph) -> set[str]:
    """Every step that must come before, however far back."""
    found: set[str] = set()
    pending = list(graph[key])
    while pending:
        one = pending.pop()
        if one not in found:
            found.add(one)
            pending.extend(graph.get(one, ()))
    return found
