from collections import Counter
from datetime import timedelta
from pathlib import Path

import pypdf
import pytest

from flows.acts.people import forget_people
from flows.acts.people_cases import answer_case, cases, open_case, put_into_questions, topics, words_of
from flows.acts.people_mailbox import read_people_mailbox
from flows.acts.people_post import posted, write_letters
from flows.acts.people_substitute import draft_substitutes, substitute_standing
from flows.desk import Desk
from integrations.maildir import MailboxFolder
from models.clock import VirtualClock
from models.errors import BadInputError, NotAllowedError
from models.tables import DutyRecord, PersonDelivery
from tests.flows.affected import HEAD, NUMBER, assign_people, french, rows, send, sink_and_desk
from tests.flows.meridia import CARE, LEGAL, draft, notice_row, notices, one
from tests.integrations.sinks import MailSink

BY_POST = (
    HEAD + "Anna,Planted,,1 rue de l'Exemple,Paris,75001,FR,fr\n" + "Bela,Planted,,Beispielweg 3,Wien,1010,AT,fr\n"
)


def test_letters_are_written_once_and_their_people_are_told_once_they_were_posted(signed: Desk, tmp_path: Path) -> None:
    assign_people(signed, BY_POST)
    with sink_and_desk(signed) as (sink, desk):
        send(desk)
    assert sink.taken == []

    first, rest = write_letters(signed, NUMBER, tmp_path / "print", by=LEGAL)

    for batch in (first, rest):
        text = "".join(page.extract_text() for page in pypdf.PdfReader(batch.pdf).pages)
        assert (batch.letters, text.count("Planted")) == (1, 1)
        assert ("AUTRICHE" in text, "AUTRICHE" in batch.manifest.read_text()) == ("Wien" in text,) * 2
        assert "FRANCE" not in text, "no country stands in an address of the country in which it is posted"
        assert "planted" not in batch.manifest.read_text().lower()
    assert sorted(path.suffix for path in first.pdf.parent.iterdir()) == [".csv", ".csv", ".pdf", ".pdf"]
    assert write_letters(signed, NUMBER, tmp_path / "print", by=LEGAL) == []
    assert one(signed, DutyRecord, NUMBER, provision="eu-gdpr-34").state == "open"
    assert [posted(signed, NUMBER, batch.name, by=LEGAL) for batch in (first, rest)] == [1, 1]
    assert one(signed, DutyRecord, NUMBER, provision="eu-gdpr-34").state == "met"
    with pytest.raises(NotAllowedError, match="no batch"):
        posted(signed, NUMBER, first.name, by=LEGAL)


def test_whoever_asks_is_a_case_under_an_opaque_id_and_what_they_said_goes_with_the_key(
    told: Desk, clock: VirtualClock
) -> None:
    person = rows(told)[0].person
    made = open_case(told, NUMBER, person, by=CARE, way="call", topic="bank_account", words="I am Planted, my IBAN?")
    clock.set(clock() + timedelta(days=29))

    [line] = cases(told, NUMBER)
    assert (line.person, line.overdue) == (person, True)
    assert topics(told, NUMBER) == {"bank_account": 1}
    answer_case(told, NUMBER, made.case, by=CARE, words="No, Ms Planted.")

    assert words_of(told, NUMBER, made.case) == {"said": "I am Planted, my IBAN?", "answered": "No, Ms Planted."}
    assert not any(b"Planted" in path.read_bytes() for path in told.settings.home.rglob("*") if path.is_file())
    forget_people(told, NUMBER, by=LEGAL)
    with pytest.raises(NotAllowedError, match="key is gone"):
        words_of(told, NUMBER, made.case)


def mailbox(folder: Path, mails: dict[str, str]) -> MailboxFolder:
    """A Maildir with these new mails."""
    for part in ("new", "cur", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for name, content in mails.items():
        (folder / "new" / name).write_text(content)
    return MailboxFolder(folder)


def answering_mail(row: PersonDelivery, words: str, name: str, *more: str) -> str:
    head = ["From: x@planted.example", "Subject: Re: your letter", f"In-Reply-To: <{row.key}@meridia.example>", *more]
    return "\n".join([*head, f"Message-ID: <{name}@planted.example>", "", words, ""])


def test_a_reply_opens_a_case_by_itself_and_an_automatic_answer_does_not(told: Desk, tmp_path: Path) -> None:
    one, two, three, *_ = rows(told)
    mails = {
        "1": answering_mail(one, "Is the Planted IBAN among it?", "a"),
        "2": answering_mail(one, "And my sister's?", "b"),
        "3": answering_mail(two, "I am away.", "c", "Auto-Submitted: auto-replied"),
        "4": answering_mail(three, "Away too.", "d", "X-Auto-Response-Suppress: All"),
        "5": "From: x@other.example\nSubject: Our invoice\n\nPlease pay.\n",
        "6": f"From: MAILER-DAEMON@mx.example\nTo: bounces+{three.key.lower()}@meridia.example\nReturn-Path: <>\n\nNo.\n",
    }
    box = mailbox(tmp_path / "box", mails)

    assert read_people_mailbox(told, box) == Counter(case=1, added=1, automatic=3, not_ours=1)

    [line] = cases(told, NUMBER)
    assert (line.person, line.way, line.topic) == (one.person, "reply", "reply")
    assert line.due_at - line.opened_at == timedelta(days=28)
    assert words_of(told, NUMBER, line.case) == {
        "said": "Re: your letter\n\nIs the Planted IBAN among it?",
        "said-2": "Re: your letter\n\nAnd my sister's?",
    }
    assert not any(b"Planted IBAN" in path.read_bytes() for path in told.settings.home.rglob("*") if path.is_file())
    assert [mail.name for mail in box.unseen()] == ["5"], "it is left for whoever reads the mailbox"


def test_the_same_reply_twice_is_one_and_one_after_the_answer_is_a_new_case(told: Desk, tmp_path: Path) -> None:
    [one, *_] = rows(told)
    first, later = answering_mail(one, "Is it?", "a"), answering_mail(one, "But why?", "b")
    read_people_mailbox(told, mailbox(tmp_path / "box", {"1": first}))
    answer_case(told, NUMBER, 1, by=CARE, words="No.", topic="iban")

    found = read_people_mailbox(told, mailbox(tmp_path / "box", {"2": first, "3": later}))

    assert found == Counter(known=1, case=1)
    assert [(case.case, case.state, case.topic) for case in cases(told, NUMBER)] == [
        (2, "open", "reply"),
        (1, "answered", "iban"),
    ]


def test_a_reply_after_the_key_was_destroyed_stays_in_the_mailbox(told: Desk, tmp_path: Path) -> None:
    box = mailbox(tmp_path / "box", {"1": answering_mail(rows(told)[0], "Is it?", "a")})
    forget_people(told, NUMBER, by=LEGAL)

    assert read_people_mailbox(told, box) == Counter(no_key=1)
    assert [mail.name for mail in box.unseen()] == ["1"]


def test_a_case_needs_an_id_that_was_written_to(told: Desk) -> None:
    with pytest.raises(BadInputError, match="nobody written to has the id 'Ana'"):
        open_case(told, NUMBER, "Ana", by=CARE, way="call", topic="iban", words="")


def test_a_common_question_goes_into_the_questions_text_which_has_to_be_signed(told: Desk) -> None:
    draft(told, NUMBER)

    notice = put_into_questions(told, NUMBER, "Is my IBAN among it?", "No bank details.", "en", by=CARE)

    [line] = notices(told, NUMBER, audience="customer_care", language="en", form="questions")
    assert (line.notice, notice_row(told, notice).state) == (notice, "draft")


def test_whom_nothing_reached_is_set_against_the_law_and_the_substitute_texts_are_drafted(signed: Desk) -> None:
    assign_people(signed, french(3))
    with sink_and_desk(signed, MailSink(on_rcpt="550 5.1.1 unknown")) as (_, desk):
        send(desk)

    [found] = substitute_standing(signed, NUMBER, {}).duties

    assert (found.duty.provision, found.duty.not_reached, found.substitute) == ("eu-gdpr-34", 3, None)
    assert one(signed, DutyRecord, NUMBER, provision="eu-gdpr-34").state == "open"
    assert {each.language for each in draft_substitutes(signed, NUMBER)} == {"fr"}
