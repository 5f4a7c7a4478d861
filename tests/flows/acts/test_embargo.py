from datetime import timedelta

import pytest
from sqlmodel import select

from flows.acts.embargo import embargo
from flows.acts.read_notice import NoticeLine
from flows.acts.release import hold, release
from flows.acts.standing import standing
from flows.acts.work import skip_step
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import BadInputError
from models.incident import find
from models.store import reading, writing
from models.tables import DutyRecord, Notice
from tests.flows.meridia import PR, RESPONDER, every, notices, queue, send, sign

NUMBER = "INC-2026-0001"


def note(desk: Desk) -> NoticeLine:
    [line] = notices(desk, NUMBER, audience="staff", language="en")
    return line


def with_hold(desk: Desk, rule: object) -> None:
    """The incident's playbook with another rule of what staff are told after."""
    with writing(desk.engine) as session:
        incident = find(session, NUMBER)
        body = dict(incident.playbook_body or {})
        incident.playbook_body = {**body, "notices": {**body["notices"], "hold": {"staff": rule}}}
        session.add(incident)


def why(desk: Desk) -> str | None:
    with reading(desk.engine) as session:
        return embargo(session, find(session, NUMBER), session.get_one(Notice, note(desk).notice), desk.clock())


def later(desk: Desk, hours: int) -> None:
    assert isinstance(desk.clock, VirtualClock)
    desk.clock.set(desk.clock() + timedelta(hours=hours))


def test_a_text_waits_until_those_named_first_are_told(drafted: Desk) -> None:
    with_hold(drafted, ["csirt", "authority"])

    assert why(drafted) is not None
    assert "authority first" in str(why(drafted))


def only_the_cnil_is_to_be_told(desk: Desk) -> None:
    with writing(desk.engine) as session:
        for row in session.exec(select(DutyRecord).where(DutyRecord.audience == "authority")):
            row.state = row.state if row.provision == "eu-gdpr-33" else "closed"
            session.add(row)


def test_the_supplement_that_is_to_follow_a_filing_holds_nothing_back(drafted: Desk) -> None:
    with_hold(drafted, ["authority"])
    only_the_cnil_is_to_be_told(drafted)
    assert why(drafted) == "authority first (eu-gdpr-33 is open)"
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    only_the_cnil_is_to_be_told(drafted)

    assert [row.stage for row in every(drafted, DutyRecord, NUMBER, provision="eu-gdpr-33", state="open")]
    assert why(drafted) is None


def test_a_text_may_go_once_a_text_to_those_named_is_on_its_way(drafted: Desk) -> None:
    with_hold(drafted, {"being_told": ["authority"]})
    assert "must be being told" in str(why(drafted))
    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    sign(drafted, NUMBER, filing)
    queue(drafted, NUMBER)
    send(drafted, NUMBER)

    assert why(drafted) is None or filing.state != "sent"


def test_an_audience_that_no_law_names_is_told_once_its_texts_are_sent(drafted: Desk) -> None:
    with_hold(drafted, ["customer_care"])

    first = min(line.notice for line in notices(drafted, NUMBER, audience="customer_care"))
    assert why(drafted) == f"customer care first (notice {first} is not sent)"


def test_a_text_waits_for_a_step_such_as_informing_the_board(drafted: Desk) -> None:
    with_hold(drafted, {"done": ["protect_backups"]})
    assert why(drafted) == "the step protect_backups first"

    skip_step(drafted, NUMBER, "protect_backups", by=RESPONDER, reason="there are none")

    assert why(drafted) is None


def test_a_text_waits_for_a_time_after_awareness(drafted: Desk) -> None:
    with_hold(drafted, {"after": "4 hours"})
    assert why(drafted) == "not before 2026-11-23T11:30:00Z"

    later(drafted, 3)

    assert why(drafted) is None


def test_why_a_signed_text_waits_is_shown_in_the_list_and_in_the_status(drafted: Desk) -> None:
    with_hold(drafted, {"after": "4 hours"})
    sign(drafted, NUMBER, note(drafted))

    assert queue(drafted, NUMBER) == 0
    signed = note(drafted)
    assert signed.waits_for == "not before 2026-11-23T11:30:00Z"
    waits = standing(drafted, NUMBER).waits
    assert [wait.kind for wait in waits if wait.reference == f"notice {signed.notice}"] == ["embargo"]


def test_a_hold_shows_its_reason_and_ends_by_itself_at_its_time(drafted: Desk) -> None:
    sign(drafted, NUMBER, note(drafted))
    until = drafted.clock() + timedelta(hours=2)
    hold(drafted, NUMBER, note(drafted).notice, by=PR, reason="the chief executive speaks first", until=until)

    assert queue(drafted, NUMBER) == 0
    assert note(drafted).waits_for == f"held by {PR} until 2026-11-23T11:00:00Z: the chief executive speaks first"
    later(drafted, 2)
    assert queue(drafted, NUMBER) == 1
    assert every(drafted, Notice, NUMBER, held=True) == []


def test_a_hold_until_a_time_that_is_past_is_refused(drafted: Desk) -> None:
    with pytest.raises(BadInputError, match="is past"):
        hold(drafted, NUMBER, note(drafted).notice, by=PR, reason="wait", until=drafted.clock())


def test_releasing_says_what_still_keeps_a_text(drafted: Desk) -> None:
    hold(drafted, NUMBER, note(drafted).notice, by=PR, reason="wait")

    assert release(drafted, NUMBER, note(drafted).notice, by=PR) == "signatures are missing (pr, executive)"
