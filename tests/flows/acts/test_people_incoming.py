from datetime import timedelta
from pathlib import Path

import pypdf
import pytest

from flows.acts.people import forget_people
from flows.acts.people_cases import answer_case, cases, open_case, put_into_questions, topics, words_of
from flows.acts.people_post import posted, write_letters
from flows.acts.people_substitute import draft_substitutes, substitute_standing
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import BadInputError, NotAllowedError
from models.tables import DutyRecord
from tests.flows.affected import HEAD, NUMBER, assign_people, french, rows, send, sink_and_desk
from tests.flows.meridia import CARE, LEGAL, draft, notice_row, notices, one
from tests.integrations.sinks import MailSink

BY_POST = (
    HEAD
    + "Anna,Planted,,1 rue de l'Exemple,Paris,75001,FR,fr\n"
    + "Bela,Planted,,2 rue de l'Exemple,Paris,75002,FR,fr\n"
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
        assert "rue de l" in text
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
