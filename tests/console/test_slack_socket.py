from collections.abc import Iterator

import pytest

from console.slack_socket import listening
from flows.acts.gate import Gate, open_gates
from flows.desk import Desk, open_desk
from models.errors import BadInputError
from models.tables import Approval
from tests.flows.meridia import LEGAL, ledger, notices, one
from tests.slack_office import MEMBERS, NUMBER, approval
from tests.slack_server import Json, SlackServer, waited_for


@pytest.fixture
def listener(office: Desk, slack: SlackServer) -> Iterator[Desk]:
    """A desk that takes Slack's requests by socket mode."""
    desk = open_desk(office.settings.model_copy(update={"slack_app_token": office.settings.slack_token}))
    with listening(desk, ping_seconds=0.2):
        yield desk
    desk.engine.dispose()


def filing(desk: Desk) -> Gate:
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33")
    return next(gate for gate in open_gates(desk, NUMBER) if gate.key == f"notice:{line.notice}")


def pressed(who: str, value: str) -> Json:
    return {
        "type": "block_actions",
        "user": {"id": MEMBERS[who]},
        "team": {"id": "T1"},
        "trigger_id": "1",
        "actions": [{"type": "button", "action_id": "tocsin_gate", "block_id": "b", "value": value}],
    }


def submitted(who: str, view: Json) -> Json:
    return {
        "type": "view_submission",
        "user": {"id": MEMBERS[who]},
        "team": {"id": "T1"},
        "trigger_id": "2",
        "view": approval(view),
    }


def test_a_text_is_signed_by_socket_mode_once_however_often_slack_sends_it(
    listener: Desk,
    slack: SlackServer,
) -> None:
    gate = filing(listener)
    slack.send("interactive", pressed(LEGAL, f"{NUMBER} {gate.key}"))
    form = slack.view_after(lambda view: view.get("callback_id") == "tocsin_answer")

    first = slack.send("interactive", submitted(LEGAL, form), envelope="e-1")
    again = slack.send("interactive", submitted(LEGAL, form), envelope="e-1")

    waited_for(lambda: ledger(listener, NUMBER, "gate.answered"))
    assert first["payload"]["response_action"] == "update"
    assert "payload" not in again
    assert one(listener, Approval, NUMBER, subject=gate.key).person == LEGAL
    assert ledger(listener, NUMBER, "gate.not_accepted") == []


def test_a_connection_that_breaks_is_made_again(listener: Desk, slack: SlackServer) -> None:
    waited_for(lambda: slack.connections)
    old = slack.connections[0]
    old.close()

    waited_for(lambda: slack.connections and old not in slack.connections, seconds=30)
    slack.send("slash_commands", {"command": "/tocsin", "text": "", "user_id": MEMBERS[LEGAL], "trigger_id": "3"})

    slack.view_after(lambda view: view.get("callback_id") == "tocsin_report")


def test_without_an_app_token_it_says_what_is_missing(office: Desk) -> None:
    with pytest.raises(BadInputError, match="TOCSIN_SLACK_APP_TOKEN is not set"), listening(office):
        pass
