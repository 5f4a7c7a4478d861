"""The second factor: one-time codes of an authenticator (RFC 6238), each taken once, and recovery codes for its loss."""

import secrets
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO

import pyotp
import segno
from sqlmodel import Session, col, delete, func, select

from flows.acts import audit
from flows.acts.accounts import (
    Viewer,
    count_failure,
    is_locked,
    new_sign_in,
    sign_in_row,
    unlock,
)
from flows.acts.brute_force import failed, refuse_flood
from flows.acts.team import member_called
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.incident import identity
from models.store import reading, writing
from models.tables import Account, Person, RecoveryCode

RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is taken for another
WRONG_CODE = "the code is wrong or was used before, or the account is locked for a while after too many tries"
STEP = 30  # seconds for which a code holds


def is_asked_for(desk: Desk, token: str) -> bool:
    """Whether the sign-in waits for a code."""
    with reading(desk.engine) as session:
        row = sign_in_row(session, token)
        return row is not None and row.waits_for_code


def finish_sign_in(desk: Desk, token: str, code: str, *, address: str, agent: str) -> str:
    """The token of the whole sign-in; the one that waited for the code is void.

    Raises `NotAllowedError` for a wrong code, a used one, or a sign-in that began too long ago.
    """
    refuse_flood(desk, address)
    with writing(desk.engine) as session:
        row = sign_in_row(session, token)
        if row is None or not row.waits_for_code:
            raise NotAllowedError("this sign-in began too long ago; begin again with the password")
        account = session.get_one(Account, row.account_id)
        person = session.get_one(Person, account.person_id)
        whole = None
        if person.active and not is_locked(account):
            whole = _finished(session, account, code, address, agent)
        if whole is not None:
            session.delete(row)
    if whole is None:
        failed(desk, address)
        audit.note(desk, "sign_in.code_refused", who=person.name, address=address, agent=agent)
        raise NotAllowedError(WRONG_CODE)
    audit.note(desk, "sign_in", who=person.name, address=address, agent=agent)
    return whole


def _finished(session: Session, account: Account, code: str, address: str, agent: str) -> str | None:
    if not (_takes(session, account, code) or _recovers(session, account, code)):
        count_failure(session, account)
        return None
    unlock(session, account)
    return new_sign_in(session, account, address, agent, waits_for_code=False).token


def _takes(session: Session, account: Account, code: str) -> bool:
    step = _step_of(account.totp_secret or "", code) if account.totp_secret else None
    if step is None or step <= account.totp_step:
        return False
    account.totp_step = step
    session.add(account)
    return True


def _step_of(secret: str, code: str) -> int | None:
    """Which half minute the code is of, if it is one of those around now."""
    given = "".join(code.split()).encode()
    now, codes = int(datetime.now(UTC).timestamp()) // STEP, pyotp.TOTP(secret)
    return next(
        (step for step in (now, now - 1, now + 1) if secrets.compare_digest(codes.generate_otp(step).encode(), given)),
        None,
    )


def _recovers(session: Session, account: Account, code: str) -> bool:
    row = session.exec(
        select(RecoveryCode).where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.code_sha256 == _hashed(code),
            col(RecoveryCode.used_at).is_(None),
        )
    ).first()
    if row is None:
        return False
    row.used_at = datetime.now(UTC)
    session.add(row)
    return True


def offer(desk: Desk, viewer: Viewer) -> str:
    """A new secret for the viewer's authenticator; it counts once a code of it was entered.

    Raises `NotAllowedError` for somebody who has a second factor already.
    """
    with writing(desk.engine) as session:
        account = _of(session, viewer.person_id)
        if account.totp_secret is not None:
            raise NotAllowedError("you have a second factor already; take it off first")
        account.totp_offered = pyotp.random_base32()
        session.add(account)
        return account.totp_offered


def picture(secret: str, login: str) -> str:
    """The QR code, as SVG, that an authenticator reads the secret from."""
    written = BytesIO()
    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="Tocsin")
    segno.make(address, error="m").save(
        written, kind="svg", scale=5, border=4, light="#fff", xmldecl=False, svgns=True, title="QR code"
    )
    return written.getvalue().decode()


def offered(desk: Desk, viewer: Viewer) -> str | None:
    """The secret that was shown and not yet confirmed."""
    with reading(desk.engine) as session:
        return _of(session, viewer.person_id).totp_offered


def confirm(desk: Desk, viewer: Viewer, code: str) -> list[str]:
    """Put the second factor on by a first code; gives the recovery codes, which are shown this once.

    Raises `BadInputError` for a code that is not of the secret that was offered.
    """
    with writing(desk.engine) as session:
        account = _of(session, viewer.person_id)
        step = _step_of(account.totp_offered, code) if account.totp_offered else None
        if step is None:
            raise BadInputError("the code does not fit; wait for the next one, and check the telephone's time")
        account.totp_secret, account.totp_offered, account.totp_step = account.totp_offered, None, step
        session.add(account)
        session.execute(delete(RecoveryCode).where(col(RecoveryCode.account_id) == identity(account)))
        codes = ["-".join(_letters() for _ in range(3)) for _ in range(RECOVERY_CODES)]
        session.add_all(RecoveryCode(account_id=identity(account), code_sha256=_hashed(code)) for code in codes)
    audit.note(desk, "second_factor.on", who=viewer.name)
    return codes


def recovery_codes_left(desk: Desk, viewer: Viewer) -> int:
    """How many recovery codes are not used."""
    with reading(desk.engine) as session:
        account = _of(session, viewer.person_id)
        found = select(func.count()).where(RecoveryCode.account_id == account.id, col(RecoveryCode.used_at).is_(None))
        return session.exec(found).one()


def take_off(desk: Desk, viewer: Viewer, code: str) -> None:
    """Take the viewer's second factor off, which needs a code of it; raises `NotAllowedError` for a wrong one."""
    with writing(desk.engine) as session:
        account = _of(session, viewer.person_id)
        right = not is_locked(account) and (_takes(session, account, code) or _recovers(session, account, code))
        if right:
            _off(session, account)
        else:
            count_failure(session, account)
    if not right:
        raise NotAllowedError(WRONG_CODE)
    audit.note(desk, "second_factor.off", who=viewer.name, by=viewer.name)


def reset(desk: Desk, name: str, *, by: str) -> None:
    """Take a person's second factor off who has lost it, and unbind their single sign-on.

    Raises `BadInputError` for somebody who has neither.
    """
    with writing(desk.engine) as session:
        person = member_called(session, name)
        account = session.exec(select(Account).where(Account.person_id == person.id)).first()
        if account is None or (account.totp_secret is None and account.subject is None):
            raise BadInputError(f"{name} has no second factor and no single sign-on")
        account.subject = None
        _off(session, account)
    audit.note(desk, "second_factor.off", who=name, by=by)


def _off(session: Session, account: Account) -> None:
    account.totp_secret = account.totp_offered = None
    session.add(account)
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.account_id) == identity(account)))


def _of(session: Session, person_id: int) -> Account:
    account = session.exec(select(Account).where(Account.person_id == person_id)).first()
    if account is None:
        raise NotAllowedError("only somebody with an account has a second factor")
    return account


def login_of(desk: Desk, viewer: Viewer) -> str:
    """The name that the viewer signs in with."""
    with reading(desk.engine) as session:
        return _of(session, viewer.person_id).login


def _letters() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(5))


def _hashed(code: str) -> str:
    return sha256("".join(code.split()).replace("-", "").lower().encode()).hexdigest()
