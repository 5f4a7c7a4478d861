"""Putting right what was sent: a correction or a withdrawal that names the text, its day and its reference, and is signed like any other."""

from sqlmodel import Session, col, select

from flows.acts.draft import Drafted, RemedyAct, Wording, new_version, notice_in, remedy_brief, title
from flows.acts.team import roles_of
from flows.desk import Desk
from models.errors import OvertakenError
from models.incident import find, identity
from models.ledger import record
from models.store import writing
from models.tables import Incident, Notice
from templates.draft import draft


def put_right(desk: Desk, number: str, notice_id: int, act: RemedyAct, *, by: str, reason: str) -> Drafted:
    """Draft the correction or withdrawal of a notice that was sent, for whoever got it.

    Raises `NotAllowedError` for one that was not sent, or for which such a text is being prepared already.
    """
    with writing(desk.engine) as session:
        incident = find(session, number)
        roles_of(session, by)
        sent = notice_in(session, incident, notice_id)
        earlier = _earlier(session, sent)
        _may_be_put_right(number, sent, earlier)
        brief = remedy_brief(desk, session, incident, sent, (act, reason))
        made = draft(brief, desk.settings.templates)
        notice = Notice(
            key=f"{sent.key}:{act}:{len(earlier) + 1}",
            incident_id=identity(incident),
            provision=sent.provision,
            audience=sent.audience,
            form=act,
            language=brief.language,
            recipient=sent.recipient,
            corrects=sent.id,
        )
        kept = Wording(made, note=reason)
        new_version(desk, session, incident, notice, kept, author="tocsin", inputs="")
        _note(desk, session, incident, notice, sent, brief.remedy.reference if brief.remedy else "", by, reason)
        errors = sum(finding.level == "error" for finding in made.findings)
        return Drafted(identity(notice), title(notice), notice.version, notice.language, errors, len(made.missing))


def _earlier(session: Session, sent: Notice) -> list[Notice]:
    query = select(Notice).where(Notice.corrects == sent.id, col(Notice.form).in_(("correction", "withdrawal")))
    return list(session.exec(query.order_by(col(Notice.id))))


def _may_be_put_right(number: str, sent: Notice, earlier: list[Notice]) -> None:
    if sent.state != "sent":
        raise OvertakenError(
            f"notice {sent.id} is {sent.state} and was not sent; edit it, or `tocsin notices {number} hold {sent.id}`"
        )
    for one in earlier:
        if one.state in ("draft", "approved"):
            raise OvertakenError(
                f"notice {one.id} puts notice {sent.id} right already and is {one.state}; edit that one"
            )


def _note(
    desk: Desk,
    session: Session,
    incident: Incident,
    notice: Notice,
    sent: Notice,
    reference: str,
    by: str,
    reason: str,
) -> None:
    payload = {
        "notice": notice.id,
        "what": title(notice),
        "corrects": sent.id,
        "reference": reference,
        "reason": reason,
    }
    record(session, incident, "notice.remedied", payload, actor=by, at=desk.clock(), zone=incident.zone)
