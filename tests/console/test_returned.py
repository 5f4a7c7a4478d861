import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from console.app import create_app
from flows.acts.audit import records
from flows.acts.people_plan import insert_once, row_of
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.incident import find, identity
from models.ledger import entries
from models.store import reading, writing
from models.tables import Notice
from tests.flows.affected import NUMBER, rows
from tests.flows.meridia import every

SECRET = "a secret of thirty-two characters"
PEOPLE = 600


@pytest.fixture
def desk(drafted: Desk, tmp_path: Path) -> Iterator[Desk]:
    """Six hundred people were written to through a relay that tells what became of their mails."""
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    file = tmp_path / "intake.yaml"
    file.write_text("relays: {tocsin: {secret_file: secret}, ses: {secret_file: secret}}")
    settings = Settings(home=drafted.settings.home, clock=drafted.settings.clock, intake=file)
    desk = open_desk(settings)
    notice = identity(every(desk, Notice, NUMBER, provision="eu-gdpr-34")[0])
    sent = {"cohort": "everybody", "wave": "rest", "state": "sent", "sent_at": desk.clock()}
    with writing(desk.engine) as session:
        incident = find(session, NUMBER)
        insert_once(session, [row_of(incident, f"{n:016x}", n, notice, "email", **sent) for n in range(1, PEOPLE + 1)])
    yield desk
    desk.engine.dispose()


def tell(page: TestClient, events: object, relay: str = "tocsin", secret: str = SECRET) -> httpx.Response:
    return page.post(f"/returned/{relay}", json=events, headers={"authorization": f"Bearer {secret}"})


def test_what_a_relay_tells_is_kept_once_and_put_on_the_ledger(desk: Desk, browser: Callable[[], TestClient]) -> None:
    one, two, three, four, *_ = rows(desk)
    events = [
        {"event": "bounced", "key": one.key, "status": "5.1.1"},
        {"event": "delivered", "key": two.key},
        {"event": "complained", "key": three.key},
        {"event": "opted_out", "key": four.key},
        {"event": "bounced", "key": "of another sender"},
    ]

    first, again = (tell(browser(), events) for _ in range(2))

    assert first.status_code == again.status_code == 202
    assert (
        first.json()
        == again.json()
        == {"taken": {"bounced": 1, "delivered": 1, "complained": 1, "opted_out": 1, "not_ours": 1}}
    )
    assert [(row.state, row.answer) for row in rows(desk)[:4]] == [
        ("bounced", "5.1.1"),
        ("delivered", None),
        ("sent", "complained of"),
        ("sent", "opted out"),
    ]
    with reading(desk.engine) as session:
        noted = [
            each["payload"] for each in entries(session, find(session, NUMBER)) if each["kind"] == "people.returned"
        ]
    assert noted == [{"said": {"bounced": 1, "delivered": 1}, "in_all": True}], "once an hour"


def test_who_does_not_prove_to_be_the_relay_is_refused(desk: Desk, browser: Callable[[], TestClient]) -> None:
    event = {"event": "bounced", "key": rows(desk)[0].key}

    assert tell(browser(), event, secret="another").status_code == 401
    assert tell(browser(), event, relay="mailgun").status_code == 404
    assert tell(browser(), [event] * 50_001).status_code == 422
    assert {row.state for row in rows(desk)} == {"sent"}
    assert [record["source"] for record in records(desk) if record["kind"] == "intake.refused"] == ["tocsin"]


def test_a_flood_of_events_is_answered_and_each_is_kept(desk: Desk) -> None:
    app, keys = create_app(desk), [row.key for row in rows(desk)]

    async def flood() -> Counter[int]:
        transport, headers = httpx.ASGITransport(app), {"x-api-key": SECRET}
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as page:
            bodies = (json.dumps({"event": "delivered", "key": key}) for key in keys)
            answers = await asyncio.gather(
                *(page.post("/returned/tocsin", content=body, headers=headers) for body in bodies)
            )
        return Counter(answer.status_code for answer in answers)

    assert asyncio.run(flood()) == {202: PEOPLE}
    assert Counter(row.state for row in rows(desk)) == {"delivered": PEOPLE}


def test_the_address_that_sns_wants_opened_is_kept_for_whoever_set_it_up(
    desk: Desk, browser: Callable[[], TestClient]
) -> None:
    address = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f"

    assert tell(browser(), {"Type": "SubscriptionConfirmation", "SubscribeURL": address}, "ses").status_code == 202

    assert (desk.settings.home / "relays" / "ses.confirm").read_text() == f"{address}\n"
