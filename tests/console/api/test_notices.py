"""A text is signed over HTTP as it is elsewhere: the same decision, with the person's name; of two answers one wins."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from console.http_api import PREFIX as V1
from flows.acts.membership import add_to_incident
from flows.acts.read_notice import notice_list
from flows.acts.sign import approve
from flows.desk import Desk
from models.store import reading
from models.tables import Approval, Notice
from models.vocabulary import PersonRole
from tests.console.api.conftest import ApiAs
from tests.flows.meridia import LEGAL, second_facts


@pytest.fixture
def filing(desk: Desk, drafted: str) -> tuple[str, int, str]:
    """The address of the filing to the authority, its id, and the hash of its text."""
    line = next(one for one in notice_list(desk, drafted) if one.provision == "eu-gdpr-33")
    return f"{V1}/incidents/{drafted}/notices/{line.notice}", line.notice, line.sha256


def test_a_signature_over_http_is_the_same_decision_as_elsewhere(
    desk: Desk, legal: TestClient, drafted: str, filing: tuple[str, int, str]
) -> None:
    address, notice, sha256 = filing

    signed = legal.post(f"{address}/approve", json={"sha256": sha256, "note": "read"}).json()

    assert (signed["by"], signed["role"], signed["sha256"], signed["still_needed"]) == (LEGAL, "legal", sha256, [])
    with reading(desk.engine) as session:
        [row] = session.exec(select(Approval).where(Approval.subject == f"notice:{notice}")).all()
        assert (row.person, row.sha256, row.decision) == (LEGAL, sha256, "approved")
        assert session.get_one(Notice, notice).state == "approved"
    [line] = legal.get(address).json()["signatures"]
    assert (line["person"], line["note"]) == (LEGAL, "read")
    last = legal.get(f"{V1}/incidents/{drafted}/timeline", params={"limit": 200}).json()["items"][-2]
    assert (last["kind"], last["actor"]) == ("notice.approved", LEGAL)


def test_a_text_that_is_not_the_one_that_was_read_is_not_signed(
    legal: TestClient, filing: tuple[str, int, str]
) -> None:
    refused = legal.post(f"{filing[0]}/approve", json={"sha256": "deadbeef", "note": "read"})

    assert (refused.status_code, refused.json()["type"]) == (409, "urn:tocsin:problem:overtaken")
    assert "it is now version" in refused.json()["detail"]


def test_a_signature_without_the_hash_of_what_was_read_is_no_request(
    legal: TestClient, filing: tuple[str, int, str]
) -> None:
    refused = legal.post(f"{filing[0]}/approve", json={"note": "read"})

    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"at": "body.sha256", "message": "Field required"}]


def test_whoever_answers_second_is_told_who_was_first(
    desk: Desk, legal: TestClient, drafted: str, filing: tuple[str, int, str]
) -> None:
    """The other answer came by the command."""
    address, notice, sha256 = filing
    approve(desk, drafted, notice, by=LEGAL, sha256=sha256, note="read")

    second = legal.post(f"{address}/approve", json={"sha256": sha256, "note": "read"})

    assert second.status_code == 409
    assert "signed by Lea Martin (legal)" in second.json()["detail"]


def test_of_two_answers_at_once_one_wins_and_the_other_is_told(
    desk: Desk, api_as: ApiAs, legal: TestClient, drafted: str, filing: tuple[str, int, str]
) -> None:
    address, _, sha256 = filing
    other = api_as("Olu Ade", PersonRole.LEGAL)
    add_to_incident(desk, drafted, "Olu Ade", by=LEGAL)

    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(
                lambda page: page.post(f"{address}/approve", json={"sha256": sha256, "note": "read"}), (legal, other)
            )
        )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [winner] = [answer.json()["by"] for answer in answers if answer.status_code == 200]
    [told] = [answer.json()["detail"] for answer in answers if answer.status_code == 409]
    assert winner in told
    assert [line["person"] for line in legal.get(address).json()["signatures"]] == [winner]


def test_an_edit_of_a_text_that_was_changed_meanwhile_keeps_nothing(
    desk: Desk, legal: TestClient, drafted: str, filing: tuple[str, int, str]
) -> None:
    address, _, sha256 = filing
    text = legal.get(address).json()["text"]

    first = legal.post(f"{address}/text", json={"text": text + "\nMore.", "sha256": sha256}).json()
    second = legal.post(f"{address}/text", json={"text": text + "\nOther.", "sha256": sha256})

    assert first["version"] == 2
    assert second.status_code == 409
    assert [one["author"] for one in legal.get(f"{address}/versions").json()["items"]] == [LEGAL, "tocsin"]
    passages = legal.get(f"{address}/difference").json()["differences"]
    assert any(piece["kind"] == "new" and "More." in piece["text"] for one in passages for piece in one["pieces"])
    assert legal.post(f"{address}/restore", json={"version": 1}).json()["sha256"] == sha256


def test_a_text_is_held_let_go_and_sent_back(legal: TestClient, filing: tuple[str, int, str]) -> None:
    address, notice, sha256 = filing
    number = address.split("/")[4]

    held = legal.post(f"{address}/hold", json={"reason": "press first", "until": "2026-11-24T09:00:00+01:00"})
    assert held.json() == {"number": number, "notice": notice, "act": "hold", "by": LEGAL}
    assert legal.get(f"{V1}/incidents/{number}/notices").json()["items"][0]["held"] in (True, False)
    assert "signatures are missing" in legal.post(f"{address}/release").json()["waits_for"]
    legal.post(f"{address}/approve", json={"sha256": sha256, "note": "read"})
    assert legal.post(f"{address}/reject", json={"reason": "wrong number"}).status_code == 200
    assert legal.get(address).json()["state"] == "draft"
    assert legal.post(f"{address}/correct", json={"reason": "x"}).status_code == 409


def test_a_question_that_texts_leave_open_is_answered(legal: TestClient, drafted: str) -> None:
    questions = f"{V1}/incidents/{drafted}/questions"
    key = legal.get(questions).json()["items"][0]["key"]

    said = legal.post(f"{questions}/{key}/answer", json={"words": "We rebuild the servers.", "language": "en"})

    assert said.json() == {"number": drafted, "answered": key, "language": "en"}
    assert legal.post(f"{questions}/nothing/answer", json={"words": "x"}).status_code == 422


def test_new_facts_make_texts_stale(desk: Desk, legal: TestClient, drafted: str) -> None:
    second_facts(desk, drafted)

    found = legal.get(f"{V1}/incidents/{drafted}/stale").json()["items"]

    assert any(one["path"] == "records" and (one["old"], one["new"]) == ("31400", "33850") for one in found)


def test_a_text_is_had_as_a_file_that_no_browser_shows_under_this_host(
    legal: TestClient, filing: tuple[str, int, str]
) -> None:
    for form, starts in (("docx", b"PK"), ("json", b"{"), ("html", b"<!doctype html>"), ("text", b"")):
        answer = legal.get(f"{filing[0]}/file", params={"format": form})
        assert answer.status_code == 200
        assert answer.content.lower().startswith(starts.lower())
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not answer.headers["content-type"].startswith("text/html")


def test_a_notice_that_there_is_not_is_not_there(legal: TestClient) -> None:
    number = legal.post(f"{V1}/incidents", json={"title": "Lost phone"}).json()["number"]

    for notice, status in (("99", 404), ("0", 422), ("-1", 422), ("x", 422), ("9" * 40, 422)):
        assert legal.get(f"{V1}/incidents/{number}/notices/{notice}").status_code == status
