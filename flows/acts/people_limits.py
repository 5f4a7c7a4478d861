"""How fast messages leave: so many a second by a channel and to a domain, over all workers together."""

import hashlib
import hmac
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import Session, select

from flows.acts.people import key_file
from flows.acts.people_claim import ROW, InHand
from flows.acts.people_plan import sending_of
from flows.desk import Desk
from models.clock import system_clock
from models.incident import find, identity
from models.store import reading, writing
from models.tables import Incident, SendingSlot
from people.letter import Addressee

SECONDS_IN_HAND = 5  # how much a sender takes in hand of what it may send
LONGEST_IN_HAND = timedelta(seconds=20)  # what has to wait longer for its domain is left for later


@dataclass
class Limits:
    """The limits of one sending, and when each message in hand may leave."""

    rates: Mapping[str, float]
    secret: bytes
    _moments: dict[int, float] = field(default_factory=dict)

    def batch(self, most: int) -> int:
        """How many messages to take in hand at once."""
        rate = min((self.rates[name] for name in ("email", "sms", "in_app") if name in self.rates), default=None)
        return most if rate is None else max(1, min(most, int(rate * SECONDS_IN_HAND)))

    def moment(self, row: int) -> float | None:
        """When the message may leave, by `time.monotonic()`; None: at once."""
        return self._moments.get(row)

    def spread(self, desk: Desk, number: str, rows: Sequence[InHand], people: Mapping[int, Addressee]) -> list[InHand]:
        """The messages that may leave soon, in the order in which they may; the others are put off."""
        self._moments.clear()
        if not self.rates:
            return list(rows)
        with writing(desk.engine) as session:
            incident, now = find(session, number), system_clock()
            times = {row.id: now for row in rows}
            for name, rate, members in self._groups(rows, people):
                for row, at in zip(members, _taken(session, incident, name, rate, len(members), now), strict=True):
                    times[row.id] = max(times[row.id], at)
            late = [row for row in rows if times[row.id] - now > LONGEST_IN_HAND]
            for row in late:
                _put_off(session, row, desk.clock() + (times[row.id] - now))
        clock = time.monotonic()
        self._moments = {row: clock + (at - now).total_seconds() for row, at in times.items()}
        return sorted((row for row in rows if row not in late), key=lambda row: times[row.id])

    def _groups(self, rows: Sequence[InHand], people: Mapping[int, Addressee]) -> list[tuple[str, float, list[InHand]]]:
        groups: defaultdict[tuple[str, float], list[InHand]] = defaultdict(list)
        for row in rows:
            if row.channel in self.rates:
                groups[row.channel, self.rates[row.channel]].append(row)
            person = people.get(row.seq)
            if "domain" in self.rates and row.channel == "email" and person is not None and person.email:
                groups[self._domain(person.email), self.rates["domain"]].append(row)
        return [(name, rate, members) for (name, rate), members in sorted(groups.items(), key=lambda each: each[0])]

    def _domain(self, email: str) -> str:
        """A domain by a keyed hash: that of a family would name its people."""
        domain = email.rpartition("@")[2].lower().encode()
        return f"domain:{hmac.new(self.secret, domain, hashlib.sha256).hexdigest()[:24]}"


def limits_of(desk: Desk, number: str) -> Limits:
    """The limits that were given when the sending was started."""
    with reading(desk.engine) as session:
        sending = sending_of(session, find(session, number))
    return Limits(sending.limits if sending else {}, key_file(desk.settings, number).read_bytes())


def _taken(session: Session, incident: Incident, name: str, rate: float, count: int, now: datetime) -> list[datetime]:
    """Take the next `count` places of a limit."""
    slot = session.exec(
        select(SendingSlot).where(SendingSlot.incident_id == incident.id, SendingSlot.name == name).with_for_update()
    ).first() or SendingSlot(incident_id=identity(incident), name=name, free_at=now)
    first = max(slot.free_at, now)
    slot.free_at = first + timedelta(seconds=count / rate)
    session.add(slot)
    session.flush()
    return [first + timedelta(seconds=index / rate) for index in range(count)]


def _put_off(session: Session, row: InHand, until: datetime) -> None:
    session.execute(
        update(ROW)
        .where(ROW.c.id == row.id)
        .values(
            state="delayed",
            next_try_at=until,
            holder=None,
            lease_until=None,
            attempts=ROW.c.attempts - 1,
            answer="its domain's limit",
        )
    )
