import json
from html import unescape
from io import BytesIO
from xml.etree import ElementTree

import pytest
from openpyxl import load_workbook
from sqlmodel import Session

from flows.acts.evaluate import evaluate
from flows.acts.membership import add_to_incident
from flows.desk import Desk
from models.ledger import verify_exported
from models.tables import LedgerEntry
from models.vocabulary import PersonRole
from playbooks.graph_picture import graph_picture
from playbooks.playbook import load_playbooks
from tests.console.conftest import SignInAs


def test_the_ledger_is_verified_in_place_and_exported_for_the_published_verifier(
    signed_in_as: SignInAs, desk: Desk, number: str
) -> None:
    evaluate(desk, number)
    page = signed_in_as("Ada Byron", PersonRole.AUDITOR)
    add_to_incident(desk, number, "Ada Byron", by="Lea Martin")

    shown = page.get(f"/incidents/{number}/audit").text
    assert "each follows from the one before it" in shown
    lines = page.get(f"/incidents/{number}/ledger.jsonl").text.split("\n")
    assert verify_exported(lines, number=number) == len(lines) - 2


def test_an_altered_ledger_is_told(signed_in_as: SignInAs, desk: Desk, number: str) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    add_to_incident(desk, number, "Lea Martin", by="x")
    with Session(desk.engine) as session:
        entry = session.get_one(LedgerEntry, 1)
        entry.payload = {**entry.payload, "version": 2}
        session.add(entry)
        session.commit()

    shown = page.get(f"/incidents/{number}/audit").text
    assert "The record was altered." in shown
    assert "verified</span>" not in shown


def test_only_an_auditor_exports_the_ledger(signed_in_as: SignInAs, desk: Desk, number: str) -> None:
    page = signed_in_as("Noor Haddad", PersonRole.PR)
    assert page.get(f"/incidents/{number}/ledger.jsonl").status_code in (403, 404)
    add_to_incident(desk, number, "Noor Haddad", by="Lea Martin")
    assert page.get(f"/incidents/{number}/ledger.jsonl").status_code == 403


def test_the_register_holds_what_the_viewer_may_see_and_nothing_else(
    signed_in_as: SignInAs, desk: Desk, number: str
) -> None:
    evaluate(desk, number)
    page = signed_in_as("Ada Byron", PersonRole.AUDITOR)
    assert number not in page.get("/register").text
    assert json.loads(page.get("/register/file/json").text)["entries"] == []

    add_to_incident(desk, number, "Ada Byron", by="Lea Martin")
    assert number in page.get("/register").text
    assert [one["number"] for one in page.get("/register/file/json").json()["entries"]] == [number]
    book = load_workbook(BytesIO(page.get("/register/file/xlsx").content))
    assert "Breaches" in book.sheetnames
    assert page.get("/register/file/pdf").content.startswith(b"%PDF")
    assert page.get("/register/file/odt").status_code == 422


def test_laws_are_found_and_shown_with_their_versions(signed_in_as: SignInAs) -> None:
    page = signed_in_as("Mei Chen", PersonRole.CUSTOMER_CARE)

    found = page.get("/laws", params={"q": "us-ca"}).text
    assert "/laws/us-ca-ag" in found
    assert "/laws/eu-gdpr-33" not in found
    shown = unescape(page.get("/laws/us-ca-ag").text)
    assert "Cal. Civ. Code" in shown
    assert "not legal advice" in shown.lower()
    assert page.get("/laws/xx-none").status_code == 404


@pytest.mark.parametrize("name", load_playbooks())
def test_every_playbook_is_drawn_with_each_step_in_both_languages(signed_in_as: SignInAs, name: str) -> None:
    playbook = load_playbooks()[name]

    for language in ("en", "zh"):
        drawn = ElementTree.fromstring(graph_picture(playbook, language))
        boxes = [part for part in drawn.iter() if part.tag.endswith("rect")]
        places = {(box.get("x"), box.get("y")) for box in boxes}
        assert len(boxes) == len(places) == len(playbook.steps)


def test_the_picture_of_a_playbook_brings_no_script_and_no_other_host(signed_in_as: SignInAs) -> None:
    page = signed_in_as("Sam Okoro", PersonRole.RESPONDER)

    answer = page.get("/playbooks/ransomware/graph.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert "script" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "/playbooks/ransomware/graph.svg" in page.get("/playbooks/ransomware").text
    assert page.get("/playbooks/none").status_code == 404
