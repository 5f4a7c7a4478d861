"""Requests that come again: what was answered to a key is kept for a day, so that an act asked for twice is done once.

Keys run on the machine's time, in a rehearsal too.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select

from flows.desk import Desk
from models.errors import BadInputError, OvertakenError
from models.store import writing
from models.tables import KeptAnswer

KEPT_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Given:
    """An answer as it was given."""

    status: int
    body: bytes
    location: str | None


def begin_answer(desk: Desk, person_id: int, key: str, asked: str) -> Given | None:
    """The answer that was given to this key, or None once the key stands for the request that begins now.

    `asked` is the hash of the request. Raises `BadInputError` where the key stands for another request, and
    `OvertakenError` where the first request with it is not answered, or was cut off and may have been carried out.
    """
    with writing(desk.engine) as session:
        session.exec(delete(KeptAnswer).where(col(KeptAnswer.at) <= _now() - KEPT_FOR))
        row = _row(session, person_id, key) or _begun(session, person_id, key, asked)
        if row is None:
            return None
        if row.asked_sha256 != asked:
            raise BadInputError("this Idempotency-Key was used for another request; give each request a key of its own")
        if row.status is None:
            raise OvertakenError(
                "the first request with this Idempotency-Key has no answer yet; ask again in a moment, and if that stays "
                "so, look whether it was carried out before you send it under another key"
            )
        return Given(row.status, row.body.encode(), row.location)


def _begun(session: Session, person_id: int, key: str, asked: str) -> KeptAnswer | None:
    """Let the key stand for this request; gives the row of another request that was faster."""
    try:
        with session.begin_nested():
            session.add(KeptAnswer(person_id=person_id, key=key, asked_sha256=asked, at=_now()))
    except IntegrityError:
        return _row(session, person_id, key)
    return None


def keep_answer(desk: Desk, person_id: int, key: str, given: Given) -> None:
    """Keep the answer for whoever asks again."""
    with writing(desk.engine) as session:
        row = _row(session, person_id, key)
        if row is not None:
            row.status, row.body, row.location = given.status, given.body.decode(), given.location
            session.add(row)


def forget_answer(desk: Desk, person_id: int, key: str) -> None:
    """Free the key of a request that was refused: nothing was done, and it may be sent again."""
    with writing(desk.engine) as session:
        row = _row(session, person_id, key)
        if row is not None:
            session.delete(row)


def _row(session: Session, person_id: int, key: str) -> KeptAnswer | None:
    return session.exec(select(KeptAnswer).where(KeptAnswer.person_id == person_id, KeptAnswer.key == key)).first()


def _now() -> datetime:
    return datetime.now(UTC)
