import pytest

from flows.acts.draft import AUTHORITIES, PEOPLE, PUBLIC, draft_texts
from flows.acts.release import hold, queue_signed
from flows.acts.release_all import Released, ask_for_release, released
from flows.acts.sign import override
from flows.acts.timeline import timeline
from flows.desk import Desk
from models.errors import NotAllowedError
from tests.flows.meridia import COMMANDER, LEGAL, PR, make_signable, notices, payloads, send, sign

NUMBER = "INC-2026-0001"
LEFT_LYING = "uk-gdpr-33"


@pytest.fixture
def signed(drafted: Desk) -> Desk:
    """Everything is signed that can be, but for one filing."""
    make_signable(drafted, NUMBER)
    lines = [line for line in notices(drafted, NUMBER) if not line.errors and line.provision != LEFT_LYING]
    sign(drafted, NUMBER, *lines)
    return drafted


def release(desk: Desk) -> Released:
    """What the command does, without Prefect."""
    mark = ask_for_release(desk, NUMBER, by=LEGAL)
    for audiences in (AUTHORITIES, PEOPLE, PUBLIC):
        draft_texts(desk, NUMBER, audiences)
        queue_signed(desk, NUMBER, audiences)
        send(desk, NUMBER)
    return released(desk, NUMBER, mark)


def audiences(desk: Desk, found: Released) -> list[str]:
    by_id = {line.notice: line.audience for line in notices(desk, NUMBER)}
    return list(dict.fromkeys(by_id[one.notice] for one in found.left))


def test_one_release_tells_authorities_first_then_people_and_keeps_the_press_and_says_why(signed: Desk) -> None:
    [late] = notices(signed, NUMBER, provision=LEFT_LYING)
    found = release(signed)

    assert audiences(signed, found)[0] == "authority"
    order = audiences(signed, found)
    assert order.index("individuals") < order.index("customer_care") < order.index("staff")
    kept = {one.notice: one.why for one in found.kept}
    assert kept[late.notice] == "signature by legal"
    press = {line.notice for line in notices(signed, NUMBER, audience="press")}
    assert {kept[notice] for notice in press} == {f"authority first ({LEFT_LYING} is open)"}


def test_the_press_is_told_last_once_nobody_is_left_who_must_hear_it_first(signed: Desk) -> None:
    told = audiences(signed, release(signed))
    while "press" not in told:  # a filing that was sent can start a duty to tell people
        drafts = [line for line in notices(signed, NUMBER) if line.state == "draft" and not line.errors]
        assert drafts, "somebody has to be told something before the press may be"
        sign(signed, NUMBER, *drafts)
        told = audiences(signed, release(signed))

    assert told[-1] == "press"
    assert not [one for one in released(signed, NUMBER, 0).kept if "first" in one.why]


def test_what_two_people_override_leaves_with_the_next_release(signed: Desk) -> None:
    [press] = notices(signed, NUMBER, audience="press", form="holding", language="en")
    for who in (COMMANDER, LEGAL):
        override(signed, NUMBER, press.notice, by=who, reason="it is in the news")

    assert press.notice in [one.notice for one in release(signed).left]


def test_a_release_does_not_let_go_what_somebody_holds_and_stands_on_the_ledger(signed: Desk) -> None:
    [note] = notices(signed, NUMBER, audience="staff", language="en")
    hold(signed, NUMBER, note.notice, by=PR, reason="after the meeting")

    kept = {one.notice: one.why for one in release(signed).kept}

    assert kept[note.notice] == f"held by {PR}: after the meeting"
    [said] = payloads(signed, NUMBER, "notices.released")
    assert {"notice": note.notice, "why": kept[note.notice]} in said["kept"]
    assert note.notice not in said["ready"]
    assert any(event.words.startswith("Everything ready released: ") for event in timeline(signed, NUMBER))


def test_a_stranger_releases_nothing(signed: Desk) -> None:
    with pytest.raises(NotAllowedError, match="not in the team"):
        ask_for_release(signed, NUMBER, by="Mallory")
