import json
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from console.http_api import PREFIX as V1
from flows.acts.evaluate import evaluate
from flows.acts.report import open_incident
from flows.desk import Desk
from models.document import read_document
from models.report import Report
from models.vocabulary import PersonRole
from tests.conftest import DEMO
from tests.console.api.conftest import ApiAs

FIRST = read_document(DEMO / "first_facts.yaml").data
SECOND = read_document(DEMO / "second_facts.yaml").data


def test_a_report_opens_an_incident_in_the_name_of_whoever_sends_it(legal: TestClient) -> None:
    opened = legal.post(f"{V1}/incidents", json=FIRST)

    assert (opened.status_code, opened.json()) == (
        201,
        {"number": "INC-2026-0001", "facts_version": 1, "warnings": []},
    )
    timeline = legal.get(f"{opened.headers['location']}/timeline").json()["items"]
    assert [(event["kind"], event["actor"]) for event in timeline] == [("incident.reported", "Lea Martin")]


def test_a_report_may_be_yaml_and_is_read_as_strictly_as_a_file(legal: TestClient) -> None:
    assert legal.post(f"{V1}/incidents", content="title: Lost phone").status_code == 201
    twice = legal.post(f"{V1}/incidents", content='{"title": "a", "title": "b"}')

    assert twice.status_code == 422
    assert twice.headers["content-type"] == "application/problem+json"
    assert twice.json()["detail"] == "the request:1: the key 'title' stands twice; keep one"


@pytest.mark.parametrize("field", ["number", "state", "private", "opened_by", "rehearsal", "facts_version", "id"])
def test_nobody_sets_what_is_not_a_fact(legal: TestClient, field: str) -> None:
    refused = legal.post(f"{V1}/incidents", json={**FIRST, field: "x"})  # type: ignore[dict-item]

    assert refused.status_code == 422
    assert f"unknown key '{field}'" in refused.json()["detail"]


def test_the_list_begins_with_the_clock_that_runs_out_first_and_goes_on_where_it_ended(
    desk: Desk, legal: TestClient, open_demo_incident: Callable[[], str]
) -> None:
    quiet = [open_incident(desk, Report(title=f"Lost phone {i}"), by="Sam Okoro") for i in range(3)]
    urgent = open_demo_incident()
    evaluate(desk, urgent)

    pages, cursor = [], ""
    while cursor is not None:
        page = legal.get(f"{V1}/incidents", params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        pages.append([one["number"] for one in page["items"]])
        cursor = page["next"]

    assert pages == [[urgent, quiet[0]], [quiet[1], quiet[2]]]


def test_the_list_counts_what_is_open_and_says_who_leads(desk: Desk, legal: TestClient, drafted: str) -> None:
    [line] = legal.get(f"{V1}/incidents").json()["items"]
    whole = legal.get(f"{V1}/incidents/{drafted}").json()

    assert line["next_due"] == whole["next_due"]
    assert line["severity"] == whole["severity"]
    assert line["open"] == sum(clock["state"] == "open" for clock in whole["clocks"])
    assert line["undecided"] == sum(clock["state"] == "undecided" for clock in whole["clocks"])
    assert line["overdue"] == len(whole["overdue"])
    assert line["signatures"] == whole["notices"]["draft"]
    assert line["leads"] == ["Ines Duarte"]


@pytest.mark.parametrize("cursor", ["x", "bm90aGluZw", "WzFd", "W251bGwsbnVsbF0"])
def test_a_cursor_that_no_list_gave_is_refused(legal: TestClient, cursor: str) -> None:
    assert legal.get(f"{V1}/incidents", params={"cursor": cursor}).status_code == 422


def test_facts_can_be_tried_out_before_they_are_added(legal: TestClient) -> None:
    number = legal.post(f"{V1}/incidents", json=FIRST).json()["number"]

    would = legal.post(f"{V1}/incidents/{number}/facts/preview", json=SECOND).json()
    assert legal.get(f"{V1}/incidents/{number}/facts").json()["facts_version"] == 1
    assert len(legal.get(f"{V1}/incidents/{number}/timeline").json()["items"]) == 1
    does = legal.post(f"{V1}/incidents/{number}/facts", json=SECOND).json()

    assert {"path": "records", "from": 31400, "to": 33850} in does["facts"]
    assert does["facts_version"] == 2
    assert would["facts"] == does["facts"]
    assert [(d["provision"], d["stage"], d["change"], d["to"]["due_at"]) for d in would["duties"]] == [
        (d["provision"], d["stage"], d["change"], d["to"]["due_at"]) for d in does["duties"]
    ]


def test_duties_are_decided_where_the_facts_leave_them_open(legal: TestClient) -> None:
    number = legal.post(f"{V1}/incidents", json={"title": "Something is wrong"}).json()["number"]
    legal.post(f"{V1}/incidents/{number}/facts", json={"organisation": {"country": "FR"}})
    duties = legal.get(f"{V1}/incidents/{number}/assessment").json()["duties"]
    provision = next(duty["provision"] for duty in duties if duty["verdict"] == "undecided")

    decision = f"{V1}/incidents/{number}/duties/{provision}/decision"
    decided = legal.post(decision, json={"verdict": "required", "reason": "assume the worst"})

    assert decided.json() == {"number": number, "provision": provision, "verdict": "required", "by": "Lea Martin"}
    assert (
        legal.post(
            f"{V1}/incidents/{number}/duties/xx/decision", json={"verdict": "required", "reason": "x"}
        ).status_code
        == 404
    )
    assert legal.post(decision, json={"verdict": "perhaps", "reason": "x"}).status_code == 422


def test_a_report_is_assessed_without_an_incident(legal: TestClient) -> None:
    found = legal.post(f"{V1}/assessment", params={"as_of": "2026-11-23"}, json=FIRST).json()

    assert found["as_of"] == "2026-11-23"
    assert any(duty["provision"] == "eu-gdpr-33" and duty["verdict"] == "required" for duty in found["duties"])
    assert legal.get(f"{V1}/incidents").json()["items"] == []


def test_an_incident_is_carried_on_closed_and_opened_again(legal: TestClient, desk: Desk) -> None:
    number = legal.post(f"{V1}/incidents", json=FIRST).json()["number"]

    assert legal.post(f"{V1}/incidents/{number}/respond").json() == {"number": number, "playbook": "ransomware"}
    refused = legal.post(f"{V1}/incidents/{number}/close", json={"reason": "done"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:tocsin:problem:overtaken")
    closed = legal.post(f"{V1}/incidents/{number}/close", json={"reason": "a drill", "despite": True})
    assert closed.json()["state"] == "closed"
    assert legal.post(f"{V1}/incidents/{number}/facts", json={"records": 1}).status_code == 409
    assert legal.get(f"{V1}/incidents", params={"state": "closed"}).json()["items"][0]["number"] == number
    assert legal.post(f"{V1}/incidents/{number}/reopen", json={"reason": "more came"}).json()["state"] == "open"


def test_what_the_command_prints_is_what_the_api_answers(
    desk: Desk, legal: TestClient, drafted: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tocsin.main import run

    monkeypatch.setenv("TOCSIN_CLOCK", str(desk.settings.clock))
    monkeypatch.setenv("TOCSIN_ORGANISATION", str(desk.settings.organisation))

    def printed(*words: str) -> object:
        run([*words, "--json"])
        said: object = json.loads(capsys.readouterr().out)
        return said

    def answered(path: str) -> object:
        said: object = legal.get(f"{V1}/incidents/{drafted}{path}").json()
        return said

    def listed(path: str) -> object:
        return legal.get(f"{V1}/incidents/{drafted}{path}", params={"limit": 200}).json()["items"]

    notice = str(legal.get(f"{V1}/incidents/{drafted}/notices").json()["items"][0]["notice"])
    assert answered("") == printed("status", drafted)
    assert answered("/assessment") == printed("assess", drafted)
    assert listed("/steps") == printed("steps", drafted)
    assert listed("/notices") == printed("notices", drafted)
    assert answered(f"/notices/{notice}") == printed("notices", drafted, "show", notice)
    assert listed(f"/notices/{notice}/versions") == printed("notices", drafted, "versions", notice)
    assert listed("/questions") == printed("notices", drafted, "questions")
    assert listed("/timeline") == printed("timeline", drafted)


def test_the_api_says_who_it_takes_you_for(api_as: ApiAs) -> None:
    said = api_as("Noor Haddad", PersonRole.PR).get(f"{V1}/me").json()

    assert (said["name"], said["roles"], said["scopes"]) == ("Noor Haddad", ["pr"], None)
    assert "sign" in said["rights"]
