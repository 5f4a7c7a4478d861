"""Who signs in to the console: accounts, the links that make them, and the browsers that are signed in.

Passwords are kept as argon2id hashes, tokens as SHA-256. Sign-ins run on the machine's time, in a rehearsal too.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlmodel import Session, col, select

from flows.acts import audit
from flows.acts.brute_force import failed, refuse_flood
from flows.acts.membership import has_broken_glass
from flows.acts.team import add_member, member_called, roles_of_person
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.incident import identity
from models.store import reading, writing
from models.tables import Account, Person, SignIn, SignInLink
from models.vocabulary import PersonRole

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1_000  # argon2 would hash a gigabyte, slowly
LINK_LASTS = timedelta(hours=24)
SIGN_IN_LASTS, IDLE_LASTS = timedelta(hours=12), timedelta(minutes=60)
CODE_WAITS = timedelta(minutes=5)
FREE_FAILURES = 5  # further wrong passwords lock for a minute, two, four ...
LONGEST_LOCK = timedelta(hours=1)
WRONG = "the name or the password is wrong, or the account is locked for a while after too many tries"


@dataclass(frozen=True)
class Begun:
    """A sign-in that the password began: the browser's token, and whether a code is still asked for."""

    token: str
    asks_code: bool


@dataclass(frozen=True)
class Viewer:
    """Who asks: a person of the team, by one signed-in browser, or by a token within its scopes."""

    person_id: int
    name: str
    roles: tuple[PersonRole, ...]
    csrf: str  # empty for a program that acts by a token
    language: str | None
    sign_in: int | None
    scopes: frozenset[str] | None = None  # None: everything that the roles may do
    has_second_factor: bool = False
    by_single_sign_on: bool = False
    broke_glass: bool = False


def first_link(desk: Desk) -> str | None:
    """The token of a link that makes the first administrator, or None once there is an account; an older one is void."""
    if has_accounts(desk):
        return None
    with writing(desk.engine) as session:
        for link in session.exec(select(SignInLink).where(col(SignInLink.person_id).is_(None))):
            session.delete(link)
        return _new_link(session, None, made_by="tocsin")


def has_accounts(desk: Desk) -> bool:
    """Whether anybody can sign in."""
    with reading(desk.engine) as session:
        return session.exec(select(Account.id).limit(1)).first() is not None


def invite(desk: Desk, name: str, *, by: str) -> str:
    """The token of a link by which a member of the team sets a password, the first or a new one.

    Raises `NotAllowedError` for somebody who is not in the team.
    """
    with writing(desk.engine) as session:
        return _new_link(session, identity(member_called(session, name)), made_by=by)


def _new_link(session: Session, person_id: int | None, *, made_by: str) -> str:
    token, now = secrets.token_urlsafe(32), _now()
    session.add(
        SignInLink(
            token_sha256=_hashed(token), person_id=person_id, made_by=made_by, made_at=now, ends_at=now + LINK_LASTS
        )
    )
    return token


def link_for(desk: Desk, token: str) -> str | None:
    """The name of the person whom the link is for, or None where it makes the first administrator.

    Raises `NotAllowedError` for a link that is used, too old or unknown.
    """
    with reading(desk.engine) as session:
        link = _open_link(session, token)
        return session.get_one(Person, link.person_id).name if link.person_id else None


def accept(desk: Desk, token: str, *, login: str, password: str, name: str | None = None) -> None:
    """Set the account's password by a link, once; the first administrator gives their name too.

    Raises `NotAllowedError` for a link that is used, too old or unknown, and `BadInputError` for a password that is too
    short or a login name that somebody else has.
    """
    _is_good_password(password, login)
    with reading(desk.engine) as session:
        first = _open_link(session, token).person_id is None
    if first:
        add_member(desk, _given(name, "your name"), (PersonRole.ADMINISTRATOR,))
    with writing(desk.engine) as session:
        link = _open_link(session, token)
        person_id = link.person_id or identity(member_called(session, _given(name, "your name")))
        account = session.exec(select(Account).where(Account.person_id == person_id)).first()
        account = account or Account(person_id=person_id, login="", made_at=_now())
        account.login, account.password_hash = _free_login(session, login, person_id), _hasher().hash(password)
        account.failures, account.locked_until = 0, None
        link.used_at = _now()
        session.add_all([account, link])
        if account.id is not None:
            _end_sign_ins(session, account.id)


def sign_in(desk: Desk, login: str, password: str, *, address: str, agent: str) -> Begun:
    """Begin a sign-in; raises `NotAllowedError` that does not say which of name and password was wrong.

    Raises `TooManyTriesError` for an address from which too many failed of late, whatever the password.
    """
    refuse_flood(desk, address)
    with writing(desk.engine) as session:
        account = session.exec(select(Account).where(Account.login == _plain_login(login))).first()
        fits = _fits(account.password_hash if account else None, password)
        begun = _tried(session, account, fits, address, agent) if account is not None else None
        name = session.get_one(Person, account.person_id).name if account else None
    if begun is None:
        failed(desk, address)
        audit.note(desk, "sign_in.refused", who=name, address=address, agent=agent)  # never what was typed
        raise NotAllowedError(WRONG)
    audit.note(desk, "sign_in.begun" if begun.asks_code else "sign_in", who=name, address=address, agent=agent)
    return begun


def _tried(session: Session, account: Account, fits: bool, address: str, agent: str) -> Begun | None:
    if is_locked(account):
        return None
    if not fits:
        count_failure(session, account)
        return None
    if not session.get_one(Person, account.person_id).active:
        return None
    if account.totp_secret is None:
        unlock(session, account)
    return new_sign_in(session, account, address, agent, waits_for_code=account.totp_secret is not None)


def is_locked(account: Account) -> bool:
    """Whether nobody may try to sign in just now."""
    return account.locked_until is not None and account.locked_until > _now()


def count_failure(session: Session, account: Account) -> None:
    """Count a wrong password or code; after a few, each locks the account for longer."""
    account.failures += 1
    over = account.failures - FREE_FAILURES
    if over >= 0:
        account.locked_until = _now() + min(timedelta(minutes=2 ** min(over, 10)), LONGEST_LOCK)
    session.add(account)


def unlock(session: Session, account: Account) -> None:
    """Forget the failures, after a sign-in that is whole."""
    account.failures, account.locked_until = 0, None
    session.add(account)


def new_sign_in(
    session: Session,
    account: Account,
    address: str,
    agent: str,
    *,
    waits_for_code: bool,
    by_single_sign_on: bool = False,
) -> Begun:
    """Sign a browser in under a token of its own, or for a few minutes only as far as the question for a code."""
    token, now = secrets.token_urlsafe(32), _now()
    session.add(
        SignIn(
            token_sha256=_hashed(token),
            csrf=secrets.token_urlsafe(32),
            account_id=identity(account),
            waits_for_code=waits_for_code,
            by_single_sign_on=by_single_sign_on,
            address=address,
            agent=agent[:200],
            started_at=now,
            seen_at=now,
            ends_at=now + (CODE_WAITS if waits_for_code else SIGN_IN_LASTS),
        )
    )
    return Begun(token, waits_for_code)


def sign_in_row(session: Session, token: str) -> SignIn | None:
    """The sign-in that a token stands for, unless it has ended."""
    row, now = session.exec(select(SignIn).where(SignIn.token_sha256 == _hashed(token))).first(), _now()
    return None if row is None or row.ends_at <= now or row.seen_at + IDLE_LASTS <= now else row


def viewer_of(desk: Desk, token: str) -> Viewer | None:
    """Who is signed in by the token, or None when it is unknown, too old, idle for too long, or the person has left."""
    now = _now()
    with reading(desk.engine) as session:
        row = sign_in_row(session, token)
        if row is None or row.waits_for_code:
            return None
        account = session.get_one(Account, row.account_id)
        person = session.get_one(Person, account.person_id)
        if not person.active:
            return None
        viewer = Viewer(
            identity(person),
            person.name,
            roles_of_person(session, person),
            row.csrf,
            account.language,
            identity(row),
            has_second_factor=account.totp_secret is not None,
            by_single_sign_on=row.by_single_sign_on,
            broke_glass=has_broken_glass(session, person),
        )
        stale = row.seen_at + timedelta(minutes=1) <= now
    if stale:
        _seen(desk, identity(row), now)
    return viewer


def _seen(desk: Desk, sign_in_id: int, now: datetime) -> None:
    with writing(desk.engine) as session:
        row = session.get(SignIn, sign_in_id)
        if row is not None:
            row.seen_at = now
            session.add(row)


def sign_out(desk: Desk, token: str) -> None:
    """End the sign-in; doing so twice does nothing."""
    with writing(desk.engine) as session:
        row = session.exec(select(SignIn).where(SignIn.token_sha256 == _hashed(token))).first()
        if row is not None:
            session.delete(row)


def browsers(desk: Desk, viewer: Viewer) -> list[SignIn]:
    """The browsers in which the person is signed in, the last used first."""
    with reading(desk.engine) as session:
        rows = session.exec(
            select(SignIn)
            .join(Account, col(Account.id) == col(SignIn.account_id))
            .where(Account.person_id == viewer.person_id, col(SignIn.waits_for_code).is_(False))
            .where(SignIn.ends_at > _now(), SignIn.seen_at > _now() - IDLE_LASTS)
            .order_by(col(SignIn.seen_at).desc())
        )
        return list(rows)


def sign_out_elsewhere(desk: Desk, viewer: Viewer) -> None:
    """End every other sign-in of the person."""
    with writing(desk.engine) as session:
        account = session.exec(select(Account).where(Account.person_id == viewer.person_id)).one()
        for row in session.exec(select(SignIn).where(SignIn.account_id == account.id, SignIn.id != viewer.sign_in)):
            session.delete(row)


def speak(desk: Desk, viewer: Viewer, language: str) -> None:
    """Remember the language in which the person reads the console."""
    with writing(desk.engine) as session:
        account = session.exec(select(Account).where(Account.person_id == viewer.person_id)).first()
        if account is None:
            raise BadInputError(f"{viewer.name} has no account that could remember a language")
        account.language = language
        session.add(account)


def _end_sign_ins(session: Session, account_id: int) -> None:
    for row in session.exec(select(SignIn).where(SignIn.account_id == account_id)):
        session.delete(row)


def _open_link(session: Session, token: str) -> SignInLink:
    link = session.exec(select(SignInLink).where(SignInLink.token_sha256 == _hashed(token))).first()
    if link is None or link.used_at is not None or link.ends_at <= _now():
        raise NotAllowedError("this link is used, too old or unknown; ask an administrator for a new one")
    return link


def _is_good_password(password: str, login: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadInputError(f"the password needs {SHORTEST_PASSWORD} characters or more; several words do well")
    if _plain_login(login) and _plain_login(login) in password.lower():
        raise BadInputError("the password contains the sign-in name; choose another")


def _given(value: str | None, what: str) -> str:
    if not value or not value.strip():
        raise BadInputError(f"give {what}, as it is to stand on the ledger")
    return value.strip()


def _plain_login(login: str) -> str:
    return login.strip().lower()


def _free_login(session: Session, login: str, person_id: int) -> str:
    wanted = _plain_login(_given(login, "a sign-in name"))
    other = session.exec(select(Account.person_id).where(Account.login == wanted)).first()
    if other is not None and other != person_id:
        raise BadInputError(f"{wanted!r} is taken; choose another sign-in name")
    return wanted


def _fits(stored: str | None, password: str) -> bool:
    """Whether the password is the one stored; takes as long where there is none, so that nobody learns who has an account."""
    try:
        return _hasher().verify(stored or _nobody(), password[:LONGEST_PASSWORD]) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(32))


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC)
