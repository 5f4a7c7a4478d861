"""The review: how the response went, by its own record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from flows.acts.standing import ClockLine, Standing, standing
from flows.desk import Desk
from models.incident import facts_of, find
from models.ledger import record, verify_stored
from models.report import Report
from models.store import reading, writing
from models.tables import Alert, Approval, Delivery, LedgerEntry, Notice, NoticeVersion, Step


@dataclass(frozen=True)
class Review:
    """Figures and open actions; durations in hours, None where a moment is not known."""

    number: str
    written_at: datetime
    hours: dict[str, float | None]
    duties: dict[str, int]
    counts: dict[str, int]
    late: tuple[str, ...]
    actions: tuple[str, ...]
    ledger_entries: int
    overrides: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One sentence."""
        actions = f"{len(self.actions)} action{'' if len(self.actions) == 1 else 's'}"
        return (
            f"{self.duties['met']} duties met, {len(self.late)} late, {self.duties['open']} open; "
            f"{self.counts['notices sent']} notices sent; {actions}"
        )


def write_review(desk: Desk, number: str) -> Review:
    """Work the review out and note on the ledger that it was written, when anything in it changed."""
    review = reviewed(desk, number)
    with writing(desk.engine) as session:
        incident = find(session, number)
        payload = {"summary": review.summary, "duties": review.duties, "late": list(review.late)}
        last = session.exec(
            select(LedgerEntry.payload)
            .where(LedgerEntry.incident_id == incident.id, LedgerEntry.kind == "review.written")
            .order_by(col(LedgerEntry.seq).desc())
        ).first()
        if last == payload:
            return review
        record(session, incident, "review.written", payload, actor="tocsin", at=desk.clock(), zone=incident.zone)
    return review


def reviewed(desk: Desk, number: str) -> Review:
    """The review as of now; keeps nothing. Raises `LedgerAlteredError` if the record it rests on was altered."""
    now = standing(desk, number)
    with reading(desk.engine) as session:
        incident = find(session, number)
        verified = verify_stored(session, incident)
        report = facts_of(session, incident)
        sent = session.exec(
            select(Delivery.sent_at).where(Delivery.incident_id == incident.id, Delivery.purpose == "notice")
        ).all()
        delivered = [at for at in sent if at]
        counts = {
            "steps done": len(
                session.exec(select(Step.id).where(Step.incident_id == incident.id, Step.record == "done")).all()
            ),
            "texts drafted": len(
                session.exec(
                    select(NoticeVersion.id)
                    .join(Notice, col(NoticeVersion.notice_id) == col(Notice.id))
                    .where(Notice.incident_id == incident.id)
                ).all()
            ),
            "signatures": len(session.exec(select(Approval.id).where(Approval.incident_id == incident.id)).all()),
            "notices sent": len(delivered),
            "alerts fired": len(
                session.exec(select(Alert.id).where(Alert.incident_id == incident.id, Alert.state == "fired")).all()
            ),
        }
    late = tuple(f"{c.provision} ({c.stage})" for c in now.clocks if c.state != "undecided" and _over(c, now))
    return Review(
        number,
        now.now,
        _hours(report, now, delivered),
        _by_state(now.clocks),
        counts,
        late,
        tuple(_actions(now, report, late)),
        verified,
        now.overrides,
    )


def _hours(report: Report, now: Standing, sent: Iterable[datetime]) -> dict[str, float | None]:
    times = report.times
    told = min(sent, default=None)
    spans = {
        "from the start to detection": (times.occurred_from, times.detected_at),
        "from detection to awareness": (times.detected_at, times.aware_at),
        "from awareness to containment": (times.aware_at, times.contained_at),
        "from awareness to the first notice": (times.aware_at, told),
        "from the report to the first notice": (now.opened_at, told),
    }
    return {name: _span(first, second) for name, (first, second) in spans.items()}


def _span(first: datetime | None, second: datetime | None) -> float | None:
    return round((second - first) / timedelta(hours=1), 1) if first and second else None


def _over(clock: ClockLine, now: Standing) -> bool:
    """Whether the limit ran out before the duty was met; whether an undecided one is owed at all nobody knows."""
    return clock.due_at is not None and clock.due_at < (clock.met_at or now.now)


def _by_state(clocks: Iterable[ClockLine]) -> dict[str, int]:
    states = [clock.state for clock in clocks]
    return {state: states.count(state) for state in ("met", "open", "undecided")}


def _actions(now: Standing, report: Report, late: Iterable[str]) -> Iterable[str]:
    for duty in late:
        yield f"Find out why {duty} was late, and give the reasons for the delay to whoever it is owed"
    for text in now.overrides:
        yield f"Find out why a text had to go by override: {text}"
    for clock in now.clocks:
        if clock.state == "undecided":
            over = "; its limit has run out if it applies" if _over(clock, now) else ""
            yield f"Decide {clock.provision}: {', '.join(clock.missing_facts) or 'the open question'}{over}"
        elif clock.state == "open" and clock.clock_state != "not_started":
            yield f"Meet {clock.provision} ({clock.stage}) to {clock.recipient}"
    for wait in now.waits:
        if wait.kind in ("step", "delivery"):
            yield f"Finish what waits: {wait.what}"
    if report.times.contained_at is None:
        yield "Record when the incident was contained (times.contained_at)"
