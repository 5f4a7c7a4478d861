"""A report typed in Slack: the few facts of its form as a report like any other."""

from collections.abc import Mapping
from datetime import UTC, datetime

from flows.acts.playbook import start_playbook
from flows.acts.report import open_incident
from flows.desk import Desk
from models.clock import rfc3339
from models.document import Document
from models.errors import BadInputError
from models.report import Report, report_of


def report_from(desk: Desk, fields: Mapping[str, object]) -> Report:
    """The form's fields as a report; raises `BadInputError` in one line. What was left open stays unknown."""
    aware = fields.get("aware_at")
    return report_of(
        Document(
            {
                "title": fields.get("title"),
                "kind": fields.get("kind"),
                "times": {"aware_at": rfc3339(datetime.fromtimestamp(aware, UTC))} if isinstance(aware, int) else {},
                "organisation": {"name": desk.organisation.name},
                "data": [{"category": one} for one in _list(fields.get("data"))] or None,
                "people": _people(str(fields.get("people") or "")),
            },
            "the report",
            {},
        )
    )


def open_from_slack(desk: Desk, report: Report, *, by: str, respond: bool) -> str:
    """Open the incident, and choose its playbook where that is wanted, so that the next run carries it; gives its number."""
    number = open_incident(desk, report, by=by)
    if respond:
        start_playbook(desk, number)
    return number


def _people(text: str) -> list[dict[str, object]] | None:
    """`FR 1200, DE`: groups by jurisdiction, each with a number where one is given."""
    groups: list[dict[str, object]] = []
    for part in text.split(","):
        place, *count = part.split()[:2] or [""]
        if count and not count[0].isdigit():
            raise BadInputError(f"{part.strip()!r}: write a country code and then a number, such as FR 1200")
        if place:
            groups.append({"jurisdiction": place.upper(), "count": int(count[0]) if count else None})
    return groups or None


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
