"""A notice that nobody delivered is not sent: somebody files it by hand and says so."""

from datetime import timedelta
from pathlib import Path

import pytest

from flows.acts.contain import perform
from flows.acts.deliver import send_again
from flows.acts.edit import edit_notice
from flows.acts.hand_over import hand_over
from flows.acts.read_notice import NoticeLine
from flows.acts.release import hold, release
from flows.acts.sign import reject
from flows.acts.standing import standing
from flows.acts.timeline import timeline
from flows.acts.unfinished import unfinished
from flows.acts.work import finish_step, skip_step
from flows.board import board
from flows.desk import Desk
from models.clock import VirtualClock
from models.errors import BadInputError, NotAllowedError, RefusedDeliveryError, TemporaryDeliveryError
from models.incident import find
from models.store import writing
from models.tables import Delivery, DutyRecord, Evidence, Receipt
from tests.flows.meridia import (
    COMMANDER,
    LEGAL,
    PR,
    add,
    carry,
    contain,
    duty,
    every,
    ledger,
    notice_row,
    notices,
    one,
    payloads,
    queue,
    send,
    sign,
    step,
)
from tests.flows.post import Post, by_post

NUMBER = "INC-2026-0001"
HOUR = timedelta(hours=1)
REFERENCE = "CNIL-2026-118273"


@pytest.fixture
def real(drafted: Desk) -> Desk:
    """A desk with a real incident: everything drafted, and no way out set."""
    with writing(drafted.engine) as session:
        incident = find(session, NUMBER)
        incident.rehearsal = False
        session.add(incident)
    return drafted


@pytest.fixture
def waiting(real: Desk, clock: VirtualClock) -> Desk:
    """The filing to the CNIL signed an hour ago and put down in the outbox."""
    sign(real, NUMBER, filing(real))
    carry(real, NUMBER)
    clock.set(clock() + HOUR)
    return real


def filing(desk: Desk) -> NoticeLine:
    [line] = notices(desk, NUMBER, provision="eu-gdpr-33")
    return line


def row(desk: Desk) -> Delivery:
    return one(desk, Delivery, NUMBER, purpose="notice")


def filed(desk: Desk, **given: object) -> None:
    wanted = {"by": LEGAL, "at": desk.clock(), "reference": REFERENCE, **given}
    hand_over(desk, NUMBER, str(filing(desk).notice), **wanted)  # type: ignore[arg-type]


def test_a_notice_that_no_way_out_carries_waits_for_a_person_and_its_duty_stays_open(waiting: Desk) -> None:
    assert row(waiting).state == "to_hand_over"
    assert notice_row(waiting, filing(waiting).notice).state == "approved"
    assert duty(waiting, NUMBER, "eu-gdpr-33").state == "open"
    assert every(waiting, Receipt, delivery_id=row(waiting).id) == []


def test_in_a_rehearsal_the_outbox_counts_as_sent(drafted: Desk) -> None:
    sign(drafted, NUMBER, filing(drafted))
    carry(drafted, NUMBER)

    assert row(drafted).state == "sent"
    assert duty(drafted, NUMBER, "eu-gdpr-33").state == "met"


def test_status_board_and_timeline_say_that_it_waits_and_where_it_lies(waiting: Desk) -> None:
    place = waiting.settings.home / "outbox" / f"{row(waiting).key}.html"
    now = standing(waiting, NUMBER)

    [wait] = [wait for wait in now.waits if wait.kind == "filing"]

    assert (wait.who, wait.reference) == ("legal", f"notice {filing(waiting).notice}")
    assert wait.due_at == duty(waiting, NUMBER, "eu-gdpr-33").due_at
    assert wait.what.endswith(f"waits for somebody to file it; it is in the outbox at {place}")
    assert place.exists()
    assert "| filing: legal |" in board(now, ledger(waiting, NUMBER))
    said = [event.words for event in timeline(waiting, NUMBER) if event.kind == "delivery.to_hand_over"]
    assert any(words.startswith("Waits for somebody to file it by hand: filing to CNIL") for words in said)


def test_a_filing_by_hand_meets_the_duty_when_it_was_filed_and_says_who_when_and_under_which_reference(
    waiting: Desk, clock: VirtualClock
) -> None:
    then = clock() - timedelta(minutes=20)
    carry(waiting, NUMBER)

    filed(waiting, at=then)

    met = duty(waiting, NUMBER, "eu-gdpr-33")
    assert (met.state, met.met_at) == ("met", then)
    receipt = one(waiting, Receipt, delivery_id=row(waiting).id)
    assert (receipt.reference, receipt.filed_by, receipt.at) == (REFERENCE, LEGAL, then)
    [entry] = ledger(waiting, NUMBER, "delivery.handed_over")
    assert entry["actor"] == LEGAL
    assert entry["payload"]["reference"] == REFERENCE
    assert entry["payload"]["sha256"] == filing(waiting).sha256
    assert filing(waiting).state == "sent"
    assert not [wait for wait in standing(waiting, NUMBER).waits if wait.kind == "filing"]
    assert unfinished(waiting) == []


def test_the_clocks_that_follow_start_when_it_was_filed(waiting: Desk) -> None:
    before = {row.provision for row in every(waiting, DutyRecord, NUMBER, clock_state="not_started")}

    filed(waiting)

    evaluated = [entry["seq"] for entry in ledger(waiting, NUMBER, "duty.met")]
    assert evaluated, "the duty is met in the same breath"
    assert {row.provision for row in every(waiting, DutyRecord, NUMBER, clock_state="not_started")} <= before


def test_the_proof_is_kept_as_evidence(waiting: Desk, tmp_path: Path) -> None:
    confirmation = tmp_path / "confirmation.pdf"
    confirmation.write_bytes(b"%PDF received")

    filed(waiting, proof=confirmation)

    proof = one(waiting, Evidence, NUMBER, name=f"proof of filing {REFERENCE}")
    assert one(waiting, Receipt, delivery_id=row(waiting).id).evidence_id == proof.id
    assert Path(proof.path).read_bytes() == b"%PDF received"
    assert payloads(waiting, NUMBER, "delivery.handed_over")[0]["evidence"] == proof.sha256


def test_what_was_filed_is_not_filed_again(waiting: Desk) -> None:
    filed(waiting)

    with pytest.raises(NotAllowedError, match="sent already"):
        filed(waiting)


def test_a_text_is_not_filed_before_it_had_all_its_signatures(waiting: Desk, clock: VirtualClock) -> None:
    with pytest.raises(NotAllowedError, match=r"was not fully signed at .*: legal had not signed"):
        filed(waiting, at=clock() - 2 * HOUR)

    assert row(waiting).state == "to_hand_over"


def test_a_time_that_lies_ahead_is_refused(waiting: Desk, clock: VirtualClock) -> None:
    with pytest.raises(BadInputError, match="lies ahead"):
        filed(waiting, at=clock() + timedelta(seconds=1))


def test_a_stranger_files_nothing_and_no_proof_is_kept(waiting: Desk, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    proof.write_text("x")
    kept = every(waiting, Evidence, NUMBER)

    with pytest.raises(NotAllowedError, match="not in the team"):
        filed(waiting, by="Nobody Known", proof=proof)

    assert every(waiting, Evidence, NUMBER) == kept


def test_a_text_that_was_sent_back_waits_for_nobody_and_is_withdrawn_with_the_next_run(waiting: Desk) -> None:
    reject(waiting, NUMBER, filing(waiting).notice, by=LEGAL, reason="name the processor")
    assert not [wait for wait in standing(waiting, NUMBER).waits if wait.kind == "filing"]

    queue(waiting, NUMBER)

    assert row(waiting).state == "withdrawn"


def test_a_held_text_waits_again_when_it_is_released(waiting: Desk) -> None:
    hold(waiting, NUMBER, filing(waiting).notice, by=LEGAL, reason="a call with the authority first")
    carry(waiting, NUMBER)
    assert row(waiting).state == "withdrawn"
    release(waiting, NUMBER, filing(waiting).notice, by=LEGAL)

    carry(waiting, NUMBER)

    assert row(waiting).state == "to_hand_over"


def test_a_filing_of_before_the_facts_changed_may_still_be_told(waiting: Desk, clock: VirtualClock) -> None:
    then = clock()
    clock.set(then + HOUR)
    add(waiting, NUMBER, "records: 33850")
    carry(waiting, NUMBER)
    assert row(waiting).state == "withdrawn"

    hand_over(waiting, NUMBER, row(waiting).key, by=LEGAL, at=then, reference=REFERENCE)

    assert row(waiting).state == "sent"
    assert one(waiting, Receipt, delivery_id=row(waiting).id).at == then


def test_an_edited_text_that_was_filed_before_leaves_the_new_one_to_be_filed(
    waiting: Desk, clock: VirtualClock
) -> None:
    then, old = clock(), row(waiting).key
    clock.set(then + HOUR)
    edit_notice(waiting, NUMBER, filing(waiting).notice, "# Filing\n\nAnother text.\n", by=LEGAL)

    hand_over(waiting, NUMBER, old, by=LEGAL, at=then, reference=REFERENCE)

    assert filing(waiting).state == "draft"
    assert duty(waiting, NUMBER, "eu-gdpr-33").state == "open"


def test_what_nobody_signed_is_not_filed(real: Desk) -> None:
    with pytest.raises(NotAllowedError, match="only what is fully signed"):
        filed(real)


def test_a_signed_text_that_no_run_has_queued_yet_may_be_filed(real: Desk) -> None:
    sign(real, NUMBER, filing(real))

    filed(real)

    assert duty(real, NUMBER, "eu-gdpr-33").state == "met"


@pytest.mark.parametrize("error", [TemporaryDeliveryError("down"), RefusedDeliveryError("550 no such mailbox")])
def test_what_mail_cannot_carry_may_be_filed_by_hand(real: Desk, error: Exception) -> None:
    mail = Post(name="mail")
    desk = by_post(real, mail=mail)
    sign(desk, NUMBER, filing(desk))
    queue(desk, NUMBER)
    mail.then(error)
    send(desk, NUMBER)

    filed(desk)

    assert duty(desk, NUMBER, "eu-gdpr-33").state == "met"
    assert mail.taken == {}


def test_a_way_that_is_set_meanwhile_takes_over(waiting: Desk) -> None:
    with pytest.raises(NotAllowedError, match="file it by hand"):
        send_again(waiting, NUMBER, row(waiting).key, by=LEGAL)
    mail = Post(name="mail")
    desk = by_post(waiting, mail=mail)
    send_again(desk, NUMBER, row(desk).key, by=LEGAL)

    queue(desk, NUMBER)
    send(desk, NUMBER)

    assert len(mail.taken) == 1
    assert duty(desk, NUMBER, "eu-gdpr-33").state == "met"


@pytest.mark.parametrize("by", ["Nobody Known", ""])
def test_only_the_team_has_something_sent_again(waiting: Desk, by: str) -> None:
    with pytest.raises(NotAllowedError, match="not in the team"):
        send_again(waiting, NUMBER, row(waiting).key, by=by)


def test_an_unknown_delivery_is_named(waiting: Desk) -> None:
    with pytest.raises(BadInputError, match="no delivery of INC-2026-0001 has the key 'x'"):
        send_again(waiting, NUMBER, "x", by=LEGAL)
    with pytest.raises(BadInputError, match="no delivery has the key 'x'"):
        hand_over(waiting, NUMBER, "x", by=LEGAL, at=waiting.clock(), reference="r")


# Steps -----------------------------------------------------------------------------------------------------------------


def test_a_step_that_no_way_out_carries_is_asked_of_a_person_in_the_same_way(desk: Desk, number: str) -> None:
    with writing(desk.engine) as session:
        incident = find(session, number)
        incident.rehearsal = False
        session.add(incident)

    assert set(contain(desk, number).values()) == {"asked"}

    effects = every(desk, Delivery, number, purpose="step")
    assert {effect.state for effect in effects} == {"to_hand_over"}
    insurer = step(desk, number, "tell_insurer")
    assert (insurer.state, insurer.reason[:17]) == ("waiting_for_person", "no way out is set")
    assert perform(desk, number, "tell_insurer") == "waiting_for_person"


def test_saying_that_such_a_step_is_done_closes_its_effect_and_skipping_it_takes_it_back(
    team: Desk, number: str
) -> None:
    with writing(team.engine) as session:
        incident = find(session, number)
        incident.rehearsal = False
        session.add(incident)
    contain(team, number)

    finish_step(team, number, "open_case", by=COMMANDER, note="TCK-81")
    skip_step(team, number, "hold_marketing", by=COMMANDER, reason="no campaign runs")
    queue(team, number)

    states = {effect.step_key: effect.state for effect in every(team, Delivery, number, purpose="step")}
    assert states == {"open_case": "sent", "hold_marketing": "withdrawn", "tell_insurer": "to_hand_over"}
    assert one(team, Receipt).filed_by == COMMANDER
    with pytest.raises(NotAllowedError, match=r"steps .* done tell_insurer"):
        hand_over(team, number, f"{number}.step.tell_insurer", by=PR, at=team.clock(), reference="r")
