"""Which laws reach an incident at all, whether or not they then ask for anything."""

from datetime import date

from laws.law import Laws
from laws.verdict import prepared, situation_of
from models.report import Report


def reaching(report: Report, laws: Laws, as_of: date) -> frozenset[str]:
    """The provisions that reach these facts by the law of a day: a duty may still fail on its trigger or an exemption.

    One whose reach is not known counts, since leaving it out would be a decision.
    """
    plan = prepared(laws, as_of)
    situation = situation_of(report, laws, plan)
    return frozenset(name for name, each in plan.items() if each.applies(situation).value is not False)
