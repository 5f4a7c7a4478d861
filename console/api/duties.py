"""Duties: what the law asks, and the decision on what the facts leave undecided."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from console.asked import ReportDocument, Why, documented
from console.may import REPORTS, SEES, Decides
from console.once import OnceRoute
from console.signed_in import AtDesk, Visible
from flows.acts.evaluate import assess_incident, decide
from flows.as_json import Json
from laws.assess import assess
from laws.assessment import assessment_json
from models.report import report_of
from models.vocabulary import Verdict

router = APIRouter(tags=["duties"], route_class=OnceRoute)
AsOf = Annotated[date | None, Query(description="Read the law of that day; default: today.")]


@router.get("/incidents/{number}/assessment", dependencies=[SEES])
def assessment(desk: AtDesk, number: Visible, as_of: AsOf = None) -> Json:
    """Severity and every duty, with reasons and citations; keeps nothing."""
    return assessment_json(assess_incident(desk, number, as_of))


@router.post(
    "/assessment", openapi_extra=documented("Report", "Facts of a breach, real or thought of."), dependencies=[REPORTS]
)
def assess_report(desk: AtDesk, document: ReportDocument, as_of: AsOf = None) -> Json:
    """The same for a report of which no incident is opened."""
    return assessment_json(assess(report_of(document), desk.laws, as_of or desk.clock().date()))


class Decision(Why):
    """The answer to a duty that the facts leave undecided."""

    verdict: Literal["required", "not_required"]


@router.post("/incidents/{number}/duties/{provision}/decision")
def decided(viewer: Decides, desk: AtDesk, number: Visible, provision: str, asked: Decision) -> Json:
    """Decide it; the answer holds until the facts decide it. 409 for one that they decide already."""
    decide(desk, number, provision, Verdict(asked.verdict), reason=asked.reason, by=viewer.name)
    return {"number": number, "provision": provision, "verdict": asked.verdict, "by": viewer.name}
