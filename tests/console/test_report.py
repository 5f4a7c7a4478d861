from collections.abc import Mapping

import pytest

from console.controls import Ask, control, facts_in, given_by, row_paths
from flows.acts.membership import members_of
from flows.acts.report import open_incident
from flows.desk import Desk
from models.errors import BadInputError
from models.incident import facts_of, find
from models.report import Report, read_report
from models.store import reading
from models.vocabulary import PersonRole
from tests.conftest import DEMO
from tests.console.conftest import SignInAs, csrf

FORM: Mapping[str, object] = {
    "title": "Laptop <script>alert(1)</script> stolen",
    "kind": "lost_or_stolen_device",
    "times.detected_at": "2026-11-22T18:30",
    "times.aware_at": "2026-11-23T09:00",
    "organisation.timezone": "Europe/Paris",
    "organisation.country": "FR",
    "organisation.role": "controller",
    "organisation.establishments": "FR, DE",
    "organisation.attributes": ["", "-"],
    "people[0].jurisdiction": "FR",
    "people[0].count": "4,000",
    "people[0].relationship": "patient",
    "people[0].minors": "",
    "people[1].jurisdiction": "",
    "data.category": ["health", "name"],
    "data.encrypted": "no",
    "effects": ["confidentiality", ""],
    "circumstances": "",
    "cause": "",
}


def facts(desk: Desk, number: str) -> Report:
    """The latest facts."""
    with reading(desk.engine) as session:
        return facts_of(session, find(session, number))


def test_a_filled_form_opens_an_incident_with_its_duties_and_its_playbook(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Sam Okoro", PersonRole.COMMANDER)
    token = csrf(page.get("/report").text)

    sent = page.post("/report", data={**FORM, "csrf": token})

    assert sent.status_code == 303
    number = sent.headers["location"].rpartition("/")[2]
    known = facts(desk, number)
    assert known.people is not None
    assert known.people[0].model_dump() == {
        "jurisdiction": "FR",
        "count": 4000,
        "relationship": "patient",
        "minors": None,
        "vulnerable": None,
        "languages": None,
    }
    assert len(known.people) == 1, "an empty row is nobody"
    assert str(known.times.aware_at) == "2026-11-23 09:00:00+01:00"
    assert (known.organisation.attributes, known.organisation.sectors, known.cause) == ([], None, None)
    assert known.organisation.establishments == ["FR", "DE"]
    assert [(item.category, item.encrypted) for item in known.data or ()] == [("health", False), ("name", False)]
    assert "Sam Okoro" in members_of(desk, number)
    shown = page.get(sent.headers["location"]).text
    assert "eu-gdpr-33" in shown
    assert "step_state" not in shown
    assert "<script>alert" not in shown


def test_a_title_is_enough(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Nadia Roux", PersonRole.REPORTER)
    token = csrf(page.get("/report").text)

    sent = page.post("/report", data={"title": "Something is wrong", "csrf": token})

    assert page.get(sent.headers["location"]).status_code == 200


def test_the_preview_says_what_would_follow_and_keeps_nothing(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Sam Okoro", PersonRole.COMMANDER)
    token = csrf(page.get("/report").text)

    empty = page.post("/report/preview", data={"csrf": token}).text
    filled = page.post("/report/preview", data={**FORM, "csrf": token}).text

    assert "GDPR - notification of a personal data breach" not in empty
    assert "GDPR - notification of a personal data breach" in filled
    assert "26 Nov 2026" in filled, "72 hours after they became aware"
    assert page.get("/").text.count("INC-") == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": ""}, "title"),
        ({"people[0].count": "many"}, "people.0.count"),
        ({"times.aware_at": "yesterday"}, "is not a time"),
        ({"organisation.timezone": "Mars/Base"}, "Mars/Base"),
        ({"kind": "fire"}, "unknown word"),
        ({"people[0].jurisdiction": "XX"}, "ISO 3166"),
        ({"people[99999999].jurisdiction": "FR"}, "at most 500 rows"),
        ({"times": "now"}, "part by part"),
        ({"impact.nothing": "1"}, "is not a fact"),
    ],
)
def test_what_cannot_be_right_is_said_and_what_was_filled_in_stays(
    signed_in_as: SignInAs, wrong: dict[str, str], said: str
) -> None:
    page = signed_in_as("Sam Okoro", PersonRole.COMMANDER)
    token = csrf(page.get("/report").text)

    sent = page.post("/report", data={**FORM, **wrong, "csrf": token})

    assert sent.status_code == 422
    assert said in sent.text
    assert 'type="datetime-local" value="2026-11-22T18:30"' in sent.text


def test_a_report_that_another_site_sends_is_refused(signed_in_as: SignInAs) -> None:
    page = signed_in_as("Sam Okoro", PersonRole.COMMANDER)

    assert page.post("/report", data={**FORM, "csrf": "made up"}).status_code == 403
    assert page.post("/report/preview", data={**FORM}).status_code == 403


def test_the_next_report_begins_with_the_organisation_as_the_last_one_gave_it(
    desk: Desk, signed_in_as: SignInAs
) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    number = open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by="Lea Martin")

    shown = page.get("/report").text

    assert f"As in {number}" in shown
    assert 'value="Meridia Mobility SA"' in shown
    assert "<option selected>Europe/Paris</option>" in shown


def test_what_a_form_shows_it_states_again() -> None:
    known = read_report(str(DEMO / "first_facts.yaml")).model_dump(mode="json", by_alias=True)
    paths = [
        "kind",
        "effects",
        "organisation.establishments",
        "organisation.attributes",
        "times.aware_at",
        "records",
        "circumstances",
        *row_paths(known, "people"),
        *row_paths(known, "data"),
    ]

    stated = facts_in(given_by(known, "Europe/Paris", paths), "Europe/Paris", known)

    assert {name: known[name] for name in ("kind", "effects", "records", "people", "data", "circumstances")} == {
        name: value for name, value in stated.items() if name not in ("organisation", "times")
    }
    assert stated["times"]["aware_at"] == "2026-11-23T08:30:00+01:00"


@pytest.mark.parametrize(
    ("path", "ask"),
    [("people[3].minors", Ask.YES_NO), ("times.aware_at", Ask.TIME), ("effects", Ask.CHOICES), ("data", Ask.ROWS)],
)
def test_a_fact_is_asked_for_by_its_kind(path: str, ask: Ask) -> None:
    assert control(path).ask is ask


def test_a_path_that_no_report_has_is_refused() -> None:
    with pytest.raises(BadInputError, match="is not a fact"):
        control("people[0].shoe_size")
