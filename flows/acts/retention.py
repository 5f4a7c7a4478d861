"""How long the words of closed incidents are kept: then texts, facts and evidence go; hashes, counts and the ledger stay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, func, select

from flows.acts.team import roles_of
from flows.desk import Desk
from integrations.outbox import file_name
from models.errors import BadInputError, NotAllowedError, StoreUnavailableError
from models.incident import find
from models.ledger import record
from models.store import forget, reading, writing
from models.tables import ContentAnswer, Delivery, Evidence, FactsVersion, Incident, Notice, NoticeVersion, Step
from models.vocabulary import PersonRole

REMOVED = "(removed)"


@dataclass(frozen=True)
class Expired:
    """A closed incident whose time has come, and how much of it would go."""

    number: str
    closed_at: datetime
    texts: int
    facts: int
    evidence: int
    deliveries: int


def expired(desk: Desk, days: int | None = None) -> list[Expired]:
    """The closed incidents older than the setting, or than `days`, oldest first; raises `BadInputError` without either."""
    kept_for = days if days is not None else desk.settings.retention_days
    if kept_for is None:
        raise BadInputError("TOCSIN_RETENTION_DAYS is not set, so that everything is kept; set it, or give --days")
    with reading(desk.engine) as session:
        rows = session.exec(
            select(Incident)
            .where(
                Incident.state == "closed",
                col(Incident.purged_at).is_(None),
                col(Incident.closed_at) <= desk.clock() - timedelta(days=kept_for),
            )
            .order_by(col(Incident.closed_at))
        )
        return [_counted(session, incident) for incident in rows.all()]


def _counted(session: Session, incident: Incident) -> Expired:
    assert incident.closed_at is not None, "it is closed"
    texts = session.exec(
        select(func.count(col(NoticeVersion.id)))
        .join(Notice, col(NoticeVersion.notice_id) == col(Notice.id))
        .where(Notice.incident_id == incident.id)
    ).one()
    facts, evidence, deliveries = (
        session.exec(select(func.count(col(table.id))).where(table.incident_id == incident.id)).one()
        for table in (FactsVersion, Evidence, Delivery)
    )
    return Expired(incident.number, incident.closed_at, texts, facts, evidence, deliveries)


def purge(desk: Desk, number: str, *, by: str) -> Expired:
    """Remove the words of a closed incident for good, files first, so that a death in between leaves the rest to be done.

    The ledger, with what people wrote as reasons, stays whole and verifies. Raises `NotAllowedError` for an open incident,
    one that was purged, or somebody who is no administrator.
    """
    with reading(desk.engine) as session:
        incident = find(session, number)
        _check(session, incident, by)
        counted = _counted(session, incident)
        keys = session.exec(select(Delivery.key).where(Delivery.incident_id == incident.id)).all()
    _remove_files(desk.settings.home, number, [file_name(key) for key in keys])
    with writing(desk.engine) as session:
        incident = find(session, number)
        _check(session, incident, by)
        _remove_words(session, incident)
        incident.purged_at, incident.title = desk.clock(), REMOVED
        session.add(incident)
        payload = {
            "texts": counted.texts,
            "facts": counted.facts,
            "evidence": counted.evidence,
            "deliveries": counted.deliveries,
        }
        record(session, incident, "incident.purged", payload, actor=by, at=desk.clock(), zone=incident.zone)
    forget(desk.engine)
    return counted


def _check(session: Session, incident: Incident, by: str) -> None:
    if PersonRole.ADMINISTRATOR not in roles_of(session, by):
        raise NotAllowedError(f"{by} is no administrator; only one removes what was written")
    if incident.state != "closed" or incident.purged_at is not None:
        state = "was purged already" if incident.purged_at else "is open"
        raise NotAllowedError(f"{incident.number} {state}; only closed incidents are purged, once")


def _remove_files(home: Path, number: str, names: list[str]) -> None:
    outbox = [home / "outbox" / f"{name}.{suffix}" for name in names for suffix in ("eml", "html", "json")]
    evidence = home / "evidence" / number
    try:
        for path in [*outbox, *(evidence.iterdir() if evidence.is_dir() else ())]:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"{error.filename}: {error.strerror}; mend its permissions and repeat") from error


def _remove_words(session: Session, incident: Incident) -> None:
    for version in session.exec(
        select(NoticeVersion)
        .join(Notice, col(NoticeVersion.notice_id) == col(Notice.id))
        .where(Notice.incident_id == incident.id)
    ):
        version.subject, version.text, version.drafted, version.note = "", "", None, None
        version.facts_used, version.missing, version.findings = [], [], []
        session.add(version)
    for facts in session.exec(select(FactsVersion).where(FactsVersion.incident_id == incident.id)):
        facts.report = {"title": REMOVED}
        session.add(facts)
    for answer in session.exec(select(ContentAnswer).where(ContentAnswer.incident_id == incident.id)):
        answer.words = ""
        session.add(answer)
    for row in session.exec(select(Delivery).where(Delivery.incident_id == incident.id)):
        row.subject, row.body, row.last_error = "", {"what": row.body.get("what", row.purpose), "text": ""}, None
        row.recipient = REMOVED if "@" in row.recipient else row.recipient
        session.add(row)
    for evidence in session.exec(select(Evidence).where(Evidence.incident_id == incident.id)):
        evidence.path = ""
        session.add(evidence)
    for step in session.exec(select(Step).where(Step.incident_id == incident.id)):
        step.note = None
        session.add(step)
