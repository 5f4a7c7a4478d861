from contextlib import suppress
from datetime import timedelta

import pytest

from flows.acts.answer import answer
from flows.acts.close import close, reopen
from flows.acts.contain import ready_steps
from flows.acts.evaluate import decide, evaluate
from flows.acts.question import questions
from flows.acts.report import open_incident
from flows.acts.watch import watch_once
from flows.acts.work import skip_step
from flows.desk import Desk
from models.clock import VirtualClock
from models.document import read_document
from models.errors import BadInputError, NotAllowedError
from models.report import report_of
from models.tables import Alert, DutyRecord, Incident, Step
from models.vocabulary import Verdict
from playbooks.plan import CLOSED
from tests.flows.meridia import (
    COMMANDER,
    LEGAL,
    PR,
    contain,
    draft,
    every,
    ledger,
    notices,
    one,
    queue,
    send,
    sign,
)

NUMBER = "INC-2026-0001"
SMALL = """
title: Misdirected list
kind: misdirected_message
times: {{aware_at: 2026-11-23T08:30:00+01:00}}
organisation: {{name: Example Club, country: {country}, role: controller, establishments: [{country}]}}
data: [{{category: name, classification: internal, encrypted: false}}]
people: [{{jurisdiction: {country}, count: 4}}]
"""


@pytest.fixture
def settled(team: Desk) -> str:
    """The number of an incident whose duties are met or decided."""
    number = open_incident(team, report_of(read_document("r.yaml", SMALL.format(country="JP").encode())), by=COMMANDER)
    evaluate(team, number)
    for provision in {row.provision for row in every(team, DutyRecord, number, state="undecided")}:
        decide(team, number, provision, Verdict.NOT_REQUIRED, reason="four names, taken back", by=LEGAL)
    draft(team, number)
    for question in questions(team, number):
        answer(team, number, question.key, "The four were asked to delete the list, and did.", "en", by=LEGAL)
    draft(team, number)
    sign(team, number, *[line for line in notices(team, number) if line.provision])
    queue(team, number)
    send(team, number)
    return number


def test_an_incident_with_open_duties_is_not_closed(drafted: Desk) -> None:
    with pytest.raises(NotAllowedError, match=r"contract:harbour-card-services .* and \d+ more still open"):
        close(drafted, NUMBER, by=COMMANDER, reason="over")
    assert one(drafted, Incident).state == "open"


def test_an_incident_to_which_the_law_was_not_applied_yet_is_not_closed(team: Desk, number: str) -> None:
    with pytest.raises(NotAllowedError, match="still open"):
        close(team, number, by=COMMANDER, reason="nothing happened")


def test_an_incident_whose_duties_are_met_or_decided_is_closed_with_a_reason(team: Desk, settled: str) -> None:
    done = close(team, settled, by=COMMANDER, reason="all four confirmed deletion")

    assert (done.state, done.left) == ("closed", ())
    incident = one(team, Incident)
    assert (incident.state, incident.closed_at) == ("closed", team.clock())
    [entry] = ledger(team, settled, "incident.closed")
    assert (entry["actor"], entry["payload"]) == (COMMANDER, {"reason": "all four confirmed deletion", "left": []})
    with pytest.raises(NotAllowedError, match="closed already"):
        close(team, settled, by=COMMANDER, reason="again")


def test_a_step_that_is_not_done_keeps_an_incident_open_until_it_is_skipped(team: Desk, settled: str) -> None:
    contain(team, settled)
    with pytest.raises(NotAllowedError, match=r"step \w+"):
        close(team, settled, by=COMMANDER, reason="over")

    while waiting := [
        row.key for row in every(team, Step, settled) if row.state not in (*CLOSED, "failed", "undecided")
    ]:
        for key in waiting:
            with suppress(NotAllowedError):  # its turn has not come
                skip_step(team, settled, key, by=COMMANDER, reason="taken back at once")
        ready_steps(team, settled)

    assert close(team, settled, by=COMMANDER, reason="over").state == "closed"


def test_who_closes_over_what_is_open_says_so_and_it_stands_on_the_record(drafted: Desk, clock: VirtualClock) -> None:
    done = close(drafted, NUMBER, by=LEGAL, reason="merged into another incident", despite=True)

    assert done.state == "closed"
    assert "contract:harbour-card-services (initial)" in done.left
    assert ledger(drafted, NUMBER, "incident.closed")[0]["payload"]["left"] == list(done.left)
    clock.set(clock() + timedelta(days=9))
    assert watch_once(drafted) == []


def test_a_stranger_and_a_role_that_may_not_close_nothing(team: Desk, settled: str) -> None:
    for name, said in (("Mallory", "not in the team"), (PR, "is pr; an incident is closed by commander, executive")):
        with pytest.raises(NotAllowedError, match=said):
            close(team, settled, by=name, reason="nothing to see")
    with pytest.raises(BadInputError, match="need a reason"):
        close(team, settled, by=COMMANDER, reason=" ")


def test_an_incident_that_is_opened_again_has_its_clocks_and_alerts_again(drafted: Desk, clock: VirtualClock) -> None:
    before = {alert.key for alert in every(drafted, Alert, state="pending")}
    close(drafted, NUMBER, by=LEGAL, reason="thought to be over", despite=True)
    assert every(drafted, Alert, state="pending") == []

    reopen(drafted, NUMBER, by=COMMANDER, reason="the data was offered for sale")

    incident = one(drafted, Incident)
    assert (incident.state, incident.closed_at) == ("open", None)
    assert {alert.key for alert in every(drafted, Alert, state="pending")} == before
    assert ledger(drafted, NUMBER, "incident.reopened")[0]["payload"]["reason"] == "the data was offered for sale"
    with pytest.raises(NotAllowedError, match="is open"):
        reopen(drafted, NUMBER, by=COMMANDER, reason="again")
