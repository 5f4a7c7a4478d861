"""The warnings of each clock: rows with an instant, made when the clock starts, fired once by `watch`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from flows.acts.playbook import kept_playbook
from flows.desk import Desk
from integrations.channel import Channel
from models.clock import rfc3339
from models.incident import identity
from models.ledger import record
from models.tables import Alert, DutyRecord, Incident
from playbooks.ladder import Ladder, Rung, default_ladders, ladder_for

ENDED, MOVED, CHANGED = "the clock ended", "the clock moved", "the ladder changed"


@dataclass(frozen=True)
class Fired:
    """One alert that fired just now."""

    number: str
    provision: str
    stage: str
    rung: str
    role: str
    due_at: datetime
    lateness: timedelta
    delivery: str


def way_to(desk: Desk, way: str, role: str) -> tuple[Channel, str]:
    """The channel and the address by which a warning reaches a role this way."""
    match way:
        case "mail":
            return desk.channels.for_mail(role)
        case "webhook":
            return desk.channels.for_webhook(role)
        case "page":
            return desk.channels.for_page(role)
    return desk.channels.for_chat()


def ladder_of(desk: Desk, incident: Incident, duty: DutyRecord) -> Ladder:
    """The ladder of a running clock."""
    assert duty.starts_at is not None, "a ladder belongs to a clock that runs"
    assert duty.due_at is not None, "and that has a number"
    return ladder_of_length(desk, incident, duty.due_at - duty.starts_at)


def ladder_of_length(desk: Desk, incident: Incident, length: timedelta) -> Ladder:
    """The ladder of a period of this length: by the incident's playbook, else the organisation's, else ours."""
    playbook = kept_playbook(incident)
    own = (playbook.ladders if playbook else ()) or desk.organisation.ladders or default_ladders()
    return ladder_for(own, length)


def key_of(incident: Incident, duty: DutyRecord, name: str) -> str:
    """The key of one warning: the same clock with the same limit never gets the same one twice."""
    assert duty.due_at is not None, "a warning belongs to a clock with a number"
    return f"{incident.number}:{duty.provision}:{duty.stage}:{duty.recipient}:{name}:{rfc3339(duty.due_at)}"


def climb(desk: Desk, session: Session, incident: Incident, duties: Iterable[DutyRecord]) -> None:
    """Make the rungs that running clocks need and cancel those of clocks that ended or moved, a move on the ledger.

    A rung that was passed before the clock was known about is not made, except the highest one: that fires at once.
    """
    now = desk.clock()
    known: dict[int, list[Alert]] = {}
    for alert in session.exec(select(Alert).where(Alert.incident_id == incident.id)):
        known.setdefault(alert.duty_id, []).append(alert)
    for duty in duties:
        _climb_one(desk, session, incident, duty, known.get(identity(duty), []), now)


def _climb_one(
    desk: Desk, session: Session, incident: Incident, duty: DutyRecord, known: Sequence[Alert], now: datetime
) -> None:
    rungs = list(_rungs(desk, incident, duty, now)) if runs(duty) else []
    there = {alert.key: alert for alert in known}
    dropped = [one for one in known if one.state == "pending" and not _still_holds(one, duty, rungs)]
    for alert in dropped:
        alert.state, alert.ended_at, alert.why = "cancelled", now, _why(alert, duty)
    called_for = _not_passed_before(rungs, now)
    fresh = [alert for alert in called_for if alert.key not in there]
    back = [there[one.key] for one in called_for if one.key in there and there[one.key].state == "cancelled"]
    for alert in back:  # the clock moved away and has come back
        alert.state, alert.ended_at, alert.why = "pending", None, None
        alert.made_at, alert.fires_at, alert.snoozed_until, alert.snoozed_by = now, alert.due_at, None, None
    session.add_all([*dropped, *fresh, *back])
    if dropped and rungs:
        _note(desk, session, incident, duty, dropped, [*fresh, *back])


def runs(duty: DutyRecord) -> bool:
    """Whether a duty has a clock that is watched: not met, not closed, with a beginning and a limit."""
    return duty.state in ("open", "undecided") and duty.due_at is not None and duty.starts_at is not None


def _still_holds(alert: Alert, duty: DutyRecord, rungs: Sequence[Alert]) -> bool:
    """Whether a warning that has not come yet belongs to the clock as it is now; one that is late does too."""
    if alert.kind == "rung":
        return alert.key in {rung.key for rung in rungs}
    return runs(duty) and duty.due_at is not None and alert.key.endswith(rfc3339(duty.due_at))


def _not_passed_before(rungs: Sequence[Alert], now: datetime) -> list[Alert]:
    """The rungs to come, and the highest of those that passed before the clock was known."""
    passed = [rung for rung in rungs if rung.due_at <= now]
    return [*passed[-1:], *(rung for rung in rungs if rung.due_at > now)]


def _why(alert: Alert, duty: DutyRecord) -> str:
    if not runs(duty) or duty.due_at is None:
        return ENDED
    return CHANGED if alert.key.endswith(rfc3339(duty.due_at)) else MOVED


def _rungs(desk: Desk, incident: Incident, duty: DutyRecord, now: datetime) -> Iterator[Alert]:
    """The rungs of a clock in order; of two at the same instant, the one that the ladder names last."""
    assert duty.starts_at is not None, "the caller asks for clocks that run"
    assert duty.due_at is not None, "the caller asks for clocks that run"
    ladder = ladder_of(desk, incident, duty)
    at = {rung.due(duty.starts_at, duty.due_at): rung for rung in ladder.rungs}
    for due, rung in sorted(at.items(), key=lambda pair: pair[0]):
        if due >= duty.starts_at:  # not an hour before the end of a period of half an hour
            yield _alert(incident, duty, rung, due, now)


def _alert(incident: Incident, duty: DutyRecord, rung: Rung, due: datetime, now: datetime) -> Alert:
    return Alert(
        key=key_of(incident, duty, rung.name),
        incident_id=identity(incident),
        duty_id=identity(duty),
        rung=rung.name,
        role=rung.tell.value,
        ways=",".join(rung.by),
        made_at=now,
        due_at=due,
        fires_at=due,
        zone=duty.zone,
    )


def _note(
    desk: Desk,
    session: Session,
    incident: Incident,
    duty: DutyRecord,
    dropped: Sequence[Alert],
    planned: Sequence[Alert],
) -> None:
    payload = {
        "provision": duty.provision,
        "stage": duty.stage,
        "recipient": duty.recipient,
        "due_at": rfc3339(duty.due_at) if duty.due_at else None,
        "why": dropped[0].why,
        "cancelled": _listed(dropped),
        "planned": _listed(planned),
    }
    record(session, incident, "ladder.replanned", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)


def _listed(alerts: Sequence[Alert]) -> list[dict[str, str]]:
    return [
        {"rung": alert.rung, "role": alert.role, "at": rfc3339(alert.due_at)}
        for alert in sorted(alerts, key=lambda alert: alert.due_at)
    ]
