import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, update

from console.app import create_app
from flows.acts.edit import edit_notice
from flows.acts.gate import Gate, open_gates
from flows.acts.slack_person import link_slack, person_in_slack
from flows.acts.slack_room import keep_room
from flows.acts.team import remove_member
from flows.acts.watch import watch_once
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import BadInputError, NotAllowedError
from models.store import writing
from models.tables import Alert, Approval, ContentAnswer, Person, SlackQuestion
from tests.conftest import START
from tests.flows.meridia import LEGAL, PR, REPORTER, RESPONDER, every, ledger, notices, one, step
from tests.slack_office import MEMBERS, NUMBER, SECRET, STRANGER, address
from tests.slack_server import SlackServer, waited_for


@pytest.fixture
def page(office: Desk) -> Iterator[TestClient]:
    with TestClient(create_app(office)) as page:
        yield page


def signed(body: bytes, at: float, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(at))
    signature = "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, "sha256").hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }


def send(
    page: TestClient, path: str, fields: dict[str, str], *, age: float = 0, secret: str = SECRET
) -> httpx.Response:
    body = urlencode(fields).encode()
    return page.post(f"/slack/{path}", content=body, headers=signed(body, time.time() - age, secret))


def command(page: TestClient, who: str, text: str = "", trigger: str = "1") -> httpx.Response:
    fields = {"command": "/tocsin", "text": text, "user_id": who, "trigger_id": trigger, "team_id": "T1"}
    return send(page, "commands", fields)


def press(page: TestClient, who: str, value: str, action: str = "tocsin_gate") -> httpx.Response:
    payload = {
        "type": "block_actions",
        "user": {"id": who},
        "team": {"id": "T1"},
        "trigger_id": f"{time.monotonic_ns()}",
        "actions": [{"type": "button", "action_id": action, "block_id": "b", "value": value}],
    }
    return send(page, "interactions", {"payload": json.dumps(payload)})


def submit(page: TestClient, who: str, view: dict[str, object], **typed: object) -> httpx.Response:
    values = {name: {name: value} for name, value in typed.items()}
    payload = {
        "type": "view_submission",
        "user": {"id": who},
        "team": {"id": "T1"},
        "view": {**view, "state": {"values": values}},
        "trigger_id": f"{time.monotonic_ns()}",
    }
    return send(page, "interactions", {"payload": json.dumps(payload)})


def chosen(value: str) -> dict[str, object]:
    return {"type": "static_select", "selected_option": {"value": value}}


def words(value: str | None) -> dict[str, object]:
    return {"type": "plain_text_input", "value": value}


def says(text: str) -> Callable[[dict[str, object]], bool]:
    return lambda view: text in json.dumps(view, ensure_ascii=False)


def filing(desk: Desk) -> Gate:
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33")
    return next(gate for gate in open_gates(desk, NUMBER) if gate.key == f"notice:{line.notice}")


def opened(page: TestClient, slack: SlackServer, who: str, gate: Gate) -> dict[str, object]:
    """The form that pressing the gate's button opens."""
    slack.views.clear()
    assert press(page, MEMBERS[who], f"{NUMBER} {gate.key}").status_code == 200
    return slack.view_after(lambda view: view.get("callback_id") == "tocsin_answer")


# what is taken


@pytest.mark.parametrize("path", ["commands", "interactions", "events"])
def test_a_forged_a_stale_and_a_replayed_request_are_refused(page: TestClient, slack: SlackServer, path: str) -> None:
    fields = {"command": "/tocsin", "text": "help", "user_id": "U1", "trigger_id": "1", "ssl_check": "0"}
    body = urlencode(fields).encode()
    headers = signed(body, time.time())

    assert send(page, path, fields, secret="another").status_code == 401
    assert send(page, path, fields, age=301).status_code == 401
    assert send(page, path, fields, age=-301).status_code == 401
    assert page.post(f"/slack/{path}", content=body).status_code == 401
    assert page.post(f"/slack/{path}", content=body, headers=headers).status_code != 401
    replayed = page.post(f"/slack/{path}", content=body, headers=headers)
    assert (replayed.status_code, replayed.text) == (401, "this request was taken before; it is a replay")
    assert slack.views == {}


def test_where_slack_is_not_set_up_there_is_nothing(desk: Desk) -> None:
    with TestClient(create_app(desk)) as page:
        assert command(page, "U1").status_code == 404


def test_a_body_without_end_is_not_read(page: TestClient) -> None:
    assert page.post("/slack/events", content=b"x" * 1_000_001).status_code == 413


def test_slack_checks_the_address_of_events(page: TestClient) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1aB"}).encode()

    answer = page.post(
        "/slack/events", content=body, headers=signed(body, time.time()) | {"Content-Type": "application/json"}
    )

    assert (answer.status_code, answer.json()["challenge"]) == (200, "3eZbrw1aB")


# reporting


def test_the_command_opens_a_form_and_the_form_opens_an_incident(
    page: TestClient, slack: SlackServer, office: Desk
) -> None:
    assert command(page, MEMBERS[REPORTER]).text == ""
    form = slack.view_after(lambda view: view.get("callback_id") == "tocsin_report")

    submit(
        page,
        MEMBERS[REPORTER],
        form,
        title=words("Laptop left in a train"),
        kind=chosen("lost_or_stolen_device"),
        aware_at={"type": "datetimepicker", "selected_date_time": 1_772_613_000},
        people=words("FR 1200, de"),
        data={"type": "multi_static_select", "selected_options": [{"value": "contact"}]},
        respond={"type": "checkboxes", "selected_options": [{"value": "yes"}]},
    )

    slack.view_after(says("INC-2026-0002 is open, under your name."))
    [entry] = ledger(office, "INC-2026-0002", "incident.reported")
    assert entry["actor"] == REPORTER
    assert {"title", "kind", "times.aware_at", "people[0].count", "data[0].category"} <= set(
        entry["payload"]["changed"]
    )


@pytest.mark.parametrize(
    ("field", "given"), [("people", "XX 5"), ("people", "FR many"), ("title", None), ("title", "a\nb")]
)
def test_a_form_that_is_wrong_says_so_at_its_field(
    page: TestClient, slack: SlackServer, office: Desk, field: str, given: str | None
) -> None:
    command(page, MEMBERS[REPORTER])
    form = slack.view_after(lambda view: view.get("callback_id") == "tocsin_report")

    answer = submit(page, MEMBERS[REPORTER], form, **{"title": words("Lost"), field: words(given)})

    assert answer.json()["response_action"] == "errors"
    assert list(answer.json()["errors"]) == [field]


# answering


def test_a_text_is_signed_from_slack_over_its_exact_words_under_the_persons_name(
    page: TestClient, slack: SlackServer, office: Desk
) -> None:
    gate = filing(office)
    form = opened(page, slack, LEGAL, gate)
    assert gate.sha256 in json.dumps(form)

    submit(page, MEMBERS[LEGAL], form, decision=chosen("approve"), reason=words("the measures follow"))

    slack.view_after(says(f"{gate.key}: signed, under your name."))
    approval = one(office, Approval, NUMBER, subject=gate.key)
    assert (approval.person, approval.sha256, approval.decision) == (LEGAL, gate.sha256, "approved")
    [said] = ledger(office, NUMBER, "gate.answered")
    assert (said["actor"], said["payload"]["way"]) == (LEGAL, "Slack")
    assert slack.too_large == []


def test_four_eyes_hold_in_slack_too(page: TestClient, slack: SlackServer, office: Desk) -> None:
    gate = filing(office)
    form = opened(page, slack, PR, gate)

    submit(page, MEMBERS[PR], form, decision=chosen("approve"), reason=words("fine"))

    again = slack.view_after(says("this text needs legal"))
    assert says('"initial_value": "fine"')(again), "what was typed is not lost"
    assert every(office, Approval, NUMBER) == []


def test_a_text_changed_since_it_was_read_is_not_signed(page: TestClient, slack: SlackServer, office: Desk) -> None:
    gate = filing(office)
    form = opened(page, slack, LEGAL, gate)
    edit_notice(office, NUMBER, int(gate.key.partition(":")[2]), "Other words.\n", by=LEGAL)

    submit(page, MEMBERS[LEGAL], form, decision=chosen("approve"), reason=words("fine"))

    slack.view_after(lambda view: view["title"]["text"] == "Not done")
    assert every(office, Approval, NUMBER) == []


def test_sending_back_needs_a_reason(page: TestClient, slack: SlackServer, office: Desk) -> None:
    gate = filing(office)
    submit(page, MEMBERS[LEGAL], opened(page, slack, LEGAL, gate), decision=chosen("reject"), reason=words(None))
    again = slack.view_after(says("to reject needs a reason"))
    assert (again["callback_id"], "submit" in again) == ("tocsin_answer", True), "the form stays open"

    submit(page, MEMBERS[LEGAL], again, decision=chosen("reject"), reason=words("too vague"))

    slack.view_after(says("sent back, under your name."))
    assert one(office, Approval, NUMBER, subject=gate.key).reason == "too vague"


def test_of_two_answers_at_once_one_wins_and_the_other_is_told(
    page: TestClient, slack: SlackServer, office: Desk
) -> None:
    gate = next(gate for gate in open_gates(office, NUMBER) if gate.key == "step:protect_backups")
    first, second = (opened(page, slack, RESPONDER, gate) for _ in range(2))
    slack.views[str(first["id"])] = first

    submit(page, MEMBERS[RESPONDER], first, decision=chosen("done"), reason=words(None))
    submit(page, MEMBERS[RESPONDER], second, decision=chosen("done"), reason=words(None))

    slack.view_after(says("step:protect_backups: done, under your name."))
    slack.view_after(lambda view: view["title"]["text"] == "Not done")
    row = step(office, NUMBER, "protect_backups")
    assert (row.record, row.done_by) == ("done", RESPONDER)
    assert len(ledger(office, NUMBER, "gate.answered")) == 1


def test_what_waits_is_listed_with_what_waits_for_oneself_first(page: TestClient, slack: SlackServer) -> None:
    command(page, MEMBERS[LEGAL], f"waits {NUMBER.lower()}")

    listed = slack.view_after(says("Read and answer"))

    asked = [block["text"]["text"] for block in listed["blocks"] if block["type"] == "section"]
    assert "legal" in asked[0]
    assert slack.too_large == []


def test_a_clocks_warning_is_acknowledged_from_its_card(
    page: TestClient, slack: SlackServer, office: Desk, clock: VirtualClock
) -> None:
    clock.set(START + timedelta(hours=60))
    watch_once(office)
    buttons = [
        block["elements"][0]["value"]
        for message in slack.posted("C0RESPONDERS")
        for block in message["blocks"]
        if block["type"] == "actions" and block["elements"][0]["action_id"] == "tocsin_seen"
    ]
    assert f"{NUMBER} eu-gdpr-33" in buttons

    press(page, MEMBERS[LEGAL], f"{NUMBER} eu-gdpr-33", action="tocsin_seen")

    slack.view_after(says("You have said that you saw the warnings of eu-gdpr-33"))
    alerts = [alert for alert in every(office, Alert, NUMBER, state="fired") if alert.acknowledged_by]
    assert {alert.acknowledged_by for alert in alerts} == {LEGAL}
    assert slack.too_large == []


def test_another_word_says_how_the_command_is_used(page: TestClient) -> None:
    assert "`/tocsin waits [NUMBER]`" in command(page, MEMBERS[LEGAL], "hepl").text


# who


@pytest.mark.parametrize("who", [STRANGER, "U00000000"])
def test_a_stranger_learns_nothing(page: TestClient, slack: SlackServer, office: Desk, who: str) -> None:
    press(page, who, f"{NUMBER} {filing(office).key}")

    view = slack.view_after(lambda view: view["title"]["text"] == "Not done")
    assert "SHA-256" not in json.dumps(view)


def test_who_is_no_member_of_a_private_incident_does_not_learn_that_it_exists(
    page: TestClient, slack: SlackServer, office: Desk
) -> None:
    care = "Ben Fischer"
    press(page, MEMBERS[care], f"{NUMBER} {filing(office).key}")
    there = slack.view_after(says("that you may see"))
    slack.views.clear()
    press(page, MEMBERS[care], f"INC-2026-0999 {filing(office).key}")
    nowhere = slack.view_after(says("that you may see"))

    assert json.dumps(there["blocks"]).replace(NUMBER, "") == json.dumps(nowhere["blocks"]).replace("INC-2026-0999", "")


def test_somebody_whose_roles_may_not_read_texts_gets_none(page: TestClient, slack: SlackServer, office: Desk) -> None:
    press(page, MEMBERS[RESPONDER], f"{NUMBER} {filing(office).key}")

    slack.view_after(says("the right to see texts"))


def test_a_linked_member_is_the_person_whatever_the_address_says(office: Desk) -> None:
    link_slack(office, LEGAL, "U0LINKED", by="Ada")

    assert person_in_slack(office, "U0LINKED", None).name == LEGAL
    with pytest.raises(NotAllowedError):
        person_in_slack(office, MEMBERS[LEGAL], address(LEGAL))


def test_one_member_is_one_person(office: Desk) -> None:
    link_slack(office, LEGAL, "U0LINKED", by="Ada")

    with pytest.raises(BadInputError, match=f"is {LEGAL} already"):
        link_slack(office, PR, "U0LINKED", by="Ada")
    with pytest.raises(BadInputError, match="no Slack member ID"):
        link_slack(office, PR, "@noor", by="Ada")


def test_an_address_of_two_people_and_somebody_who_left_decide_nothing(office: Desk) -> None:
    with writing(office.engine) as session:
        session.execute(update(Person).where(col(Person.name) == PR).values(email=address(LEGAL)))
    with pytest.raises(NotAllowedError):
        person_in_slack(office, "U1", address(LEGAL))

    link_slack(office, RESPONDER, "U0LINKED", by="Ada")
    remove_member(office, RESPONDER)
    with pytest.raises(NotAllowedError):
        person_in_slack(office, "U0LINKED", None)


def test_what_people_typed_is_in_no_log(
    page: TestClient,
    slack: SlackServer,
    office: Desk,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    form = opened(page, slack, LEGAL, filing(office))

    submit(page, MEMBERS[LEGAL], form, decision=chosen("reject"), reason=words("planted Zdenka Planted"))

    slack.view_after(says("sent back"))
    assert "Zdenka" not in caplog.text + "".join(capfd.readouterr()) + slack.everything()


# replying


def told(
    page: TestClient, channel: str, thread: str | None, who: str, text: str, ts: str, **more: str
) -> httpx.Response:
    """The event of a message in a thread."""
    event = {"type": "message", "channel": channel, "user": who, "text": text, "ts": ts, **more}
    if thread:
        event["thread_ts"] = thread
    body = json.dumps({"type": "event_callback", "event_id": f"Ev{ts}", "team_id": "T1", "event": event}).encode()
    headers = signed(body, time.time()) | {"Content-Type": "application/json"}
    return page.post("/slack/events", content=body, headers=headers)


def test_a_reply_in_a_questions_thread_is_recorded_once_its_writer_confirms_it(
    page: TestClient, slack: SlackServer, office: Desk
) -> None:
    assert office.channels.workspace is not None
    assert keep_room(office, office.channels.workspace, NUMBER) is None
    row = next(row for row in every(office, SlackQuestion, NUMBER) if not row.key.startswith("fact:"))
    [channel], thread = slack.rooms, row.message
    assert thread is not None
    words_typed = "Multi-factor sign-in &amp; <https://a.example|new keys>"
    slack.messages[channel].append(
        {"ts": "9.1", "thread_ts": thread, "user": MEMBERS[LEGAL], "text": words_typed, "metadata": {}, "blocks": []}
    )

    assert told(page, channel, None, MEMBERS[LEGAL], "not in a thread", "8.1").status_code == 200
    assert told(page, channel, thread, MEMBERS[LEGAL], "x", "8.2", bot_id="B1").status_code == 200
    for _ in range(2):  # Slack sends an event again when it is not answered in time
        told(page, channel, thread, MEMBERS[LEGAL], words_typed, "9.1")
    offer = waited_for(lambda: slack.ephemeral)
    [button] = offer[0]["blocks"][0]["elements"]
    press(page, MEMBERS[LEGAL], button["value"], action="tocsin_reply")
    form = slack.view_after(lambda view: view.get("callback_id") == "tocsin_facts")
    assert form["blocks"][0]["element"]["initial_value"] == "Multi-factor sign-in & new keys"
    assert every(office, ContentAnswer, NUMBER, key=row.key) == []

    submit(page, MEMBERS[LEGAL], form, words=words("Multi-factor sign-in, new keys."), language=chosen("en"))

    slack.view_after(says("is kept, in en"))
    kept = one(office, ContentAnswer, NUMBER, key=row.key)
    assert (kept.words, kept.given_by) == ("Multi-factor sign-in, new keys.", LEGAL)
    assert len(slack.ephemeral) == 1
    assert slack.ephemeral[0]["user"] == MEMBERS[LEGAL]


def test_nobody_records_what_somebody_else_wrote(page: TestClient, slack: SlackServer, office: Desk) -> None:
    assert office.channels.workspace is not None
    keep_room(office, office.channels.workspace, NUMBER)
    [channel] = slack.rooms
    thread = every(office, SlackQuestion, NUMBER)[0].message
    slack.messages[channel].append(
        {"ts": "9.1", "thread_ts": thread, "user": MEMBERS[RESPONDER], "text": "5", "metadata": {}, "blocks": []}
    )

    press(page, MEMBERS[LEGAL], json.dumps([channel, thread, "9.1"]), action="tocsin_reply")

    slack.view_after(says("somebody else's"))
