"""Single sign-on by OpenID Connect: the code flow with PKCE, state and nonce, matched to a person of the team.

A person is known by the provider's subject once they have signed in so; the first time by a verified e-mail address. The
second factor is then the provider's affair.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlmodel import Session, col, delete, func, select

from flows.acts import audit
from flows.acts.accounts import new_sign_in
from flows.acts.brute_force import failed, refuse_flood
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError, RefusedDeliveryError, StoreUnavailableError
from models.incident import identity
from models.store import writing
from models.tables import Account, Person, SingleSignOnTry

TRY_LASTS = timedelta(minutes=10)
SIGNED_BY = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"]
LEEWAY = 60  # seconds that the provider's clock may differ from ours
SECONDS = 10


@dataclass(frozen=True)
class Provider:
    """An OpenID provider as it describes itself."""

    issuer: str
    client_id: str
    client_secret: str | None
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class ProviderDownError(StoreUnavailableError):
    """The provider does not answer, or not as OpenID Connect says; passwords still sign in."""


def is_set(desk: Desk) -> bool:
    """Whether the settings name a provider."""
    return desk.settings.oidc_issuer is not None


def _provider(desk: Desk, http: httpx.Client) -> Provider:
    settings = desk.settings
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        raise BadInputError("single sign-on needs TOCSIN_OIDC_ISSUER and TOCSIN_OIDC_CLIENT_ID")
    issuer = settings.oidc_issuer
    found = _json(http, "GET", f"{_safe(issuer).rstrip('/')}/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise ProviderDownError(f"{issuer} says that it is {found.get('issuer')!r}; set TOCSIN_OIDC_ISSUER as it says")
    secret = settings.oidc_client_secret
    ends = (str(found.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"))
    return Provider(issuer, settings.oidc_client_id, secret.get_secret_value() if secret else None, *map(_safe, ends))


def _safe(url: str) -> str:
    """The address, which is encrypted unless it is on this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")):
        return url
    raise ProviderDownError(f"{url!r} is no https address; a provider is reached encrypted")


def _json(http: httpx.Client, method: str, url: str, **sent: Any) -> dict[str, Any]:  # Any: httpx's own, and plain JSON
    try:
        answer = http.request(method, url, timeout=SECONDS, follow_redirects=False, **sent)
        found = answer.json() if answer.is_success else None
    except (httpx.HTTPError, ValueError, RefusedDeliveryError) as error:
        raise ProviderDownError(f"{url} does not answer ({error}); sign in with a password, or try again") from error
    if not isinstance(found, dict):
        raise ProviderDownError(f"{url} answered {answer.status_code} without what was asked for; try again")
    return found


def begin(desk: Desk, http: httpx.Client, callback: str, then: str) -> tuple[str, str]:
    """Where to send the browser, and the state that it keeps in a cookie; the try is kept for a few minutes."""
    provider, now = _provider(desk, http), datetime.now(UTC)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    with writing(desk.engine) as session:
        session.execute(delete(SingleSignOnTry).where(col(SingleSignOnTry.ends_at) < now))
        session.add(
            SingleSignOnTry(
                state_sha256=_sha256(state).hex(), nonce=nonce, verifier=verifier, then=then, ends_at=now + TRY_LASTS
            )
        )
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": callback,
        "scope": "openid email",
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(_sha256(verifier)).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    mark = "&" if "?" in provider.authorization_endpoint else "?"
    return f"{provider.authorization_endpoint}{mark}{urlencode(asked)}", state


def finish(
    desk: Desk,
    http: httpx.Client,
    callback: str,
    answer: Mapping[str, str],
    kept: str,
    *,
    address: str,
    agent: str,
) -> tuple[str, str]:
    """The token of the new sign-in and the page that was asked for; `kept` is the state of the browser's cookie.

    Raises `NotAllowedError` for an answer that this browser did not ask for, one used before, and a stranger, and
    `ProviderDownError` when the provider does not answer.
    """
    refuse_flood(desk, address)
    try:
        begun = _taken(desk, answer.get("state", ""), kept)
        if "code" not in answer:
            raise NotAllowedError(f"the provider refused ({answer.get('error', 'without a reason')[:100]}); try again")
        claims = _claims(_provider(desk, http), http, callback, answer, begun)
        with writing(desk.engine) as session:
            account, name = _account(session, claims)
            token = new_sign_in(session, account, address, agent, waits_for_code=False, by_single_sign_on=True).token
    except NotAllowedError as refused:
        failed(desk, address)
        audit.note(desk, "sign_in.refused", who=None, way="single sign-on", why=refused, address=address, agent=agent)
        raise
    audit.note(desk, "sign_in", who=name, way="single sign-on", address=address, agent=agent)
    return token, begun.then


def _taken(desk: Desk, state: str, kept: str) -> SingleSignOnTry:
    """The try that the state stands for, which is used up by this."""
    if not state or not secrets.compare_digest(state.encode(), kept.encode()):
        raise NotAllowedError("this browser did not ask for this sign-in; begin again")
    with writing(desk.engine) as session:
        row = session.exec(select(SingleSignOnTry).where(SingleSignOnTry.state_sha256 == _sha256(state).hex())).first()
        if row is not None:
            session.delete(row)
    if row is None or row.ends_at <= datetime.now(UTC):
        raise NotAllowedError("this sign-in was used or began too long ago; begin again")
    return row


def _claims(
    provider: Provider, http: httpx.Client, callback: str, answer: Mapping[str, str], begun: SingleSignOnTry
) -> dict[str, Any]:  # Any: what the provider says
    if answer.get("iss", provider.issuer) != provider.issuer:
        raise NotAllowedError("another provider answered than the one that was asked")
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": callback,
        "client_id": provider.client_id,
        "code_verifier": begun.verifier,
    }
    secret = {"client_secret": provider.client_secret} if provider.client_secret else {}
    given = _json(http, "POST", provider.token_endpoint, data=form | secret)
    keys = _json(http, "GET", provider.jwks_uri)
    try:
        token = jwt.decode(str(given.get("id_token")), KeySet.import_key_set(keys), algorithms=SIGNED_BY)  # type: ignore[arg-type]  # checked by the library
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": provider.client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": begun.nonce},
        ).validate(token.claims)
    except (JoseError, ValueError, KeyError) as wrong:
        raise NotAllowedError(f"the provider's answer does not hold ({type(wrong).__name__}); begin again") from wrong
    claims = dict(token.claims)
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise NotAllowedError("the provider's answer is for another program")
    return claims


def _account(session: Session, claims: Mapping[str, Any]) -> tuple[Account, str]:
    """The account of whoever the claims name, bound to the subject from now on; raises `NotAllowedError` for a stranger."""
    subject = f"{claims['iss']} {claims['sub']}"
    account = session.exec(select(Account).where(Account.subject == subject)).first()
    person = session.get_one(Person, account.person_id) if account else _person_by_mail(session, claims)
    if person is None or not person.active:
        raise NotAllowedError(
            "nobody of the team is known by this sign-in; an administrator gives your e-mail address: `tocsin team add`"
        )
    if account is None:
        account = _bound(session, person, subject)
    return account, person.name


def _person_by_mail(session: Session, claims: Mapping[str, Any]) -> Person | None:
    email = claims.get("email")
    if not isinstance(email, str) or claims.get("email_verified") is not True:
        return None
    found = session.exec(select(Person).where(func.lower(Person.email) == email.lower())).all()
    return found[0] if len(found) == 1 else None


def _bound(session: Session, person: Person, subject: str) -> Account:
    account = session.exec(select(Account).where(Account.person_id == person.id)).first()
    if account is None:
        account = Account(person_id=identity(person), login=f"{person.email} ({person.id})", made_at=datetime.now(UTC))
    if account.subject is not None:
        raise NotAllowedError(
            "this person signs in by another subject; an administrator takes it off: `tocsin team reset`"
        )
    account.subject = subject
    session.add(account)
    session.flush()
    return account


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
