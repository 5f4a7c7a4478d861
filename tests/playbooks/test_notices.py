from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from models.vocabulary import Audience, PersonRole
from playbooks.notices import NoticeApproval, Notices

LEGAL, PR, EXECUTIVE, COMMANDER = PersonRole.LEGAL, PersonRole.PR, PersonRole.EXECUTIVE, PersonRole.COMMANDER
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def rule(**given: object) -> NoticeApproval:
    return NoticeApproval.model_validate({"roles": ["legal", "pr", "executive"], "needed": 2, **given})


def test_in_order_only_the_next_role_is_asked() -> None:
    assert rule(in_order=True).asked([]) == (LEGAL,)
    assert rule(in_order=True).asked([("legal", "Lea")]) == (PR,)
    assert rule().asked([]) == (LEGAL, PR, EXECUTIVE)
    assert rule(in_order=True).asked([("legal", "Lea"), ("pr", "Noor")]) == ()


def test_time_runs_from_the_version_and_in_order_from_the_signature_before() -> None:
    later = NOON + timedelta(hours=1)

    assert rule().due(NOON, []) is None
    assert rule(within="4 hours").due(NOON, [later]) == NOON + timedelta(hours=4)
    assert rule(within="4 hours", in_order=True).due(NOON, [later]) == later + timedelta(hours=4)


def test_a_stand_in_may_sign_once_the_time_is_over() -> None:
    given = rule(within="4 hours", stand_ins={"legal": "commander"})

    assert given.may_sign([], overdue=False)[LEGAL] == (LEGAL,)
    assert given.may_sign([], overdue=True)[LEGAL] == (LEGAL, COMMANDER)
    assert rule(stand_ins={"legal": "commander"}).may_sign([], overdue=False)[LEGAL] == (LEGAL, COMMANDER)


@pytest.mark.parametrize(
    ("stand_ins", "said"), [({"reporter": "legal"}, "does not sign"), ({"pr": "pr"}, "for itself")]
)
def test_a_stand_in_that_makes_no_sense_is_refused(stand_ins: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        rule(stand_ins=stand_ins)


def test_a_list_of_audiences_is_short_for_those_who_must_be_told() -> None:
    notices = Notices.model_validate({"hold": {"press": ["authority"], "staff": {"being_told": ["individuals"]}}})

    assert notices.held_for(Audience.PRESS).told == (Audience.AUTHORITY,)
    assert notices.held_for(Audience.STAFF).being_told == (Audience.INDIVIDUALS,)
    assert Notices.model_validate(notices.model_dump(mode="json")) == notices
