"""The list of incidents that somebody may know of, the one whose clock runs out first at the top, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session, col, func, select

from flows.acts.membership import visible_to
from flows.acts.overview import IncidentLine, overview
from flows.acts.severity import severity_in
from flows.desk import Desk
from models.report import Report
from models.store import reading
from models.tables import FactsVersion, Incident

A_PAGE = 50


@dataclass(frozen=True)
class IncidentPage:
    """One page of the list, and how many incidents there are in all."""

    lines: tuple[IncidentLine, ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages the list has."""
        return max(-(-self.total // A_PAGE), 1)


def incident_list(desk: Desk, person_id: int, *, closed: bool = False, page: int = 1) -> IncidentPage:
    """A page (the first is 1) of the incidents that the person may know of; closed ones only when asked."""
    lines = overview(desk, person_id, which="all" if closed else "open", limit=A_PAGE, skip=(page - 1) * A_PAGE)
    with reading(desk.engine) as session:
        shown = select(func.count()).select_from(Incident).where(visible_to(person_id))
        total = session.exec(shown if closed else shown.where(Incident.state == "open")).one()
        severity = _severity(desk, session, [line.place[1] for line in lines if line.severity is None])
    shown_lines = (replace(line, severity=line.severity or severity[line.place[1]]) for line in lines)
    return IncidentPage(tuple(shown_lines), total, page)


def _severity(desk: Desk, session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The severity of those of which no law was applied to the facts yet."""
    if not ids:
        return {}
    found = session.exec(
        select(FactsVersion.incident_id, FactsVersion.report)
        .join(Incident, col(Incident.id) == col(FactsVersion.incident_id))
        .where(col(Incident.id).in_(ids), FactsVersion.version == Incident.facts_version)
    )
    return {incident: severity_in(desk, Report.model_validate(report)).level.value for incident, report in found}
