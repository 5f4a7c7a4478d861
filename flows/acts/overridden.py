"""Whether enough people said that a text may go in an emergency: without its signatures, in spite of findings, before its time."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from flows.acts.playbook import kept_playbook
from models.tables import Approval, Incident, Notice
from models.vocabulary import PersonRole
from playbooks.step import Approval as Rule

SECOND_PERSON = 2


def override_open(incident: Incident, given: Sequence[tuple[str, str]]) -> tuple[PersonRole, ...]:
    """Whose word an override still needs; it is never one person's alone, whatever a playbook says."""
    playbook = kept_playbook(incident)
    rule = playbook.override if playbook else Rule(roles=(PersonRole.COMMANDER, PersonRole.LEGAL), needed=2)
    if rule.needed < SECOND_PERSON:
        rule = Rule(roles=(PersonRole.COMMANDER, PersonRole.LEGAL, PersonRole.EXECUTIVE), needed=SECOND_PERSON)
    return rule.still_open(given)


def overrides(session: Session, notice: Notice, sha256: str) -> list[Approval]:
    """Who asked that exactly this text may go in spite of what is missing."""
    return list(
        session.exec(
            select(Approval)
            .where(
                Approval.subject == f"notice:{notice.id}",
                Approval.sha256 == sha256,
                Approval.decision == "override",
                col(Approval.voided_at).is_(None),
            )
            .order_by(col(Approval.id))
        )
    )


def is_overridden(session: Session, incident: Incident, notice: Notice, sha256: str) -> bool:
    """Whether enough people said that exactly this text may go in spite of what is missing."""
    return not override_open(incident, [(one.role, one.person) for one in overrides(session, notice, sha256)])
