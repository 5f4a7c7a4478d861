"""The demo's incident in an office whose team is in Slack, on a local server."""

from collections.abc import Iterator

import pytest
from sqlmodel import col, update

from flows.acts.contain import ready_steps
from flows.acts.membership import add_to_incident
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.store import writing
from models.tables import Person
from tests.conftest import DEMO
from tests.flows.meridia import LEGAL, PR, RESPONDER, TEAM
from tests.slack_server import SlackServer, slack_running

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
NUMBER = "INC-2026-0001"
MEMBERS = {name: f"U{place:08}" for place, name in enumerate(TEAM, 1)}
STRANGER = "U99999999"


def address(name: str) -> str:
    return f"{name.split()[0].lower()}@meridia.example"


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with slack_running() as server:
        server.users = {user: address(name) for name, user in MEMBERS.items()} | {STRANGER: "stranger@else.example"}
        yield server


@pytest.fixture
def office(drafted: Desk, slack: SlackServer) -> Iterator[Desk]:
    """A desk with the demo's incident drafted, in whose Slack everybody of the team is, by their e-mail address."""
    with writing(drafted.engine) as session:
        for name in TEAM:
            session.execute(update(Person).where(col(Person.name) == name).values(email=address(name).upper()))
    settings = Settings(
        home=drafted.settings.home,
        clock=drafted.settings.clock,
        organisation=DEMO / "organisation.yaml",
        slack_token="xoxb-1",
        slack_channel="C0RESPONDERS",
        slack_signing_secret=SECRET,
        slack_base_url=slack.url,
    )
    for name in (PR, RESPONDER):
        add_to_incident(drafted, NUMBER, name, by=LEGAL)
    ready_steps(drafted, NUMBER)
    desk = open_desk(settings)
    yield desk
    desk.engine.dispose()


def approval(view: dict[str, object], reason: str | None = "the measures follow") -> dict[str, object]:
    """What Slack sends when somebody submits the form with the first answer, as JSON that both ways carry."""
    values = {
        "decision": {"decision": {"type": "radio_buttons", "selected_option": {"value": "approve"}}},
        "reason": {"reason": {"type": "plain_text_input", "value": reason}},
    }
    return {**view, "state": {"values": values}}
