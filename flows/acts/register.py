"""The breach register over all incidents, notified or not, read one by one so that memory does not grow with them."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime

from sqlmodel import Session, col, select

from flows.acts.answer import answers_of
from flows.acts.membership import visible_to
from flows.acts.public_words import measures_of
from flows.acts.severity import severity_in
from flows.desk import Desk
from laws.scope import reaching
from models.incident import facts_of, identity
from models.places import lies_in
from models.register import RegisterDuty, RegisterEntry, RegisterMeasure, RegisterPlace, RegisterRefusal, Told
from models.report import Report
from models.store import reading
from models.tables import Delivery, DutyRecord, Incident, Notice, Receipt
from models.vocabulary import Audience, Verdict
from templates.language import language as speak
from templates.risks import likely_risks

PAGE = 100
LANGUAGE = "en"
_TOLD_OF = (Audience.AUTHORITY, Audience.INDIVIDUALS, Audience.CSIRT, Audience.POLICE, Audience.CONTROLLER)


def register(
    desk: Desk,
    *,
    since: date | None = None,
    until: date | None = None,
    rehearsals: bool = False,
    at_once: int = PAGE,
    language: str = LANGUAGE,
    seen_by: int | None = None,
) -> Iterator[RegisterEntry]:
    """An entry for each incident recorded from `since` to `until`, the oldest first; rehearsals only where asked for.

    `at_once` is how many incidents are looked up together; effects and remedial action are in `language`; `seen_by`
    leaves out those of which that person may not know.
    """
    last = 0
    while page := _numbers(desk, last, rehearsals=rehearsals, at_once=at_once, seen_by=seen_by):
        for last, recorded in page:
            if (since is None or recorded.date() >= since) and (until is None or recorded.date() <= until):
                with reading(desk.engine) as session:
                    yield _entry(desk, session, session.get_one(Incident, last), language)


def has_only_rehearsals(desk: Desk) -> bool:
    """Whether there are incidents, and each of them is a rehearsal."""
    return not any(_numbers(desk, 0, rehearsals=False, at_once=1)) and any(
        _numbers(desk, 0, rehearsals=True, at_once=1)
    )


def _numbers(
    desk: Desk, after: int, *, rehearsals: bool, at_once: int, seen_by: int | None = None
) -> list[tuple[int, datetime]]:
    query = select(Incident).where(col(Incident.id) > after).order_by(col(Incident.id)).limit(at_once)
    query = query if seen_by is None else query.where(visible_to(seen_by))
    with reading(desk.engine) as session:
        rows = session.exec(query if rehearsals else query.where(col(Incident.rehearsal).is_(False))).all()
        return [(identity(row), row.opened_at) for row in rows]


def _entry(desk: Desk, session: Session, incident: Incident, language: str) -> RegisterEntry:
    report = facts_of(session, incident)
    duties = session.exec(
        select(DutyRecord).where(DutyRecord.incident_id == incident.id).order_by(col(DutyRecord.id))
    ).all()
    severity, answers, now = severity_in(desk, report), answers_of(session, incident), desk.clock()
    reached = reaching(report, desk.laws, (incident.closed_at or now).date())
    references = _references(session, incident)
    told = tuple(
        _told(row, references.get(identity(row), ()), now)
        for row in duties
        if row.state != "closed" and row.audience != Audience.INTERNAL_RECORD
    )
    return RegisterEntry(
        number=incident.number,
        title=report.title,
        rehearsal=incident.rehearsal,
        state="closed" if incident.state == "closed" else "open",
        zone=incident.zone,
        recorded_at=incident.opened_at,
        recorded_by=incident.opened_by,
        closed_at=incident.closed_at,
        facts_version=incident.facts_version,
        organisation=report.organisation.name or desk.organisation.name,
        role=report.organisation.role,
        kind=report.kind,
        cause=report.cause,
        affected=tuple(report.effects or ()),
        occurred_from=report.times.occurred_from,
        occurred_to=report.times.occurred_to,
        detected_at=report.times.detected_at,
        aware_at=report.times.aware_at,
        contained_at=report.times.contained_at,
        data=tuple(dict.fromkeys(item.category for item in report.data or ())),
        records=report.records,
        people=report.people_total,
        places=_places(report),
        relationships=tuple(dict.fromkeys(one.relationship for one in report.people or () if one.relationship)),
        minors=_among(report, "minors"),
        vulnerable=_among(report, "vulnerable"),
        severity=severity.level,
        severity_score=severity.score,
        effects=tuple(str(speak(language).phrases.say(f"risks.{name}")) for name in likely_risks(report)),
        measures=tuple(
            RegisterMeasure(text=one.texts.get(language) or one.texts[LANGUAGE], done_at=one.done_at)
            for one in measures_of(session, incident)
        ),
        measures_planned=_said(answers, "measures_planned", language),
        told=told,
        not_told=tuple(_refusal(row) for row in duties if _is_refusal(row, reached)),
        late_reasons=_said(answers, "delay_reasons", language) if any(one.late for one in told) else None,
    )


def _told(row: DutyRecord, references: tuple[str, ...], now: datetime) -> RegisterDuty:
    end = row.met_at or now
    return RegisterDuty(
        provision=row.provision,
        citation=str(row.body.get("citation")),
        stage=row.stage,
        audience=row.audience,
        recipient=row.recipient,
        standing=_standing(row, now),
        due_at=row.due_at,
        told_at=row.met_at,
        late=row.due_at is not None and end > row.due_at and row.state in ("open", "met"),
        references=references,
        decided=_decided(row),
    )


def _standing(row: DutyRecord, now: datetime) -> Told:
    if row.met_at is not None:
        return "told"
    if row.state == "undecided":
        return "undecided"
    if row.clock_state == "not_started":
        return "not started"
    return "overdue" if row.due_at is not None and row.due_at < now else "to be told"


def _is_refusal(row: DutyRecord, reached: frozenset[str]) -> bool:
    """Whether somebody might have been told by a law that reaches the incident, and is not."""
    if row.state != "closed" or row.verdict != Verdict.NOT_REQUIRED or row.audience not in _TOLD_OF:
        return False
    return row.decided_by is not None or row.provision in reached


def _refusal(row: DutyRecord) -> RegisterRefusal:
    return RegisterRefusal(
        provision=row.provision,
        citation=str(row.body.get("citation")),
        audience=row.audience,
        recipient=row.recipient,
        reasons=tuple(row.body.get("reasons", ())),
        decided=_decided(row),
    )


def _decided(row: DutyRecord) -> str | None:
    return f"{row.decided_by}: {row.decision_reason}" if row.decided_by else None


def _references(session: Session, incident: Incident) -> dict[int, tuple[str, ...]]:
    """The other side's own references, by the duty whose notice they answer."""
    rows = session.exec(
        select(Notice.duty_id, Receipt.reference)
        .join(Delivery, col(Delivery.notice_id) == col(Notice.id))
        .join(Receipt, col(Receipt.delivery_id) == col(Delivery.id))
        .where(Notice.incident_id == incident.id)
        .order_by(col(Receipt.id))
    ).all()
    found: dict[int, tuple[str, ...]] = {}
    for duty_id, reference in rows:
        if duty_id is not None and reference not in found.get(duty_id, ()):
            found[duty_id] = (*found.get(duty_id, ()), reference)
    return found


def _places(report: Report) -> tuple[RegisterPlace, ...]:
    codes = dict.fromkeys(group.jurisdiction for group in report.people or ())
    counts = {
        code: [group.count for group in report.people or () if lies_in(group.jurisdiction, code)] for code in codes
    }
    return tuple(RegisterPlace(place=code, count=_sum(found)) for code, found in counts.items())


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _among(report: Report, name: str) -> bool | None:
    said = [getattr(group, name) for group in report.people or ()]
    return True if True in said else False if said and None not in said else None


def _said(answers: Mapping[str, Mapping[str, str]], key: str, language: str) -> str | None:
    """What a person answered, in the language asked for, else in English, else as it was answered."""
    words = answers.get(key, {})
    return words.get(language) or words.get(LANGUAGE) or next(iter(words.values()), None)
