import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from console.app import create_app
from flows.acts.membership import add_to_incident
from flows.acts.people import load_people
from flows.acts.people_cases import words_of
from flows.acts.people_proof import verify_proof
from flows.acts.sightings import sightings
from flows.acts.tokens import Scope, make_token
from flows.desk import Desk
from models.incident import find, identity
from models.store import writing
from models.tables import PeopleSending, PersonDelivery
from people.columns import Mapping
from tests.console.api.conftest import is_as_described
from tests.flows.affected import NUMBER, assign_people, french
from tests.flows.meridia import CARE, COMMANDER, LEGAL, PR, REPORTER, TEAM, ledger, notices

NAME = "Zebulon Planted"
PEOPLE = f"/incidents/{NUMBER}/people"


@pytest.fixture
def browser(drafted: Desk) -> Iterator[TestClient]:
    """A browser on the demo's drafted incident, of which everybody of the team is a member."""
    for name in TEAM:
        add_to_incident(drafted, NUMBER, name, by="Ada")
    with TestClient(create_app(drafted), base_url="http://testserver", follow_redirects=False) as client:
        client.event_hooks = {"response": [is_as_described]}
        yield client


def as_(desk: Desk, name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {make_token(desk, name, purpose='x', scopes=Scope, by='Ada')}"}


def load(desk: Desk) -> None:
    """Three people in France, one of them with a name that would be noticed anywhere."""
    assign_people(desk, french(2) + "Zebulon,Planted,zebulon@planted.example,,,,FR,fr\n")


def sent(desk: Desk, **states: int) -> None:
    """A sending that has come so far: as many messages by e-mail in each state."""
    [line] = notices(desk, NUMBER, provision="eu-gdpr-34", language="fr", form="email")
    with writing(desk.engine) as session:
        incident = find(session, NUMBER)
        now = desk.clock()
        session.add(
            PeopleSending(
                incident_id=identity(incident), wave="rest", limits={}, ways={}, unreached={"no_address": 3},
                started_at=now, changed_at=now, changed_by=COMMANDER, due_at=now, zone=incident.zone,
            )
        )  # fmt: skip
        for state, count in states.items():
            _rows(session, incident.id or 0, line.notice, state, count)


def _rows(session: Session, incident: int, notice: int, state: str, count: int) -> None:
    for index in range(count):
        name = f"{state}{index}"
        session.add(
            PersonDelivery(
                key=name, incident_id=incident, person=name, seq=index + 1, notice_id=notice, cohort="everybody",
                wave="rest", channel="email", state=state, answer="550 5.1.1" if state == "bounced" else None,
            )
        )  # fmt: skip


def test_everybody_who_sees_the_incident_sees_the_people_counted_and_nobody_a_name(
    drafted: Desk, browser: TestClient
) -> None:
    load(drafted)

    for name in TEAM:
        headers = as_(drafted, name)
        shown = "".join(browser.get(f"{PEOPLE}{part}", headers=headers).text for part in ("", "/counts", "/cohorts"))
        assert "3 people, of whom 0 are in no known country" in shown, name
        assert "3 of 3 people are to be written to" in shown
        assert "Zebulon" not in shown
        assert "planted" not in shown.lower()
    assert sightings(drafted, NUMBER) == []


def test_counts_become_facts_after_what_they_change_was_seen(drafted: Desk, browser: TestClient) -> None:
    load(drafted)
    headers = as_(drafted, COMMANDER)

    page = browser.get(f"{PEOPLE}/counts", headers=headers).text
    [document] = re.findall(r'name="yaml" value="([^"]+)"', page)
    change = browser.post(
        f"/incidents/{NUMBER}/facts/change", data={"yaml": document.replace("&#34;", '"')}, headers=headers
    )

    assert "people[0].count" in change.text
    assert json.loads(document.replace("&#34;", '"'))["people"][0]["count"] == 3
    assert 'name="yaml"' not in browser.get(f"{PEOPLE}/counts", headers=as_(drafted, PR)).text


def test_who_leads_accepts_who_gets_what_only_while_nobody_has(drafted: Desk, browser: TestClient) -> None:
    load(drafted)
    headers = as_(drafted, COMMANDER)
    assert "Accept this" not in browser.get(f"{PEOPLE}/cohorts", headers=headers).text
    assert browser.post(f"{PEOPLE}/cohorts", data={"rules": "x", "reached": 3}, headers=headers).status_code == 403

    more = drafted.settings.home / "more.csv"
    more.write_text(french(3))
    load_people(drafted, NUMBER, [str(more)], Mapping(), by=LEGAL)
    assert "It has to be accepted again" in browser.get(PEOPLE, headers=headers).text
    form = dict(
        re.findall(r'name="(rules|reached)" value="([^"]+)"', browser.get(f"{PEOPLE}/cohorts", headers=headers).text)
    )
    assert browser.post(f"{PEOPLE}/cohorts", data={**form, "reached": 99}, headers=headers).status_code == 422
    assert browser.post(f"{PEOPLE}/cohorts", data=form, headers=headers).status_code == 303

    assert "It has to be accepted again" not in browser.get(PEOPLE, headers=headers).text


def test_the_sending_is_shown_with_what_did_not_arrive_and_refreshes_by_itself(
    drafted: Desk, browser: TestClient
) -> None:
    sent(drafted, sent=5, delivered=2, bounced=3, pending=4)

    page = browser.get(PEOPLE, headers=as_(drafted, PR)).text

    figures = dict(re.findall(r"<dt>([^<]+)</dt><dd[^>]*>([\d,.]+)</dd>", page))
    assert (figures["sent"], figures["came back"], figures["Left"]) == ("7", "3", "4")
    assert "550 5.1.1" in page
    assert "no address: 3" in page
    assert f'hx-get="{PEOPLE}/progress"' in page
    part = browser.get(f"{PEOPLE}/progress", headers=as_(drafted, PR)).text
    assert part.lstrip().startswith('<div id="progress"')


def test_who_leads_pauses_resumes_and_stops_a_sending_and_nobody_else(drafted: Desk, browser: TestClient) -> None:
    sent(drafted, sent=1, pending=2)
    assert 'value="pause"' not in browser.get(PEOPLE, headers=as_(drafted, LEGAL)).text
    assert browser.post(f"{PEOPLE}/sending", data={"act": "pause"}, headers=as_(drafted, LEGAL)).status_code == 403

    headers = as_(drafted, COMMANDER)
    for act in ("pause", "resume", "stop"):
        assert f'value="{act}"' in browser.get(PEOPLE, headers=headers).text
        done = browser.post(f"{PEOPLE}/sending", data={"act": act, "why": "a wrong number"}, headers=headers)
        assert done.status_code == 303

    assert [entry["payload"]["state"] for entry in ledger(drafted, NUMBER, "people.sending_state")] == [
        "paused",
        "running",
        "stopped",
    ]


def test_nothing_is_sent_from_the_page_before_the_texts_are_signed(drafted: Desk, browser: TestClient) -> None:
    load(drafted)
    headers = as_(drafted, COMMANDER)

    assert 'value="send"' in browser.get(PEOPLE, headers=headers).text
    refused = browser.post(f"{PEOPLE}/sending", data={"act": "send", "email": "50"}, headers=headers)

    assert refused.status_code == 403
    assert "not signed" in refused.text


@pytest.mark.parametrize("act", ["stop", "destroy"])
def test_a_stop_without_a_reason_and_an_act_that_is_none_are_refused(
    drafted: Desk, browser: TestClient, act: str
) -> None:
    sent(drafted, pending=1)

    assert browser.post(f"{PEOPLE}/sending", data={"act": act}, headers=as_(drafted, COMMANDER)).status_code == 422


def test_the_proof_comes_with_its_signature_and_key_and_verifies(
    drafted: Desk, browser: TestClient, tmp_path: Path
) -> None:
    sent(drafted, sent=2)

    answer = browser.get(f"{PEOPLE}/proof", headers=as_(drafted, PR))

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path)
    verify_proof(tmp_path / "proof.json", tmp_path / "proof.json.pub")
    assert json.loads((tmp_path / "proof.json").read_text())["messages"] == {"sent": 2}
    assert browser.get(f"{PEOPLE}/proof", headers=as_(drafted, REPORTER)).status_code == 403


def test_customer_care_takes_a_case_and_each_look_at_its_words_is_noted(drafted: Desk, browser: TestClient) -> None:
    load(drafted)
    sent(drafted, sent=1)
    care, pr = as_(drafted, CARE), as_(drafted, PR)

    form = {"person": "sent0", "way": "call", "topic": "Bank account", "words": f"I am {NAME}"}
    made = browser.post(f"{PEOPLE}/cases", data=form, headers=care)
    assert made.headers["location"] == f"{PEOPLE}#case-1"
    assert "bank account: 1" in browser.get(PEOPLE, headers=pr).text
    assert "sent0" not in browser.get(PEOPLE, headers=pr).text
    assert NAME not in browser.get(PEOPLE, headers=care).text
    assert browser.get(f"{PEOPLE}/cases/1", headers=pr).status_code == 403

    assert NAME in browser.get(f"{PEOPLE}/cases/1", headers=care).text
    assert browser.post(f"{PEOPLE}/cases/1", data={"words": "No."}, headers=care).status_code == 303
    assert words_of(drafted, NUMBER, 1)["answered"] == "No."
    assert [(one.name, one.what) for one in sightings(drafted, NUMBER)] == [(CARE, "a case")]


def test_a_program_reads_counts_and_progress_and_controls_the_sending_as_the_page_does(
    drafted: Desk, browser: TestClient
) -> None:
    load(drafted)
    v1, commander, pr = f"/api/v1{PEOPLE}", as_(drafted, COMMANDER), as_(drafted, PR)
    assert browser.get(f"{v1}/progress", headers=pr).status_code == 404
    planned = browser.get(f"{v1}/cohorts", headers=pr).json()
    assert (planned["people"], planned["reached"], planned["accepted"]) == (3, 3, False)
    read = {"rules_sha256": planned["rules_sha256"], "reached": 3}
    assert browser.post(f"{v1}/cohorts/accept", json=read, headers=commander).status_code == 409  # accepted already
    assert browser.post(f"{v1}/send", json={"rate": 50}, headers=commander).status_code == 403  # not signed

    sent(drafted, sent=5, pending=4)

    found = browser.get(f"{v1}/progress", headers=pr).json()
    assert (found["number"], found["sent"], found["left"], found["too_slow"]) == (NUMBER, 5, 4, False)
    assert browser.post(f"{v1}/pause", json={"why": "x"}, headers=commander).json()["state"] == "paused"
    assert browser.post(f"{v1}/resume", headers=commander).json()["state"] == "running"
    assert browser.post(f"{v1}/stop", json={"reason": "x"}, headers=commander).json()["withdrawn"] == 4
    assert browser.get(f"{v1}/proof", headers=pr).json()["messages"] == {"sent": 5, "withdrawn": 4}
