import hmac
import json
from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from flows.acts.audit import records
from flows.acts.membership import add_to_incident
from flows.acts.tickets import tickets_of
from flows.acts.watch import watch_once
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.vocabulary import PersonRole
from tests.conftest import DEMO
from tests.console.conftest import SignInAs
from tests.flows.meridia import contain
from tests.ticket_servers import TOKEN, USER, JiraServer, serving

SECRET = "a secret of thirty-two characters"


@pytest.fixture
def jira() -> Iterator[JiraServer]:
    """A Jira on loopback."""
    server = JiraServer()
    with serving(server):
        yield server


@pytest.fixture
def desk(desk: Desk, jira: JiraServer) -> Iterator[Desk]:
    """A desk whose steps become issues there."""
    settings = Settings(
        home=desk.settings.home,
        clock=desk.settings.clock,
        organisation=DEMO / "organisation.yaml",
        tickets="jira",
        tickets_url=jira.url,
        tickets_user=USER,
        tickets_token=SecretStr(TOKEN),
        tickets_secret=SecretStr(SECRET),
        jira_project="OPS",
    )
    with_jira = open_desk(settings)
    yield with_jira
    with_jira.engine.dispose()


@pytest.fixture
def opened(desk: Desk, number: str) -> str:
    """The incident's number, with its tickets opened."""
    contain(desk, number)
    watch_once(desk)
    return number


def told(page: TestClient, key: str, secret: str = SECRET) -> tuple[int, dict[str, object]]:
    """Jira says that an issue changed."""
    body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"key": key}}).encode()
    signed = {"X-Hub-Signature": f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"}
    answer = page.post("/tickets/jira", content=body, headers=signed)
    return answer.status_code, answer.json()


def test_a_signed_message_has_the_ticket_read_back_and_what_it_says_itself_counts_for_nothing(
    desk: Desk, opened: str, jira: JiraServer, browser: Callable[[], TestClient]
) -> None:
    key, ticket = next(iter(tickets_of(desk, opened).items()))
    assert ticket.reference is not None
    assert told(browser(), ticket.reference) == (202, {"ticket": ticket.reference, "news": False})

    jira.finish(ticket.reference, "Ana Silva")

    assert told(browser(), ticket.reference) == (202, {"ticket": ticket.reference, "news": True})
    assert told(browser(), ticket.reference)[1]["news"] is False
    assert tickets_of(desk, opened)[key].closed_by == "Ana Silva"
    jira.breaks = lambda *_: (500, None)
    assert told(browser(), ticket.reference)[0] == 503


def test_a_forged_message_is_refused_noted_and_asks_nothing(
    desk: Desk, jira: JiraServer, browser: Callable[[], TestClient]
) -> None:
    assert told(browser(), "OPS-1", "another secret")[0] == 401
    assert browser().post("/tickets/jira", content=b"{}").status_code == 401

    assert jira.asked == []
    assert sum(one["kind"] == "intake.refused" for one in records(desk)) == 2


REFUSED = [
    ("/tickets/servicenow", b"{}", 404),
    ("/tickets/jira", b"[]", 422),
    ("/tickets/jira", b"no json", 422),
    ("/tickets/jira", b'{"issue": {"key": 7}}', 422),
    ("/tickets/jira", b'{"issue": {"key": "OTHER-99"}}', 202),
    ("/tickets/jira", b"x" * 1_000_001, 413),
]


def test_what_cannot_be_read_is_refused_and_what_is_not_ours_is_left_alone(
    jira: JiraServer, browser: Callable[[], TestClient]
) -> None:
    page = browser()
    for path, body, status in REFUSED:
        signed = {"X-Hub-Signature": f"sha256={hmac.new(SECRET.encode(), body, 'sha256').hexdigest()}"}
        assert page.post(path, content=body, headers=signed).status_code == status
    assert jira.asked == []


def test_the_page_and_the_api_show_the_ticket_with_its_link(
    desk: Desk, opened: str, jira: JiraServer, signed_in_as: SignInAs
) -> None:
    page = signed_in_as("Ines Duarte", PersonRole.COMMANDER, PersonRole.ADMINISTRATOR)
    add_to_incident(desk, opened, "Ines Duarte", by="Nadia Roux")
    shown = page.get(f"/incidents/{opened}/steps").text

    assert f'href="{jira.url}/browse/OPS-1"' in shown
    steps = page.get(f"/api/v1/incidents/{opened}/steps").json()
    held = [step["ticket"] for step in steps["items"] if "ticket" in step]
    assert {ticket["state"] for ticket in held} == {"open"}
    assert held[0]["link"].startswith(jira.url)
