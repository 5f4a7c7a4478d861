from datetime import date

from laws.law import load_laws
from laws.scope import reaching
from models.report import Report

DAY = date(2026, 11, 23)


def test_a_law_reaches_an_incident_that_its_trigger_leaves_out() -> None:
    report = Report.model_validate(
        {
            "title": "A lost laptop, encrypted",
            "organisation": {"country": "FR", "establishments": ["FR"], "role": "controller", "sectors": ["retail"]},
            "data": [{"category": "name", "encrypted": True, "key_compromised": False}],
            "people": [{"jurisdiction": "FR", "count": 3}],
        }
    )

    found = reaching(report, load_laws(), DAY)

    assert {"eu-gdpr-33", "eu-gdpr-34"} <= found
    assert not {"us-ca-individuals", "us-ny-individuals", "cn-pipl-57-authority"} & found


def test_where_the_reach_is_not_known_the_law_counts() -> None:
    found = reaching(Report.model_validate({"title": "Something happened"}), load_laws(), DAY)

    assert "eu-gdpr-33" in found
