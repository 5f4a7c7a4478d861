"""An assessment and a clock as the JSON documents that the product publishes; times in UTC."""

from collections.abc import Sequence
from datetime import datetime

from laws.clock import Due
from models.clock import rfc3339
from models.duty import Assessment, Duty, Severity

DISCLAIMER = (
    "Not legal advice: facts about laws, each with its citation and the day it was last checked, for review by counsel."
)
Json = dict[str, object]


def assessment_json(assessment: Assessment) -> Json:
    """The assessment as plain JSON values, duties in the order of the laws."""
    return {
        "number": assessment.number,
        "facts_version": assessment.facts_version,
        "as_of": assessment.as_of.isoformat(),
        "severity": severity_json(assessment.severity),
        "duties": [duty_json(duty) for duty in assessment.duties],
        "assumptions": list(assessment.assumptions),
        "disclaimer": DISCLAIMER,
    }


def severity_json(severity: Severity) -> Json:
    """The severity as plain JSON values."""
    return {
        "method": severity.method,
        "score": severity.score,
        "level": severity.level.value,
        "terms": dict(severity.terms),
        "reasons": list(severity.reasons),
    }


def duty_json(duty: Duty) -> Json:
    """One duty as plain JSON values."""
    return {
        "provision": duty.provision,
        "jurisdiction": duty.jurisdiction,
        "name": duty.name,
        "audience": duty.audience.value,
        "recipient": duty.recipient,
        "stage": duty.stage,
        "verdict": duty.verdict.value,
        "advice": duty.advice,
        "clock_from": duty.clock_from,
        "clock_state": duty.clock_state,
        "standard": duty.standard,
        "starts_at": _time(duty.starts_at),
        "due_at": _time(duty.due_at),
        "due_statutory": _time(duty.due_statutory),
        "zone": duty.zone,
        "working": list(duty.working),
        "citation": duty.citation,
        "source": duty.source,
        "version_from": duty.version_from.isoformat(),
        "checked": duty.checked.isoformat(),
        "confidence": duty.confidence.value,
        "reasons": list(duty.reasons),
        "missing_facts": list(duty.missing_facts),
        "content": list(duty.content),
        "phased": duty.phased,
        "language": duty.language,
        "channel": duty.channel,
        "notes": list(duty.notes),
    }


def due_json(provision: str, found: Sequence[Due]) -> Json:
    """A provision's clock as plain JSON values: its first stage, and the further ones beside it."""
    first, *others = found
    return {"provision": provision, **_due(first), "stages": [_due(each) for each in others]}


def _due(due: Due) -> Json:
    return {
        "stage": due.stage,
        "starts_at": _time(due.starts_at),
        "due_at": _time(due.due_at),
        "due_statutory": _time(due.due_statutory),
        "steps": list(due.steps),
    }


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
