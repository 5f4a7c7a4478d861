"""Telling the responders' chat what has happened: incident opened, signatures needed, notices sent. Nothing personal."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import String, cast, literal
from sqlmodel import Session, col, select

from flows.acts.deliver import new_delivery, queue
from flows.acts.draft import current, title
from flows.acts.severity import severity_in
from flows.acts.sign import open_roles
from flows.acts.slack_room import chat_for
from flows.desk import Desk
from integrations.slack_blocks import blocks_approval_needed, blocks_incident_opened, blocks_notice_sent, blocks_text
from integrations.slack_views import answer_button
from models.clock import zone
from models.incident import facts_of, find
from models.ledger import sha256_of
from models.store import writing
from models.tables import Approval, Delivery, Incident, Notice, NoticeVersion, Person, Receipt

CARDS_A_MESSAGE = 12  # of three blocks each; Slack shows fifty


def announce_opening(desk: Desk, number: str) -> None:
    """Say once that the incident was opened."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        report = facts_of(session, incident)
        kind = (report.kind.value if report.kind else "incident").replace("_", " ")
        severity = severity_in(desk, report).level.value.replace("_", " ")
        blocks = blocks_incident_opened(number, kind, incident.opened_at, zone(incident.zone), severity)
        _queue(desk, session, incident, f"{number}.opened", f"{number} opened: {kind}, severity {severity}", blocks)


def ask_for_signatures(desk: Desk, number: str, notice_ids: Sequence[int]) -> None:
    """Ask, once for each exact text, whoever has to sign it."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        notices = session.exec(select(Notice).where(col(Notice.id).in_(notice_ids)).order_by(col(Notice.id))).all()
        cards = [_card(desk, session, incident, notice) for notice in notices]
        for group in _groups(cards):
            key = sha256_of({"texts": [sha for sha, _ in group]})[:16]
            blocks = [block for _, card in group for block in card]
            _queue(
                desk,
                session,
                incident,
                f"{number}.sign.{key}",
                f"{number}: {len(group)} texts wait for signatures",
                blocks,
            )


def _card(
    desk: Desk, session: Session, incident: Incident, notice: Notice
) -> tuple[str, Sequence[Mapping[str, object]]]:
    version = current(session, notice)
    roles = open_roles(session, incident, notice)
    button = answer_button(f"{incident.number} notice:{notice.id}") if desk.settings.answers_in_slack else None
    return version.sha256, blocks_approval_needed(
        incident.number, title(notice), notice.recipient, notice.language, version.sha256, roles, button=button
    )


def announce_sent(desk: Desk, number: str) -> int:
    """Say once of each notice that it was taken, under which reference; gives how many were told of just now."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        rows = session.exec(
            select(Delivery, Receipt, Notice, NoticeVersion)
            .join(Receipt, col(Receipt.delivery_id) == col(Delivery.id))
            .join(Notice, col(Notice.id) == col(Delivery.notice_id))
            .join(
                NoticeVersion,
                (col(NoticeVersion.notice_id) == col(Notice.id))
                & (col(NoticeVersion.version) == col(Delivery.notice_version)),
            )
            .where(Delivery.incident_id == incident.id, Delivery.state == "sent", col(Delivery.announced).is_(False))
            .order_by(col(Delivery.id))
        ).all()
        where = zone(incident.zone)
        cards = [
            (
                delivery.key,
                blocks_notice_sent(
                    number, title(notice), notice.recipient, receipt.at, where, receipt.reference, version.sha256
                ),
            )
            for delivery, receipt, notice, version in rows
        ]
        for group in _groups(cards):
            key = sha256_of({"sent": [name for name, _ in group]})[:16]
            blocks = [block for _, card in group for block in card]
            _queue(desk, session, incident, f"{number}.sent.{key}", f"{number}: {len(group)} notices sent", blocks)
        for delivery, _, _, _ in rows:
            delivery.announced = True
            session.add(delivery)
        return len(rows)


def tell_signers(desk: Desk, number: str) -> int:
    """Tell, once for each, whose signature no longer holds, on what, and why; gives how many were told of just now."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        ended = session.exec(
            select(Approval, Notice)
            .join(Notice, col(Approval.subject) == literal("notice:") + cast(col(Notice.id), String))
            .where(Approval.incident_id == incident.id, col(Approval.voided_at).is_not(None))
            .order_by(col(Approval.id))
        ).all()
        known = set(session.exec(select(Delivery.key).where(Delivery.incident_id == incident.id)))
        told = 0
        for approval, notice in ended:
            key = f"{number}.voided.{approval.id}"
            if key in known:
                continue
            words = (
                f"{number}: the signature of {approval.person} no longer holds: {title(notice)}: {approval.void_reason}"
            )
            _queue(
                desk,
                session,
                incident,
                key,
                words,
                blocks_text(words, f"`tocsin notices {number} diff {notice.id}` shows what changed."),
            )
            told += 1
        return told


def announce_access(
    desk: Desk, session: Session, incident: Incident, key: str, words: str, members: Iterable[Person]
) -> None:
    """Tell the responders' chat, and each member by mail where mail is set, who came to see the incident, and why."""
    _queue(desk, session, incident, key, words, blocks_text(words, f"`tocsin timeline {incident.number}` shows it."))
    mail = desk.channels.mail
    for member in members if mail is not None else ():
        if mail is not None and member.email and member.active:
            message = {"subject": words.partition(": ")[0] + ": access", "text": words}
            row = new_delivery(
                incident, f"{key}.{member.id}", "announcement", mail, member.email, message, desk.clock()
            )
            queue(session, desk, incident, row)


def _groups(
    cards: Sequence[tuple[str, Sequence[Mapping[str, object]]]],
) -> Iterable[Sequence[tuple[str, Sequence[Mapping[str, object]]]]]:
    return (cards[start : start + CARDS_A_MESSAGE] for start in range(0, len(cards), CARDS_A_MESSAGE))


def _queue(
    desk: Desk, session: Session, incident: Incident, key: str, subject: str, blocks: Sequence[Mapping[str, object]]
) -> None:
    message = {
        "subject": subject,
        "what": subject.partition(": ")[2] or subject,
        "text": subject,
        "blocks": [dict(block) for block in blocks],
    }
    channel, to = chat_for(desk, session, incident)
    queue(session, desk, incident, new_delivery(incident, key, "announcement", channel, to, message, desk.clock()))
    for other, there in desk.channels.copies():
        copy = new_delivery(incident, f"{key}.{other.name}", "announcement", other, there, message, desk.clock())
        queue(session, desk, incident, copy)
