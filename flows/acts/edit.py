"""Editing: a person's own words as a new version, checked like any other text; earlier signatures no longer hold."""

from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from flows.acts.draft import (
    Wording,
    brief_for,
    current,
    facts_used,
    has_left,
    new_version,
    notice_in,
    title,
    version_of,
    void_approvals,
)
from flows.acts.team import roles_of
from flows.desk import Desk
from models.errors import BadInputError, OvertakenError
from models.incident import find
from models.ledger import record
from models.store import writing
from models.tables import Incident, Notice
from templates.draft import check, digest, draft
from templates.page import subject

LONGEST_TEXT = 200_000


@dataclass(frozen=True)
class Edited:
    """The version that an edit made, and what the checks found in it."""

    version: int
    sha256: str
    findings: tuple[dict[str, Any], ...]


def edit_notice(desk: Desk, number: str, notice_id: int, text: str, *, by: str, sha256: str | None = None) -> Edited:
    """Keep a person's text as the notice's next version; raises `NotAllowedError` for one that has left.

    `sha256` (its beginning is enough) says which text was edited; if another one is current by now, nothing is kept.
    """
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise BadInputError(f"a text has between 1 and {LONGEST_TEXT} characters; this one has {len(text)}")
    with writing(desk.engine) as session:
        incident = find(session, number)
        notice = _open_to(session, incident, notice_id, by)
        latest = current(session, notice)
        if sha256 and not latest.sha256.startswith(sha256.lower()):
            raise OvertakenError(
                f"notice {notice_id} was changed meanwhile: version {latest.version} is by {latest.author}; "
                f"see `tocsin notices {number} diff {notice_id}` and edit that one"
            )
        return _kept(desk, session, incident, notice, text, by, None)


def restore_version(desk: Desk, number: str, notice_id: int, version: int, *, by: str) -> Edited:
    """Make an earlier version's text the notice's next version; the versions between stay where they are."""
    with writing(desk.engine) as session:
        incident = find(session, number)
        notice = _open_to(session, incident, notice_id, by)
        earlier = version_of(session, notice, version)
        if earlier.sha256 == current(session, notice).sha256:
            raise BadInputError(f"notice {notice_id} reads as in version {version} already")
        return _kept(desk, session, incident, notice, earlier.text, by, f"restored from version {version}")


def _open_to(session: Session, incident: Incident, notice_id: int, by: str) -> Notice:
    roles_of(session, by)
    notice = notice_in(session, incident, notice_id)
    if notice.state not in ("draft", "approved") or has_left(session, notice):
        state = "on its way" if notice.state == "approved" else notice.state
        raise OvertakenError(
            f"notice {notice_id} is {state}; write a correction instead: "
            f"`tocsin notices {incident.number} correct {notice_id} --reason ...`"
        )
    return notice


def _kept(
    desk: Desk, session: Session, incident: Incident, notice: Notice, text: str, by: str, note: str | None
) -> Edited:
    """Keep the words over what was drafted last, so that the next draft can be merged with them."""
    brief, own, latest = brief_for(desk, session, incident, notice), desk.settings.templates, current(session, notice)
    made = replace(
        draft(brief, own),
        subject=subject(text),
        text=text,
        sha256=digest(text),
        facts_used=tuple(facts_used(latest)),
        findings=check(text, brief, own),
    )
    kept = Wording(made, latest.drafted or latest.text, note)
    version = new_version(desk, session, incident, notice, kept, author=by, inputs=latest.inputs)
    void_approvals(desk, session, incident, notice, f"edited by {by}")
    payload = {"notice": notice.id, "what": title(notice), "version": version.version, "sha256": version.sha256}
    payload |= {"note": note} if note else {}
    record(session, incident, "notice.edited", payload, actor=by, at=desk.clock(), zone=incident.zone)
    return Edited(version.version, version.sha256, tuple(version.findings))
