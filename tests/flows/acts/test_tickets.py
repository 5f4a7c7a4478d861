import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.acts.close import close
from flows.acts.contain import ready_steps
from flows.acts.health import ticket_health
from flows.acts.membership import add_to_incident
from flows.acts.report import open_incident
from flows.acts.step_list import step_list
from flows.acts.team import add_member
from flows.acts.ticket_watch import EVERY, watch_tickets
from flows.acts.tickets import TicketLine, close_tickets, tickets_of
from flows.acts.timeline import timeline
from flows.acts.watch import watch_once
from flows.acts.work import finish_step, skip_step
from flows.desk import Desk, open_desk
from flows.settings import Settings
from models.clock import VirtualClock
from models.document import read_document
from models.incident import find
from models.report import report_of
from models.store import writing
from models.tables import Delivery, Evidence
from models.vocabulary import PersonRole
from tests.flows.meridia import COMMANDER, RESPONDER, add, contain, every, join_team, ledger, step
from tests.ticket_servers import TOKEN, USER, JiraServer, Server, ServiceNowServer, serving

DRILL = """
name: drill
title: {en: Drill}
applies: {kind: misconfiguration}
steps:
  - {key: isolate, phase: contain, title: {en: Isolate the server}, role: responder, task: Take it off the network.,
     within: 4 hours}
  - {key: image, phase: preserve, title: {en: Image the disk}, role: responder, task: Image it., evidence: [disk image]}
  - {key: decide, phase: triage, title: {en: Decide}, role: legal, task: Decide., answers: [yes_it_is, no_it_is_not]}
  - {key: later, phase: recover, title: {en: Bring it back}, role: responder, task: Go on., needs: [isolate]}
"""
CASE = """
  - {key: open_case, phase: triage, title: {en: Open a case}, action: open_ticket,
     with: {title: "{number}", text: "The case of {number}."}}
  - {key: on_hold, phase: recover, title: {en: After the hold}, role: responder, task: Go on.,
     when: {not: {circumstance: law_enforcement_hold}}}
  - {key: case_over, phase: recover, title: {en: The case is over}, action: wait_for_event,
     with: {event: ticket.done, about: {step: open_case}}}
"""
SYSTEMS: dict[str, Callable[[], Server]] = {"jira": JiraServer, "servicenow": ServiceNowServer}


class Office:
    """A desk with a ticket system, an open incident whose playbook was begun, and the system's server."""

    def __init__(self, desk: Desk, server: Server) -> None:
        self.desk, self.server = desk, server
        report = report_of(read_document("r.yaml", b"title: Open bucket\nkind: misconfiguration\ncircumstances: []"))
        self.number = open_incident(desk, report, by=RESPONDER)
        contain(desk, self.number)

    @property
    def made(self) -> int:
        return len(self.server.issues if isinstance(self.server, JiraServer) else self.server.records)  # type: ignore[attr-defined]  # one of two

    def ticket(self, key: str) -> TicketLine:
        return tickets_of(self.desk, self.number)[key]

    def reference(self, key: str) -> str:
        reference = self.ticket(key).reference
        assert reference is not None
        return reference

    def later(self, by: timedelta = EVERY) -> None:
        """The watch looks again after a while."""
        assert isinstance(self.desk.clock, VirtualClock)
        self.desk.clock.set(self.desk.clock() + by)
        watch_once(self.desk)

    def finish(self, key: str, **who: str) -> None:
        """Somebody sets a step's ticket to done there, and the watch looks."""
        self.server.finish(self.reference(key), **who)  # type: ignore[attr-defined]  # both have it
        self.later()


@pytest.fixture(params=SYSTEMS)
def office(request: pytest.FixtureRequest, home: Path, clock: VirtualClock, tables: Path) -> Iterator[Office]:
    """An incident at a desk with Jira, and one at a desk with ServiceNow."""
    shutil.copy(tables, home / "tocsin.db")
    yield from _office(request.param, home, clock)


@pytest.fixture
def jira_office(home: Path, clock: VirtualClock, tables: Path) -> Iterator[Office]:
    """The one with Jira."""
    shutil.copy(tables, home / "tocsin.db")
    yield from _office("jira", home, clock)


def _office(name: str, home: Path, clock: VirtualClock) -> Iterator[Office]:
    (home / "own").mkdir()
    (home / "own" / "drill.yaml").write_text(DRILL + CASE)
    server = SYSTEMS[name]()
    with serving(server) as url:
        settings = Settings(
            home=home,
            clock=clock.path,
            playbooks=home / "own",
            tickets=name,  # type: ignore[arg-type]  # one of the two words
            tickets_url=url,
            tickets_user=USER,
            tickets_token=SecretStr(TOKEN),
            jira_project="OPS",
        )
        desk = open_desk(settings)
        join_team(desk)
        yield Office(desk, server)
        desk.engine.dispose()


# Opening ---------------------------------------------------------------------------------------------------------------


def test_each_task_that_waits_gets_a_ticket_with_its_link_and_one_that_does_not_wait_gets_none(
    jira_office: Office,
) -> None:
    watch_once(jira_office.desk)

    tickets = tickets_of(jira_office.desk, jira_office.number)
    assert set(tickets) == {"isolate", "image", "decide", "on_hold", "open_case"}
    assert jira_office.made == 5
    assert all(ticket.link and ticket.reference and ticket.state == "open" for ticket in tickets.values())
    lines = {line.key: line for line in step_list(jira_office.desk, jira_office.number)}
    assert lines["isolate"].ticket == tickets["isolate"]
    assert lines["later"].ticket is None


def test_a_ticket_says_title_number_limit_and_link_and_nothing_of_the_task(jira_office: Office) -> None:
    watch_once(jira_office.desk)

    assert isinstance(jira_office.server, JiraServer)
    fields = jira_office.server.issues[jira_office.reference("isolate")]["fields"]
    assert fields["summary"] == f"{jira_office.number}: Isolate the server"
    words = str(fields["description"])
    assert "Due: 2026-11-23T13:00:00Z" in words
    assert f"/incidents/{jira_office.number}/steps#step-isolate" in words
    assert "network" not in words


def test_the_watch_opens_each_ticket_once(jira_office: Office) -> None:
    for _ in range(3):
        ready_steps(jira_office.desk, jira_office.number)
        jira_office.later()

    assert jira_office.made == 5


def test_a_ticket_whose_receipt_was_lost_is_looked_for_and_not_made_again(office: Office) -> None:
    office.server.breaks = lambda method, path: "lose" if method == "POST" and "search" not in path else None
    watch_once(office.desk)
    made = office.made
    assert made > 0
    assert {row.state for row in every(office.desk, Delivery, office.number, purpose="ticket")} <= {
        "uncertain",
        "pending",
    }
    office.server.breaks = lambda *_: None

    office.later(timedelta(hours=1))
    office.later(timedelta(hours=1))

    assert office.made == 5
    assert {ticket.state for ticket in tickets_of(office.desk, office.number).values()} == {"open"}


def test_only_the_tasks_of_the_roles_that_are_set_become_tickets(home: Path, clock: VirtualClock, tables: Path) -> None:
    shutil.copy(tables, home / "tocsin.db")
    (home / "own").mkdir()
    (home / "own" / "drill.yaml").write_text(DRILL)
    with serving(JiraServer()) as url:
        settings = Settings(
            home=home, clock=clock.path, playbooks=home / "own", tickets="jira", tickets_url=url, tickets_user=USER,
            tickets_token=SecretStr(TOKEN), jira_project="OPS", ticket_roles=(PersonRole.LEGAL,),
        )  # fmt: skip
        desk = open_desk(settings)
        join_team(desk)
        office = Office(desk, JiraServer())

        assert set(tickets_of(desk, office.number)) == {"decide"}
        desk.engine.dispose()


def test_a_step_that_opens_a_ticket_is_done_while_the_ticket_stays_open_and_another_may_wait_for_its_end(
    jira_office: Office,
) -> None:
    jira_office.later()
    assert step(jira_office.desk, jira_office.number, "open_case").state == "done"
    assert jira_office.ticket("open_case").state == "open"
    assert step(jira_office.desk, jira_office.number, "case_over").state == "waiting_for_event"

    jira_office.finish("open_case")
    contain(jira_office.desk, jira_office.number)

    assert step(jira_office.desk, jira_office.number, "case_over").state == "done"


# From us to the ticket -------------------------------------------------------------------------------------------------


def test_a_step_that_is_done_closes_its_ticket_with_a_word(office: Office) -> None:
    watch_once(office.desk)

    finish_step(office.desk, office.number, "isolate", by=RESPONDER, note="a note of ours")
    office.later()

    system = office.desk.channels.tickets
    assert system is not None
    assert system.look(office.reference("isolate")).progress == "done"
    assert office.ticket("isolate").state == "closed"
    assert "a note of ours" not in str(office.server.asked)
    assert "later" in tickets_of(office.desk, office.number)


def test_a_step_that_is_skipped_or_not_needed_closes_its_ticket_as_not_done(jira_office: Office) -> None:
    watch_once(jira_office.desk)

    skip_step(jira_office.desk, jira_office.number, "decide", by=COMMANDER, reason="a reason of ours")
    add(jira_office.desk, jira_office.number, "circumstances: [law_enforcement_hold]")
    ready_steps(jira_office.desk, jira_office.number)
    jira_office.later()

    system = jira_office.desk.channels.tickets
    assert system is not None
    assert system.look(jira_office.reference("decide")).progress == "dropped"
    assert system.look(jira_office.reference("on_hold")).progress == "dropped"
    assert "a reason of ours" not in str(jira_office.server.asked)


def test_a_step_that_is_over_before_its_ticket_was_opened_gets_none(jira_office: Office) -> None:
    finish_step(jira_office.desk, jira_office.number, "isolate", by=RESPONDER)

    jira_office.later()

    assert jira_office.ticket("isolate").reference is None
    assert jira_office.ticket("isolate").state == "closed"


def test_a_step_that_is_needed_again_gets_another_ticket(jira_office: Office) -> None:
    watch_once(jira_office.desk)
    first = jira_office.reference("on_hold")
    add(jira_office.desk, jira_office.number, "circumstances: [law_enforcement_hold]")
    ready_steps(jira_office.desk, jira_office.number)
    jira_office.later()

    add(jira_office.desk, jira_office.number, "circumstances: []")
    ready_steps(jira_office.desk, jira_office.number)
    jira_office.later()

    assert jira_office.reference("on_hold") != first
    assert jira_office.ticket("on_hold").state == "open"


def test_closing_the_incident_closes_every_ticket_that_is_open_still(jira_office: Office) -> None:
    watch_once(jira_office.desk)

    close(jira_office.desk, jira_office.number, by=COMMANDER, reason="a false alarm", despite=True)
    jira_office.later()

    system = jira_office.desk.channels.tickets
    assert system is not None
    assert {now.progress for now in system.changed(None)} == {"done"}


def test_a_project_without_a_way_to_done_is_said_where_messages_wait(jira_office: Office) -> None:
    watch_once(jira_office.desk)
    assert isinstance(jira_office.server, JiraServer)
    jira_office.server.transitions = []

    finish_step(jira_office.desk, jira_office.number, "isolate", by=RESPONDER)
    jira_office.later()

    [refused] = every(jira_office.desk, Delivery, jira_office.number, state="refused")
    assert "close it in Jira by hand" in str(refused.last_error)


# From the ticket to us -------------------------------------------------------------------------------------------------


def test_a_ticket_done_by_a_member_who_may_do_the_step_finishes_it_in_their_name_with_the_ticket_as_evidence(
    office: Office,
) -> None:
    watch_once(office.desk)
    _known_as(office, RESPONDER, "sam@meridia.example")

    office.finish("isolate", name="Sam O.", email="Sam@Meridia.example")

    row = step(office.desk, office.number, "isolate")
    assert (row.state, row.done_by) == ("done", RESPONDER)
    assert office.reference("isolate") in str(row.note)
    [kept] = every(office.desk, Evidence, office.number, step_key="isolate")
    assert kept.name == f"{office.reference('isolate')}.json"
    assert kept.recorded_by == RESPONDER
    assert step(office.desk, office.number, "later").state == "waiting_for_person"


def test_a_ticket_done_by_anybody_else_or_too_early_is_proposed_with_who_and_why(jira_office: Office) -> None:
    watch_once(jira_office.desk)
    _known_as(jira_office, RESPONDER, "sam@meridia.example")

    for key, email, why in (
        ("isolate", "stranger@meridia.example", "no member who sees the incident has"),
        ("image", "sam@meridia.example", "needs evidence: disk image"),
        ("decide", "sam@meridia.example", "is for legal"),
    ):
        jira_office.finish(key, name="Ana Silva", email=email)

        assert step(jira_office.desk, jira_office.number, key).state == "waiting_for_person"
        ticket = jira_office.ticket(key)
        assert (ticket.state, ticket.closed_by) == ("done", "Ana Silva")
        assert why in str(ticket.why)
        assert ticket.words.endswith("by Ana Silva")
    said = [line.words for line in timeline(jira_office.desk, jira_office.number) if line.kind == "ticket.done"]
    assert said[0] == f"Ticket {jira_office.reference('isolate')} done in Jira by Ana Silva: Isolate the server"


def test_a_member_who_may_not_know_of_the_incident_finishes_nothing(jira_office: Office) -> None:
    watch_once(jira_office.desk)
    add_member(jira_office.desk, "Rui Costa", [PersonRole.RESPONDER], email="rui@meridia.example")

    jira_office.finish("isolate", email="rui@meridia.example")

    assert step(jira_office.desk, jira_office.number, "isolate").state == "waiting_for_person"


def test_a_ticket_closed_as_not_done_leaves_the_step_to_people(jira_office: Office) -> None:
    watch_once(jira_office.desk)
    _known_as(jira_office, RESPONDER, "sam@meridia.example")

    jira_office.finish("isolate", email="sam@meridia.example", status="Cancelled")

    assert step(jira_office.desk, jira_office.number, "isolate").state == "waiting_for_person"
    assert jira_office.ticket("isolate").state == "dropped"
    assert ledger(jira_office.desk, jira_office.number, "ticket.dropped")


def test_a_ticket_that_is_opened_again_takes_its_proposal_back(jira_office: Office) -> None:
    watch_once(jira_office.desk)
    jira_office.finish("isolate")
    assert jira_office.ticket("isolate").state == "done"

    jira_office.server.reopen(jira_office.reference("isolate"))  # type: ignore[attr-defined]  # both have it
    jira_office.later()

    assert jira_office.ticket("isolate").state == "open"
    assert ledger(jira_office.desk, jira_office.number, "ticket.reopened")


def test_a_ticket_that_was_removed_is_found_within_the_hour(jira_office: Office) -> None:
    watch_once(jira_office.desk)
    jira_office.later()
    (jira_office.server.issues if isinstance(jira_office.server, JiraServer) else jira_office.server.records).clear()  # type: ignore[attr-defined]  # one of two

    jira_office.later(timedelta(hours=1))

    assert {ticket.state for ticket in tickets_of(jira_office.desk, jira_office.number).values()} == {"removed"}
    assert step(jira_office.desk, jira_office.number, "isolate").state == "waiting_for_person"


def test_the_system_is_asked_once_a_minute_and_not_at_all_while_no_ticket_is_open(jira_office: Office) -> None:
    watch_once(jira_office.desk)
    asked = len(jira_office.server.asked)

    watch_once(jira_office.desk)
    assert len(jira_office.server.asked) == asked

    with writing(jira_office.desk.engine) as session:
        close_tickets(jira_office.desk, session, find(session, jira_office.number))
    jira_office.later()
    asked = len(jira_office.server.asked)
    jira_office.later()
    assert len(jira_office.server.asked) == asked


def test_while_the_system_fails_it_is_asked_seldom_and_the_alerts_go_out(jira_office: Office) -> None:
    watch_once(jira_office.desk)
    jira_office.server.breaks = lambda *_: (500, None)
    jira_office.later()
    asked = len(jira_office.server.asked)

    jira_office.later(timedelta(minutes=2))

    assert len(jira_office.server.asked) == asked
    assert watch_tickets(jira_office.desk) == []


def test_doctor_says_whether_tickets_can_be_made(jira_office: Office) -> None:
    assert ticket_health(jira_office.desk.settings).state == "ok"

    jira_office.server.accepts = ()
    wrong = ticket_health(jira_office.desk.settings)
    assert wrong.state == "wrong"
    assert "mend TOCSIN_TICKETS_TOKEN" in wrong.detail


def _known_as(office: Office, name: str, email: str) -> None:
    add_member(office.desk, name, [PersonRole.RESPONDER], email=email)
    add_to_incident(office.desk, office.number, name, by=COMMANDER)
