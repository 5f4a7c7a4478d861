"""Signing: an approval is bound to the SHA-256 of exactly what was read; enough of them, by the rule, make a text ready."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from flows.acts.draft import current, facts_used, has_left, notice_in, signatures, title, void_approvals
from flows.acts.embargo import embargo
from flows.acts.overridden import is_overridden, override_open, overrides
from flows.acts.playbook import notice_rules
from flows.acts.team import roles_of
from flows.desk import Desk
from models.errors import BadInputError, NotAllowedError, OvertakenError
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


def approve(
    desk: Desk, number: str, notice_id: int, *, by: str, sha256: str | None = None, note: str | None = None
) -> Signed:
    """Sign the notice's current text.

    `sha256` (the first eight characters or more) says which text was read; another one than the current is refused.
    `note` says what the signer makes of the warnings, where there are any. Raises `NotAllowedError` for findings of error
    level, warnings without a note, a role that the rule does not ask for now, or a second signature.
    """
    with writing(desk.engine) as session:
        incident, notice, version = _subject(session, number, notice_id)
        _may_be_signed(session, incident, notice, version, sha256)
        _has_no_errors(number, notice_id, version)
        given = signatures(session, notice, version)
        role, standing_in = _role_for(session, incident, notice, given, by, desk.clock())
        _warnings_are_answered(notice_id, version, given, note)
        session.add(_decision(desk, incident, notice, version, by, role, "approved", note))
        payload = _what(incident, notice, version) | {"role": role}
        payload |= {"standing_in_as": standing_in} if standing_in else {}
        payload |= {"note": note} if note else {}
        record(session, incident, "notice.approved", payload, actor=by, at=desk.clock(), zone=incident.zone)
        missing = still_needed(incident, notice, [*_pairs(given), (role, by)])
        rule = notice_rules(incident).approval_for(Audience(notice.audience))
        notice.sign_until = rule.due(version.created_at, [*(one.at for one in given), desk.clock()])
        if not missing:
            _is_ready(desk, session, incident, notice, version)
        return Signed(notice_id, title(notice), version.sha256, role, missing)


def override(desk: Desk, number: str, notice_id: int, *, by: str, reason: str, sha256: str | None = None) -> Signed:
    """In an emergency, let a text go without the signatures, in spite of the findings, and before the playbook's hold ends;
    two people must say so, each why.

    Whose word counts is the playbook's `override`. It stands on the ledger for ever, and in the review. What cannot be
    overridden: facts that changed, and passages in which nobody has chosen.
    """
    with writing(desk.engine) as session:
        incident, notice, version = _subject(session, number, notice_id)
        kept = embargo(session, incident, notice, desk.clock())
        _may_be_signed(session, incident, notice, version, sha256, embargoed=kept is not None)
        if any(finding["rule"] == "conflict" for finding in version.findings):
            raise NotAllowedError(f"notice {notice_id} has passages to choose in; edit it first")
        given = overrides(session, notice, version.sha256)
        if any(one.person == by for one in given):
            raise OvertakenError(f"{by} has asked for this already; a second person has to")
        wanted = override_open(incident, _pairs(given))
        fitting = [role for role in wanted if role in roles_of(session, by)]
        if not fitting:
            raise NotAllowedError(f"{by} is none of {' or '.join(wanted)}, whose word an override needs")
        role = fitting[0].value
        session.add(_decision(desk, incident, notice, version, by, role, "override", reason))
        missing = tuple(one.value for one in override_open(incident, [*_pairs(given), (role, by)]))
        unsigned = still_needed(incident, notice, _pairs(signatures(session, notice, version)))
        payload = _what(incident, notice, version) | {"role": role, "reason": reason, "unsigned": list(unsigned)}
        payload["findings"] = [finding["message"] for finding in version.findings if finding["level"] == "error"]
        payload["embargo"] = kept
        kind = "notice.override_asked" if missing else "notice.overridden"
        record(session, incident, kind, payload, actor=by, at=desk.clock(), zone=incident.zone)
        if not missing and notice.state == "draft":
            _is_ready(desk, session, incident, notice, version)
        return Signed(notice_id, title(notice), version.sha256, role, missing)


def _what(incident: Incident, notice: Notice, version: NoticeVersion) -> dict[str, object]:
    return {
        "notice": notice.id,
        "what": title(notice),
        "version": version.version,
        "sha256": version.sha256,
        "facts_version": incident.facts_version,
    }


def _is_ready(desk: Desk, session: Session, incident: Incident, notice: Notice, version: NoticeVersion) -> None:
    notice.state = "approved"
    session.add(notice)
    ready = {"notice": notice.id, "what": title(notice), "sha256": version.sha256}
    record(session, incident, "notice.ready", ready, actor="tocsin", at=desk.clock(), zone=incident.zone)


def reject(desk: Desk, number: str, notice_id: int, *, by: str, reason: str) -> None:
    """Send a text back with a reason; signatures it had no longer hold."""
    with writing(desk.engine) as session:
        incident, notice, version = _subject(session, number, notice_id)
        if notice.state not in ("draft", "approved") or has_left(session, notice):
            state = "on its way" if notice.state == "approved" else notice.state
            raise OvertakenError(f"notice {notice_id} is {state}; only what has not left can be sent back")
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


@dataclass(frozen=True)
class Asked:
    """Who is asked to sign a text now, until when, who may sign for them once that is over, and who has not signed at all."""

    roles: tuple[str, ...]
    due_at: datetime | None
    stand_ins: tuple[str, ...]
    still_needed: tuple[str, ...]


def asked_to_sign(session: Session, incident: Incident, notice: Notice, now: datetime) -> Asked:
    """Who is asked to sign the notice's current text at `now`, by the playbook's order, times and stand-ins."""
    version = current(session, notice)
    given = signatures(session, notice, version)
    rule = notice_rules(incident).approval_for(Audience(notice.audience))
    due_at = rule.due(version.created_at, [one.at for one in given])
    may_sign = rule.may_sign(_pairs(given), overdue=due_at is not None and now > due_at)
    others = [role.value for roles in may_sign.values() for role in roles[1:]]
    return Asked(
        tuple(role.value for role in may_sign),
        due_at,
        tuple(dict.fromkeys(others)),
        tuple(role.value for role in rule.still_open(_pairs(given))),
    )


def changed_since(session: Session, incident: Incident, version: NoticeVersion) -> str | None:
    """Which fact that the text states is known otherwise now, or None."""
    change = next(iter(stale(facts_used(version), facts_of(session, incident))), None)
    return f"it states {change.path} as {change.old or 'not known'}, which has changed" if change else None


def unfit(session: Session, incident: Incident, notice: Notice) -> str | None:
    """Why the notice's current text may not leave whatever was signed before, or None: nothing leaves on old signatures."""
    version = current(session, notice)
    if notice.held:
        return f"held by {notice.held_by}" + (f": {notice.held_reason}" if notice.held_reason else "")
    if notice.duty_id is not None and session.get_one(DutyRecord, notice.duty_id).state == "closed":
        return "the duty no longer arises"
    changed = changed_since(session, incident, version)
    if changed:
        return changed
    roles = still_needed(incident, notice, _pairs(signatures(session, notice, version)))
    if roles and not is_overridden(session, incident, notice, version.sha256):
        return f"signatures are missing ({', '.join(roles)})"
    return None


def _subject(session: Session, number: str, notice_id: int) -> tuple[Incident, Notice, NoticeVersion]:
    """The notice with its row locked, so that of two decisions at once the second sees what the first one did."""
    incident = find(session, number)
    notice = notice_in(session, incident, notice_id)
    session.refresh(notice, with_for_update=True)
    return incident, notice, current(session, notice)


def _may_be_signed(
    session: Session,
    incident: Incident,
    notice: Notice,
    version: NoticeVersion,
    sha256: str | None,
    *,
    embargoed: bool = False,
) -> None:
    """Refuse what is no draft, but for a signed text that the playbook holds back, and a text that was not the one read."""
    if notice.state != "draft" and not (notice.state == "approved" and embargoed):
        who = ", ".join(f"{one.person} ({one.role})" for one in signatures(session, notice, version))
        signed = f", signed by {who}" if who else ""
        raise OvertakenError(f"notice {notice.id} is {notice.state} already{signed}; only a draft can be signed")
    _is_what_was_read(version, sha256)
    changed = changed_since(session, incident, version)
    if changed:
        raise OvertakenError(f"notice {notice.id} cannot be signed: {changed}; edit it, or have it drafted again")


def _warnings_are_answered(notice_id: int, version: NoticeVersion, given: Sequence[Approval], note: str | None) -> None:
    """Warnings do not forbid a signature, but somebody who signs has to say what they make of them."""
    warnings = [finding["message"] for finding in version.findings if finding["level"] == "warning"]
    if warnings and not (note or "").strip() and not any(one.reason for one in given):
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        raise NotAllowedError(
            f"notice {notice_id} has a warning: {warnings[0]}{more}; say with --note what you make of it"
        )


def _is_what_was_read(version: NoticeVersion, sha256: str | None) -> None:
    if sha256 is None:
        return
    if len(sha256) < SHORTEST_HASH:
        raise BadInputError(f"--sha256 {sha256!r} is too short; give {SHORTEST_HASH} characters or more")
    if not version.sha256.startswith(sha256.lower()):
        raise OvertakenError(
            f"the text is not the one you read: it is now version {version.version}, {version.sha256[:12]}; read it again"
        )


def _has_no_errors(number: str, notice_id: int, version: NoticeVersion) -> None:
    errors = [finding["message"] for finding in version.findings if finding["level"] == "error"]
    if errors:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise NotAllowedError(
            f"notice {notice_id} cannot be signed: {errors[0]}{more}; `tocsin notices {number} check {notice_id}` says how to mend it"
        )


def _role_for(
    session: Session, incident: Incident, notice: Notice, given: Sequence[Approval], by: str, now: datetime
) -> tuple[str, str | None]:
    """The role for which this person signs, which the rule asks for now; and as what, for somebody who stands in."""
    if any(approval.person == by for approval in given):
        raise OvertakenError(f"{by} has signed this text already; the rule asks for different people")
    roles: tuple[PersonRole, ...] = roles_of(session, by)
    rule = notice_rules(incident).approval_for(Audience(notice.audience))
    due_at = rule.due(current(session, notice).created_at, [one.at for one in given])
    may_sign = rule.may_sign(_pairs(given), overdue=due_at is not None and now > due_at)
    for role in may_sign:
        if role in roles:
            return role.value, None
    for role, others in may_sign.items():
        if standing_in := [other for other in others[1:] if other in roles]:
            return role.value, standing_in[0].value
    first = " first" if rule.in_order else ""
    raise NotAllowedError(
        f"{by} is {', '.join(roles) or 'without a role'}; this text needs {' or '.join(may_sign)}{first}"
    )


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
