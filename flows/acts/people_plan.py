"""Starting a sending: one row for each person, text and channel before anything leaves, and how far it may go."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, and_, col, func, or_, select

from flows.acts.people import key_file, roster_folder
from flows.acts.people_texts import notice_for, signed_text
from flows.acts.team import roles_of
from flows.desk import Desk
from models.cohorts import Channel, Cohorts
from models.errors import BadInputError, NotAllowedError
from models.incident import find, identity, refuse_halted
from models.ledger import record
from models.store import reading, writing
from models.tables import DutyRecord, Incident, Notice, PeopleSending, PersonDelivery
from models.vocabulary import Audience
from people.addressed import Planned, lay_out_addresses, planned
from people.cohort import kept_cohorts
from people.letter import Addressee
from people.own import is_reviewer, own_people
from people.roster import Roster, open_roster

WAVES = ("review", "first", "rest")
UNFINISHED = ("pending", "sending", "delayed", "uncertain")
Texts = dict[tuple[str, str], int]
Ways = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Started:
    """How far the sending may go now, and how many messages are left to send until there."""

    wave: str
    planned: int
    left: int


def start_sending(
    desk: Desk, number: str, *, by: str, wave: str | None = None, limits: dict[str, float] | None = None
) -> Started:
    """Carry the wave on that is not done, else open the next one, or the one that is named.

    Every text must be signed before anything leaves. Raises `NotAllowedError` that names those that are not.
    """
    with reading(desk.engine) as session:
        incident = find(session, number)
        refuse_halted(incident)
        if incident.state != "open":
            raise NotAllowedError(f"{number} is closed; open it again first: `tocsin close {number} --reopen`")
        roles_of(session, by)
    folder = roster_folder(desk.settings, number)
    with open_roster(folder, key_file(desk.settings, number), make=False) as roster:
        rules = kept_cohorts(roster)
        lay_out_addresses(roster)
        texts = _texts(desk, number, roster)
        added = sum(_added(desk, number, people, texts) for people in planned(roster))
        _add_own(desk, number, own_people(rules).values())
        return _opened(desk, number, roster, by, wave, limits or {}, ways_of(rules), added)


def ways_of(rules: Cohorts) -> Ways:
    """The form of the notice for each channel of each cohort."""
    return {each.name: {way.value: each.form(way) for way in Channel} for each in rules.cohorts}


def delivery_key(number: str, person: str, notice_id: int, channel: str) -> str:
    """The key of one delivery, from what it is; also the left side of its Message-ID."""
    return f"{number}.{hashlib.sha256(f'{person}|{notice_id}|{channel}'.encode()).hexdigest()[:32]}"


def insert_once(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Write delivery rows, those that are there already excepted; gives how many are new."""
    if not rows:
        return 0
    session.flush()
    before = _count(session, rows[0]["incident_id"])
    made: Insert
    if session.get_bind().dialect.name == "postgresql":
        made = postgresql.insert(PersonDelivery).on_conflict_do_nothing()
    else:
        made = sqlite.insert(PersonDelivery).on_conflict_do_nothing()
    session.execute(made, rows)
    return _count(session, rows[0]["incident_id"]) - before


def row_of(incident: Incident, person: str, seq: int, notice_id: int, channel: str, **more: object) -> dict[str, Any]:
    """A delivery row that waits."""
    return {
        "key": delivery_key(incident.number, person, notice_id, channel),
        "incident_id": identity(incident),
        "person": person,
        "seq": seq,
        "notice_id": notice_id,
        "channel": channel,
        "rank": 0,
        "state": "pending",
        "attempts": 0,
        "doubtful": 0,
        "followed": False,
        "also": None,
        **more,
    }


def _count(session: Session, incident_id: int) -> int:
    return session.exec(
        select(func.count(col(PersonDelivery.id))).where(PersonDelivery.incident_id == incident_id)
    ).one()


def _texts(desk: Desk, number: str, roster: Roster) -> Texts:
    """Which notice each text of the assignment is; raises `NotAllowedError` while one is not signed."""
    wanted = roster.connection.execute(
        "SELECT DISTINCT text_key, language FROM addressed UNION SELECT DISTINCT "
        "concat(split_part(unnest(further), ' ', 1), ':', split_part(text_key, ':', -1)), language FROM addressed ORDER BY ALL"
    ).fetchall()
    if not wanted:
        raise NotAllowedError(f"{number}: nobody is in a cohort; see `tocsin people cohorts {number}`")
    found: Texts = {}
    lacking = []
    with reading(desk.engine) as session:
        incident = find(session, number)
        for text_key, language in wanted:
            provision, _, form = text_key.rpartition(":")
            notice = notice_for(session, incident, provision, form, language)
            why = "not signed" if notice is None else signed_text(session, incident, identity(notice))[1]
            if notice is None or why is not None:
                lacking.append(f"{text_key} ({language}): {why}")
            else:
                found[text_key, language] = identity(notice)
    if lacking:
        raise NotAllowedError(f"nothing leaves yet: {'; '.join(lacking)}; see `tocsin notices {number}`")
    return found


def _added(desk: Desk, number: str, people: Iterable[Planned], texts: Texts) -> int:
    with writing(desk.engine) as session:
        incident = find(session, number)
        rows = [
            row_of(
                incident,
                person.person,
                person.seq,
                texts[key, person.language],
                person.channels[0],
                cohort=person.cohort,
                wave=person.wave,
                also=also,
            )
            for person in people
            for key, also in person.texts
        ]
        added = insert_once(session, rows)
        _tell_more(session, rows)
        return added


def _tell_more(session: Session, rows: Iterable[dict[str, Any]]) -> None:
    """Note which duties texts tell that were planned before those duties arose."""
    groups: defaultdict[tuple[int, int, str], list[str]] = defaultdict(list)
    for row in rows:
        if row["also"] is not None:
            groups[row["incident_id"], row["notice_id"], row["also"]].append(row["person"])
    for (incident_id, notice_id, also), people in groups.items():
        mine = [col(PersonDelivery.incident_id) == incident_id, col(PersonDelivery.notice_id) == notice_id]
        changed = col(PersonDelivery.also).is_distinct_from(also)
        session.execute(
            update(PersonDelivery).where(*mine, changed, col(PersonDelivery.person).in_(people)).values(also=also)
        )


def _add_own(desk: Desk, number: str, ours: Iterable[Addressee]) -> None:
    """Reviewers get each text by mail, before anybody else; seeds what people get, in each wave."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        goes = session.exec(
            select(PersonDelivery.notice_id, PersonDelivery.channel, PersonDelivery.wave)
            .where(PersonDelivery.incident_id == incident.id, PersonDelivery.seq > 0)
            .distinct()
        ).all()
        rows = [
            row_of(incident, name, person.seq, notice, channel, cohort="ours", wave=wave)
            for person in ours
            for name, notice, channel, wave in _own_copies(person, goes)
        ]
        insert_once(session, rows)


def _own_copies(person: Addressee, goes: Iterable[tuple[int, str, str]]) -> Iterator[tuple[str, int, str, str]]:
    if is_reviewer(person):
        yield from ((person.id, notice, Channel.EMAIL.value, "review") for notice in {notice for notice, _, _ in goes})
        return
    for notice, channel, wave in goes:
        if channel in person.channels:
            yield f"{person.id}-{wave}", notice, channel, wave


def _opened(
    desk: Desk, number: str, roster: Roster, by: str, wave: str | None, limits: dict[str, float], ways: Ways, added: int
) -> Started:
    with writing(desk.engine) as session:
        incident = find(session, number)
        now = desk.clock()
        sending = sending_of(session, incident, lock=True) or PeopleSending(
            incident_id=identity(incident), wave="", limits={}, ways={}, unreached={}, started_at=now, changed_by=by
        )
        if sending.state == "stopped":
            _take_up_again(session, incident)
        sending.wave = _wave(session, incident, sending.wave, wave)
        sending.limits = {**sending.limits, **limits}
        sending.ways, sending.unreached = ways, _unreached(roster)
        sending.due_at, sending.alarmed_at = _due(session, incident), None
        sending.state, sending.why, sending.changed_at, sending.changed_by = "running", None, now, by
        sending.zone = incident.zone
        session.add(sending)
        left = left_to_send(session, incident, sending.wave)
        payload = {"wave": sending.wave, "planned": added, "left": left, "unreached": sum(sending.unreached.values())}
        record(session, incident, "people.sending", payload, actor=by, at=now, zone=incident.zone)
        return Started(sending.wave, added, left)


def _take_up_again(session: Session, incident: Incident) -> None:
    """What was withdrawn when the sending was stopped is to be sent after all."""
    session.execute(
        update(PersonDelivery)
        .where(col(PersonDelivery.incident_id) == incident.id, col(PersonDelivery.state) == "withdrawn")
        .values(state="pending")
    )


def sending_of(session: Session, incident: Incident, *, lock: bool = False) -> PeopleSending | None:
    """The sending of an incident, or None where nothing was started."""
    query = select(PeopleSending).where(PeopleSending.incident_id == incident.id)
    return session.exec(query.with_for_update() if lock else query).first()


def has_sending(desk: Desk, number: str) -> bool:
    """Whether a sending to the incident's people was ever started."""
    with reading(desk.engine) as session:
        return sending_of(session, find(session, number)) is not None


def waves_until(wave: str) -> tuple[str, ...]:
    """The waves that may go where this one may."""
    return WAVES[: WAVES.index(wave) + 1]


def left_to_send(session: Session, incident: Incident, wave: str) -> int:
    """How many messages up to this wave are not settled yet."""
    return session.exec(
        select(func.count(col(PersonDelivery.id))).where(
            PersonDelivery.incident_id == incident.id,
            col(PersonDelivery.wave).in_(waves_until(wave)),
            col(PersonDelivery.state).in_(UNFINISHED),
            PersonDelivery.channel != "post",
        )
    ).one()


def _wave(session: Session, incident: Incident, now_at: str, wanted: str | None) -> str:
    if wanted is not None:
        if wanted not in WAVES:
            raise BadInputError(f"no wave is called {wanted!r}; there are {', '.join(WAVES)}")
        return max(now_at or WAVES[0], wanted, key=WAVES.index)
    if now_at and left_to_send(session, incident, now_at):
        return now_at
    later = WAVES[WAVES.index(now_at) + 1 :] if now_at else WAVES
    return next((wave for wave in later if _has_rows(session, incident, wave)), WAVES[-1])


def _has_rows(session: Session, incident: Incident, wave: str) -> bool:
    query = select(PersonDelivery.id).where(PersonDelivery.incident_id == incident.id, PersonDelivery.wave == wave)
    return session.exec(query.limit(1)).first() is not None


def _unreached(roster: Roster) -> dict[str, int]:
    return dict(roster.connection.execute("SELECT reason, count(*) FROM unreached GROUP BY reason").fetchall())


def is_told(session: Session, incident: Incident) -> Any:  # Any: a condition of SQLAlchemy
    """Whether messages to people tell a duty: by a text of its own, or by one that holds what it requires as well."""
    mine = [col(PersonDelivery.incident_id) == incident.id, col(PersonDelivery.seq) > 0]
    besides = session.exec(select(PersonDelivery.also).where(*mine).distinct()).all()
    own = select(Notice.duty_id).where(col(Notice.id).in_(select(PersonDelivery.notice_id).where(*mine).distinct()))
    told = and_(
        DutyRecord.audience == Audience.INDIVIDUALS.value,
        col(DutyRecord.state).in_(("open", "met")),
        col(DutyRecord.provision).in_({provision for words in besides for provision in (words or "").split()}),
    )
    return and_(col(DutyRecord.incident_id) == incident.id, or_(col(DutyRecord.id).in_(own), told))


def _due(session: Session, incident: Incident) -> datetime | None:
    """The earliest limit of an open duty whose texts go to people."""
    due = session.exec(select(DutyRecord.due_at).where(is_told(session, incident), DutyRecord.state == "open")).all()
    return min((at for at in due if at is not None), default=None)
