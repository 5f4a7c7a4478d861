from flows.acts.agree import disagreements_in
from flows.acts.announce import tell_signers
from flows.acts.edit import edit_notice
from flows.acts.read_notice import notice_text
from flows.desk import Desk
from models.tables import Delivery
from tests.flows.meridia import LEGAL, PR, add, approve, draft, every, notices, queue, send, sign

NUMBER = "INC-2026-0001"


def test_texts_of_the_same_facts_agree(drafted: Desk) -> None:
    assert disagreements_in(drafted, NUMBER) == []


def test_a_sent_text_and_a_new_one_that_state_a_fact_differently_are_named(drafted: Desk) -> None:
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    sign(drafted, NUMBER, filing)
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    add(drafted, NUMBER, "records: 33850")
    draft(drafted, NUMBER)

    [found] = [one for one in disagreements_in(drafted, NUMBER) if one.what == "fact records"]

    assert found.level == "error"
    assert found.sides["31400"] == [filing.notice]
    assert found.sides["33850"]


def test_a_text_edited_in_one_language_only_is_named(drafted: Desk) -> None:
    english, chinese = notices(drafted, NUMBER, audience="press", form="holding")
    text = notice_text(drafted, NUMBER, english.notice).text
    edit_notice(drafted, NUMBER, english.notice, text + "\nThank you.\n", by=PR)

    [found] = disagreements_in(drafted, NUMBER)

    assert (found.level, found.sides) == ("warning", {"edited": [english.notice], "as drafted": [chinese.notice]})


def test_whose_signature_no_longer_holds_is_told_once_and_why(drafted: Desk) -> None:
    [letter] = notices(drafted, NUMBER, provision="us-ny-individuals", form="letter")
    approve(drafted, NUMBER, letter.notice, by=LEGAL)
    edit_notice(drafted, NUMBER, letter.notice, notice_text(drafted, NUMBER, letter.notice).text + "\n", by=PR)

    assert tell_signers(drafted, NUMBER) == 1
    assert tell_signers(drafted, NUMBER) == 0
    [told] = [row for row in every(drafted, Delivery, NUMBER) if ".voided." in row.key]
    assert f"the signature of {LEGAL} no longer holds" in told.subject
    assert f"edited by {PR}" in told.subject
