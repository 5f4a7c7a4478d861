"""Editing: a person's own words as a new version, checked like any other text; earlier signatures no longer hold."""

from dataclasses import dataclass, replace
from typing import Any

from flows.acts.draft import brief_for, has_left, new_version, notice_in, title, void_approvals
from flows.acts.team import roles_of
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.incident import find
from models.ledger import record
from models.store import writing
from templates.draft import check, digest, draft
from templates.page import subject

LONGEST_TEXT = 200_000


@dataclass(frozen=True)
class Edited:
    """The version that an edit made, and what the checks found in it."""

    version: int
    sha256: str
    findings: tuple[dict[str, Any], ...]


def edit_notice(desk: Desk, number: str, notice_id: int, text: str, *, by: str) -> Edited:
    """Keep a person's text as the notice's next version; raises `NotAllowedError` for one that has left."""
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise BadInputError(f"a text has between 1 and {LONGEST_TEXT} characters; this one has {len(text)}")
    with writing(desk.engine) as session:
        incident = find(session, number)
        roles_of(session, by)
        notice = notice_in(session, incident, notice_id)
        if notice.state not in ("draft", "approved") or has_left(session, notice):
            state = "on its way" if notice.state == "approved" else notice.state
            raise NotAllowedError(f"notice {notice_id} is {state}; write a correction instead of editing it")
        brief, own = brief_for(desk, session, incident, notice), desk.settings.templates
        made = replace(
            draft(brief, own), subject=subject(text), text=text, sha256=digest(text), findings=check(text, brief, own)
        )
        version = new_version(desk, session, incident, notice, made, author=by, inputs="", edited=True)
        void_approvals(desk, session, incident, notice, f"edited by {by}")
        payload = {"notice": notice_id, "what": title(notice), "version": version.version, "sha256": version.sha256}
        record(session, incident, "notice.edited", payload, actor=by, at=desk.clock(), zone=incident.zone)
        return Edited(version.version, version.sha256, tuple(version.findings))
