from pathlib import Path

import pytest

from flows.acts.answer import answer
from flows.acts.draft import AUTHORITIES, PUBLIC, ask_for, draft_texts
from flows.acts.edit import edit_notice
from flows.acts.evaluate import evaluate
from flows.acts.question import questions
from flows.acts.read_notice import notice_text
from flows.acts.timeline import timeline
from flows.desk import Desk, open_desk
from models.errors import BadInputError, LeaseHeldError, NotAllowedError
from models.tables import Approval, DutyRecord, Notice, NoticeVersion
from templates.merge import CONFLICT
from tests.flows.meridia import (
    LEGAL,
    PR,
    add,
    approve,
    carrying,
    draft,
    duty,
    every,
    ledger,
    make_signable,
    notice_row,
    notices,
    payloads,
    queue,
    send,
    sign,
)

NUMBER = "INC-2026-0001"
MORE_RECORDS = "records: 33850"


def test_every_open_duty_whose_clock_runs_has_a_text_and_no_other_duty_has(drafted: Desk) -> None:
    with_text = {notice.duty_id for notice in every(drafted, Notice, NUMBER) if notice.duty_id}

    due = {row.id for row in every(drafted, DutyRecord, NUMBER, state="open") if row.clock_state != "not_started"}
    assert with_text == due
    assert notices(drafted, NUMBER, provision="us-ca-ag") == [], "its clock starts with the notice to individuals"


def test_a_filing_speaks_its_laws_language_and_public_texts_those_that_are_set(drafted: Desk) -> None:
    assert {line.language for line in notices(drafted, NUMBER, provision="eu-gdpr-33")} == {"en"}
    assert {line.language for line in notices(drafted, NUMBER, provision="cn-pipl-57-authority")} == {"zh"}
    assert {line.language for line in notices(drafted, NUMBER, audience="press", form="holding")} == {"en", "zh"}


def test_people_are_told_in_their_own_language_where_we_have_it(drafted: Desk) -> None:
    assert {line.language for line in notices(drafted, NUMBER, provision="cn-pipl-57-individuals")} == {"zh"}
    assert {line.language for line in notices(drafted, NUMBER, provision="us-ny-individuals")} == {"en"}


def test_a_text_that_is_asked_for_is_drafted_once_and_kept_in_step_with_the_facts(drafted: Desk) -> None:
    made = ask_for(drafted, NUMBER, "substitute", "en")
    assert made
    assert ask_for(drafted, NUMBER, "substitute", "en") == []
    add(drafted, NUMBER, "circumstances: [exfiltration_confirmed, misuse_observed]")

    draft(drafted, NUMBER)

    assert all("being misused" in notice_text(drafted, NUMBER, one.notice).text for one in made)


def test_a_form_that_does_not_exist_is_refused_by_name(drafted: Desk) -> None:
    with pytest.raises(BadInputError, match="no text of the form 'substitut' to ask for; did you mean 'substitute'"):
        ask_for(drafted, NUMBER, "substitut", "en")


def test_nothing_is_drafted_again_when_nothing_changed(drafted: Desk) -> None:
    before = ledger(drafted, NUMBER)

    assert draft_texts(drafted, NUMBER, AUTHORITIES) == []
    draft(drafted, NUMBER)
    assert ledger(drafted, NUMBER) == before


def test_a_text_is_drafted_again_when_a_fact_that_it_states_changed(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    assert "31,400" in notice_text(drafted, NUMBER, filing.notice).text
    add(drafted, NUMBER, MORE_RECORDS)

    draft(drafted, NUMBER)

    text = notice_text(drafted, NUMBER, filing.notice)
    assert (text.version, text.facts_version) == (2, 2)
    assert "33,850" in text.text
    assert "31,400" not in text.text


def test_a_new_version_ends_the_signatures_on_the_old_one_and_says_why(drafted: Desk) -> None:
    [letter, *_] = notices(drafted, NUMBER, provision="us-ny-individuals")
    approve(drafted, NUMBER, letter.notice, by=LEGAL)
    add(drafted, NUMBER, "circumstances: [exfiltration_confirmed, misuse_observed]")

    draft(drafted, NUMBER)

    [approval] = every(drafted, Approval, NUMBER)
    assert approval.voided_at == drafted.clock()
    assert approval.void_reason == "the text was drafted again from new facts"
    [said] = payloads(drafted, NUMBER, "approval.voided")
    assert (said["person"], said["notice"]) == (LEGAL, letter.notice)
    assert notice_row(drafted, letter.notice).state == "draft"


def test_a_signed_text_is_left_alone_when_what_changed_is_not_stated_in_it(drafted: Desk) -> None:
    [holding] = notices(drafted, NUMBER, audience="press", form="holding", language="en")
    sign(drafted, NUMBER, holding)
    add(drafted, NUMBER, MORE_RECORDS)

    draft(drafted, NUMBER)

    row = notice_row(drafted, holding.notice)
    assert (row.state, row.version) == ("approved", 1)


def test_earlier_versions_are_kept(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    add(drafted, NUMBER, MORE_RECORDS)
    draft(drafted, NUMBER)

    versions = every(drafted, NoticeVersion, notice_id=filing.notice)
    assert [version.version for version in versions] == [1, 2]
    assert versions[0].sha256 == filing.sha256


def test_what_a_person_edited_is_kept_when_new_facts_are_drafted_under_it(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    text = notice_text(drafted, NUMBER, filing.notice).text
    edit_notice(drafted, NUMBER, filing.notice, text.replace("customers", "travellers"), by=LEGAL)
    add(drafted, NUMBER, MORE_RECORDS)

    draft(drafted, NUMBER)
    draft(drafted, NUMBER)

    now = notice_text(drafted, NUMBER, filing.notice)
    assert (now.version, now.author) == (3, "tocsin")
    assert "travellers" in now.text
    assert "customers" not in now.text
    assert "33,850" in now.text
    assert not [finding for finding in now.findings if finding["level"] == "error"]


def test_words_that_a_person_and_the_new_facts_both_changed_are_shown_and_block_the_signature(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    text = notice_text(drafted, NUMBER, filing.notice).text
    edit_notice(drafted, NUMBER, filing.notice, text.replace("31,400", "about 31,000"), by=LEGAL)
    add(drafted, NUMBER, MORE_RECORDS)
    draft(drafted, NUMBER)

    now = notice_text(drafted, NUMBER, filing.notice)

    assert "about 31,000" in now.text
    assert "33,850" in now.text
    [conflict] = [finding for finding in now.findings if finding["rule"] == "conflict"]
    assert "version 2 says" in conflict["message"]
    assert "drafted from facts version 2 says" in conflict["message"]
    with pytest.raises(NotAllowedError, match="cannot be signed"):
        approve(drafted, NUMBER, filing.notice, by=LEGAL)


def test_a_conflict_that_nobody_has_settled_is_made_anew_from_the_words_of_the_person(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    text = notice_text(drafted, NUMBER, filing.notice).text
    edit_notice(drafted, NUMBER, filing.notice, text.replace("31,400", "about 31,000"), by=LEGAL)
    for facts in (MORE_RECORDS, "records: 40000"):
        add(drafted, NUMBER, facts)
        draft(drafted, NUMBER)

    now = notice_text(drafted, NUMBER, filing.notice)

    assert now.text.count("<<<<<<<") == 1
    assert "33,850" not in now.text
    assert "40,000" in now.text


def test_once_a_person_has_chosen_the_text_can_be_signed(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    text = notice_text(drafted, NUMBER, filing.notice).text
    edit_notice(drafted, NUMBER, filing.notice, text.replace("31,400", "about 31,000"), by=LEGAL)
    add(drafted, NUMBER, MORE_RECORDS)
    draft(drafted, NUMBER)

    chosen = CONFLICT.sub(lambda found: found["theirs"].rstrip(), notice_text(drafted, NUMBER, filing.notice).text)
    edit_notice(drafted, NUMBER, filing.notice, chosen, by=LEGAL)
    draft(drafted, NUMBER)

    assert approve(drafted, NUMBER, filing.notice, by=LEGAL).still_needed == ()


def test_who_edits_a_text_that_somebody_changed_meanwhile_is_told_and_nothing_is_lost(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    text = notice_text(drafted, NUMBER, filing.notice).text
    edit_notice(drafted, NUMBER, filing.notice, text + "\nOne.\n", by=LEGAL, sha256=filing.sha256)

    with pytest.raises(NotAllowedError, match=f"version 2 is by {LEGAL}"):
        edit_notice(drafted, NUMBER, filing.notice, text + "\nTwo.\n", by=PR, sha256=filing.sha256)
    assert notice_text(drafted, NUMBER, filing.notice).text.endswith("One.\n")


def test_an_edit_ends_earlier_signatures(drafted: Desk) -> None:
    [letter, *_] = notices(drafted, NUMBER, provision="us-ny-individuals")
    approve(drafted, NUMBER, letter.notice, by=LEGAL)

    text = notice_text(drafted, NUMBER, letter.notice).text
    edit_notice(drafted, NUMBER, letter.notice, f"{text}\nThank you.\n", by=PR)

    [approval] = every(drafted, Approval, NUMBER)
    assert approval.void_reason == f"edited by {PR}"
    assert notice_text(drafted, NUMBER, letter.notice).sha256 != approval.sha256


def test_an_edit_is_checked_like_any_other_text(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")

    edited = edit_notice(drafted, NUMBER, filing.notice, "Something happened. Write to bob@gmail.com.\n", by=LEGAL)

    assert any("e-mail" in finding["message"] for finding in edited.findings if finding["level"] == "error")


@pytest.mark.parametrize("text", ["", "  \n ", "x" * 200_001])
def test_an_empty_or_endless_edit_is_refused(drafted: Desk, text: str) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")

    with pytest.raises(BadInputError, match="characters"):
        edit_notice(drafted, NUMBER, filing.notice, text, by=LEGAL)
    assert notice_row(drafted, filing.notice).version == 1


def test_what_was_sent_is_neither_drafted_again_nor_edited(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    sign(drafted, NUMBER, filing)
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    add(drafted, NUMBER, MORE_RECORDS)

    draft(drafted, NUMBER)

    assert notice_row(drafted, filing.notice).version == 1
    with pytest.raises(NotAllowedError, match="correction"):
        edit_notice(drafted, NUMBER, filing.notice, "Other words.\n", by=LEGAL)


def test_a_text_whose_duty_no_longer_arises_is_withdrawn_with_its_signatures_and_drafted_again_if_it_does(
    drafted: Desk,
) -> None:
    [letter, *_] = notices(drafted, NUMBER, provision="us-ny-individuals")
    sign(drafted, NUMBER, letter)
    add(drafted, NUMBER, "people: [{jurisdiction: FR, count: 12400, relationship: customer, languages: [fr]}]")
    evaluate(drafted, NUMBER)

    draft(drafted, NUMBER)

    assert notice_row(drafted, letter.notice).state == "withdrawn"
    reason = "the duty no longer arises: 0 affected people in US-NY (at least 1 asked)"
    assert every(drafted, Approval, NUMBER)[0].void_reason == reason
    [said] = [one for one in payloads(drafted, NUMBER, "notice.withdrawn") if one["notice"] == letter.notice]
    assert (said["reason"], said["signed_by"]) == (reason, [LEGAL, PR])
    assert queue(drafted, NUMBER) == 0
    add(drafted, NUMBER, "people: [{jurisdiction: US-NY, count: 610, relationship: customer, minors: false}]")
    evaluate(drafted, NUMBER)
    draft(drafted, NUMBER)
    assert (notice_row(drafted, letter.notice).state, duty(drafted, NUMBER, "us-ny-individuals").state) == (
        "draft",
        "open",
    )


def test_a_text_whose_form_hangs_on_what_is_no_longer_so_is_closed_unless_somebody_asked_for_it(
    drafted: Desk,
) -> None:
    people = "people: [{jurisdiction: US-NY, count: 610, relationship: customer, minors: %s, vulnerable: false}]"
    add(drafted, NUMBER, people % "true")
    draft(drafted, NUMBER)
    ask_for(drafted, NUMBER, "employee", "en")
    add(drafted, NUMBER, people % "false")
    draft(drafted, NUMBER)

    [parents] = notices(drafted, NUMBER, provision="us-ny-individuals", form="guardian")
    [workers] = notices(drafted, NUMBER, provision="us-ny-individuals", form="employee")
    assert (parents.state, workers.state) == ("withdrawn", "draft")
    told = [event.words for event in timeline(drafted, NUMBER) if event.kind == "notice.withdrawn"]
    assert f"No longer needed: {parents.what}: no minors are among the people" in told
    assert parents.notice in [made.notice for made in ask_for(drafted, NUMBER, "guardian", "en")]
    draft(drafted, NUMBER)
    assert notice_row(drafted, parents.notice).state == "draft"


def test_an_answer_to_an_open_question_is_drafted_into_every_text_that_asks_it(drafted: Desk) -> None:
    asked = {question.key: question for question in questions(drafted, NUMBER)}
    assert "measures_planned" in asked
    words = "Multi-factor sign-in for every account."

    for language in asked["measures_planned"].languages:
        answer(drafted, NUMBER, "measures_planned", words, language, by=LEGAL)
    draft(drafted, NUMBER)

    assert {"fr", "de"} <= set(asked["measures_planned"].languages)
    for line in notices(drafted, NUMBER, provision="eu-gdpr-34"):
        assert words in notice_text(drafted, NUMBER, line.notice).text
    assert words not in str(ledger(drafted, NUMBER)), "the ledger says that it was answered, not with which words"


def test_what_has_been_done_is_said_in_the_playbooks_public_words_from_then_on(drafted: Desk) -> None:
    [email] = notices(drafted, NUMBER, provision="us-ca-individuals", form="email")
    words = "We secured our backups against access from the affected systems."
    assert words not in notice_text(drafted, NUMBER, email.notice).text

    make_signable(drafted, NUMBER)

    assert words in notice_text(drafted, NUMBER, email.notice).text


def test_a_flawed_template_of_the_organisations_own_holds_up_no_other_text_and_is_told_once(
    drafted: Desk, tmp_path: Path
) -> None:
    own = tmp_path / "templates" / "en"
    own.mkdir(parents=True)
    (own / "staff_note.md.j2").write_text("{{ fact('no.such.fact') }}")
    desk = open_desk(drafted.settings.model_copy(update={"templates": own.parent}))
    add(desk, NUMBER, "times: {aware_at: 2026-11-24T08:30:00+01:00}")

    drafted_again = {(text.what, text.language) for text in draft_texts(desk, NUMBER, PUBLIC)}
    draft_texts(desk, NUMBER, PUBLIC)

    assert ("note to staff (zh)", "zh") in drafted_again
    assert ("note to staff (en)", "en") not in drafted_again
    [said] = payloads(desk, NUMBER, "notice.refused")
    assert said["what"] == "staff (en)"
    assert "staff_note" in said["why"]
    desk.engine.dispose()


def test_a_run_that_lost_its_lease_drafts_nothing(drafted: Desk) -> None:
    dead = carrying(drafted, NUMBER)
    carrying(drafted, NUMBER, "here/2/1")
    add(drafted, NUMBER, MORE_RECORDS)

    with pytest.raises(LeaseHeldError):
        draft_texts(dead, NUMBER, AUTHORITIES)
    assert {notice.version for notice in every(drafted, Notice, NUMBER)} == {1}
