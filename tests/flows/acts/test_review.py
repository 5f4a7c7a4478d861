from datetime import UTC, datetime

import pytest
from sqlmodel import select

from flows.acts.evaluate import evaluate
from flows.acts.report import open_incident
from flows.acts.review import reviewed, write_review
from flows.desk import Desk
from models.clock import VirtualClock
from models.document import read_document
from models.errors import LedgerAlteredError
from models.report import report_of
from models.store import writing
from models.tables import LedgerEntry
from tests.flows.meridia import (
    REPORTER,
    add,
    ledger,
    notices,
    payloads,
    queue,
    send,
    sign,
)

NUMBER = "INC-2026-0001"
LOST = b"""
title: Lost laptop
times: {aware_at: 2026-11-21T08:00:00Z}
organisation: {country: FR, role: controller}
people: [{jurisdiction: FR, count: 20}]
data: [{category: health, encrypted: false}]
"""


def test_the_review_counts_what_was_done_by_the_record(drafted: Desk, clock: VirtualClock) -> None:
    clock.set(datetime(2026, 11, 23, 11, 30, tzinfo=UTC))
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    add(drafted, NUMBER, "times: {contained_at: 2026-11-24T07:30:00Z}")

    review = reviewed(drafted, NUMBER)

    assert review.hours["from detection to awareness"] == 1.7
    assert review.hours["from awareness to containment"] == 24.0
    assert review.hours["from awareness to the first notice"] == 4.0
    assert review.duties["met"] == 1
    assert review.counts["notices sent"] == review.counts["signatures"] == 1
    assert review.counts["steps done"] == 3
    assert review.ledger_entries == len(ledger(drafted, NUMBER))


def test_what_is_late_or_open_becomes_an_action(drafted: Desk, clock: VirtualClock) -> None:
    clock.set(datetime(2026, 11, 27, tzinfo=UTC))

    review = reviewed(drafted, NUMBER)

    assert "eu-gdpr-33 (initial)" in review.late
    assert any("why eu-gdpr-33 (initial) was late" in action for action in review.actions)
    assert "Meet eu-gdpr-33 (initial) to CNIL" in review.actions
    assert "Record when the incident was contained (times.contained_at)" in review.actions


def test_a_limit_that_nobody_knows_to_be_owed_is_not_late_but_is_to_be_decided(desk: Desk) -> None:
    number = open_incident(desk, report_of(read_document("small.yaml", LOST)), by=REPORTER)
    evaluate(desk, number)

    review = reviewed(desk, number)

    assert review.late == ()
    over = {action.partition(":")[0] for action in review.actions if action.endswith("run out if it applies")}
    assert "Decide ch-isa-74a" in over


def test_a_review_that_says_nothing_new_is_not_noted_again(drafted: Desk) -> None:
    write_review(drafted, NUMBER)
    write_review(drafted, NUMBER)
    assert len(payloads(drafted, NUMBER, "review.written")) == 1
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)
    send(drafted, NUMBER)

    write_review(drafted, NUMBER)

    [_, said] = payloads(drafted, NUMBER, "review.written")
    assert said["summary"].startswith("1 duties met, 0 late")


def test_a_record_that_was_altered_is_not_reviewed(drafted: Desk) -> None:
    with writing(drafted.engine) as session:
        entry = session.exec(select(LedgerEntry).where(LedgerEntry.seq == 3)).one()
        entry.payload = {**entry.payload, "step": "another"}
        session.add(entry)

    with pytest.raises(LedgerAlteredError, match="entry 3 was altered"):
        write_review(drafted, NUMBER)
