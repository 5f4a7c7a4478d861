from datetime import UTC, datetime

from flows.acts.evaluate import evaluate
from flows.acts.heading import heading
from flows.acts.membership import add_to_incident
from flows.acts.overview import overview
from flows.acts.report import open_incident
from flows.acts.standing import all_standing, colour_of, standing
from flows.acts.team import add_member, member_called
from flows.acts.work import finish_step
from flows.desk import Desk
from models.clock import VirtualClock
from models.document import read_document
from models.incident import identity
from models.report import Report, report_of
from models.store import reading
from models.vocabulary import PersonRole
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


def test_a_limit_that_hangs_on_an_unknown_fact_outranks_no_running_clock_and_is_late_only_if_it_applies(
    desk: Desk,
) -> None:
    facts = {
        "title": "Lost laptop",
        "times": {"aware_at": "2026-11-21T08:00:00Z"},
        "organisation": {"country": "FR", "role": "controller"},
        "people": [{"jurisdiction": "FR", "count": 20}],
        "data": [{"category": "health", "encrypted": False}],
    }
    number = open_incident(desk, Report.model_validate(facts), by=REPORTER)
    evaluate(desk, number)

    now = standing(desk, number)

    assert now.first is not None
    assert (now.first.provision, now.first.state) == ("eu-gdpr-33", "open")
    over = [clock for clock in now.clocks if clock.due_at and clock.due_at < now.now]
    assert over, "Switzerland's 24 hours are over"
    assert {(clock.state, colour_of(clock, now.now)) for clock in over} == {("undecided", "undecided")}
    assert now.first_undecided is not None
    assert now.first_undecided.due_at > now.now
    states = [clock.state for clock in now.clocks]
    assert states.index("undecided") > max(place for place, state in enumerate(states) if state == "open")
    add_member(desk, "Lea Martin", [PersonRole.LEGAL])
    add_to_incident(desk, number, "Lea Martin", by="Ada")
    with reading(desk.engine) as session:
        lea = identity(member_called(session, "Lea Martin"))
    assert [line.next_due for line in overview(desk, lea)] == [now.next_due]
    assert heading(desk, number).next_due == now.next_due
