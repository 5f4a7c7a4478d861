"""Tokens by which programs act as a person of the team: within scopes, until a day, kept as SHA-256."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlmodel import col, select

from flows.acts.accounts import Viewer
from flows.acts.team import member_called, roles_of_person
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.incident import identity
from models.store import reading, writing
from models.tables import ApiToken, Person

BEGINS = "tocsin_"  # so that a scanner of leaked secrets knows one when it sees one
LONGEST_LIFE = timedelta(days=366)
USUAL_LIFE = timedelta(days=90)


class Scope(StrEnum):
    """What a token is for. It gives no right that the person's roles do not give."""

    READ = "read"
    REPORT = "report"
    ACT = "act"
    SIGN = "sign"
    ADMIN = "admin"


@dataclass(frozen=True)
class TokenShown:
    """One token, without the token."""

    number: int
    name: str
    purpose: str
    scopes: tuple[str, ...]
    made_by: str
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and self.ends_at > now


def make_token(
    desk: Desk, name: str, *, purpose: str, scopes: Iterable[Scope], by: str, lasts: timedelta = USUAL_LIFE
) -> str:
    """A new token by which a program acts as the person called `name`; it is shown this once and kept nowhere.

    Raises `BadInputError` for no purpose, no scope or a life that is too long, and `NotAllowedError` for a stranger.
    """
    wanted = sorted({Scope(scope).value for scope in scopes})
    if not purpose.strip() or not wanted:
        raise BadInputError("a token needs a purpose and at least one scope, so that somebody can judge it later")
    if not timedelta() < lasts <= LONGEST_LIFE:
        raise BadInputError(f"a token lasts from 1 to {LONGEST_LIFE.days} days; make a new one before it ends")
    token, now = BEGINS + secrets.token_urlsafe(32), datetime.now(UTC)
    with writing(desk.engine) as session:
        person = member_called(session, name)
        if not person.active:
            raise NotAllowedError(f"{name} may not act any more, nor may a token in their name")
        session.add(
            ApiToken(
                token_sha256=_hashed(token),
                person_id=identity(person),
                purpose=purpose.strip(),
                scopes=wanted,
                made_by=by,
                made_at=now,
                ends_at=now + lasts,
            )
        )
    return token


def person_of(desk: Desk, token: str) -> Viewer | None:
    """Whoever the token lets act, with its scopes; None when it is unknown, too old or revoked, or the person has left."""
    now = datetime.now(UTC)
    with reading(desk.engine) as session:
        row = session.exec(select(ApiToken).where(ApiToken.token_sha256 == _hashed(token))).first()
        if row is None or row.revoked_at is not None or row.ends_at <= now:
            return None
        person = session.get_one(Person, row.person_id)
        if not person.active:
            return None
        roles = roles_of_person(session, person)
    if row.used_at is None or row.used_at + timedelta(minutes=1) <= now:
        _used(desk, identity(row), now)
    return Viewer(identity(person), person.name, roles, "", None, None, frozenset(row.scopes))


def _used(desk: Desk, number: int, now: datetime) -> None:
    with writing(desk.engine) as session:
        row = session.get_one(ApiToken, number)
        row.used_at = now
        session.add(row)


def tokens(desk: Desk, name: str | None = None) -> list[TokenShown]:
    """Every token, of one person or of all, the newest first."""
    with reading(desk.engine) as session:
        query = select(ApiToken, Person).join(Person, col(Person.id) == col(ApiToken.person_id))
        query = query if name is None else query.where(Person.name == name)
        rows = session.exec(query.order_by(col(ApiToken.id).desc()))
        return [_shown(row, person) for row, person in rows]


def revoke_token(desk: Desk, number: int, *, by: str, name: str | None = None) -> TokenShown:
    """End a token now, where `name` is given only one of that person; ending it twice does nothing more.

    Raises `BadInputError` for a number that no such token has.
    """
    with writing(desk.engine) as session:
        row = session.get(ApiToken, number)
        person = session.get_one(Person, row.person_id) if row else None
        if row is None or person is None or (name is not None and person.name != name):
            raise BadInputError(f"no token has the number {number}; `tocsin team token list` shows them")
        if row.revoked_at is None:
            row.revoked_at, row.revoked_by = datetime.now(UTC), by
            session.add(row)
        return _shown(row, person)


def _shown(row: ApiToken, person: Person) -> TokenShown:
    return TokenShown(
        identity(row),
        person.name,
        row.purpose,
        tuple(row.scopes),
        row.made_by,
        row.made_at,
        row.ends_at,
        row.used_at,
        row.revoked_at,
    )


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()
