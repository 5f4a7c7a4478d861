"""Signatures that are late: once their time is over, whoever may stand in is told, once, by the ladder's ways."""

from sqlmodel import Session, col, select

from flows.acts.deliver import new_delivery, queue
from flows.acts.draft import title
from flows.acts.ladder import Fired, ladder_of_length, way_to
from flows.acts.playbook import notice_rules
from flows.acts.sign import Asked, asked_to_sign
from flows.desk import Desk
from integrations.slack_blocks import blocks_text
from models.clock import rfc3339
from models.incident import identity
from models.ledger import record
from models.store import reading, writing
from models.tables import Incident, Notice
from models.vocabulary import Audience
from playbooks.ladder import Ladder

PAGE = "page"  # a page ends with the clock that it is about, and a signature has none of its own


def fire_unsigned(desk: Desk) -> list[Fired]:
    """Tell of each signature whose time is over, each time once; held texts are not asked about."""
    late = Notice.state == "draft", col(Notice.held).is_(False), col(Notice.sign_until) <= desk.clock()
    with reading(desk.engine) as session:
        found = list(session.exec(select(Notice.incident_id).where(*late).distinct()))
    fired: list[Fired] = []
    for incident_id in found:
        with writing(desk.engine) as session:
            incident = session.exec(select(Incident).where(Incident.id == incident_id).with_for_update()).one()
            query = select(Notice).where(Notice.incident_id == incident_id, *late).order_by(col(Notice.id))
            fired += [one for row in session.exec(query).all() if (one := _fire(desk, session, incident, row))]
    return fired


def _fire(desk: Desk, session: Session, incident: Incident, notice: Notice) -> Fired | None:
    now = desk.clock()
    asked = asked_to_sign(session, incident, notice, now)
    due_at, is_open = asked.due_at, incident.state == "open"
    if due_at is None or due_at > now or not is_open:
        notice.sign_until = due_at if is_open else None
        session.add(notice)
        return None
    notice.sign_until = None
    session.add(notice)
    rule = notice_rules(incident).approval_for(Audience(notice.audience))
    assert rule.within is not None, "else nothing would be late"
    ladder = ladder_of_length(desk, incident, rule.within)
    told = asked.stand_ins or _above(ladder, asked)
    key = _tell(desk, session, incident, notice, asked, told, ladder)
    payload = {
        "notice": notice.id,
        "what": title(notice),
        "due_at": rfc3339(due_at),
        "asked": list(asked.roles),
        "told": list(told),
    }
    record(session, incident, "signature.overdue", payload, actor="watch", at=now, zone=incident.zone)
    about, which = notice.provision or notice.audience, f"notice {notice.id}"
    return Fired(incident.number, about, which, "signature overdue", " and ".join(told), due_at, now - due_at, key)


def _above(ladder: Ladder, asked: Asked) -> tuple[str, ...]:
    """Where nobody stands in: whoever comes after them in the ladder, or they themselves."""
    above = ladder.above(asked.roles[0])
    return (above.value,) if above is not None else asked.roles


def _tell(
    desk: Desk,
    session: Session,
    incident: Incident,
    notice: Notice,
    asked: Asked,
    told: tuple[str, ...],
    ladder: Ladder,
) -> str:
    """Queue one message for each way that the ladder names at its limit; gives the key of the first."""
    assert asked.due_at is not None, "only what is late is told"
    stem = f"{incident.number}.unsigned.{identity(notice)}.{int(asked.due_at.timestamp())}"
    message, now = _message(incident, notice, asked, told), desk.clock()
    keys = []
    for way in [way for way in ladder.limit.by if way != PAGE] or ["chat"]:
        for role in told[:1] if way == "chat" else told:
            channel, to = way_to(desk, way, role)
            delivery = new_delivery(incident, f"{stem}.{way}.{role}", "alert", channel, to, message, now)
            delivery.next_try_at = now
            queue(session, desk, incident, delivery)
            keys.append(delivery.key)
    return keys[0]


def _message(incident: Incident, notice: Notice, asked: Asked, told: tuple[str, ...]) -> dict[str, object]:
    due = rfc3339(asked.due_at) if asked.due_at else ""
    subject = f"{incident.number}: signature overdue: {title(notice)}"
    may = f"{' and '.join(asked.stand_ins)} may sign now" if asked.stand_ins else f"{' and '.join(told)} should ask"
    words = f"Asked of {' and '.join(asked.roles)} until {due}; {may}. `tocsin notices {incident.number} show {notice.id}` shows the text."
    return {
        "subject": subject,
        "what": f"alert to {' and '.join(told)}: signature overdue: {title(notice)}",
        "text": f"{subject}. {words}",
        "blocks": [dict(block) for block in blocks_text(subject, words)],
        "about": {"notice": str(notice.id), "audience": notice.audience},
    }
