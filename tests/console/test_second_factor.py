import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from flows.acts.accounts import accept, invite
from flows.acts.second_factor import reset
from flows.acts.team import add_member
from flows.acts.tokens import Scope, make_token
from flows.desk import Desk
from models.errors import BadInputError
from models.store import reading, writing
from models.tables import Account, RecoveryCode, SignIn
from models.vocabulary import PersonRole
from tests.console.conftest import PASSWORD, SignInAs, csrf

Browser = Callable[[], TestClient]
ENROLMENT = "/account/second-factor"


def code_of(secret: str, later: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * later))


def enrolled(page: TestClient) -> tuple[str, list[str]]:
    """Set the second factor up as a person does; gives the secret and the recovery codes."""
    shown = page.get(ENROLMENT).text
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", shown)[0]
    answer = page.post(ENROLMENT, data={"csrf": csrf(shown), "code": code_of(secret)})
    assert answer.status_code == 200, answer.text
    return secret, re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5}-[a-z0-9]{5})</code>", answer.text)


def begun(page: TestClient) -> None:
    answer = page.post("/sign-in", data={"login": "leamartin", "password": PASSWORD, "then": "/?closed=true"})
    assert answer.headers["location"] == "/sign-in/code?then=/%3Fclosed%3Dtrue"


def enter(page: TestClient, code: str) -> int:
    return page.post("/sign-in/code", data={"code": code, "then": "/?closed=true"}).status_code


def test_with_a_second_factor_the_password_alone_opens_nothing(browser: Browser, signed_in_as: SignInAs) -> None:
    secret, _ = enrolled(signed_in_as("Lea Martin", PersonRole.LEGAL))
    page = browser()
    begun(page)

    assert page.get("/").status_code == 303
    page.cookies.set("tocsin_session", page.cookies["tocsin_code"])
    assert page.get("/").status_code == 303
    page.cookies.delete("tocsin_session")
    assert enter(page, code_of(secret, 1)) == 303
    assert page.get("/").status_code == 200


def test_a_code_is_taken_once(browser: Browser, signed_in_as: SignInAs) -> None:
    secret, _ = enrolled(signed_in_as("Lea Martin", PersonRole.LEGAL))
    first, second = browser(), browser()
    begun(first)
    begun(second)
    code = code_of(secret, 1)

    assert enter(first, code) == 303
    assert enter(second, code) == 403


def test_the_code_that_set_it_up_does_not_sign_in(browser: Browser, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    shown = page.get(ENROLMENT).text
    code = code_of(re.findall(r"<code>([A-Z2-7]{32})</code>", shown)[0])
    page.post(ENROLMENT, data={"csrf": csrf(shown), "code": code})
    other = browser()
    begun(other)

    assert enter(other, code) == 403


def test_a_recovery_code_stands_in_once_however_it_is_typed(browser: Browser, signed_in_as: SignInAs) -> None:
    _, codes = enrolled(signed_in_as("Lea Martin", PersonRole.LEGAL))
    assert len(codes) == 10
    page, again = browser(), browser()
    begun(page)
    begun(again)

    assert enter(page, f" {codes[0].replace('-', '').upper()} ") == 303
    assert enter(again, codes[0]) == 403
    assert "9 recovery codes are left" in page.get("/account").text


def test_codes_are_not_guessed_by_giving_the_password_again_and_again(
    desk: Desk, browser: Browser, signed_in_as: SignInAs
) -> None:
    secret, _ = enrolled(signed_in_as("Lea Martin", PersonRole.LEGAL))
    page = browser()
    for _ in range(5):
        begun(page)
        assert enter(page, "000000") == 403

    assert page.post("/sign-in", data={"login": "leamartin", "password": PASSWORD}).status_code == 403
    assert enter(page, code_of(secret, 1)) == 403
    with reading(desk.engine) as session:
        assert session.exec(select(Account)).one().locked_until is not None


def test_a_question_for_a_code_ends_after_a_few_minutes(desk: Desk, browser: Browser, signed_in_as: SignInAs) -> None:
    secret, _ = enrolled(signed_in_as("Lea Martin", PersonRole.LEGAL))
    page = browser()
    begun(page)
    with writing(desk.engine) as session:
        for row in session.exec(select(SignIn)):
            row.ends_at = datetime.now(UTC)
            session.add(row)

    refused = page.post("/sign-in/code", data={"code": code_of(secret, 1)})

    assert (refused.status_code, "began too long ago" in refused.text) == (403, True)
    assert page.get("/sign-in/code").headers["location"] == "/sign-in"


def test_a_wrong_code_does_not_put_it_on_and_the_same_picture_is_shown_again(signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    shown = page.get(ENROLMENT).text

    refused = page.post(ENROLMENT, data={"csrf": csrf(shown), "code": "000000"})

    assert refused.status_code == 422
    assert re.findall(r"[A-Z2-7]{32}", refused.text) == re.findall(r"[A-Z2-7]{32}", shown)
    assert "Only your password" in page.get("/account").text


@pytest.mark.parametrize(
    ("rule", "role", "sent_to"),
    [
        ("signers", PersonRole.LEGAL, ENROLMENT),
        ("signers", PersonRole.RESPONDER, None),
        ("all", PersonRole.RESPONDER, ENROLMENT),
        ("optional", PersonRole.LEGAL, None),
    ],
)
def test_whoever_needs_a_second_factor_sets_it_up_before_anything_else(
    desk: Desk, signed_in_as: SignInAs, rule: str, role: PersonRole, sent_to: str | None
) -> None:
    page = signed_in_as("Lea Martin", role)
    desk.settings.second_factor = rule  # type: ignore[assignment]  # one of its words

    answer = page.get("/")

    assert (answer.status_code, answer.headers.get("location")) == ((303, sent_to) if sent_to else (200, None))
    enrolled(page)
    assert page.get("/").status_code == 200


def test_taking_it_off_needs_a_code(signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    secret, _ = enrolled(page)
    form = {"csrf": csrf(page.get("/account").text)}

    assert page.post(f"{ENROLMENT}/off", data={**form, "code": "000000"}).status_code == 403
    assert page.get(ENROLMENT).status_code == 403
    assert page.post(f"{ENROLMENT}/off", data={**form, "code": code_of(secret, 1)}).status_code == 303
    assert "Only your password" in page.get("/account").text


def test_an_administrator_takes_it_off_of_somebody_who_has_lost_it(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    enrolled(page)

    reset(desk, "Lea Martin", by="Ada")

    assert "Only your password" in page.get("/account").text
    with reading(desk.engine) as session:
        assert session.exec(select(RecoveryCode)).all() == []
    with pytest.raises(BadInputError, match="no second factor"):
        reset(desk, "Lea Martin", by="Ada")


@pytest.mark.parametrize("path", ["/account", ENROLMENT])
def test_a_token_changes_nothing_of_the_account_that_made_it(desk: Desk, browser: Browser, path: str) -> None:
    add_member(desk, "Lea Martin", list(PersonRole))
    accept(desk, invite(desk, "Lea Martin", by="Ada"), login="lea", password=PASSWORD)
    token = make_token(desk, "Lea Martin", purpose="x", scopes=Scope, by="Ada")
    bearer = {"authorization": f"Bearer {token}"}

    assert browser().get(path, headers=bearer).status_code == 403
    making = {"purpose": "more", "scope": "admin", "days": "366"}
    assert browser().post("/account/tokens", data=making, headers=bearer).status_code == 403


def test_one_makes_and_ends_tokens_on_the_page_of_ones_account(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    form = {"csrf": csrf(page.get("/account").text)}

    made = page.post("/account/tokens", data={**form, "purpose": "<b>SIEM</b>", "scope": ["read", "report"], "days": 9})
    token = re.findall(r"tocsin_[\w-]{43}", made.text)[0]

    bearer = {"authorization": f"Bearer {token}"}
    assert page.get("/", headers=bearer).status_code == 200
    assert "&lt;b&gt;SIEM&lt;/b&gt;" in made.text
    assert token not in page.get("/account").text
    assert page.post("/account/tokens/1/revoke", data=form).status_code == 303
    assert page.get("/", headers=bearer).status_code == 401


def test_signing_out_elsewhere_leaves_this_browser_alone(browser: Browser, signed_in_as: SignInAs) -> None:
    page, other = signed_in_as("Lea Martin", PersonRole.LEGAL), browser()
    other.post("/sign-in", data={"login": "leamartin", "password": PASSWORD})
    assert other.get("/").status_code == 200

    page.post("/account/browsers/end", data={"csrf": csrf(page.get("/account").text)})

    assert (page.get("/").status_code, other.get("/").status_code) == (200, 303)
