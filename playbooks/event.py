"""What happened, as far as a step may wait for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from playbooks.actions import WaitForEvent
from playbooks.step import Step


@dataclass(frozen=True)
class Event:
    """One thing that happened: an event told from outside by its own name, or an entry of the ledger by its kind."""

    name: str
    about: Mapping[str, str]


def awaited(steps: Iterable[Step]) -> tuple[str, ...]:
    """The names of every event that a step waits for, each once."""
    waits = (step.typed_inputs() for step in steps if step.action == "wait_for_event")
    return tuple(dict.fromkeys(inputs.event for inputs in waits if isinstance(inputs, WaitForEvent)))


def has_happened(wait: WaitForEvent, events: Iterable[Event]) -> bool:
    """Whether one of the events is the one waited for."""
    return any(
        event.name == wait.event and all(event.about.get(key) == value for key, value in wait.about.items())
        for event in events
    )
