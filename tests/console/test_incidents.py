from collections.abc import Callable

from flows.acts.evaluate import evaluate
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
