import asyncio
import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from console.app import create_app
from flows.acts.audit import records
from flows.acts.intake import candidates
from flows.desk import Desk, open_desk
from flows.settings import Settings
from integrations.intake.source import LARGEST_ALERT_BYTES
from models.vocabulary import PersonRole
from tests.console.conftest import SignInAs, csrf

DATA = Path(__file__).parents[1] / "integrations" / "data" / "intake"
SECRET = b"a secret of thirty-two characters"
FINDINGS = (DATA / "guardduty" / "get_findings_response.json").read_bytes()


@pytest.fixture
def desk(desk: Desk, tmp_path: Path) -> Iterator[Desk]:
    """A desk that takes alerts of two tools, one that signs and one that shows a token."""
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    file = tmp_path / "intake.yaml"
    file.write_text("sources: {github: {secret_file: secret}, guardduty: {secret_file: secret}}")
    settings = Settings(home=desk.settings.home, clock=desk.settings.clock, intake=file)
    taking = open_desk(settings)
    yield taking
    taking.engine.dispose()


def by_token(page: TestClient, body: bytes = FINDINGS, token: bytes = SECRET) -> httpx.Response:
    return page.post("/intake/guardduty", content=body, headers={"authorization": f"Bearer {token.decode()}"})


def test_a_signed_alert_becomes_a_candidate_once(desk: Desk, browser: Callable[[], TestClient]) -> None:
    body = (DATA / "github" / "secret_scanning_alert.reopened.json").read_bytes()
    headers = {
        "X-Hub-Signature-256": f"sha256={hmac.new(SECRET, body, 'sha256').hexdigest()}",
        "X-GitHub-Delivery": "d-1",
    }

    first, replayed = (browser().post("/intake/github", content=body, headers=headers) for _ in range(2))

    assert (first.status_code, first.json()) == (202, {"taken": {"new": 1}})
    assert (replayed.status_code, replayed.json()) == (202, {"taken": {"known": 1}})
    assert candidates(desk)[0].count == 1


@pytest.mark.parametrize("token", [b"", b"another secret"])
def test_a_forged_alert_is_refused_and_nothing_is_kept(
    desk: Desk, browser: Callable[[], TestClient], token: bytes
) -> None:
    assert by_token(browser(), token=token).status_code == 401
    assert browser().post("/intake/github", content=b"{}").status_code == 401
    assert candidates(desk) == []
    refused = [record for record in records(desk) if record["kind"] == "intake.refused"]
    assert [record["source"] for record in refused] == ["guardduty", "github"]


def test_a_tool_that_is_not_set_up_may_not_send(browser: Callable[[], TestClient]) -> None:
    for name in ("sentry", "unheard-of", "..%2f..%2fetc"):
        assert browser().post(f"/intake/{name}", content=b"{}").status_code == 404


def test_what_cannot_be_read_is_refused_in_one_line(browser: Callable[[], TestClient]) -> None:
    assert by_token(browser(), b"[" * 100_000).status_code == 422
    assert by_token(browser(), b" " * (LARGEST_ALERT_BYTES + 1)).status_code == 413


def test_alerts_that_arrive_together_are_all_answered(desk: Desk) -> None:
    app = create_app(desk)
    finding = json.loads(FINDINGS)["Findings"][0]

    async def send() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as page:
            bodies = [json.dumps({"Findings": [{**finding, "Id": f"{count}"}]}) for count in range(60)]
            headers = {"x-api-key": SECRET.decode()}
            return [
                a.status_code
                for a in await asyncio.gather(
                    *(page.post("/intake/guardduty", content=body, headers=headers) for body in bodies)
                )
            ]

    assert asyncio.run(send()) == [202] * 60
    assert len(candidates(desk)) == 60


def test_a_responder_reads_and_confirms_an_alert_in_the_browser(signed_in_as: SignInAs) -> None:
    page = signed_in_as("Sam Okoro", PersonRole.RESPONDER)
    by_token(page)

    assert "S3 bucket is being enumerated" in page.get("/candidates").text
    shown = page.get("/candidates/C-1").text
    assert "malicious IP address" in shown
    answer = page.post("/candidates/C-1/confirm", data={"csrf": csrf(shown)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/incidents/INC-2026-0001")
    assert page.post("/candidates/C-1/dismiss", data={"csrf": csrf(shown), "reason": "no"}).status_code == 403
    assert page.post("/candidates/C-2/dismiss", data={"csrf": csrf(shown), "reason": "our test"}).status_code == 303
    assert page.post("/candidates/C-3/dismiss", data={"reason": "another site"}).status_code == 403


@pytest.mark.parametrize("role", [PersonRole.REPORTER, PersonRole.PR, PersonRole.ADMINISTRATOR])
def test_who_may_not_add_facts_sees_no_alert(signed_in_as: SignInAs, role: PersonRole) -> None:
    page = signed_in_as("Noor Haddad", role)
    by_token(page)

    assert page.get("/candidates").status_code == 403
    assert page.get("/candidates/C-1").status_code == 403


def test_a_hostile_alert_is_shown_as_text(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Sam Okoro", PersonRole.RESPONDER)
    document = json.loads(FINDINGS)
    document["Findings"][0] |= {
        "Title": "<script>alert(1)</script>",
        "Description": "</pre><img src=x onerror=alert(1)>",
    }
    by_token(page, json.dumps(document).encode())

    shown = page.get("/candidates/C-1").text + page.get("/candidates").text

    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert "<img" not in shown
