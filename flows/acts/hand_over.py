"""Filing by hand: a person carries what no way out carries, and says who, when and under which reference; most portals are so."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from flows.acts.close_loop import settled
from flows.acts.draft import notice_in
from flows.acts.embargo import embargo
from flows.acts.evidence import preserve_file
from flows.acts.overridden import is_overridden
from flows.acts.playbook import notice_rules
from flows.acts.release import queue_notice
from flows.acts.team import roles_of
from flows.desk import Desk
from models.clock import rfc3339
from models.errors import BadInputError, NotAllowedError, OvertakenError, UnknownNameError
from models.incident import find, identity
from models.ledger import record
from models.store import writing
from models.tables import Approval, Delivery, Evidence, Incident, Notice, NoticeVersion, Receipt
from models.vocabulary import Audience

MAY_BE_FILED = ("to_hand_over", "pending", "uncertain", "refused", "withdrawn")


@dataclass(frozen=True)
class Filing:
    """What was filed by hand, and how many duties that met."""

    key: str
    what: str
    sha256: str
    at: datetime
    reference: str
    duties_met: int


def hand_over(
    desk: Desk, number: str, which: str, *, by: str, at: datetime, reference: str, proof: Path | None = None
) -> Filing:
    """Record that a person filed a notice, known by its id or its delivery's key, at the time given; its duty is met then.

    Also one that another way holds up or leaves uncertain. `proof` is kept as evidence. Raises `NotAllowedError` for a
    text that did not have all its signatures at that time.
    """
    _check(desk, number, which, by, at)
    kept = preserve_file(desk, number, None, proof, by=by, name=f"proof of filing {reference}") if proof else None
    with writing(desk.engine) as session:
        incident = find(session, number)
        row = _row(desk, session, incident, which)
        version = _signed_text(session, incident, row, at)
        _is_handed_over(desk, session, incident, row, by, at, reference, version.sha256, kept)
        session.flush()
        met = settled(desk, session, incident)
        return Filing(row.key, row.body.get("what", row.purpose), version.sha256, at, reference, met)


def step_handed_over(desk: Desk, session: Session, incident: Incident, step: str, by: str) -> None:
    """What a step put down for a person is done once the step is said to be."""
    rows = session.exec(
        select(Delivery).where(
            Delivery.incident_id == incident.id, Delivery.step_key == step, Delivery.state == "to_hand_over"
        )
    ).all()
    for row in rows:
        _is_handed_over(desk, session, incident, row, by, desk.clock(), "said to be done", None, None)


def _check(desk: Desk, number: str, which: str, by: str, at: datetime) -> None:
    """Refuse before anything is kept, so that a proof of nothing is not."""
    if at > desk.clock():
        raise BadInputError(f"{rfc3339(at)} lies ahead; say when it was filed")
    with writing(desk.engine) as session:
        incident = find(session, number)
        roles_of(session, by)
        row = _row(desk, session, incident, which)
        _signed_text(session, incident, row, at)
        session.rollback()


def _row(desk: Desk, session: Session, incident: Incident, which: str) -> Delivery:
    row = _of_notice(desk, session, incident, int(which)) if which.isdecimal() else _of_key(session, incident, which)
    if row.step_key is not None:
        raise NotAllowedError(f"{row.key} is a step: say `tocsin steps {incident.number} done {row.step_key}`")
    if row.notice_id is None:
        raise NotAllowedError(f"{row.key} is for the team itself; nobody files it")
    if row.state not in MAY_BE_FILED:
        raise OvertakenError(f"{row.key} is {row.state} already")
    return row


def _of_key(session: Session, incident: Incident, key: str) -> Delivery:
    row = session.exec(
        select(Delivery).where(Delivery.incident_id == incident.id, Delivery.key == key).with_for_update()
    ).first()
    if row is None:
        raise UnknownNameError(
            f"no delivery has the key {key!r}; `tocsin status {incident.number}` lists those that wait"
        )
    return row


def _of_notice(desk: Desk, session: Session, incident: Incident, notice_id: int) -> Delivery:
    """The delivery of the notice's latest text; one that no run has queued yet is queued first."""
    notice = notice_in(session, incident, notice_id)
    query = select(Delivery).where(Delivery.notice_id == notice.id).order_by(col(Delivery.id).desc()).with_for_update()
    known = session.exec(query).first()
    if known is None or (known.notice_version != notice.version and notice.state == "approved"):
        _queued(desk, session, incident, notice)
        known = session.exec(query).first()
    if known is None:
        raise OvertakenError(f"notice {notice_id} is {notice.state}; only what is fully signed is filed")
    return known


def _queued(desk: Desk, session: Session, incident: Incident, notice: Notice) -> None:
    why = embargo(session, incident, notice, desk.clock())
    if why is not None:
        raise NotAllowedError(f"notice {notice.id} may not leave yet: {why}")
    if notice.state == "approved" and not notice.held:
        queue_notice(desk, session, incident, notice)
        session.flush()


def _signed_text(session: Session, incident: Incident, row: Delivery, at: datetime) -> NoticeVersion:
    """The text that was filed, which must have had all its signatures when it was."""
    notice = session.get_one(Notice, row.notice_id)
    version = session.exec(
        select(NoticeVersion).where(NoticeVersion.notice_id == notice.id, NoticeVersion.version == row.notice_version)
    ).one()
    approvals = session.exec(
        select(Approval).where(
            Approval.incident_id == incident.id,
            Approval.subject == f"notice:{notice.id}",
            Approval.sha256 == version.sha256,
            Approval.decision == "approved",
        )
    ).all()
    held = [
        (one.role, one.person) for one in approvals if one.at <= at and (one.voided_at is None or one.voided_at > at)
    ]
    missing = notice_rules(incident).approval_for(Audience(notice.audience)).still_open(held)
    if missing and not is_overridden(session, incident, notice, version.sha256):
        raise NotAllowedError(
            f"version {version.version} of notice {notice.id} (SHA-256 {version.sha256[:12]}) was not fully signed at "
            f"{rfc3339(at)}: {', '.join(role.value for role in missing)} had not signed, or no longer; say when it was filed"
        )
    return version


def _is_handed_over(
    desk: Desk,
    session: Session,
    incident: Incident,
    row: Delivery,
    by: str,
    at: datetime,
    reference: str,
    sha256: str | None,
    kept: Evidence | None,
) -> None:
    now = desk.clock()
    row.state, row.sent_at, row.last_error, row.next_try_at = "sent", at, None, None
    session.add(row)
    session.add(
        Receipt(
            delivery_id=identity(row),
            reference=reference,
            detail=f"filed by hand by {by}" if sha256 else f"done by hand by {by}",
            at=at,
            filed_by=by,
            evidence_id=kept.id if kept else None,
            zone=incident.zone,
        )
    )
    payload = {
        "key": row.key,
        "what": row.body.get("what", row.purpose),
        "to": row.recipient,
        "filed_at": rfc3339(at),
        "reference": reference,
        "sha256": sha256,
        "evidence": kept.sha256 if kept else None,
    }
    record(session, incident, "delivery.handed_over", payload, actor=by, at=now, zone=incident.zone)
