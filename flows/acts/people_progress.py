"""Where a sending stands: how many were sent, came back and are left, how fast, and whether that is fast enough."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from flows.acts.deliver import new_delivery, queue
from flows.acts.people_plan import UNFINISHED, sending_of, waves_until
from flows.desk import Desk
from models.clock import rfc3339
from models.errors import NotAllowedError
from models.incident import find
from models.ledger import record
from models.store import reading, writing
from models.tables import Incident, PeopleSending, PersonDelivery

WINDOW = timedelta(minutes=5)  # over which the rate is taken


@dataclass(frozen=True)
class Progress:
    """Counts are of messages, our own addresses left out; `rate` is a second."""

    state: str
    why: str | None
    wave: str
    people: int
    states: dict[str, int]
    channels: dict[str, dict[str, int]]
    waves: dict[str, dict[str, int]]
    left: int
    doubtful: int
    twice: int
    rate: float
    expected_end: datetime | None
    due_at: datetime | None
    unreached: dict[str, int]
    zone: str
    at: datetime

    @property
    def too_slow(self) -> bool:
        """Whether the limit will be missed at this rate, or is missed already."""
        return bool(self.left and self.due_at and (self.expected_end or self.at) > self.due_at)

    @property
    def sent(self) -> int:
        """How many messages were taken."""
        return self.states.get("sent", 0) + self.states.get("delivered", 0)


def progress(desk: Desk, number: str) -> Progress:
    """Where the sending stands; raises `NotAllowedError` where none was started."""
    with reading(desk.engine) as session:
        incident = find(session, number)
        sending = sending_of(session, incident)
        if sending is None:
            raise NotAllowedError(
                f"nothing is being sent to the people of {number}; start it: `tocsin people send {number}`"
            )
        return _progress(session, incident, sending, desk.clock())


def _progress(session: Session, incident: Incident, sending: PeopleSending, now: datetime) -> Progress:
    rows = session.execute(
        select(PersonDelivery.state, PersonDelivery.channel, PersonDelivery.wave, func.count(col(PersonDelivery.id)))
        .where(PersonDelivery.incident_id == incident.id, PersonDelivery.seq > 0)
        .group_by(col(PersonDelivery.state), col(PersonDelivery.channel), col(PersonDelivery.wave))
    ).all()
    states: Counter[str] = Counter()
    channels: dict[str, Counter[str]] = {}
    waves: dict[str, Counter[str]] = {}
    left = 0
    for state, channel, wave, count in rows:
        states[state] += count
        channels.setdefault(channel, Counter())[state] += count
        waves.setdefault(wave, Counter())[state] += count
        if state in UNFINISHED and wave in waves_until(sending.wave) and channel != "post":
            left += count
    doubtful, twice = _doubtful(session, incident)
    rate = _rate(session, incident, now)
    return Progress(
        state="done" if sending.state == "running" and not left else sending.state,
        why=sending.why,
        wave=sending.wave,
        people=_people(session, incident),
        states=dict(states),
        channels={name: dict(counts) for name, counts in channels.items()},
        waves={name: dict(counts) for name, counts in waves.items()},
        left=left,
        doubtful=doubtful,
        twice=twice,
        rate=rate,
        expected_end=now + timedelta(seconds=left / rate) if left and rate else None,
        due_at=sending.due_at,
        unreached=sending.unreached,
        zone=sending.zone,
        at=now,
    )


def _doubtful(session: Session, incident: Incident) -> tuple[int, int]:
    """How many messages were ever in doubt, and how many of them were sent again under the same Message-ID."""
    mine = select(func.count(col(PersonDelivery.id))).where(
        PersonDelivery.incident_id == incident.id, PersonDelivery.doubtful > 0
    )
    again = mine.where(col(PersonDelivery.state).in_(("sent", "delivered", "bounced")))
    return session.exec(mine).one(), session.exec(again).one()


def _people(session: Session, incident: Incident) -> int:
    return session.exec(
        select(func.count(col(PersonDelivery.id))).where(
            PersonDelivery.incident_id == incident.id, PersonDelivery.seq > 0, PersonDelivery.rank == 0
        )
    ).one()


def _rate(session: Session, incident: Incident, now: datetime) -> float:
    """Messages a second over the last minutes, or since the first of them."""
    first, count = session.execute(
        select(func.min(PersonDelivery.sent_at), func.count(col(PersonDelivery.id))).where(
            PersonDelivery.incident_id == incident.id, col(PersonDelivery.sent_at) > now - WINDOW
        )
    ).one()
    seconds = (now - first).total_seconds() if first is not None else 0.0
    return round(count / max(seconds, 1.0), 1) if count else 0.0


def warn_if_too_slow(desk: Desk, number: str) -> bool:
    """Tell the responders, once, that the limit will be missed at the rate of now; whether they were told just now."""
    if not progress(desk, number).too_slow:  # which nobody has to wait for
        return False
    with writing(desk.engine) as session:
        incident = find(session, number)
        sending = sending_of(session, incident, lock=True)
        if sending is None or sending.alarmed_at is not None:
            return False
        found = _progress(session, incident, sending, desk.clock())
        if not found.too_slow or found.due_at is None:
            return False
        now, words = desk.clock(), _words(incident.number, found)
        sending.alarmed_at = now
        session.add(sending)
        channel, to = desk.channels.for_chat()
        key = f"{incident.number}.people-too-slow.{now:%Y%m%dT%H%M%S}"
        message = {"subject": words, "text": words, "what": "sending to people is too slow"}
        queue(session, desk, incident, new_delivery(incident, key, "alert", channel, to, message, now))
        payload = {"left": found.left, "rate": found.rate, "due_at": rfc3339(found.due_at)}
        payload["expected_end"] = rfc3339(found.expected_end) if found.expected_end else None
        record(session, incident, "people.too_slow", payload, actor="tocsin", at=now, zone=incident.zone)
        return True


def _words(number: str, found: Progress) -> str:
    assert found.due_at is not None, "it was checked"
    end = (
        f"at {found.rate} a second the last leaves at {rfc3339(found.expected_end)}, after"
        if found.expected_end
        else "none left in the last minutes, and they are past"
    )
    return (
        f"{number}: {found.left} messages to people are left; {end} the limit of {rfc3339(found.due_at)}. "
        "Add workers, or raise the limits."
    )
