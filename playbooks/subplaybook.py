"""A step that is a whole playbook, unfolded into that playbook's steps, so that what runs is one flat and self-contained list."""

from collections.abc import Mapping, Sequence

from playbooks.situation import RawCondition
from playbooks.step import Step


def unfolded(group: Step, inside: Sequence[Step]) -> list[Step]:
    """The steps of a sub-playbook under the key of the step that names it, and that step itself, done once they are.

    They start after what the group needs, under its condition, and once per item where it is repeated.
    """
    parts = [_moved(step, group) for step in inside]
    joined = group.model_copy(update={"needs": (*group.needs, *(part.key for part in parts))})
    return [*parts, joined]


def _moved(step: Step, group: Step) -> Step:
    under = f"{group.key}/"
    return step.model_copy(
        update={
            "key": under + step.key,
            "needs": tuple(under + key for key in step.needs) or group.needs,
            "when": _both(group.when, _renamed(step.when, under)),
            "for_each": group.for_each or step.for_each,
            "on_failure": f"step:{under}{step.handler}" if step.handler else step.on_failure,
            "compensate": under + step.compensate if step.compensate else None,
        }
    )


def _both(outer: RawCondition | None, inner: RawCondition | None) -> RawCondition | None:
    return {"all": [outer, inner]} if outer and inner else outer or inner


def _renamed(condition: RawCondition | None, under: str) -> RawCondition | None:
    if condition is None:
        return None
    [(word, argument)] = condition.items()
    if word == "step":
        return {word: {**argument, "key": under + argument["key"]}}
    if word == "not":
        return {word: _renamed(argument, under)}
    if word in ("all", "any"):
        return {word: [_renamed(part, under) for part in argument]}
    return condition


def recursion_in(name: str, parts: Mapping[str, Sequence[str]]) -> list[str]:
    """The playbooks of a ring that leads from `name` back to itself; empty where there is none."""
    trail: list[str] = []

    def walk(current: str) -> bool:
        trail.append(current)
        for part in parts.get(current, ()):
            if part == name or (part not in trail and walk(part)):
                return True
        trail.pop()
        return False

    return [*trail, name] if walk(name) else []
