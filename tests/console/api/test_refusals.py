"""What is refused, and as what: strangers, requests made by other sites, those without the right, those who may not know."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from console.answers import described
from console.app import create_app
from console.http_api import PREFIX as V1
from console.http_api import http_api
from console.rights import Right, rights_of
from flows.acts import audit
from flows.acts.membership import add_to_incident, members_of, remove_from_incident
from flows.acts.team import add_member
from flows.acts.tokens import Scope, make_token
from flows.desk import Desk
from models.document import LARGEST_DOCUMENT_BYTES
from models.store import reading
from models.tables import Delivery, Notice
from models.vocabulary import PersonRole
from tests.console.api.conftest import ApiAs

OPEN = {"/openapi.json"}
# The right that each route asks for; a route that is not here has no test, which fails.
NEEDS = {
    ("get", "/me"): None,
    ("get", "/incidents"): Right.SEE,
    ("post", "/incidents"): Right.REPORT,
    ("post", "/assessment"): Right.REPORT,
    ("get", "/register"): Right.AUDIT,
    ("get", "/incidents/{number}"): Right.SEE,
    ("get", "/incidents/{number}/facts"): Right.SEE,
    ("get", "/incidents/{number}/assessment"): Right.SEE,
    ("get", "/incidents/{number}/steps"): Right.SEE,
    ("get", "/incidents/{number}/timeline"): Right.SEE,
    ("get", "/incidents/{number}/people/counts"): Right.SEE,
    ("get", "/incidents/{number}/ledger"): Right.AUDIT,
    ("get", "/incidents/{number}/ledger/verification"): Right.AUDIT,
    ("get", "/incidents/{number}/notices"): Right.SEE_TEXTS,
    ("get", "/incidents/{number}/questions"): Right.SEE_TEXTS,
    ("get", "/incidents/{number}/stale"): Right.SEE_TEXTS,
    ("get", "/incidents/{number}/disagreements"): Right.SEE_TEXTS,
    ("get", "/incidents/{number}/notices/{notice}"): Right.SEE_TEXTS,
    ("get", "/incidents/{number}/notices/{notice}/versions"): Right.SEE_TEXTS,
    ("get", "/incidents/{number}/notices/{notice}/difference"): Right.SEE_TEXTS,
    ("get", "/incidents/{number}/notices/{notice}/file"): Right.SEE_TEXTS,
    ("post", "/incidents/{number}/respond"): Right.DO_STEPS,
    ("post", "/incidents/{number}/close"): Right.SIGN,
    ("post", "/incidents/{number}/reopen"): Right.SIGN,
    ("post", "/incidents/{number}/facts"): Right.ADD_FACTS,
    ("post", "/incidents/{number}/facts/preview"): Right.ADD_FACTS,
    ("post", "/incidents/{number}/people/counts/accept"): Right.ADD_FACTS,
    ("post", "/incidents/{number}/duties/{provision}/decision"): Right.DECIDE,
    ("post", "/incidents/{number}/steps/{key}/done"): Right.DO_STEPS,
    ("post", "/incidents/{number}/steps/{key}/skip"): Right.DO_STEPS,
    ("post", "/incidents/{number}/steps/{key}/evidence"): Right.DO_STEPS,
    ("post", "/incidents/{number}/steps/{key}/assign"): Right.DO_STEPS,
    ("post", "/incidents/{number}/steps/{key}/approve"): Right.DO_STEPS,
    ("post", "/incidents/{number}/steps/{key}/refuse"): Right.DO_STEPS,
    ("post", "/incidents/{number}/steps/{key}/retry"): Right.DO_STEPS,
    ("post", "/incidents/{number}/events/{event}"): Right.DO_STEPS,
    ("post", "/incidents/{number}/alerts/acknowledge"): Right.SEE,
    ("post", "/incidents/{number}/alerts/snooze"): Right.SEE,
    ("post", "/incidents/{number}/questions/{key}/answer"): Right.EDIT_TEXTS,
    ("post", "/incidents/{number}/notices/{notice}/text"): Right.EDIT_TEXTS,
    ("post", "/incidents/{number}/notices/{notice}/restore"): Right.EDIT_TEXTS,
    ("post", "/incidents/{number}/notices/{notice}/correct"): Right.EDIT_TEXTS,
    ("post", "/incidents/{number}/notices/{notice}/withdraw"): Right.EDIT_TEXTS,
    ("post", "/incidents/{number}/notices/{notice}/approve"): Right.SIGN,
    ("post", "/incidents/{number}/notices/{notice}/override"): Right.SIGN,
    ("post", "/incidents/{number}/notices/{notice}/reject"): Right.SIGN,
    ("post", "/incidents/{number}/notices/{notice}/hold"): Right.RELEASE,
    ("post", "/incidents/{number}/notices/{notice}/release"): Right.RELEASE,
    ("post", "/incidents/{number}/notices/{notice}/sent"): Right.RELEASE,
    ("post", "/incidents/{number}/deliveries/{key}/again"): Right.RELEASE,
    ("get", "/incidents/{number}/people/cohorts"): Right.SEE,
    ("post", "/incidents/{number}/people/cohorts/accept"): Right.SEND_TO_PEOPLE,
    ("get", "/incidents/{number}/people/progress"): Right.SEE,
    ("get", "/incidents/{number}/people/proof"): Right.SEE_TEXTS,
    **{
        ("post", f"/incidents/{{number}}/people/{act}"): Right.SEND_TO_PEOPLE
        for act in ("send", "pause", "resume", "stop")
    },
    ("get", "/subscriptions"): Right.ADMINISTER,
    ("post", "/subscriptions"): Right.ADMINISTER,
    ("post", "/subscriptions/{subscription}/remove"): Right.ADMINISTER,
    ("post", "/subscriptions/{subscription}/test"): Right.ADMINISTER,
    ("get", "/subscriptions/{subscription}/deliveries"): Right.ADMINISTER,
    ("post", "/subscriptions/{subscription}/deliveries/{delivery}/again"): Right.ADMINISTER,
}
BODIES: dict[str, object] = {
    "incidents": {"title": "Lost phone"},
    "assessment": {"title": "Lost phone"},
    "subscriptions": {"url": "https://93.184.215.14/hooks"},
    "facts": {"records": 7},
    "preview": {"records": 7},
    "decision": {"verdict": "required", "reason": "x"},
    "assign": {"to": "Ada Byron"},
    "snooze": {"provision": "x", "until": "2026-12-01T00:00:00Z", "reason": "x"},
    "answer": {"words": "x"},
    "text": {"text": "x", "sha256": "0" * 64},
    "restore": {"version": 1},
    "approve": {"sha256": "0" * 64},
    "override": {"sha256": "0" * 64, "reason": "x"},
    "sent": {"at": "2026-11-23T08:00:00Z", "reference": "x"},
    "accept": {"rules_sha256": "0" * 64, "reached": 0},
    **{
        act: {"reason": "x"}
        for act in ("stop", "close", "reopen", "skip", "refuse", "reject", "hold", "correct", "withdraw")
    },
    **{act: {} for act in ("done", "acknowledge", "send", "pause")},
}
ROUTES = sorted(NEEDS)


def address(path: str, number: str) -> str:
    filled = path.replace("{number}", number).replace("{notice}", "1").replace("{provision}", "eu-gdpr-33")
    filled = filled.replace("{subscription}", "999").replace("{delivery}", "1")  # which nobody has
    return V1 + filled.replace("{key}", "x").replace("{event}", "x")


def ask(page: TestClient, method: str, path: str, number: str) -> int:
    body = BODIES.get(path.rpartition("/")[2])
    return page.request(method, address(path, number), **({"json": body} if method == "post" else {})).status_code  # type: ignore[arg-type]


def test_every_route_says_who_may(desk: Desk) -> None:
    known = {(method, path) for path, methods in http_api(desk).openapi()["paths"].items() for method in methods}

    assert known == set(NEEDS)


AS_A_FILE = {("get", "/incidents/{number}/notices/{notice}/file"), ("get", "/incidents/{number}/ledger")}


def test_every_route_says_what_it_answers_by_a_name_of_its_own(desk: Desk) -> None:
    document, (named, shapes) = http_api(desk).openapi(), described()

    assert set(named) | AS_A_FILE == set(NEEDS)
    assert {name for name, schema in shapes.items() if document["components"]["schemas"][name] != schema} == set()
    assert "HTTPValidationError" not in str(document)


@pytest.mark.parametrize("role", PersonRole)
def test_each_role_is_let_in_where_it_has_the_right_and_learns_of_no_incident_that_it_may_not_see(
    desk: Desk, api_as: ApiAs, open_demo_incident: Callable[[], str], role: PersonRole
) -> None:
    page, has = api_as("Ada Byron", role), rights_of([role])
    mine, hidden, none = open_demo_incident(), open_demo_incident(), "INC-2026-0999"
    add_to_incident(desk, mine, "Ada Byron", by="Nadia Roux")
    hide(desk, hidden, "Ada Byron")

    for method, path in ROUTES:
        right, asked = NEEDS[method, path], f"{role} {method} {path}"
        inside = "{number}" in path
        if right is not None and right not in has:
            assert ask(page, method, path, mine) == 403, asked
            assert ask(page, method, path, none) == 403, asked
        elif inside:
            assert ask(page, method, path, hidden) == ask(page, method, path, none) == 404, asked
        else:
            assert ask(page, method, path, mine) in ((404,) if "{" in path else (200, 201)), asked
    shown = page.get(f"{V1}/incidents")
    if Right.SEE in has:
        assert hidden not in shown.text
    if Right.AUDIT in has:
        register = page.get(f"{V1}/register", params={"rehearsals": True}).text
        assert (mine in register, hidden in register) == (True, False)


def hide(desk: Desk, number: str, name: str) -> None:
    if name in members_of(desk, number):
        remove_from_incident(desk, number, name, by="Nadia Roux")


def test_a_stranger_is_asked_to_sign_in_everywhere(browser: Callable[[], TestClient]) -> None:
    page = browser()

    for method, path in ROUTES:
        answer = page.request(method, address(path, "INC-2026-0001"))
        assert (answer.status_code, answer.json()["type"]) == (401, "urn:tocsin:problem:sign-in-needed"), path
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_change_that_another_site_had_the_browser_send_is_refused(desk: Desk, legal: TestClient) -> None:
    for token in ("", "guessed", legal.headers["x-csrf"] + "x"):
        refused = legal.post(f"{V1}/incidents", json={"title": "Lost phone"}, headers={"x-csrf": token})
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:tocsin:problem:not-allowed")
    assert [record["kind"] for record in audit.records(desk)][-3:] == ["refused.forged"] * 3
    forged = legal.post(f"{V1}/incidents", json={"title": "Lost phone"}, headers={"sec-fetch-site": "cross-site"})
    assert (forged.status_code, forged.headers["content-type"]) == (403, "application/problem+json")
    assert legal.get(f"{V1}/incidents").json()["items"] == []


def test_a_notice_step_or_delivery_of_another_incident_is_not_reached_through_ones_own(
    desk: Desk, legal: TestClient, drafted: str, open_demo_incident: Callable[[], str]
) -> None:
    mine = open_demo_incident()
    hide(desk, drafted, "Lea Martin")

    with reading(desk.engine) as session:
        notice = session.exec(select(Notice.id)).first()
        delivery = session.exec(select(Delivery.key)).first()

    assert legal.get(f"{V1}/incidents/{mine}/notices/{notice}").status_code == 404
    assert legal.get(f"{V1}/incidents/{mine}/notices/{notice}/file").status_code == 404
    assert legal.post(f"{V1}/incidents/{mine}/notices/{notice}/release").status_code == 404
    assert legal.post(f"{V1}/incidents/{mine}/deliveries/{delivery}/again").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("DELETE", "/incidents", 405),
        ("GET", "/incidents/%00", 404),
        ("GET", "/incidents?limit=0", 422),
    ],
)
def test_every_refusal_is_a_problem_with_a_type_and_one_line(
    legal: TestClient, method: str, path: str, status: int
) -> None:
    answer = legal.request(method, V1 + path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["type"].startswith("urn:tocsin:problem:")
    assert said["status"] == status
    assert "\n" not in said["detail"]


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 100_000):
        yield b" " * 100_000


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_larger_than_any_document_is_refused_before_it_is_kept(legal: TestClient, declared: bool) -> None:
    sent = b" " * (LARGEST_DOCUMENT_BYTES + 1) if declared else chunks(2 * LARGEST_DOCUMENT_BYTES)

    refused = legal.post(f"{V1}/incidents", content=sent)

    assert (refused.status_code, refused.json()["type"]) == (413, "urn:tocsin:problem:too-large")


def test_nobody_signs_in_another_name_or_sets_what_a_decision_is(legal: TestClient) -> None:
    number = legal.post(f"{V1}/incidents", json={"title": "Lost phone"}).json()["number"]

    for field in ("by", "person", "role", "state", "decision", "at"):
        body = {"sha256": "0" * 64, field: "Claire Aubry"}
        refused = legal.post(f"{V1}/incidents/{number}/notices/1/approve", json=body)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["at"] == f"body.{field}"


def test_script_in_any_field_is_data_and_the_answer_no_page(legal: TestClient) -> None:
    script = "<script>alert(1)</script>"

    number = legal.post(f"{V1}/incidents", json={"title": script, "organisation": {"name": script}}).json()["number"]
    answers = [
        legal.get(f"{V1}/incidents/{number}"),
        legal.get(f"{V1}/incidents/{number}/facts"),
        legal.get(f"{V1}/incidents/{script}"),
        legal.post(f"{V1}/incidents", json={"title": "x", script: script}),
    ]

    for answer in answers:
        assert "json" in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_description_is_public_and_holds_no_data(desk: Desk, open_demo_incident: Callable[[], str]) -> None:
    number = open_demo_incident()
    described = TestClient(create_app(desk)).get(f"{V1}/openapi.json")

    assert described.status_code == 200
    assert number not in described.text
    assert {"Report", "Facts", "Approval"} <= described.json()["components"]["schemas"].keys()


@pytest.mark.parametrize(
    ("scopes", "reads", "reports", "acts", "signs"),
    [
        ({Scope.READ}, 200, 403, 403, 403),
        ({Scope.REPORT}, 403, 201, 403, 403),
        ({Scope.READ, Scope.ACT}, 200, 403, 409, 403),
        ({Scope.SIGN}, 403, 403, 403, 404),
        ({Scope.ADMIN}, 403, 403, 403, 403),
    ],
)
def test_a_program_does_what_its_token_was_made_for_and_needs_no_page(
    desk: Desk,
    browser: Callable[[], TestClient],
    open_demo_incident: Callable[[], str],
    scopes: set[Scope],
    reads: int,
    reports: int,
    acts: int,
    signs: int,
) -> None:
    program = browser()
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    drafted = open_demo_incident()
    token = make_token(desk, "Lea Martin", purpose="tickets", scopes=scopes, by="Ada")
    program.headers["authorization"] = f"Bearer {token}"
    incident = f"{V1}/incidents/{drafted}"

    assert program.get(incident).status_code == reads
    assert program.post(f"{V1}/incidents", json={"title": "Lost phone"}).status_code == reports
    assert program.post(f"{incident}/alerts/acknowledge", json={}).status_code == acts
    assert program.post(f"{incident}/notices/1/approve", json={"sha256": "0" * 64}).status_code == signs
