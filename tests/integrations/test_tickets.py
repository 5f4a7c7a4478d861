"""Jira in both editions and ServiceNow: what both are to do, against servers that speak their APIs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest

from integrations.jira import Jira
from integrations.json_api import JsonApi, NotThereError
from integrations.servicenow import ServiceNow
from integrations.ticket import TicketSystem
from models.errors import BadInputError, RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError
from models.message import Message, Taken
from tests.integrations.sinks import NOW, clock
from tests.ticket_servers import BASIC, HTML, JiraServer, ServiceNowServer, serving

OPENING = Message(
    "INC-2026-0001.ticket.isolate.server_7",
    "OPS",
    "INC-2026-0001: Isolate the server",
    "A step of the response to INC-2026-0001.\nDue: 2026-11-24T12:00:00Z",
    about={"act": "open", "link": "https://tocsin.example/incidents/INC-2026-0001/steps#step-isolate"},
)
SYSTEMS = ["jira cloud", "jira data center", "servicenow"]


@dataclass
class Case:
    """A ticket system with its server."""

    system: TicketSystem
    server: JiraServer | ServiceNowServer

    def closing(self, reference: str, outcome: str = "done") -> Message:
        about = {"act": "close", "ticket": reference, "outcome": outcome}
        return Message(f"{OPENING.key}.close", reference, reference, "Done in Tocsin by Sam Okoro.", about=about)

    @property
    def count(self) -> int:
        return len(self.server.issues if isinstance(self.server, JiraServer) else self.server.records)

    def remove_all(self) -> None:
        (self.server.issues if isinstance(self.server, JiraServer) else self.server.records).clear()


def made(kind: str, http: httpx.Client) -> Case:
    server = ServiceNowServer() if kind == "servicenow" else JiraServer(cloud=kind == "jira cloud")
    api = JsonApi(http, "http://127.0.0.1", BASIC, clock, kind.split()[0], "TOCSIN_TICKETS_TOKEN")
    if isinstance(server, ServiceNowServer):
        return Case(ServiceNow(api), server)
    return Case(Jira(api, "OPS", edition="cloud" if server.cloud else "data_center"), server)


@pytest.fixture(params=SYSTEMS)
def case(request: pytest.FixtureRequest, http: httpx.Client) -> Iterator[Case]:
    """Each ticket system, at a server of its own."""
    case = made(request.param, http)
    with serving(case.server) as url:
        object.__setattr__(case.system.api, "base", url)  # type: ignore[attr-defined]  # the port is known only now
        yield case


def test_a_ticket_is_opened_with_its_title_text_and_link(case: Case) -> None:
    taken = case.system.send(OPENING)

    assert case.count == 1
    held = str(case.server.issues if isinstance(case.server, JiraServer) else case.server.records)
    assert OPENING.subject in held
    assert "2026-11-24T12:00:00Z" in held
    assert OPENING.about["link"] in held
    assert taken.reference in case.system.link(taken.reference)


def test_a_ticket_is_found_again_by_our_key_and_one_that_was_never_made_is_not(case: Case) -> None:
    assert case.system.was_taken(OPENING) is False

    reference = case.system.send(OPENING).reference

    found = case.system.was_taken(OPENING)
    assert isinstance(found, Taken)
    assert found.reference == reference
    assert case.system.was_taken(replace(OPENING, key=OPENING.key + ".other")) is False


def test_a_lost_answer_is_uncertain(case: Case) -> None:
    case.server.breaks = lambda method, _: "lose" if method == "POST" else None

    with pytest.raises(UncertainDeliveryError):
        case.system.send(OPENING)
    assert case.count == 1


def test_an_open_ticket_is_closed_with_a_word_once_however_often_it_is_asked(case: Case) -> None:
    reference = case.system.send(OPENING).reference
    closing = case.closing(reference)
    assert case.system.was_taken(closing) is False

    for _ in range(2):
        assert case.system.send(closing).reference == reference

    assert case.system.was_taken(closing) is True
    assert case.system.look(reference).progress == "done"
    if isinstance(case.server, JiraServer):
        assert len(case.server.comments[reference]) == 1
        assert "Sam Okoro" in str(case.server.comments[reference])
    else:
        [record] = case.server.records.values()
        assert (record["state"], record["close_code"]) == ("6", "Solution provided")


def test_what_was_not_done_is_closed_as_not_done(case: Case) -> None:
    reference = case.system.send(OPENING).reference

    case.system.send(case.closing(reference, "dropped"))

    assert case.system.look(reference).progress == "dropped"


def test_who_closed_a_ticket_is_known_with_their_address(case: Case) -> None:
    reference = case.system.send(OPENING).reference
    assert case.system.look(reference).progress == "open"

    case.server.finish(reference, "Sam Okoro", "sam@meridia.example")

    now = case.system.look(reference)
    assert (now.progress, now.closed_by, now.closed_by_email) == ("done", "Sam Okoro", "sam@meridia.example")
    assert now.closed_at is not None
    assert now.closed_at.isoformat().startswith("2026-11-23T10:")


def test_all_our_tickets_are_listed_over_many_pages_each_with_the_mark_of_its_key(case: Case) -> None:
    keys = [f"{OPENING.key}.{index}" for index in range(5)]
    for key in keys:
        case.system.send(replace(OPENING, key=key))

    for within in (None, timedelta(minutes=3)):
        found = case.system.changed(within)
        assert [now.marks[0] for now in found] == [case.system.mark(key) for key in keys]


def test_a_ticket_that_was_removed_is_said_to_be_and_counts_as_closed(case: Case) -> None:
    reference = case.system.send(OPENING).reference
    case.remove_all()

    with pytest.raises(NotThereError):
        case.system.look(reference)
    assert "not there any more" in case.system.send(case.closing(reference)).detail
    assert case.system.was_taken(case.closing(reference)) is True


def test_the_check_names_what_is_wrong(case: Case) -> None:
    assert case.system.checked().lower().startswith(case.system.name)

    case.server.accepts = ()
    with pytest.raises(TemporaryDeliveryError, match="mend TOCSIN_TICKETS_TOKEN"):
        case.system.checked()


# Jira alone ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def jira(http: httpx.Client) -> Iterator[tuple[Jira, JiraServer]]:
    """Jira Cloud with its server."""
    server = JiraServer()
    with serving(server) as url:
        yield Jira(JsonApi(http, url, BASIC, clock, "Jira", "TOCSIN_TICKETS_TOKEN"), "OPS"), server


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, TemporaryDeliveryError, "TOCSIN_TICKETS_TOKEN"),
        (403, TemporaryDeliveryError, "does not allow the account"),
        (404, RefusedDeliveryError, "not there"),
        (400, RefusedDeliveryError, "field: is wrong"),
        (429, TemporaryDeliveryError, "asks to wait 600 s"),
        (503, TemporaryDeliveryError, "the message waits"),
        (500, UncertainDeliveryError, "may have done it"),
        (302, RefusedDeliveryError, "points elsewhere"),
    ],
)
def test_each_refusal_says_in_a_line_whether_and_what_to_mend(
    jira: tuple[Jira, JiraServer], status: int, error: type[Exception], words: str
) -> None:
    system, server = jira
    server.breaks = lambda *_: (status, {"errors": {"field": "is wrong"}})
    server.headers = {"Retry-After": "600"}

    with pytest.raises(error, match=words) as raised:
        system.send(OPENING)
    assert "\n" not in str(raised.value)
    assert "the token" not in str(raised.value)


def test_a_page_to_sign_in_at_is_no_answer(jira: tuple[Jira, JiraServer]) -> None:
    system, server = jira
    server.breaks = lambda *_: (200, HTML)

    with pytest.raises(RefusedDeliveryError, match="page for people"):
        system.send(OPENING)


@pytest.mark.parametrize("broken", [(500, None), (429, None), (400, {"error": "no"}), (200, "<html>")])
def test_while_it_cannot_be_asked_nothing_is_sent_again(
    jira: tuple[Jira, JiraServer], broken: tuple[int, object]
) -> None:
    system, server = jira
    server.breaks = lambda *_: broken

    with pytest.raises(TemporaryDeliveryError):
        system.was_taken(OPENING)


def test_an_issue_that_the_search_does_not_show_yet_is_looked_for_again_before_another_is_made(
    jira: tuple[Jira, JiraServer],
) -> None:
    system, server = jira
    server.hidden.add(system.send(OPENING).reference)

    with pytest.raises(TemporaryDeliveryError, match="asked again") as raised:
        system.was_taken(replace(OPENING, tried_at=NOW - timedelta(seconds=5)))
    assert raised.value.retry_after == system.search_lag
    assert system.was_taken(replace(OPENING, tried_at=NOW - timedelta(minutes=2))) is False


def test_a_project_without_a_way_to_done_says_so_and_keeps_the_comment(jira: tuple[Jira, JiraServer]) -> None:
    system, server = jira
    reference = system.send(OPENING).reference
    server.transitions = server.transitions[:1]
    closing = Message("k.close", reference, reference, "Done.", about={"act": "close", "ticket": reference})

    with pytest.raises(RefusedDeliveryError, match=r"OPS-1 cannot be closed from 'To Do'.*by hand"):
        system.send(closing)
    assert len(server.comments[reference]) == 1


@pytest.mark.parametrize(("outcome", "resolution"), [("done", "Fixed"), ("dropped", "Won't Do")])
def test_a_resolution_that_the_transition_asks_for_is_given(
    jira: tuple[Jira, JiraServer], outcome: str, resolution: str
) -> None:
    system, server = jira
    reference = system.send(OPENING).reference
    values = {"required": True, "allowedValues": [{"name": "Won't Do"}, {"name": "Fixed"}]}
    server.transitions = [{**server.transitions[2], "fields": {"resolution": values}}]

    about = {"act": "close", "ticket": reference, "outcome": outcome}
    system.send(Message("k.close", reference, reference, "x", about=about))

    assert server.issues[reference]["fields"]["resolution"] == {"name": resolution}


def test_a_wrong_project_or_type_is_named_in_jiras_own_words(jira: tuple[Jira, JiraServer]) -> None:
    system, _ = jira

    with pytest.raises(RefusedDeliveryError, match="issuetype: Specify a valid issue type"):
        replace(system, issue_type="Epos").send(OPENING)
    with pytest.raises(RefusedDeliveryError, match="no issue type 'Epos', but Task, Bug"):
        replace(system, issue_type="Epos").checked()
    with pytest.raises(RefusedDeliveryError, match="correct TOCSIN_JIRA_PROJECT"):
        replace(system, project="NO").checked()


def test_a_ticket_system_is_never_asked_in_the_clear() -> None:
    with pytest.raises(BadInputError, match="use https"):
        JsonApi(httpx.Client(), "http://jira.example", BASIC, clock, "Jira", "TOCSIN_TICKETS_TOKEN")


# ServiceNow alone ------------------------------------------------------------------------------------------------------


@pytest.fixture
def servicenow(http: httpx.Client) -> Iterator[tuple[ServiceNow, ServiceNowServer]]:
    """ServiceNow with its server."""
    server = ServiceNowServer()
    with serving(server) as url:
        yield ServiceNow(JsonApi(http, url, BASIC, clock, "ServiceNow", "TOCSIN_TICKETS_TOKEN")), server


def test_a_key_longer_than_the_column_is_found_again_all_the_same(
    servicenow: tuple[ServiceNow, ServiceNowServer],
) -> None:
    system, _ = servicenow
    long = [replace(OPENING, key=f"INC-2026-0001.ticket.{'tell_the_party' * 10}.{index}") for index in range(2)]

    references = [system.send(message).reference for message in long]

    found = [system.was_taken(message) for message in long]
    assert [taken.reference for taken in found if isinstance(taken, Taken)] == references


def test_a_rule_that_keeps_a_record_open_is_said(servicenow: tuple[ServiceNow, ServiceNowServer]) -> None:
    system, server = servicenow
    reference = system.send(OPENING).reference
    server.keeps_open = True

    with pytest.raises(RefusedDeliveryError, match=rf"{reference} stays 'New'.*by hand"):
        system.send(Message("k", reference, reference, "x", about={"act": "close", "ticket": reference}))


def test_the_table_for_security_incidents_has_states_of_its_own(
    servicenow: tuple[ServiceNow, ServiceNowServer],
) -> None:
    system, server = servicenow
    server.table = "sn_si_incident"
    system = replace(system, table="sn_si_incident")
    reference = system.send(OPENING).reference

    system.send(Message("k", reference, reference, "x", about={"act": "close", "ticket": reference, "outcome": "done"}))

    assert [record["state"] for record in server.records.values()] == ["3"]
    assert system.look(reference).progress == "done"
