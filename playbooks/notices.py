"""Who signs which notices, in what order and within what time, and until when a text is held back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from models.vocabulary import Audience, PersonRole
from playbooks.period import Period
from playbooks.step import Approval, Part, StepKey

Given = Iterable[tuple[str, str]]  # who signed: as which role, which person


class NoticeApproval(Approval):
    """The signatures a text needs. `within` runs from the version, or in order from the signature before; then stand-ins may sign."""

    in_order: bool = False
    within: Period | None = None
    stand_ins: dict[PersonRole, PersonRole] = Field({})

    @model_validator(mode="after")
    def _stands_in_for_a_signer(self) -> Self:
        for role, other in self.stand_ins.items():
            if role not in self.roles:
                raise ValueError(f"{other} would stand in for {role}, which does not sign; name a role that does")
            if role == other:
                raise ValueError(f"{role} cannot stand in for itself; name another role")
        return self

    def asked(self, given: Given) -> tuple[PersonRole, ...]:
        """The roles that are asked to sign now: in order, the first that is missing; else all that may still sign."""
        missing = self.still_open(given)
        return missing[:1] if self.in_order else missing

    def due(self, written_at: datetime, signed_at: Iterable[datetime]) -> datetime | None:
        """When the time of those who are asked now runs out, or None where the rule sets none."""
        if self.within is None:
            return None
        return max([written_at, *(signed_at if self.in_order else ())]) + self.within

    def may_sign(self, given: Given, *, overdue: bool) -> dict[PersonRole, tuple[PersonRole, ...]]:
        """For each role asked, who may sign for it: the role itself, and its stand-in once the time is over (or none is set)."""
        stand_ins: Mapping[PersonRole, PersonRole] = self.stand_ins if overdue or self.within is None else {}
        return {role: (role, stand_ins[role]) if role in stand_ins else (role,) for role in self.asked(given)}


class Hold(Part):
    """What must be so before a text may leave; everything that is named must hold."""

    told: tuple[Audience, ...] = ()
    being_told: tuple[Audience, ...] = ()
    done: tuple[StepKey, ...] = ()
    after: Period | None = None


def _audiences_told(value: object) -> object:
    return {"told": value} if isinstance(value, list | tuple) else value


NOTHING_HOLDS = Hold()


class Notices(Part):
    """Who signs which notices, and which audiences must have been told before others are."""

    approvals: dict[Audience, NoticeApproval] = Field({})
    otherwise: NoticeApproval = NoticeApproval(roles=(PersonRole.LEGAL,))
    hold: dict[Audience, Annotated[Hold, BeforeValidator(_audiences_told)]] = Field({})

    def approval_for(self, audience: Audience) -> NoticeApproval:
        """The signatures that a notice to this audience needs."""
        return self.approvals.get(audience, self.otherwise)

    def held_for(self, audience: Audience) -> Hold:
        """What must be so before a text to this audience may leave."""
        return self.hold.get(audience, NOTHING_HOLDS)
