"""How one version of a playbook differs from another, in lines that a person can read before moving an incident over."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.difference import changes
from playbooks.playbook import Playbook, body_of


def diff(old: Playbook, new: Playbook) -> list[str]:
    """What changed, one line each: the playbook's own rules, steps added and removed, then each changed step."""
    before, after = body_of(old), body_of(new)
    was, now = _by_key(before.pop("steps")), _by_key(after.pop("steps"))
    lines = list(_changed("", before, after))
    lines += [f"step {key} is new: {now[key]['title']['en']}" for key in now if key not in was]
    lines += [f"step {key} is gone: {was[key]['title']['en']}" for key in was if key not in now]
    for key in was:
        if key in now:
            lines += _changed(f"step {key}: ", was[key], now[key])
    kept = [key for key in was if key in now]
    if kept != [key for key in now if key in was]:
        lines.append("the steps are listed in another order")
    return lines


def _by_key(steps: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:  # Any: plain JSON
    return {step["key"]: step for step in steps}


def _changed(where: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:  # Any: plain JSON
    for path, was, now in changes(before, after):
        if was is None:
            yield f"{where}{path} is now {_shown(now)}"
        elif now is None:
            yield f"{where}{path} is no longer {_shown(was)}"
        else:
            yield f"{where}{path} was {_shown(was)}, now {_shown(now)}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return repr(value) if isinstance(value, str) and " " in value else str(value)
