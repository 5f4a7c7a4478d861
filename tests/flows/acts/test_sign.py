import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from flows.acts.deliver import attempt, waiting
from flows.acts.edit import edit_notice
from flows.acts.read_notice import NoticeLine, notice_text
from flows.acts.sign import approve as approve_noting
from flows.acts.sign import reject
from flows.acts.standing import standing
from flows.acts.team import add_member, remove_member
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import BadInputError, NotAllowedError
from models.tables import Approval, Delivery
from models.vocabulary import PersonRole
from tests.flows.meridia import (
    CARE,
    COMMANDER,
    EXECUTIVE,
    LEGAL,
    PR,
    RESPONDER,
    SIGNERS,
    add,
    approve,
    carrying,
    draft,
    every,
    ledger,
    notice_row,
    notices,
    one,
    payloads,
    queue,
    sign,
)
from tests.flows.post import Died, Post, by_post

NUMBER = "INC-2026-0001"


def filing(desk: Desk) -> NoticeLine:
    """To the CNIL: legal signs alone."""
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33")
    return line


def letter(desk: Desk) -> NoticeLine:
    """To people in New York: legal and PR sign."""
    [line] = notices(desk, NUMBER, provision="us-ny-individuals", form="letter")
    return line


def holding(desk: Desk) -> NoticeLine:
    """To the press: PR and an executive sign."""
    [line] = notices(desk, NUMBER, audience="press", form="holding", language="en")
    return line


def test_a_signature_is_bound_to_the_hash_of_the_exact_text(drafted: Desk) -> None:
    line = filing(drafted)

    signed = approve(drafted, NUMBER, line.notice, by=LEGAL, sha256=line.sha256)

    assert signed.still_needed == ()
    approval = one(drafted, Approval, NUMBER)
    assert (approval.sha256, approval.person, approval.role, approval.facts_version) == (line.sha256, LEGAL, "legal", 1)
    assert notice_row(drafted, line.notice).state == "approved"
    [entry] = ledger(drafted, NUMBER, "notice.approved")
    assert (entry["actor"], entry["payload"]["sha256"]) == (LEGAL, line.sha256)
    assert len(ledger(drafted, NUMBER, "notice.ready")) == 1


def test_the_first_eight_characters_of_the_hash_are_enough_in_either_case(drafted: Desk) -> None:
    line = filing(drafted)

    assert approve(drafted, NUMBER, line.notice, by=LEGAL, sha256=line.sha256[:8].upper()).sha256 == line.sha256


def test_a_hash_that_is_too_short_is_refused(drafted: Desk) -> None:
    line = filing(drafted)

    with pytest.raises(BadInputError, match="8 characters"):
        approve(drafted, NUMBER, line.notice, by=LEGAL, sha256=line.sha256[:7])
    assert every(drafted, Approval, NUMBER) == []


def test_another_text_than_the_one_read_is_not_signed(drafted: Desk) -> None:
    line = filing(drafted)
    edit_notice(drafted, NUMBER, line.notice, notice_text(drafted, NUMBER, line.notice).text + " ", by=LEGAL)

    with pytest.raises(NotAllowedError, match="not the one you read"):
        approve(drafted, NUMBER, line.notice, by=LEGAL, sha256=line.sha256)
    assert every(drafted, Approval, NUMBER) == []


def test_a_text_with_an_error_is_not_signed(drafted: Desk) -> None:
    line = filing(drafted)
    edit_notice(drafted, NUMBER, line.notice, "We had a breach. Write to bob@gmail.com.\n", by=LEGAL)

    with pytest.raises(NotAllowedError, match="cannot be signed"):
        approve(drafted, NUMBER, line.notice, by=LEGAL)


def test_a_text_that_states_what_is_so_no_more_is_not_signed(drafted: Desk) -> None:
    line = filing(drafted)
    edit_notice(drafted, NUMBER, line.notice, notice_text(drafted, NUMBER, line.notice).text + "\n", by=LEGAL)
    add(drafted, NUMBER, "records: 33850")

    with pytest.raises(NotAllowedError, match="it states records as 31400, which has changed"):
        approve(drafted, NUMBER, line.notice, by=LEGAL)


@pytest.mark.parametrize("who", [PR, RESPONDER, EXECUTIVE, CARE, COMMANDER])
def test_a_role_that_the_rule_does_not_name_does_not_sign(drafted: Desk, who: str) -> None:
    with pytest.raises(NotAllowedError, match="needs legal"):
        approve(drafted, NUMBER, filing(drafted).notice, by=who)
    assert every(drafted, Approval, NUMBER) == []


def test_somebody_who_was_removed_does_not_sign(drafted: Desk) -> None:
    remove_member(drafted, LEGAL)

    with pytest.raises(NotAllowedError, match="may not act"):
        approve(drafted, NUMBER, filing(drafted).notice, by=LEGAL)


def test_two_of_two_roles_must_sign(drafted: Desk) -> None:
    line = letter(drafted)

    assert approve(drafted, NUMBER, line.notice, by=LEGAL).still_needed == ("pr",)
    assert notice_row(drafted, line.notice).state == "draft"
    assert approve(drafted, NUMBER, line.notice, by=PR).still_needed == ()
    assert notice_row(drafted, line.notice).state == "approved"


def test_one_person_with_both_roles_does_not_count_twice(drafted: Desk) -> None:
    add_member(drafted, LEGAL, [PersonRole.PR])
    line = letter(drafted)
    approve(drafted, NUMBER, line.notice, by=LEGAL)

    with pytest.raises(NotAllowedError, match="signed this text already"):
        approve(drafted, NUMBER, line.notice, by=LEGAL)
    assert notice_row(drafted, line.notice).state == "draft"


def test_two_people_of_the_same_role_do_not_stand_for_two_roles(drafted: Desk) -> None:
    add_member(drafted, "Omar Haddad", [PersonRole.LEGAL])
    line = letter(drafted)
    approve(drafted, NUMBER, line.notice, by=LEGAL)

    with pytest.raises(NotAllowedError, match="needs pr"):
        approve(drafted, NUMBER, line.notice, by="Omar Haddad")


def test_a_text_that_is_fully_signed_takes_no_more_signatures(drafted: Desk) -> None:
    line = filing(drafted)
    approve(drafted, NUMBER, line.notice, by=LEGAL)
    add_member(drafted, "Omar Haddad", [PersonRole.LEGAL])

    with pytest.raises(NotAllowedError, match="only a draft"):
        approve(drafted, NUMBER, line.notice, by="Omar Haddad")
    assert len(every(drafted, Approval, NUMBER)) == 1


def test_a_text_sent_back_is_a_draft_again_and_its_signatures_no_longer_hold(drafted: Desk) -> None:
    line = letter(drafted)
    sign(drafted, NUMBER, line)

    reject(drafted, NUMBER, line.notice, by=LEGAL, reason="too long")

    assert notice_row(drafted, line.notice).state == "draft"
    given = [approval for approval in every(drafted, Approval, NUMBER) if approval.decision == "approved"]
    assert {approval.void_reason for approval in given} == {f"sent back by {LEGAL}"}
    [said] = payloads(drafted, NUMBER, "notice.rejected")
    assert said["reason"] == "too long"
    assert queue(drafted, NUMBER) == 0


def test_after_it_was_sent_back_the_same_people_may_sign_again(drafted: Desk) -> None:
    line = filing(drafted)
    approve(drafted, NUMBER, line.notice, by=LEGAL)
    reject(drafted, NUMBER, line.notice, by=LEGAL, reason="wait")

    approve(drafted, NUMBER, line.notice, by=LEGAL)

    assert notice_row(drafted, line.notice).state == "approved"


def test_what_is_on_its_way_can_be_neither_sent_back_nor_edited(drafted: Desk) -> None:
    line = filing(drafted)
    sign(drafted, NUMBER, line)
    mail = Post(name="mail")
    mail.then("die after")
    desk = by_post(drafted, mail=mail)
    queue(desk, NUMBER)
    run = carrying(desk, NUMBER)
    with pytest.raises(Died):
        attempt(run, NUMBER, waiting(run, NUMBER, "notice")[0])

    with pytest.raises(NotAllowedError, match="on its way"):
        reject(desk, NUMBER, line.notice, by=LEGAL, reason="no")
    with pytest.raises(NotAllowedError, match="on its way"):
        edit_notice(desk, NUMBER, line.notice, "Other words.\n", by=LEGAL)


def test_an_unknown_notice_is_named(drafted: Desk) -> None:
    with pytest.raises(BadInputError, match="has no notice 9999"):
        approve(drafted, NUMBER, 9999, by=LEGAL)


def test_who_is_still_to_sign_is_shown_until_nobody_is(drafted: Desk) -> None:
    line = holding(drafted)
    assert line.still_needed == ("pr", "executive")
    approve(drafted, NUMBER, line.notice, by=EXECUTIVE)

    assert holding(drafted).still_needed == ("pr",)
    approve(drafted, NUMBER, line.notice, by=PR)
    assert holding(drafted).still_needed == ()


def test_nothing_is_queued_unsigned(drafted: Desk) -> None:
    approve(drafted, NUMBER, letter(drafted).notice, by=LEGAL)
    draft(drafted, NUMBER)

    assert queue(drafted, NUMBER) == 0
    assert every(drafted, Delivery, NUMBER, purpose="notice") == []


def test_warnings_need_a_note_of_one_signer_which_the_ledger_keeps(drafted: Desk) -> None:
    line = letter(drafted)

    with pytest.raises(NotAllowedError, match=r"has a warning: .*--note"):
        approve_noting(drafted, NUMBER, line.notice, by=LEGAL)
    approve_noting(drafted, NUMBER, line.notice, by=LEGAL, note="the backups follow")

    assert approve_noting(drafted, NUMBER, line.notice, by=PR).still_needed == ()
    assert payloads(drafted, NUMBER, "notice.approved")[0]["note"] == "the backups follow"


def test_once_the_time_is_over_the_stand_in_is_asked_and_may_sign(drafted: Desk) -> None:
    line = filing(drafted)
    with pytest.raises(NotAllowedError, match="needs legal"):
        approve(drafted, NUMBER, line.notice, by=COMMANDER)
    assert isinstance(drafted.clock, VirtualClock)
    drafted.clock.set(drafted.clock() + timedelta(hours=13))

    [wait] = [one for one in standing(drafted, NUMBER).waits if one.reference == f"notice {line.notice}"]
    assert wait.who == "legal, or commander"
    assert "overdue" in wait.what
    assert approve(drafted, NUMBER, line.notice, by=COMMANDER).role == "legal"
    [said] = payloads(drafted, NUMBER, "notice.approved")
    assert (said["role"], said["standing_in_as"]) == ("legal", "commander")


def test_of_two_people_who_sign_at_once_one_wins_and_the_other_is_told(drafted: Desk) -> None:
    line = filing(drafted)
    add_member(drafted, "Omar Haddad", [PersonRole.LEGAL])

    def signed(who: str) -> str:
        try:
            return approve(drafted, NUMBER, line.notice, by=who).role
        except NotAllowedError as error:
            return str(error)

    with ThreadPoolExecutor() as pool:
        answers = sorted(pool.map(signed, (LEGAL, "Omar Haddad")), key=len)

    assert answers[0] == "legal"
    assert re.match(rf"notice {line.notice} is approved already, signed by .* \(legal\)", answers[1])
    assert len(every(drafted, Approval, NUMBER)) == 1


def test_many_who_sign_everything_at_once_leave_each_signature_once_and_a_chain_that_holds(drafted: Desk) -> None:
    lines = [line for line in notices(drafted, NUMBER) if not line.errors]
    asked = [(line, role) for line in lines for role in line.still_needed]
    refused: list[str] = []

    def signed(one: tuple[NoticeLine, str]) -> bool:
        try:
            approve(drafted, NUMBER, one[0].notice, by=SIGNERS[one[1]])
        except NotAllowedError as error:
            refused.append(str(error))
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        counted = sum(pool.map(signed, [*asked, *asked]))

    kept = [(row.subject, row.role) for row in every(drafted, Approval, NUMBER, decision="approved")]
    assert len(kept) == len(set(kept)) == counted > len(lines)
    assert len(ledger(drafted, NUMBER, "notice.approved")) == counted
    after = {line.notice: line.state for line in notices(drafted, NUMBER)}
    assert {after[line.notice] for line in lines} == {"approved"}, refused
