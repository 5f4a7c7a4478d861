"""Each request of Slack's is taken once: a replay, or a repetition after a slow answer, changes nothing."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select

from flows.desk import Desk
from models.store import writing
from models.tables import SlackRequest

KEPT_FOR = timedelta(
    hours=1
)  # a request older than five minutes is refused as stale, and Slack repeats events for as long


def first_time(desk: Desk, key: str) -> bool:
    """Whether the request with this key was not taken before, by any process; from now on it was."""
    now = datetime.now(UTC)
    with writing(desk.engine) as session:
        session.execute(delete(SlackRequest).where(col(SlackRequest.at) < now - KEPT_FOR))
        if session.exec(select(SlackRequest.id).where(SlackRequest.key == key)).first() is not None:
            return False
        session.add(SlackRequest(key=key, at=now))
        try:
            session.flush()
        except IntegrityError:  # another process took it at the same instant
            session.rollback()
            return False
    return True
