from collections.abc import Callable

from flows.acts.evaluate import evaluate
from flows.acts.incident_list import A_PAGE
from flows.acts.membership import add_to_incident, members_of, remove_from_incident
from flows.acts.report import open_incident
from flows.acts.team import add_member
from flows.desk import Desk
from models.report import Report, read_report
from models.vocabulary import PersonRole
from tests.conftest import DEMO
from tests.console.conftest import SignInAs


def test_the_front_page_lists_the_most_urgent_incident_first_with_its_clock(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    facts = read_report(str(DEMO / "first_facts.yaml"))
    quiet = open_incident(desk, Report(title="Lost <b>phone</b>"), by="Sam Okoro")
    urgent = open_incident(desk, facts, by="Sam Okoro")
    evaluate(desk, urgent)

    shown = page.get("/").text

    assert shown.index(urgent) < shown.index(quiet)
    assert "Lost &lt;b&gt;phone&lt;/b&gt;" in shown
    assert 'data-due="2026-11-2' in shown


def test_a_private_incident_is_seen_by_its_members_only(
    desk: Desk, signed_in_as: SignInAs, open_demo_incident: Callable[[], str]
) -> None:
    page = signed_in_as("Noor Haddad", PersonRole.PR)
    number = open_demo_incident()

    assert number not in page.get("/").text
    add_to_incident(desk, number, "Noor Haddad", by="Lea Martin")
    assert number in page.get("/").text
    remove_from_incident(desk, number, "Noor Haddad", by="Lea Martin")
    assert number not in page.get("/").text


def test_whoever_reports_leads_or_decides_on_duties_is_a_member_from_the_start(
    desk: Desk, open_demo_incident: Callable[[], str]
) -> None:
    add_member(desk, "Nadia Roux", [PersonRole.REPORTER])
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    add_member(desk, "Sam Okoro", [PersonRole.COMMANDER])
    add_member(desk, "Noor Haddad", [PersonRole.PR])

    assert members_of(desk, open_demo_incident()) == ["Lea Martin", "Nadia Roux", "Sam Okoro"]


def test_an_administrator_sees_no_incident_by_that_role(
    desk: Desk, signed_in_as: SignInAs, open_demo_incident: Callable[[], str]
) -> None:
    page = signed_in_as("Ada Byron", PersonRole.ADMINISTRATOR)
    number = open_demo_incident()

    assert number not in page.get("/").text


def test_the_list_says_who_leads_and_comes_a_page_at_a_time(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Sam Okoro", PersonRole.COMMANDER)
    for turn in range(A_PAGE + 1):
        open_incident(desk, Report(title=f"Lost phone {turn}"), by="Sam Okoro")

    first, second = page.get("/").text, page.get("/?page=2").text

    assert first.count("Lost phone") == A_PAGE
    assert second.count("Lost phone") == 1
    assert "Page 1 of 2, 51 incidents" in first
    assert first.count("Sam Okoro") > A_PAGE
    assert page.get("/?page=0").status_code == 422


def test_an_auditor_sees_the_list(desk: Desk, signed_in_as: SignInAs, open_demo_incident: Callable[[], str]) -> None:
    page = signed_in_as("Ines Roth", PersonRole.AUDITOR)
    number = open_demo_incident()
    add_to_incident(desk, number, "Ines Roth", by="Lea Martin")

    assert number in page.get("/").text
    assert 'href="/report"' not in page.get("/").text
