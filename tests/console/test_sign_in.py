from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from flows.acts.accounts import accept, first_link, invite, viewer_of
from flows.acts.team import add_member, members, remove_member
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.store import reading
from models.tables import Account, SignIn, SignInLink
from models.vocabulary import PersonRole
from tests.console.conftest import PASSWORD, SignInAs, csrf

Browser = Callable[[], TestClient]


def test_a_page_sends_a_stranger_to_the_sign_in_form_and_back_afterwards(desk: Desk, browser: Browser) -> None:
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    accept(desk, invite(desk, "Lea Martin", by="Ada"), login="lea", password=PASSWORD)
    page = browser()

    asked = page.get("/")
    entered = page.post("/sign-in", data={"login": "LEA ", "password": PASSWORD, "then": "/?closed=true"})

    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?then=/")
    assert (entered.status_code, entered.headers["location"]) == (303, "/?closed=true")
    assert "Lea Martin" in page.get("/").text


@pytest.mark.parametrize(
    "then", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\n//x"]
)
def test_nobody_is_led_to_another_site_by_signing_in(desk: Desk, browser: Browser, then: str) -> None:
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    accept(desk, invite(desk, "Lea Martin", by="Ada"), login="lea", password=PASSWORD)

    entered = browser().post("/sign-in", data={"login": "lea", "password": PASSWORD, "then": then})

    assert entered.headers["location"] == "/"


def test_the_first_link_makes_an_administrator_once(desk: Desk, browser: Browser) -> None:
    token = first_link(desk)
    page = browser()

    assert "first administrator" in page.get(f"/welcome/{token}").text
    form = {"name": "Ada Byron", "login": "ada", "password": PASSWORD}
    assert page.post(f"/welcome/{token}", data=form).status_code == 303
    assert page.post(f"/welcome/{token}", data=form).status_code == 403
    assert [(member.name, member.roles) for member in members(desk)] == [("Ada Byron", (PersonRole.ADMINISTRATOR,))]
    assert first_link(desk) is None


def test_an_older_first_link_is_void_once_a_newer_one_is_made(desk: Desk, browser: Browser) -> None:
    older, newer = first_link(desk), first_link(desk)

    assert browser().get(f"/welcome/{older}").status_code == 403
    assert browser().get(f"/welcome/{newer}").status_code == 200


@pytest.mark.parametrize(
    ("login", "password", "said"),
    [
        ("lea", "short", "12 characters or more"),
        ("lea", "lea-lea-lea-lea", "contains the sign-in name"),
        (" ", PASSWORD, "give a sign-in name"),
        ("noor", PASSWORD, "'noor' is taken"),
    ],
)
def test_a_password_or_name_that_will_not_do_is_explained_and_the_link_stays_good(
    desk: Desk, browser: Browser, login: str, password: str, said: str
) -> None:
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    add_member(desk, "Noor Haddad", [PersonRole.PR])
    accept(desk, invite(desk, "Noor Haddad", by="Ada"), login="noor", password=PASSWORD)
    token = invite(desk, "Lea Martin", by="Ada")

    refused = browser().post(f"/welcome/{token}", data={"login": login, "password": password})

    assert refused.status_code == 422
    assert said.replace("'", "&#39;") in refused.text
    accept(desk, token, login="lea", password=PASSWORD)


def test_a_stranger_and_a_wrong_password_get_the_same_answer(desk: Desk, browser: Browser) -> None:
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    accept(desk, invite(desk, "Lea Martin", by="Ada"), login="lea", password=PASSWORD)

    wrong = browser().post("/sign-in", data={"login": "lea", "password": "wrong wrong wrong"})
    unknown = browser().post("/sign-in", data={"login": "ghost", "password": "wrong wrong wrong"})

    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.replace("lea", "") == unknown.text.replace("ghost", "")


def test_after_too_many_wrong_passwords_the_right_one_is_refused_too(desk: Desk, browser: Browser) -> None:
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    accept(desk, invite(desk, "Lea Martin", by="Ada"), login="lea", password=PASSWORD)
    page = browser()

    for _ in range(5):
        page.post("/sign-in", data={"login": "lea", "password": "wrong wrong wrong"})

    assert page.post("/sign-in", data={"login": "lea", "password": PASSWORD}).status_code == 403
    with reading(desk.engine) as session:
        assert session.exec(select(Account)).one().locked_until is not None


def test_who_has_left_the_team_is_signed_out_everywhere(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)

    remove_member(desk, "Lea Martin")

    assert page.get("/").status_code == 303


def test_a_new_password_ends_every_sign_in_made_with_the_old_one(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)

    accept(desk, invite(desk, "Lea Martin", by="Ada"), login="lea", password="another long password")

    assert page.get("/").status_code == 303


def test_signing_out_ends_the_sign_in_not_only_the_cookie(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    token = page.cookies["tocsin_session"]

    page.post("/sign-out", data={"csrf": csrf(page.get("/").text)})

    assert viewer_of(desk, token) is None


def test_signing_in_never_takes_over_a_token_that_the_browser_brought(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    before = page.cookies["tocsin_session"]

    page.post("/sign-in", data={"login": "leamartin", "password": PASSWORD})

    assert page.cookies["tocsin_session"] != before


def test_neither_tokens_nor_passwords_stand_in_the_database(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)

    with reading(desk.engine) as session:
        rows = [*session.exec(select(Account)), *session.exec(select(SignIn)), *session.exec(select(SignInLink))]
        stored = " ".join(str(row.model_dump()) for row in rows)

    assert PASSWORD not in stored
    assert page.cookies["tocsin_session"] not in stored
    assert "argon2id" in stored


@pytest.mark.parametrize("path", ["/sign-out", "/language"])
def test_a_form_that_another_site_sent_is_refused(signed_in_as: SignInAs, path: str) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)

    for token in ("", "guessed"):
        assert page.post(path, data={"csrf": token, "language": "zh"}).status_code == 403
    assert page.get("/").status_code == 200


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(desk: Desk, signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    cookie = page.post("/sign-in", data={"login": "leamartin", "password": PASSWORD}).headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_the_console_speaks_the_language_that_was_chosen(signed_in_as: SignInAs) -> None:
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)

    page.post("/language", data={"csrf": csrf(page.get("/").text), "language": "zh"})

    assert "<h1>事件</h1>" in page.get("/").text


def test_a_link_that_is_unknown_says_what_to_do(browser: Browser) -> None:
    answer = browser().get("/welcome/nothing")

    assert answer.status_code == 403
    assert "ask an administrator for a new one" in answer.text


def test_an_invitation_is_for_members_of_the_team_only(desk: Desk) -> None:
    with pytest.raises(NotAllowedError, match="not in the team"):
        invite(desk, "Ghost", by="Ada")


def test_the_first_administrator_has_a_name_for_the_ledger(desk: Desk) -> None:
    token = first_link(desk)
    assert token is not None

    with pytest.raises(BadInputError, match="your name"):
        accept(desk, token, login="ada", password=PASSWORD)


def test_behind_a_proxy_that_ends_tls_the_cookie_is_sent_over_tls_only(desk: Desk, signed_in_as: SignInAs) -> None:
    desk.settings.console_url = "https://tocsin.example.org"
    page = signed_in_as("Lea Martin", PersonRole.LEGAL)
    cookie = page.post("/sign-in", data={"login": "leamartin", "password": PASSWORD}).headers["set-cookie"]

    assert "; Secure" in cookie


def test_an_invitation_gives_no_role_that_its_form_names(desk: Desk, browser: Browser) -> None:
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    token = invite(desk, "Lea Martin", by="Ada")

    sent = {"login": "lea", "password": PASSWORD, "name": "Ada Byron", "role": "administrator", "person_id": "1"}
    assert browser().post(f"/welcome/{token}", data=sent).status_code == 303

    assert [(member.name, member.roles) for member in members(desk)] == [("Lea Martin", (PersonRole.LEGAL,))]


SCRIPT = "\"'><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/sign-in", {"login": SCRIPT, "password": SCRIPT, "then": SCRIPT}),
        ("/sign-in/code", {"code": SCRIPT, "then": SCRIPT}),
        ("/account/tokens", {"purpose": SCRIPT, "scope": "read", "days": "1"}),
        ("/account/second-factor", {"code": SCRIPT}),
        ("/glass", {"number": SCRIPT, "reason": SCRIPT, "hours": "1"}),
        ("/admin/people/invite", {"name": SCRIPT}),
        ("/language", {"language": SCRIPT, "then": SCRIPT}),
    ],
)
def test_html_and_script_in_a_field_stay_text(signed_in_as: SignInAs, path: str, form: dict[str, str]) -> None:
    page = signed_in_as(f"Lea {SCRIPT}", *PersonRole)
    page.get("/account/second-factor")

    answer = page.post(path, data={**form, "csrf": csrf(page.get("/account").text)})

    assert "<script>alert" not in answer.text
    assert "<script>alert" not in page.get("/account").text
