from datetime import date
from pathlib import Path

import pytest

from flows.acts.evaluate import evaluate
from flows.acts.people import load_people
from flows.acts.people_cohorts import plan_cohorts, tells
from flows.acts.report import open_incident
from flows.desk import open_desk
from flows.settings import Settings
from laws.assess import assess
from laws.law import load_laws
from models.clock import VirtualClock
from models.document import Document
from models.errors import BadInputError
from models.report import read_report, report_of
from models.vocabulary import Audience
from people.cohort import read_cohorts
from people.columns import Mapping
from playbooks.playbook import BUILT_IN, read_playbook
from tests.conftest import DEMO
from tests.flows.meridia import contain, draft

RULES = """
cohorts:
  cohorts:
    - {name: ours, text: letter, channels: [post]}
"""


def test_a_playbooks_cohorts_take_the_place_of_ours_and_a_file_that_of_both(
    home: Path, clock: VirtualClock, tmp_path: Path
) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "ransomware.yaml").write_text((BUILT_IN / "ransomware.yaml").read_text() + RULES)
    (tmp_path / "people.csv").write_text("name,street,city,country,email\nAnn Lee,1 rue A,Lyon,FR,a@x.example\n")
    (tmp_path / "cohorts.yaml").write_text("cohorts: [{name: theirs, text: email, channels: [email]}]\n")
    desk = open_desk(
        Settings(
            home=home,
            clock=clock.path,
            organisation=DEMO / "organisation.yaml",
            playbooks=tmp_path / "playbooks",
        )
    )
    number = open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by="Nadia Roux")
    contain(desk, number)
    evaluate(desk, number)
    draft(desk, number)
    load_people(desk, number, [str(tmp_path / "people.csv")], Mapping(), by="Nadia Roux")

    of_the_playbook = plan_cohorts(desk, number, None, [])
    of_the_file = plan_cohorts(desk, number, read_cohorts(tmp_path / "cohorts.yaml"), [])

    assert [(group.cohort, group.channel) for group in of_the_playbook.assigned.groups] == [("ours", "post")]
    assert [(group.cohort, group.channel) for group in of_the_file.assigned.groups] == [("theirs", "email")]
    desk.engine.dispose()


CLINIC = {
    "title": "Records of a clinic were copied",
    "cause": "malicious_external",
    "effects": ["confidentiality"],
    "times": {"aware_at": "2026-11-23T08:30:00-08:00"},
    "organisation": {"country": "US", "subdivision": "US-CA", "role": "controller", "sectors": ["health"],
                     "attributes": ["hipaa_covered_entity"]},
    "data": [{"category": name, "encrypted": False} for name in ("name", "health", "social_security_number")],
    "people": [{"jurisdiction": place, "count": 2, "relationship": "patient"} for place in ("US-CA", "US-MA", "US-TX")],
    "circumstances": ["exfiltration_confirmed"],
}  # fmt: skip


def test_a_text_tells_another_duty_if_it_holds_what_that_requires_and_nothing_that_it_forbids() -> None:
    report = report_of(Document(CLINIC, "a test", {}))
    duties = [
        duty for duty in assess(report, load_laws(), date(2026, 11, 23)).duties if duty.audience is Audience.INDIVIDUALS
    ]

    told = tells(duties, report)

    assert "us-tx-individuals" in told["us-hipaa-404"], "Texas names no contents"
    assert "us-hipaa-404" not in told["us-ca-individuals"], "California does not ask for the day of discovery"
    assert "us-ma-individuals" not in told["us-hipaa-404"], "Massachusetts forbids to say what happened"


def test_a_cohort_of_a_playbook_that_cannot_hold_is_told_with_its_line() -> None:
    text = (BUILT_IN / "ransomware.yaml").read_text()
    lines = text.count("\n")
    wrong = RULES.replace("[post]", "[fax]")

    with pytest.raises(BadInputError, match=rf"ransomware\.yaml:{lines + 4}: .*unknown word 'fax'"):
        read_playbook("ransomware.yaml", (text + wrong).encode())
