"""Notice duties that come from a contract in the report and not from a law."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from laws.calendars import WEEKENDS
from laws.clock import Due, Period, Setting, period_end
from models.duty import Duty
from models.report import Contract, Report
from models.vocabulary import Audience, Confidence, Verdict


def contract_duties(report: Report, as_of: date, zone: ZoneInfo) -> Iterator[Duty]:
    """One duty for each contract of the report; hours are counted exactly."""
    seen: Counter[str] = Counter()
    for contract in report.contracts:
        name = slug(contract.party)
        seen[name] += 1
        provision = f"contract:{name}" if seen[name] == 1 else f"contract:{name}-{seen[name]}"
        yield _duty(contract, provision, getattr(report.times, contract.start), as_of, zone)


def slug(party: str) -> str:
    """A party's name as part of an id: lower case, words joined by hyphens."""
    return re.sub(r"[\W_]+", "-", party.casefold()).strip("-") or "party"


def _duty(contract: Contract, provision: str, started: datetime | None, as_of: date, zone: ZoneInfo) -> Duty:
    due = Due(None, None, (f"Not started: times.{contract.start} is not known.",))
    if started and contract.within_hours:
        due = period_end(Period(amount=contract.within_hours, unit="hours"), started, Setting(zone, WEEKENDS))
    elif started:
        due = Due(None, None, ("The contract gives no number.",), starts_at=started)
    return Duty(
        provision=provision,
        jurisdiction="contract",
        name=f"Contract with {contract.party}",
        audience=Audience.CONTRACT_PARTY,
        recipient=contract.party,
        channel=contract.contact,
        stage="initial",
        verdict=Verdict.REQUIRED,
        citation=contract.citation or f"Contract with {contract.party}",
        source="the report's own list of contracts",
        version_from=as_of,
        checked=as_of,
        confidence=Confidence.MEDIUM,
        reasons=(f"the report lists a contract with {contract.party} that asks for notice",),
        clock_from=contract.start,
        clock_state="not_started" if not started else "running" if due.due_at else "no_number",
        starts_at=started,
        due_at=due.due_at,
        working=due.steps,
        content=("incident_description", "data_categories", "measures_taken", "contact_point"),
        zone=zone.key,
    )
