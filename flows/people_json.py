"""What acts on the affected people give, as the JSON that the command prints and the HTTP API answers."""

from collections.abc import Iterable

from flows.acts.people_cohorts import Planned
from flows.acts.people_progress import Progress
from flows.as_json import Json
from models.plain import plain


def progress_json(found: Progress) -> Json:
    """Where a sending stands."""
    return {**plain(found), "too_slow": found.too_slow, "sent": found.sent}


def cohorts_json(planned: Planned) -> Json:
    """Who gets which text by which channel, in numbers."""
    assigned = planned.assigned
    return {
        "people": assigned.people,
        "reached": assigned.reached,
        "groups": plain(assigned.groups),
        "languages": _summed((group.language, group.people) for group in assigned.groups),
        "channels": _summed((group.channel, group.people) for group in assigned.groups),
        "unreached": dict(assigned.unreached),
        "lists": plain(planned.lists),
        "rules_sha256": planned.rules_sha256,
    }


def _summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for word, people in pairs:
        totals[word] = totals.get(word, 0) + people
    return totals
