"""Signing: an approval is bound to the SHA-256 of exactly what was read; enough of them, by the rule, make a text ready."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from flows.acts.draft import current, facts_used, has_left, notice_in, signatures, title, void_approvals
from flows.acts.playbook import notice_rules
from flows.acts.team import roles_of
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError
from models.incident import facts_of, find, identity
from models.ledger import record
from models.store import writing
from models.tables import Approval, DutyRecord, Incident, Notice, NoticeVersion
from models.vocabulary import Audience, PersonRole
from templates.facts import stale

SHORTEST_HASH = 8


@dataclass(frozen=True)
class Signed:
    """What one signature led to: the roles that are still to sign, or none."""

    notice: int
    what: str
    sha256: str
    role: str
    still_needed: tuple[str, ...]


def approve(desk: Desk, number: str, notice_id: int, *, by: str, sha256: str | None = None) -> Signed:
    """Sign the notice's current text.

    `sha256` (the first eight characters or more) says which text was read; another one than the current is refused.
    Raises `NotAllowedError` for findings of error level, a role that the rule does not ask for, or a second signature.
    """
    with writing(desk.engine) as session:
        incident, notice, version = _subject(session, number, notice_id)
        if notice.state != "draft":
            raise NotAllowedError(f"notice {notice_id} is {notice.state}; only a draft can be signed")
        _is_what_was_read(version, sha256)
        _has_no_errors(notice_id, version)
        changed = changed_since(session, incident, version)
        if changed:
            raise NotAllowedError(f"notice {notice_id} cannot be signed: {changed}; edit it, or have it drafted again")
        given = signatures(session, notice, version)
        role = _role_for(session, incident, notice, given, by)
        session.add(_decision(desk, incident, notice, version, by, role, "approved", None))
        payload = {
            "notice": notice_id,
            "what": title(notice),
            "version": version.version,
            "sha256": version.sha256,
            "role": role,
        }
        payload["facts_version"] = incident.facts_version
        record(session, incident, "notice.approved", payload, actor=by, at=desk.clock(), zone=incident.zone)
        missing = still_needed(incident, notice, [*_pairs(given), (role, by)])
        if not missing:
            notice.state = "approved"
            session.add(notice)
            ready = {"notice": notice_id, "what": title(notice), "sha256": version.sha256}
            record(session, incident, "notice.ready", ready, actor="tocsin", at=desk.clock(), zone=incident.zone)
        return Signed(notice_id, title(notice), version.sha256, role, missing)


def reject(desk: Desk, number: str, notice_id: int, *, by: str, reason: str) -> None:
    """Send a text back with a reason; signatures it had no longer hold."""
    with writing(desk.engine) as session:
        incident, notice, version = _subject(session, number, notice_id)
        if notice.state not in ("draft", "approved") or has_left(session, notice):
            state = "on its way" if notice.state == "approved" else notice.state
            raise NotAllowedError(f"notice {notice_id} is {state}; only what has not left can be sent back")
        role = roles_of(session, by)[0].value
        session.add(_decision(desk, incident, notice, version, by, role, "rejected", reason))
        notice.state = "draft"
        session.add(notice)
        payload = {"notice": notice_id, "what": title(notice), "sha256": version.sha256, "role": role, "reason": reason}
        record(session, incident, "notice.rejected", payload, actor=by, at=desk.clock(), zone=incident.zone)
        void_approvals(desk, session, incident, notice, f"sent back by {by}")


def still_needed(incident: Incident, notice: Notice, given: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The roles of which somebody may still sign, given who signed as what (role, person); none once the rule is met."""
    rule = notice_rules(incident).approval_for(Audience(notice.audience))
    return tuple(role.value for role in rule.still_open(given))


def _pairs(given: Sequence[Approval]) -> list[tuple[str, str]]:
    return [(approval.role, approval.person) for approval in given]


def open_roles(session: Session, incident: Incident, notice: Notice) -> tuple[str, ...]:
    """The roles of which somebody may still sign the notice's current text."""
    return still_needed(incident, notice, _pairs(signatures(session, notice, current(session, notice))))


def changed_since(session: Session, incident: Incident, version: NoticeVersion) -> str | None:
    """Which fact that the text states is known otherwise now, or None."""
    change = next(iter(stale(facts_used(version), facts_of(session, incident))), None)
    return f"it states {change.path} as {change.old or 'not known'}, which has changed" if change else None


def unfit(session: Session, incident: Incident, notice: Notice) -> str | None:
    """Why the notice's current text may not leave whatever was signed before, or None: nothing leaves on old signatures."""
    version = current(session, notice)
    if notice.held:
        return f"held by {notice.held_by}"
    if notice.duty_id is not None and session.get_one(DutyRecord, notice.duty_id).state == "closed":
        return "the duty no longer arises"
    changed = changed_since(session, incident, version)
    if changed:
        return changed
    roles = still_needed(incident, notice, _pairs(signatures(session, notice, version)))
    return f"signatures are missing ({', '.join(roles)})" if roles else None


def _subject(session: Session, number: str, notice_id: int) -> tuple[Incident, Notice, NoticeVersion]:
    incident = find(session, number)
    notice = notice_in(session, incident, notice_id)
    return incident, notice, current(session, notice)


def _is_what_was_read(version: NoticeVersion, sha256: str | None) -> None:
    if sha256 is None:
        return
    if len(sha256) < SHORTEST_HASH:
        raise BadInputError(f"--sha256 {sha256!r} is too short; give {SHORTEST_HASH} characters or more")
    if not version.sha256.startswith(sha256.lower()):
        raise NotAllowedError(
            f"the text is not the one you read: it is now version {version.version}, {version.sha256[:12]}; read it again"
        )


def _has_no_errors(notice_id: int, version: NoticeVersion) -> None:
    errors = [finding["message"] for finding in version.findings if finding["level"] == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise NotAllowedError(
            f"notice {notice_id} cannot be signed: {errors[0]}{more}; `tocsin notices NUMBER check {notice_id}` says how to mend it"
        )


def _role_for(session: Session, incident: Incident, notice: Notice, given: Sequence[Approval], by: str) -> str:
    """The role in which this person signs: one that the rule asks for and nobody has signed in yet."""
    if any(approval.person == by for approval in given):
        raise NotAllowedError(f"{by} has signed this text already; the rule asks for different people")
    roles: tuple[PersonRole, ...] = roles_of(session, by)
    wanted = still_needed(incident, notice, _pairs(given))
    fitting = [role for role in wanted if role in roles]
    if not fitting:
        raise NotAllowedError(f"{by} is {', '.join(roles) or 'without a role'}; this text needs {' or '.join(wanted)}")
    return fitting[0]


def _decision(
    desk: Desk,
    incident: Incident,
    notice: Notice,
    version: NoticeVersion,
    by: str,
    role: str,
    decision: str,
    reason: str | None,
) -> Approval:
    return Approval(
        incident_id=identity(incident),
        subject=f"notice:{notice.id}",
        sha256=version.sha256,
        facts_version=incident.facts_version,
        person=by,
        role=role,
        decision=decision,
        reason=reason,
        at=desk.clock(),
        zone=incident.zone,
    )
