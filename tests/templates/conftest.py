"""A retailer hit by ransomware, with customers in six places, and the briefs that its texts are drafted from."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from models.duty import Duty, Severity
from models.report import Report
from models.vocabulary import Audience, Confidence, Level, Verdict
from templates.brief import Brief, Measure, Voice

MakeDuty = Callable[..., Duty]
MakeBrief = Callable[..., Brief]

FACTS: dict[str, object] = {
    "title": "Ransomware on the shop platform",
    "kind": "ransomware",
    "cause": "malicious_external",
    "effects": ["confidentiality", "availability"],
    "times": {
        "occurred_from": "2026-03-01T08:00:00+01:00",
        "occurred_to": "2026-03-02T05:30:00+01:00",
        "detected_at": "2026-03-02T06:10:00+01:00",
        "aware_at": "2026-03-02T09:00:00+01:00",
    },
    "organisation": {
        "name": "Example Retail SA",
        "country": "FR",
        "timezone": "Europe/Paris",
        "role": "controller",
        "establishments": ["FR", "DE"],
        "sectors": ["retail"],
    },
    "data": [
        {"category": "name", "encrypted": False},
        {"category": "contact", "encrypted": False},
        {"category": "credentials", "encrypted": False},
        {"category": "social_security_number", "encrypted": False},
    ],
    "records": 412_000,
    "people": [
        {"jurisdiction": "FR", "count": 3800, "relationship": "customer"},
        {"jurisdiction": "DE", "count": 1200, "relationship": "customer"},
        {"jurisdiction": "US-CA", "count": 640, "relationship": "customer"},
        {"jurisdiction": "US-MA", "count": 91, "relationship": "customer"},
        {"jurisdiction": "CN", "count": 70, "relationship": "customer"},
    ],
    "circumstances": ["ransom_demanded", "exfiltration_confirmed", "service_disrupted"],
}
GDPR_33 = (
    *("incident_description", "subject_categories", "affected_count", "data_categories", "record_count", "dpo_contact"),
    *("contact_point", "likely_consequences", "measures_taken", "measures_planned", "delay_reasons"),
)


@pytest.fixture
def facts() -> dict[str, object]:
    """The facts of the retailer's breach, to be changed by a test as it likes."""
    return dict(FACTS)


@pytest.fixture
def report(facts: dict[str, object]) -> Report:
    return Report.model_validate(facts)


@pytest.fixture
def voice() -> Voice:
    return Voice(
        organisation="Example Retail SA",
        contact_name="Camille Martin",
        contact_email="privacy@example-retail.com",
        contact_phone="+33 1 70 00 00 00",
        hotline="+33 800 00 00 00",
        website="https://www.example-retail.com/incident",
        address="1 rue de l'Exemple, 75001 Paris, France",
        dpo_name="Dominique Petit",
        dpo_email="dpo@example-retail.com",
        signatory="Alex Bernard",
        signatory_title="Managing Director",
    )


@pytest.fixture
def make_duty() -> MakeDuty:
    """A duty: by itself the first filing under Article 33 GDPR."""
    usual = Duty(
        provision="eu-gdpr-33",
        jurisdiction="EU",
        name="GDPR - notification to the supervisory authority",
        audience=Audience.AUTHORITY,
        recipient="CNIL",
        stage="initial",
        verdict=Verdict.REQUIRED,
        citation="Regulation (EU) 2016/679, Art. 33(1)",
        source="https://eur-lex.europa.eu/eli/reg/2016/679/oj",
        version_from=date(2018, 5, 25),
        checked=date(2026, 11, 23),
        confidence=Confidence.HIGH,
        reasons=(),
        due_at=datetime(2026, 3, 5, 8, tzinfo=UTC),
        content=GDPR_33,
        phased=True,
    )

    def make(**changes: object) -> Duty:
        return replace(usual, **changes)  # type: ignore[arg-type]  # a test names the fields of a duty

    return make


@pytest.fixture
def make_brief(report: Report, voice: Voice, make_duty: MakeDuty) -> MakeBrief:
    """A brief: by itself that of the filing to the CNIL in English, the day after awareness."""
    usual = Brief(
        number="INC-2026-0001",
        report=report,
        facts_version=2,
        severity=Severity("enisa-2013", 3.25, Level.HIGH, {"dpc": 3.0, "ei": 1.0, "cb": 0.25}, ()),
        audience=Audience.AUTHORITY,
        language="en",
        voice=voice,
        duty=make_duty(),
        measures=(
            Measure(
                {"en": "The affected servers were taken off the network.", "zh": "已将受影响的服务器断网隔离。"},
                datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
            ),
            Measure(
                {"en": "All passwords were reset.", "zh": "已重置全部密码。"}, datetime(2026, 3, 2, 11, tzinfo=UTC)
            ),
            Measure({"en": "Systems will be rebuilt from clean backups.", "zh": "利用未受影响的备份重建系统。"}),
        ),
        now=datetime(2026, 3, 3, 14, tzinfo=UTC),
        zone="Europe/Paris",
        others_told=("CNIL",),
    )

    def make(**changes: object) -> Brief:
        duty = changes.get("duty", usual.duty)
        audience = duty.audience if isinstance(duty, Duty) else usual.audience
        return replace(usual, **({"audience": audience} | changes))  # type: ignore[arg-type]  # fields of a brief

    return make
