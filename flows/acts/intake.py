"""Alerts of other tools: folded and counted as they come, and made incidents by a person or by a rule."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session, col, delete, func, select

from flows.acts.report import opened_in
from flows.desk import Desk
from flows.intake_file import Intake
from integrations.intake.source import IncomingAlert
from models.document import Document, validated
from models.errors import BadInputError, NotAllowedError
from models.incident import find, identity
from models.ledger import record
from models.report import Report
from models.store import reading, writing
from models.tables import Candidate, CandidateEvent, Incident
from models.vocabulary import Level

ONE_AT_A_TIME = 7_405_135  # any number that nobody else takes an advisory lock on
MANY_AT_ONCE = 400  # so that one query's list stays within what SQLite takes
EVENTS_KEPT_FOR = timedelta(days=30)
HOUR = timedelta(hours=1)
LEVELS = [None, *(level.value for level in Level)]

What = Literal["new", "repeated", "known", "folded", "ignored"]


@dataclass(frozen=True)
class Taken:
    """What became of one alert: new, one more of the same, a message that was there before, part of a flood, or ignored."""

    what: What
    candidate: str | None


@dataclass(frozen=True)
class CandidateView:
    """One candidate as people see it."""

    key: str
    source: str
    title: str
    level: str | None
    state: str
    resolved: bool
    count: int
    first_seen_at: datetime
    last_seen_at: datetime
    zone: str
    summary: str
    link: str | None
    warnings: tuple[str, ...]
    report: dict[str, object]
    rule: str | None
    incident: str | None
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None


def take_alerts(desk: Desk, intake: Intake, alerts: Sequence[IncomingAlert]) -> list[Taken]:
    """Keep alerts, all or none of those given: new ones as candidates, repeats as a count.

    Of more new ones in an hour than the file allows, the rest become one candidate that counts them.
    """
    taken: list[Taken] = []
    for start in range(0, len(alerts), MANY_AT_ONCE):
        with writing(desk.engine) as session:
            taken += _Batch(desk, intake, session, alerts[start : start + MANY_AT_ONCE]).taken()
    return taken


class _Batch:
    """Alerts that are kept in one transaction, over the rows that they may belong to."""

    def __init__(self, desk: Desk, intake: Intake, session: Session, alerts: Sequence[IncomingAlert]) -> None:
        self.intake, self.session, self.alerts, self.now = intake, session, alerts, desk.clock()
        if session.get_bind().dialect.name == "postgresql":  # on SQLite a writer is alone from its beginning
            session.execute(select(func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
        self.known = self._known_events()
        self.by_about = self._candidates((alert.source, alert.about) for alert in alerts)
        self.new_lately: Counter[str] = Counter()
        self.counted: set[str] = set()

    def taken(self) -> list[Taken]:
        self.session.execute(delete(CandidateEvent).where(col(CandidateEvent.at) < self.now - EVENTS_KEPT_FOR))
        return [self._take(alert) for alert in self.alerts]

    def _take(self, alert: IncomingAlert) -> Taken:
        rule = self.intake.rule_for(alert)
        if rule is not None and rule.then == "ignore":
            return Taken("ignored", None)
        if (alert.source, alert.event) in self.known:
            found = self.by_about.get((alert.source, alert.about))
            return Taken("known", key_of(found) if found else None)
        self.known.add((alert.source, alert.event))
        self.session.add(CandidateEvent(source=alert.source, event=alert.event, at=self.now))
        candidate = self.by_about.get((alert.source, alert.about))
        if candidate is not None:
            return Taken("repeated", key_of(self._once_more(candidate, alert)))
        if self._too_many(alert.source):
            return Taken("folded", key_of(self._flood(alert)))
        by_rule = rule.name if rule is not None and rule.then == "incident" and not alert.resolved else None
        return Taken("new", key_of(self._new(alert, by_rule)))

    def _known_events(self) -> set[tuple[str, str]]:
        query = select(CandidateEvent.source, CandidateEvent.event)
        return {
            (source, event)
            for source, events in _grouped((alert.source, alert.event) for alert in self.alerts).items()
            for _, event in self.session.exec(
                query.where(CandidateEvent.source == source, col(CandidateEvent.event).in_(events))
            )
        }

    def _candidates(self, abouts: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Candidate]:
        return {
            (source, row.about): row
            for source, about in _grouped(abouts).items()
            for row in self.session.exec(
                select(Candidate).where(Candidate.source == source, col(Candidate.about).in_(about))
            )
        }

    def _too_many(self, source: str) -> bool:
        if source not in self.counted:
            self.counted.add(source)
            since = select(func.count(col(Candidate.id))).where(
                Candidate.source == source, col(Candidate.first_seen_at) > self.now - HOUR
            )
            self.new_lately[source] = self.session.exec(since).one()
        self.new_lately[source] += 1
        return self.new_lately[source] > self.intake.file.most_new_an_hour

    def _new(self, alert: IncomingAlert, by_rule: str | None) -> Candidate:
        row = Candidate(
            source=alert.source,
            about=alert.about,
            title=alert.report.title,
            level=alert.level,
            resolved=alert.resolved,
            first_seen_at=self.now,
            last_seen_at=self.now,
            report=alert.report.model_dump(mode="json", by_alias=True, exclude_defaults=True),
            warnings=list(alert.warnings),
            summary=alert.summary,
            link=alert.link,
            rule=by_rule,
        )
        self.session.add(row)
        self.session.flush()
        self.by_about[(alert.source, alert.about)] = row
        return row

    def _once_more(self, row: Candidate, alert: IncomingAlert) -> Candidate:
        worse = LEVELS.index(alert.level) > LEVELS.index(row.level)
        row.count, row.last_seen_at, row.resolved = row.count + 1, self.now, alert.resolved
        if worse:
            row.level = alert.level
        if worse and row.state == "dismissed":
            row.state, row.reason = "open", f"came again as {alert.level} after it was dismissed: {row.reason}"
        self.session.add(row)
        return row

    def _flood(self, alert: IncomingAlert) -> Candidate:
        """One candidate for all that one source sends beyond the limit within an hour of the machine's clock."""
        hour = self.now.replace(minute=0, second=0, microsecond=0)
        about = f"flood:{hour:%Y-%m-%dT%H}"
        flood = replace(
            alert,
            about=about,
            report=Report(
                title=f"Flood: more than {self.intake.file.most_new_an_hour} different alerts of {alert.source} in an hour"
            ),
            summary=f"The first that was not kept on its own: {alert.report.title}",
            link=None,
            resolved=False,
            warnings=("its alerts were counted and not kept one by one; look into the tool that sent them",),
        )
        known = self.by_about.get((alert.source, about)) or self._candidates([(alert.source, about)]).get(
            (alert.source, about)
        )
        if known is None:
            return self._new(flood, None)
        self.by_about[(alert.source, about)] = known
        return self._once_more(known, flood)


def open_by_rule(desk: Desk) -> list[str]:
    """Make incidents of the candidates that a rule wants as such; gives their numbers."""
    with reading(desk.engine) as session:
        query = select(Candidate.id).where(Candidate.state == "open", col(Candidate.rule).is_not(None))
        wanted = [row for row in session.exec(query.order_by(col(Candidate.id))) if row is not None]
    numbers = []
    for row_id in wanted:
        with writing(desk.engine) as session:
            row = session.get_one(Candidate, row_id, with_for_update=True)
            if row.state == "open" and row.rule is not None:
                numbers.append(_opened(desk, session, row, by=f"rule: {row.rule}").number)
    return numbers


def confirm(desk: Desk, key: str, *, by: str, into: str | None = None) -> str:
    """Make a candidate an incident, or part of one that is open; gives its number.

    Raises `NotAllowedError` for one that was decided before.
    """
    with writing(desk.engine) as session:
        row = _undecided(session, key)
        if into is None:
            return _opened(desk, session, row, by=by).number
        incident = find(session, into)
        if incident.state != "open":
            raise NotAllowedError(f"{incident.number} is closed; confirm {key} as an incident of its own")
        _decided(desk, session, row, by=by, incident=incident)
        return incident.number


def dismiss(desk: Desk, key: str, reason: str, *, by: str) -> None:
    """Say that a candidate is no incident; it comes back if the same thing is later told as worse."""
    if not reason.strip():
        raise BadInputError("say why it is no incident; whoever audits the record will ask")
    with writing(desk.engine) as session:
        row = _undecided(session, key)
        row.state, row.decided_by, row.decided_at = "dismissed", by, desk.clock()
        row.reason, row.summary = reason.strip(), ""
        session.add(row)


def candidates(desk: Desk, *, decided: bool = False, limit: int = 200) -> list[CandidateView]:
    """The candidates that wait for somebody, the gravest first; all of them when asked."""
    with reading(desk.engine) as session:
        query = select(Candidate, Incident.number).join(
            Incident, col(Incident.id) == col(Candidate.incident_id), isouter=True
        )
        query = query if decided else query.where(Candidate.state == "open")
        rows = session.exec(query.order_by(col(Candidate.last_seen_at).desc()).limit(limit)).all()
        shown = [_view(row, number) for row, number in rows]
    return sorted(shown, key=lambda one: (one.state != "open", one.resolved, -LEVELS.index(one.level)))


def candidate(desk: Desk, key: str) -> CandidateView:
    """One candidate; raises `BadInputError` where there is none of that name."""
    with reading(desk.engine) as session:
        row = _found(session, key)
        incident = session.get(Incident, row.incident_id) if row.incident_id else None
        return _view(row, incident.number if incident else None)


def key_of(row: Candidate) -> str:
    """How people call a candidate."""
    return f"C-{identity(row)}"


def _opened(desk: Desk, session: Session, row: Candidate, *, by: str) -> Incident:
    report = validated(Report, Document(row.report, key_of(row), {}))
    incident = opened_in(desk, session, report, by=by)
    _decided(desk, session, row, by=by, incident=incident)
    return incident


def _decided(desk: Desk, session: Session, row: Candidate, *, by: str, incident: Incident) -> None:
    now = desk.clock()
    row.state, row.incident_id, row.summary = "confirmed", identity(incident), ""
    row.decided_by, row.decided_at = by, now
    session.add(row)
    payload = {"candidate": key_of(row), "source": row.source, "title": row.title, "count": row.count, "link": row.link}
    record(session, incident, "candidate.confirmed", payload, actor=by, at=now, zone=incident.zone)


def _undecided(session: Session, key: str) -> Candidate:
    row = _found(session, key)
    session.refresh(row, with_for_update=True)
    if row.state != "open":
        incident = session.get(Incident, row.incident_id) if row.incident_id else None
        became = f" as {incident.number}" if incident else ""
        raise NotAllowedError(f"{key} was {row.state}{became} by {row.decided_by} before")
    return row


def _found(session: Session, key: str) -> Candidate:
    digits = key.upper().removeprefix("C-")
    row = session.get(Candidate, int(digits)) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
    if row is None:
        raise BadInputError(f"no candidate is called {key!r}; `tocsin intake list` shows those that wait")
    return row


def _view(row: Candidate, number: str | None) -> CandidateView:
    return CandidateView(
        key=key_of(row),
        incident=number,
        warnings=tuple(row.warnings),
        **{name: getattr(row, name) for name in _SAME},
    )


_SAME = (
    "source", "title", "level", "state", "resolved", "count", "first_seen_at", "last_seen_at", "zone", "summary", "link",
    "report", "rule", "decided_by", "decided_at", "reason",
)  # fmt: skip


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for first, second in pairs:
        found[first].append(second)
    return found
