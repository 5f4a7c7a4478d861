"""The incident's own conversation: made once, its members brought in and out, one pinned summary kept up to date.

Each incident's row says how far Slack was brought, so that whatever happened while Slack was away is caught up with.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, or_, select

from flows.acts.membership import holds
from flows.acts.slack_person import linked_id
from flows.acts.slack_thread import ask
from flows.acts.standing import ClockLine, Standing, standing
from flows.desk import Desk
from integrations.channel import Channel
from integrations.slack_blocks import Block, blocks_summary, clock_line
from integrations.slack_views import WAITS, button
from integrations.slack_workspace import Workspace
from models.clock import zone
from models.errors import DeliveryError, TemporaryDeliveryError
from models.incident import find, identity
from models.ledger import sha256_of
from models.store import reading, writing
from models.tables import Incident, Membership, Person, SlackGuest, SlackRoom

CLAIMED_FOR = timedelta(minutes=2)  # longer than one keeping may take; a process that died gives it up by that
AFTER_A_FAILURE = timedelta(minutes=1)
UNKNOWN_FOR = timedelta(hours=1)  # until somebody whom Slack did not know is looked for again
LOOKED_AT_EVERY = timedelta(minutes=1)  # where nothing happened, since clocks run out by themselves


@dataclass
class Rooms:
    """Keeps the conversations of one desk's incidents; what it remembers only spares work."""

    desk: Desk
    workspace: Workspace
    seen: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def keep(self) -> list[str]:
        """Bring every conversation that is behind up to its incident; gives what failed, in words."""
        failed = []
        for number, count in _living(self.desk):
            before, at = self.seen.get(number, (-1, datetime.min.replace(tzinfo=UTC)))
            if count == before and datetime.now(UTC) - at < LOOKED_AT_EVERY:
                continue
            error = keep_room(self.desk, self.workspace, number)
            if error is None:
                self.seen[number] = (count, datetime.now(UTC))
            elif error:
                failed.append(f"{number}: {error}")
        return failed


def _living(desk: Desk) -> list[tuple[str, int]]:
    """The incidents that are open, or were closed in the last day, with how many ledger entries they have."""
    with reading(desk.engine) as session:
        of_late = or_(Incident.state == "open", col(Incident.closed_at) > desk.clock() - timedelta(days=1))
        return list(session.exec(select(Incident.number, Incident.ledger_count).where(of_late)).all())


def chat_for(desk: Desk, session: Session, incident: Incident) -> tuple[Channel, str]:
    """The way to those who work on an incident: its own conversation once somebody is in it, else the responders'."""
    room = session.get(SlackRoom, incident.id)
    if desk.channels.chat is None or desk.channels.workspace is None or room is None or room.channel is None:
        return desk.channels.for_chat()
    somebody = select(SlackGuest.id).where(SlackGuest.incident_id == incident.id, SlackGuest.state == "invited")
    if session.exec(somebody).first() is None:
        return desk.channels.for_chat()
    return desk.channels.chat, room.channel


def keep_room(desk: Desk, workspace: Workspace, number: str) -> str | None:
    """Bring one conversation up to its incident; None once it is, else why not yet ("": another process is at it)."""
    with _claimed(desk, number) as room:
        if room is None:
            return ""
        try:
            _make(desk, workspace, room)
            _bring_in(desk, workspace, room)
            now = standing(desk, number)
            _summarise(desk, workspace, room, now)
            if now.state == "open":
                ask(desk, workspace, room, now)
        except DeliveryError as error:
            wish = error.retry_after if isinstance(error, TemporaryDeliveryError) else None
            room.next_try_at = datetime.now(UTC) + (wish or AFTER_A_FAILURE)
            room.last_error = str(error)
            return str(error)
        room.next_try_at, room.last_error = None, None
        return None


@contextmanager
def _claimed(desk: Desk, number: str) -> Iterator[SlackRoom | None]:
    """The incident's row, in the hands of this process alone; None where another has it or its time has not come."""
    now = datetime.now(UTC)
    with writing(desk.engine) as session:
        incident = find(session, number)
        name = number.lower()
        room = session.get(SlackRoom, incident.id, with_for_update=True)
        room = room or SlackRoom(incident_id=identity(incident), name=name, zone=incident.zone)
        later = max((at for at in (room.busy_until, room.next_try_at) if at), default=None)
        free = later is None or not now < later <= now + timedelta(days=1)
        if free:
            room.busy_until = now + CLAIMED_FOR
            session.add(room)
    if not free:
        yield None
        return
    try:
        yield room
    finally:
        room.busy_until = None
        _keep(desk, room)


def _keep(desk: Desk, room: SlackRoom) -> None:
    with writing(desk.engine) as session:
        session.merge(room)


def _make(desk: Desk, workspace: Workspace, room: SlackRoom) -> None:
    if room.channel is None:
        room.channel = workspace.room(room.name)
        _keep(desk, room)


def _bring_in(desk: Desk, workspace: Workspace, room: SlackRoom) -> None:
    """Everybody who may see the incident and whom Slack knows is in its conversation, and nobody who may no longer."""
    assert room.channel is not None, "it was made just now"
    with reading(desk.engine) as session:
        members = session.exec(
            select(Person)
            .join(Membership, col(Membership.person_id) == col(Person.id))
            .where(Membership.incident_id == room.incident_id, col(Person.active).is_(True), holds())
        ).all()
        guests = {
            row.person_id: row
            for row in session.exec(select(SlackGuest).where(SlackGuest.incident_id == room.incident_id))
        }
        linked = {identity(person): linked_id(session, person) for person in members}
        others = [session.get_one(Person, one) for one in guests if one not in linked]
        ids_of_others = {identity(person): linked_id(session, person) for person in others}
    for person in members:
        guest = guests.get(identity(person))
        if guest is None or (guest.state == "unknown" and _look_again(guest, linked[identity(person)])):
            user = _member(workspace, person, linked[identity(person)])
            if user:
                workspace.invite(room.channel, user)
            _guest(desk, room, identity(person), "invited" if user else "unknown")
    for person in others:
        if guests[identity(person)].state == "invited":
            user = _member(workspace, person, ids_of_others[identity(person)])
            if user:
                workspace.remove(room.channel, user)
        _guest(desk, room, identity(person), None)


def _look_again(guest: SlackGuest, linked: str | None) -> bool:
    return linked is not None or datetime.now(UTC) - guest.at > UNKNOWN_FOR


def _member(workspace: Workspace, person: Person, linked: str | None) -> str | None:
    return linked or (workspace.member_by_email(person.email) if person.email else None)


def _guest(desk: Desk, room: SlackRoom, person_id: int, state: str | None) -> None:
    """Keep whether somebody is in the conversation; None forgets them."""
    with writing(desk.engine) as session:
        row = session.exec(
            select(SlackGuest).where(SlackGuest.incident_id == room.incident_id, SlackGuest.person_id == person_id)
        ).first()
        if state is None:
            if row is not None:
                session.delete(row)
            return
        row = row or SlackGuest(incident_id=room.incident_id, person_id=person_id, state=state, zone=room.zone)
        row.state, row.at = state, datetime.now(UTC)
        session.add(row)


def _summarise(desk: Desk, workspace: Workspace, room: SlackRoom, now: Standing) -> None:
    """One message, posted once, pinned, and edited whenever it would say something else."""
    assert room.channel is not None, "it was made before"
    text, blocks = f"{now.number}: {now.state}", summary(desk, now)
    sha = sha256_of({"blocks": blocks})
    if room.summary is not None and room.shown != sha:
        if not workspace.edit(room.channel, room.summary, text, blocks, _key(room)):
            room.summary, room.pinned = None, False  # somebody deleted it
        room.shown = sha
        _keep(desk, room)
    if room.summary is None:
        _post(desk, workspace, room, text, blocks, sha)
    if not room.pinned and room.summary is not None:
        workspace.pin(room.channel, room.summary)
        room.pinned = True


def _post(desk: Desk, workspace: Workspace, room: SlackRoom, text: str, blocks: Sequence[Block], sha: str) -> None:
    """Post the summary; where an earlier try may have arrived, it is looked for first."""
    assert room.channel is not None, "it was made before"
    known = workspace.found(room.channel, _key(room)) if room.trying else None
    room.trying, room.shown = True, ""
    _keep(desk, room)
    if known is None:
        known, room.shown = workspace.post(room.channel, text, blocks, _key(room)), sha
    room.summary, room.trying = known, False
    _keep(desk, room)


def _key(room: SlackRoom) -> str:
    return f"{room.name}.summary"


def summary(desk: Desk, now: Standing) -> list[Block]:
    """What the pinned message shows: numbers, duties, states and times; nothing that a person typed about a person."""
    where = zone(now.zone)
    open_clocks = [clock for clock in now.clocks if clock.state in ("open", "undecided")]
    waits = [wait for wait in now.waits if wait.kind != "acknowledgement"]
    people = "not known yet" if now.people is None else f"{now.people:,}"
    buttons = [button(WAITS, "What waits", now.number)] if desk.settings.answers_in_slack and waits else []
    return blocks_summary(
        now.number,
        [
            ("Kind", (now.kind or "not known yet").replace("_", " ")),
            ("State", f"{now.state}, facts version {now.facts_version}"),
            ("Severity", (now.severity or "not assessed yet").replace("_", " ")),
            ("People affected", people),
            ("Texts", _counted(now.notices)),
            ("Steps", _counted(now.steps)),
        ],
        [clock_line(one.label, one.recipient, one.due_at, _state(one, now.now), where) for one in open_clocks],
        "No clock runs." if now.severity else "Not assessed yet, so that no clock is known.",
        [f"{wait.who.replace('_', ' ') or 'anybody'}: {wait.what}" for wait in waits],
        buttons,
    )


def _counted(states: dict[str, int]) -> str:
    return ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(states.items())) or "none"


def _state(clock: ClockLine, now: datetime) -> str:
    if clock.due_at is None:
        return clock.standard or "no limit in the law"
    if clock.due_at < now:
        return "undecided; if it applies, over since" if clock.state == "undecided" else "*overdue* since"
    return "to be decided, due" if clock.state == "undecided" else "due"
