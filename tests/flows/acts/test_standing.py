from datetime import UTC, datetime

from flows.acts.report import open_incident
from flows.acts.standing import all_standing, standing
from flows.acts.work import finish_step
from flows.desk import Desk
from models.clock import VirtualClock
from models.document import read_document
from models.report import report_of
from tests.flows.meridia import REPORTER, notices, queue, send, sign
from tests.flows.meridia import RESPONDER as SAM

NUMBER = "INC-2026-0001"


def test_the_next_limit_is_the_earliest_that_still_runs(drafted: Desk) -> None:
    now = standing(drafted, NUMBER)

    assert now.next_due == datetime(2026, 11, 25, 7, 30, tzinfo=UTC)
    assert now.overdue == ()
    assert (now.people, now.kind, now.state) == (27_580, "ransomware", "open")


def test_an_open_duty_after_its_limit_is_overdue_and_a_met_one_is_not(drafted: Desk, clock: VirtualClock) -> None:
    sign(drafted, NUMBER, *notices(drafted, NUMBER, provision="eu-gdpr-33"))
    queue(drafted, NUMBER)
    send(drafted, NUMBER)
    clock.set(datetime(2026, 11, 26, 7, 31, tzinfo=UTC))

    late = {clock_line.provision for clock_line in standing(drafted, NUMBER).overdue}

    assert late == {"contract:harbour-card-services", "uk-gdpr-33"}


def test_what_waits_names_who_and_what_the_command_takes(drafted: Desk) -> None:
    waits = {wait.reference: wait for wait in standing(drafted, NUMBER).waits}

    [filing] = notices(drafted, NUMBER, provision="eu-gdpr-33")
    assert waits[f"notice {filing.notice}"].who == "legal"
    assert waits["step protect_backups"].who == "responder"
    finish_step(drafted, NUMBER, "protect_backups", by=SAM)
    assert "step protect_backups" not in {wait.reference for wait in standing(drafted, NUMBER).waits}


def test_the_incident_whose_clock_runs_out_first_stands_at_the_top(drafted: Desk) -> None:
    quiet = open_incident(drafted, report_of(read_document("r.yaml", b"title: A quiet one")), by=REPORTER)

    assert [one.number for one in all_standing(drafted)] == [NUMBER, quiet]
