"""STIX 2.1 incidents: one object or a bundle, with the incident core extension where it is there.

Source: https://docs.oasis-open.org/cti/stix/v2.1/ and https://github.com/oasis-open/cti-stix-common-objects
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import Field, NonNegativeInt

from integrations.intake.source import (
    Headers,
    IncomingAlert,
    Part,
    Source,
    as_model,
    json_of,
    link_or_none,
    on_one_line,
    summary_of,
    times_of,
)
from models.errors import BadInputError
from models.report import ExposedData, Report
from models.vocabulary import Category, Circumstance, Effect, Kind, Level

CORE = "extension-definition--ef765651-680c-498d-9894-99799f2fa126"
_KINDS = {
    "ransomware": Kind.RANSOMWARE,
    "equipment-theft": Kind.LOST_OR_STOLEN_DEVICE,
    "equipment-loss": Kind.LOST_OR_STOLEN_DEVICE,
    "data-exfiltration": Kind.EXFILTRATION,
    "exfiltration": Kind.EXFILTRATION,
    "phishing": Kind.SOCIAL_ENGINEERING,
    "social-engineering": Kind.SOCIAL_ENGINEERING,
    "insider-breach": Kind.INSIDER_MISUSE,
    "insider-threat": Kind.INSIDER_MISUSE,
    "improper-usage": Kind.INSIDER_MISUSE,
    "misconfiguration": Kind.MISCONFIGURATION,
    "brute-force-attempt": Kind.CREDENTIAL_ATTACK,
    "data-loss": None,
}
_CATEGORIES = {
    "phi": Category.HEALTH,
    "credentials-user": Category.CREDENTIALS,
    "credentials-admin": Category.CREDENTIALS,
    "financial": Category.FINANCIAL_ACCOUNT,
    "proprietary": Category.TRADE_SECRET,
}
_NOT_LOST = frozenset({"none", "contained"})
_DISCOVERED = frozenset({"discovery", "detection", "declared"})


class _Activity(Part):
    activity_type: str = ""
    start_time: str | None = None
    end_time: str | None = None


class _Loss(Part):
    information_type: str = ""
    loss_type: str = ""
    record_count: NonNegativeInt | None = None


class _Core(Part):
    determination: str = ""
    investigation_status: str = ""
    criticality: float | None = None
    incident_types: list[str] = Field([])
    attacker_activities: list[_Activity] = Field([])
    defender_activities: list[_Activity] = Field([])
    confidentiality_impacts: list[_Loss] = Field([])
    availability_impacts: list[dict[str, Any]] = Field([])  # Any: parts of it that we read by name
    integrity_impacts: list[dict[str, Any]] = Field([])
    impacted_entity_counts: dict[str, int] = Field({})
    impact_refs: list[str] = Field([])


class _Incident(Part):
    id: str
    name: str | None = None
    description: str | None = None
    modified: str = ""
    revoked: bool = False
    extensions: dict[str, dict[str, Any]] = Field({})  # Any: each extension has its own shape
    external_references: list[dict[str, Any]] = Field([])


class _Impact(Part):
    id: str
    impact_category: str = ""
    end_time: str | None = None
    extensions: dict[str, dict[str, Any]] = Field({})


def read(body: bytes, headers: Headers) -> list[IncomingAlert]:  # noqa: ARG001 - every source is read so
    """An alert for each incident object; raises `BadInputError` where there is none."""
    message: Any = json_of(body, "stix")
    objects = message.get("objects", [message]) if isinstance(message, dict) else message
    known = [each for each in objects if isinstance(each, dict)] if isinstance(objects, list) else []
    incidents = [as_model(_Incident, each, "stix") for each in known if each.get("type") == "incident"]
    if not incidents:
        raise BadInputError("stix: no object of type `incident`; send the incident, or a bundle that holds it")
    impacts = {
        each["id"]: as_model(_Impact, each, "stix") for each in known if each.get("type") == "impact" and "id" in each
    }
    return [_alert(incident, impacts) for incident in incidents]


def _alert(incident: _Incident, impacts: Mapping[str, _Impact]) -> IncomingAlert:
    core = as_model(_Core, incident.extensions.get(CORE, {}), "stix")
    mine = [impacts[ref] for ref in core.impact_refs if ref in impacts]
    return IncomingAlert(
        source="stix",
        event=f"{incident.id}:{incident.modified}",
        about=incident.id,
        report=_report(incident, core, mine),
        level=_level(core.criticality),
        summary=summary_of(incident.description),
        link=next(filter(None, (link_or_none(str(ref.get("url", ""))) for ref in incident.external_references)), None),
        resolved=incident.revoked or core.determination in ("false-positive", "blocked"),
        warnings=tuple(_doubts(core)),
    )


def _report(incident: _Incident, core: _Core, impacts: Sequence[_Impact]) -> Report:
    attacks = core.attacker_activities
    found = [each.start_time for each in core.defender_activities if each.activity_type in _DISCOVERED]
    categories = dict.fromkeys(
        _CATEGORIES[each.information_type]
        for each in core.confidentiality_impacts
        if each.information_type in _CATEGORIES
    )
    ransom = [variety for each in impacts for variety in _varieties(each)]
    counts = [each.record_count for each in core.confidentiality_impacts if each.record_count is not None]
    return Report(
        title=on_one_line(incident.name),
        kind=next((_KINDS[word] for word in core.incident_types if _KINDS.get(word)), None),
        effects=_effects(core, impacts) or None,
        times=times_of(
            occurred_from=_earliest(each.start_time for each in attacks),
            occurred_to=_latest(each.end_time for each in attacks),
            detected_at=_earliest(found),
            ransom_paid_at=next((each.end_time for each in impacts if "ransom-payment" in _varieties(each)), None),
        ),
        data=[ExposedData(category=category) for category in categories] or None,
        records=sum(counts) if counts else None,
        circumstances=[Circumstance.RANSOM_DEMANDED] if ransom else [],
    )


def _varieties(impact: _Impact) -> list[str]:
    """What kinds of ransom an impact speaks of."""
    said = str(impact.extensions.get("monetary", {}).get("variety", ""))
    return [said] if said.startswith("ransom") else []


def _effects(core: _Core, impacts: Sequence[_Impact]) -> list[Effect]:
    """What the incident did to data and services, where it is said that it did something."""
    categories = {each.impact_category for each in impacts}
    down = any(str(each.get("availability_impact", "0")) not in ("0", "0.0") for each in core.availability_impacts)
    altered = any(each.get("alteration") not in (None, "none") for each in core.integrity_impacts)
    lost = any(each.loss_type not in _NOT_LOST for each in core.confidentiality_impacts)
    found = {
        Effect.CONFIDENTIALITY: lost or "confidentiality" in categories,
        Effect.INTEGRITY: altered or "integrity" in categories,
        Effect.AVAILABILITY: down or "availability" in categories,
    }
    return [effect for effect, is_there in found.items() if is_there]


def _earliest(times: Iterable[str | None]) -> str | None:
    return min(filter(None, times), default=None)


def _latest(times: Iterable[str | None]) -> str | None:
    return max(filter(None, times), default=None)


def _level(criticality: float | None) -> Level | None:
    """The criticality of 0 to 100 in quarters."""
    bands = ((75, Level.VERY_HIGH), (50, Level.HIGH), (25, Level.MEDIUM))
    return None if criticality is None else next((level for least, level in bands if criticality >= least), Level.LOW)


def _doubts(core: _Core) -> list[str]:
    people = core.impacted_entity_counts.get("individual")
    said = [f"{people} individuals are affected by the record; say in `people` where they live"] if people else []
    if any(each.information_type == "pii" for each in core.confidentiality_impacts):
        said.append("personal data without saying which; list them in `data`")
    return said


SOURCE = Source("stix", "STIX 2.1 incident", read)
