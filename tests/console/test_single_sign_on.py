import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from sqlmodel import select

from flows.acts import audit
from flows.acts.accounts import accept, invite
from flows.acts.second_factor import reset
from flows.acts.team import add_member, remove_member
from flows.desk import Desk
from models.store import reading
from models.tables import Account, SingleSignOnTry
from models.vocabulary import PersonRole
from tests.console.conftest import PASSWORD

Browser = Callable[[], TestClient]
WAY = "/sign-in/single-sign-on"
KEY = RSAKey.generate_key(2048, {"kid": "first"})


class Provider:
    """An OpenID provider on this machine. It speaks HTTP, signs what it says, and holds whoever asks to PKCE."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] = lambda claims: jwt.encode(
            {"alg": "RS256", "kid": "first"}, claims, KEY
        )
        self.asked: dict[str, str] = {}
        self.describes_itself_as: str | None = None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def authorised(self, address: str, **answer: str) -> str:
        """The query with which the provider sends the browser back after the person has signed in there."""
        self.asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        return "&".join(
            f"{key}={value}" for key, value in {"code": "c1", "state": self.asked["state"], **answer}.items()
        )

    def id_token(self) -> str:
        now = int(time.time())
        standing = {
            "iss": self.issuer,
            "aud": "tocsin",
            "sub": "u-17",
            "exp": now + 300,
            "iat": now,
            "nonce": self.asked["nonce"],
            "email": "Lea@example.org",
            "email_verified": True,
        }
        return self.sign({key: value for key, value in {**standing, **self.claims}.items() if value is not None})

    def token(self, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"][0].encode()).digest())
        right = challenge.rstrip(b"=").decode() == self.asked["code_challenge"] and form["code"] == ["c1"]
        if not right or form["client_secret"] != ["s3cret"] or form["redirect_uri"] != [self.asked["redirect_uri"]]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.id_token()}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def answer(self, status: int, body: dict[str, Any]) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def do_GET(self) -> None:
                own = provider.describes_itself_as or provider.issuer
                pages = {
                    "/.well-known/openid-configuration": {
                        "issuer": own,
                        "authorization_endpoint": f"{provider.issuer}/authorize",
                        "token_endpoint": f"{provider.issuer}/token",
                        "jwks_uri": f"{provider.issuer}/keys",
                    },
                    "/keys": {"keys": [KEY.as_dict(private=False)]},
                }
                self.answer(200, pages[self.path])

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["content-length"])).decode()
                self.answer(*provider.token(parse_qs(sent)))

        return Handler


@pytest.fixture
def provider(desk: Desk) -> Iterator[Provider]:
    """A provider that the settings name, and Lea in the team with her address."""
    found = Provider()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    desk.settings.oidc_issuer, desk.settings.oidc_client_id = found.issuer, "tocsin"
    desk.settings.oidc_client_secret = SecretStr("s3cret")
    add_member(desk, "Lea Martin", [PersonRole.LEGAL], email="lea@example.org")
    yield found
    found.server.shutdown()
    found.server.server_close()


def sent_to(page: TestClient, then: str = "/?closed=true") -> str:
    answer = page.get(WAY, params={"then": then})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_somebody_known_by_a_verified_address_signs_in_and_comes_to_the_page_asked_for(
    provider: Provider, browser: Browser
) -> None:
    page = browser()
    assert WAY in page.get("/sign-in").text

    entered = page.get(f"{WAY}/back?{provider.authorised(sent_to(page))}")

    assert (entered.status_code, entered.headers["location"]) == (303, "/?closed=true")
    assert "Lea Martin" in page.get("/").text
    assert provider.asked["code_challenge_method"] == "S256"
    assert provider.asked["redirect_uri"].endswith(f"{WAY}/back")


def test_after_the_first_time_the_subject_counts_and_not_the_address(provider: Provider, browser: Browser) -> None:
    page = browser()
    page.get(f"{WAY}/back?{provider.authorised(sent_to(page))}")
    provider.claims = {"email": "somebody.else@example.org", "email_verified": False}

    again = browser()
    assert again.get(f"{WAY}/back?{provider.authorised(sent_to(again))}").status_code == 303
    assert "Lea Martin" in again.get("/").text


def test_another_subject_with_the_same_address_does_not_take_the_account_over(
    desk: Desk, provider: Provider, browser: Browser
) -> None:
    page = browser()
    page.get(f"{WAY}/back?{provider.authorised(sent_to(page))}")
    provider.claims = {"sub": "u-18"}

    other = browser()
    assert other.get(f"{WAY}/back?{provider.authorised(sent_to(other))}").status_code == 403
    reset(desk, "Lea Martin", by="Ada")
    assert other.get(f"{WAY}/back?{provider.authorised(sent_to(other))}").status_code == 303


LONG_AGO = 1_700_000_000  # 2023-11-14


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-program"},
        {"aud": ["tocsin", "another"], "azp": "another"},
        {"iss": "https://another.example"},
        {"exp": LONG_AGO},
        {"exp": None},
        {"sub": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": "stranger@example.org"},
        {"email": ["lea@example.org"]},
    ],
    ids=str,
)
def test_an_answer_that_does_not_hold_signs_nobody_in(
    desk: Desk, provider: Provider, browser: Browser, claims: dict[str, Any]
) -> None:
    page = browser()
    provider.claims = claims

    assert page.get(f"{WAY}/back?{provider.authorised(sent_to(page))}").status_code == 403

    assert page.get("/").status_code == 303
    assert [record["kind"] for record in audit.records(desk)] == ["sign_in.refused", "refused"]
    with reading(desk.engine) as session:
        assert session.exec(select(Account)).all() == []


STRANGER = RSAKey.generate_key(2048, {"kid": "first"})


def url_safe(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def signed_with_the_public_key(claims: dict[str, Any]) -> str:
    """The forgery that takes what everybody knows of the provider for a secret that it shares."""
    body = ".".join(map(url_safe, (b'{"alg":"HS256","kid":"first"}', json.dumps(claims).encode())))
    return f"{body}.{url_safe(hmac.digest(KEY.as_pem(private=False), body.encode(), 'sha256'))}"


@pytest.mark.parametrize(
    "sign",
    [
        lambda claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, STRANGER),
        signed_with_the_public_key,
        lambda claims: ".".join(url_safe(part) for part in (b'{"alg":"none"}', json.dumps(claims).encode(), b"")),
        lambda claims: "no token at all",
    ],
    ids=["another key", "the public key as a secret", "unsigned", "nonsense"],
)
def test_a_forged_signature_signs_nobody_in(
    provider: Provider, browser: Browser, sign: Callable[[dict[str, Any]], str]
) -> None:
    page = browser()
    provider.sign = sign

    assert page.get(f"{WAY}/back?{provider.authorised(sent_to(page))}").status_code == 403
    assert page.get("/").status_code == 303


def test_an_answer_is_taken_once_and_only_in_the_browser_that_asked(
    desk: Desk, provider: Provider, browser: Browser
) -> None:
    page, victim = browser(), browser()
    answer = provider.authorised(sent_to(page))

    assert victim.get(f"{WAY}/back?{answer}").status_code == 403
    cookie = page.cookies["tocsin_single_sign_on"]
    assert page.get(f"{WAY}/back?{answer}").status_code == 303
    page.cookies.set("tocsin_single_sign_on", cookie)
    assert page.get(f"{WAY}/back?{answer}").status_code == 403
    with reading(desk.engine) as session:
        assert session.exec(select(SingleSignOnTry)).all() == []


@pytest.mark.parametrize("answer", ["error=access_denied", "code=another", "iss=https://another.example"])
def test_a_refusal_of_the_provider_is_told(provider: Provider, browser: Browser, answer: str) -> None:
    page = browser()
    name, _, value = answer.partition("=")
    query = provider.authorised(sent_to(page), **{name: value})
    query = query.replace("code=c1&", "") if name == "error" else query

    assert page.get(f"{WAY}/back?{query}").status_code in (403, 503)
    assert page.get("/").status_code == 303


def test_who_has_left_the_team_does_not_come_in_by_the_provider(
    desk: Desk, provider: Provider, browser: Browser
) -> None:
    page = browser()
    page.get(f"{WAY}/back?{provider.authorised(sent_to(page))}")
    remove_member(desk, "Lea Martin")

    assert page.get(f"{WAY}/back?{provider.authorised(sent_to(page))}").status_code == 403


def test_an_account_with_a_password_is_the_same_account(desk: Desk, provider: Provider, browser: Browser) -> None:
    accept(desk, invite(desk, "Lea Martin", by="Ada"), login="lea", password=PASSWORD)
    page = browser()
    page.get(f"{WAY}/back?{provider.authorised(sent_to(page))}")

    with reading(desk.engine) as session:
        [account] = session.exec(select(Account)).all()
    assert (account.login, account.subject) == ("lea", f"{provider.issuer} u-17")


def test_the_second_factor_of_the_provider_counts(desk: Desk, provider: Provider, browser: Browser) -> None:
    desk.settings.second_factor = "all"
    page = browser()
    page.get(f"{WAY}/back?{provider.authorised(sent_to(page))}")

    assert page.get("/").status_code == 200


def test_a_provider_that_is_down_or_another_is_named_and_passwords_still_work(
    desk: Desk, provider: Provider, browser: Browser
) -> None:
    accept(desk, invite(desk, "Lea Martin", by="Ada"), login="lea", password=PASSWORD)
    page = browser()
    provider.describes_itself_as = "https://another.example"
    assert page.get(WAY).status_code == 503

    desk.settings.oidc_issuer = "http://127.0.0.1:1"
    assert "does not answer" in page.get(WAY).text
    desk.settings.oidc_issuer = "http://provider.example"
    assert "no https address" in page.get(WAY).text
    assert page.post("/sign-in", data={"login": "lea", "password": PASSWORD}).status_code == 303


def test_nobody_is_led_to_another_site_by_single_sign_on(provider: Provider, browser: Browser) -> None:
    page = browser()

    entered = page.get(f"{WAY}/back?{provider.authorised(sent_to(page, 'https://evil.example/'))}")

    assert entered.headers["location"] == "/"


def test_without_a_provider_the_form_offers_none(browser: Browser) -> None:
    page = browser()

    assert WAY not in page.get("/sign-in").text
    assert page.get(WAY).status_code == 422
