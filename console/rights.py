"""What each role may do in the console, and each scope of a token. The acts check who signs and who works a step once more, by the playbook."""

from collections.abc import Iterable
from enum import StrEnum

from flows.acts.accounts import Viewer
from flows.acts.tokens import Scope
from models.vocabulary import PersonRole as Role


class Right(StrEnum):
    """One kind of act or view."""

    REPORT = "report"
    SEE = "see"  # incidents that one is a member of: clocks, steps, timeline, counts
    SEE_TEXTS = "see_texts"
    EDIT_TEXTS = "edit_texts"
    SIGN = "sign"
    RELEASE = "release"
    ADD_FACTS = "add_facts"
    DECIDE = "decide"  # duties that the facts leave undecided
    DO_STEPS = "do_steps"
    SEE_PEOPLE = "see_people"  # the roster itself, not only counts
    SEND_TO_PEOPLE = "send_to_people"
    ANSWER_PEOPLE = "answer_people"  # cases of people who write or call, under their opaque id
    AUDIT = "audit"  # the ledger and the record of who saw what
    MANAGE_MEMBERS = "manage_members"  # of an incident
    ADMINISTER = "administer"  # accounts, roles, tokens; no incident is seen by it
    BREAK_GLASS = "break_glass"


_R = Right
_WORK = {_R.REPORT, _R.SEE, _R.ADD_FACTS, _R.DO_STEPS, _R.BREAK_GLASS}

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.REPORTER: frozenset({_R.REPORT, _R.SEE}),
    Role.RESPONDER: frozenset(_WORK | {_R.SEE_PEOPLE}),
    Role.COMMANDER: frozenset(
        _WORK
        | {_R.SEE_TEXTS, _R.SIGN, _R.RELEASE, _R.DECIDE, _R.SEE_PEOPLE, _R.SEND_TO_PEOPLE, _R.ANSWER_PEOPLE}
        | {_R.MANAGE_MEMBERS}
    ),
    Role.LEGAL: frozenset(
        _WORK
        | {_R.SEE_TEXTS, _R.EDIT_TEXTS, _R.SIGN, _R.RELEASE, _R.DECIDE, _R.SEE_PEOPLE, _R.ANSWER_PEOPLE}
        | {_R.MANAGE_MEMBERS}
    ),
    Role.PR: frozenset({_R.REPORT, _R.SEE, _R.SEE_TEXTS, _R.EDIT_TEXTS, _R.SIGN, _R.RELEASE, _R.DO_STEPS}),
    Role.EXECUTIVE: frozenset({_R.REPORT, _R.SEE, _R.SEE_TEXTS, _R.SIGN, _R.DO_STEPS}),
    Role.CUSTOMER_CARE: frozenset({_R.REPORT, _R.SEE, _R.SEE_TEXTS, _R.DO_STEPS, _R.ANSWER_PEOPLE}),
    Role.AUDITOR: frozenset({_R.SEE, _R.SEE_TEXTS, _R.AUDIT}),
    Role.ADMINISTRATOR: frozenset({_R.REPORT, _R.ADMINISTER, _R.BREAK_GLASS}),
}


BY_BROKEN_GLASS = frozenset({_R.SEE, _R.SEE_TEXTS})  # of an incident of which one is no member

SCOPES: dict[Scope, frozenset[Right]] = {
    Scope.READ: frozenset({_R.SEE, _R.SEE_TEXTS, _R.SEE_PEOPLE, _R.AUDIT}),
    Scope.REPORT: frozenset({_R.REPORT, _R.ADD_FACTS}),
    Scope.ACT: frozenset(
        {
            _R.EDIT_TEXTS,
            _R.RELEASE,
            _R.DECIDE,
            _R.DO_STEPS,
            _R.SEND_TO_PEOPLE,
            _R.ANSWER_PEOPLE,
            _R.MANAGE_MEMBERS,
        }  # no glass is broken by a program
    ),
    Scope.SIGN: frozenset({_R.SIGN}),
    Scope.ADMIN: frozenset({_R.ADMINISTER}),
}


def rights_of_viewer(viewer: Viewer) -> frozenset[Right]:
    """Everything that whoever asks may do: what their roles may, and for a token no more than its scopes."""
    allowed = rights_of(viewer.roles) | (BY_BROKEN_GLASS if viewer.broke_glass else frozenset())
    if viewer.scopes is None:
        return allowed
    return allowed & frozenset[Right]().union(*(SCOPES[Scope(scope)] for scope in viewer.scopes))


def rights_of(roles: Iterable[Role]) -> frozenset[Right]:
    """Everything that somebody with these roles may do."""
    return frozenset[Right]().union(*(RIGHTS[role] for role in roles))
