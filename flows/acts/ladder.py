"""The ladder of warnings of each clock: rows with an instant, made when the clock starts, fired once by `watch`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from models.clock import rfc3339
from models.incident import identity
from models.tables import Alert, DutyRecord, Incident


@dataclass(frozen=True)
class Rung:
    """One warning: when this much of the time is left, tell this role."""

    name: str
    role: str
    left: float | timedelta

    def due(self, starts: datetime, ends: datetime) -> datetime:
        """When this rung is reached on a clock from `starts` to `ends`."""
        left = self.left if isinstance(self.left, timedelta) else (ends - starts) * self.left
        return ends - left


LADDER = (
    Rung("half the time left", "legal", 0.5),
    Rung("a quarter of the time left", "legal", 0.25),
    Rung("a tenth of the time left", "commander", 0.1),
    Rung("one hour left", "commander", timedelta(hours=1)),
    Rung("the limit", "executive", timedelta(0)),
)


def climb(session: Session, incident: Incident, duties: Iterable[DutyRecord], now: datetime) -> None:
    """Make the rungs that running clocks need and cancel those of clocks that ended or moved.

    A rung that was passed before the clock was known about is not made, except the highest one: that fires at once.
    """
    wanted = {alert.key: alert for duty in duties for alert in _rungs(incident, duty, now)}
    pending = session.exec(select(Alert).where(Alert.incident_id == incident.id, Alert.state == "pending")).all()
    for alert in pending:
        if alert.key not in wanted:
            alert.state, alert.why = "cancelled", "the clock ended or moved"
            session.add(alert)
    there = set(session.exec(select(Alert.key).where(col(Alert.incident_id) == incident.id)).all())
    session.add_all(alert for key, alert in wanted.items() if key not in there)


def _rungs(incident: Incident, duty: DutyRecord, now: datetime) -> Iterator[Alert]:
    if duty.state not in ("open", "undecided") or duty.due_at is None or duty.starts_at is None:
        return
    due = sorted(((rung.due(duty.starts_at, duty.due_at), rung) for rung in LADDER), key=lambda pair: pair[0])
    passed = [pair for pair in due if pair[0] <= now]
    for at, rung in [*passed[-1:], *(pair for pair in due if pair[0] > now)]:
        if at < duty.starts_at:
            continue  # an hour before the end of a period of an hour
        yield Alert(
            key=f"{incident.number}:{duty.provision}:{duty.stage}:{duty.recipient}:{rung.name}:{rfc3339(duty.due_at)}",
            incident_id=identity(incident),
            duty_id=identity(duty),
            rung=rung.name,
            role=rung.role,
            due_at=at,
            zone=duty.zone,
        )
