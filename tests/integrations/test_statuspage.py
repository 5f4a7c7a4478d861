from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from integrations.json_api import JsonApi
from integrations.statuspage import StatusPage
from models.errors import RefusedDeliveryError, TemporaryDeliveryError, UncertainDeliveryError
from models.message import Message, Taken
from tests.integrations.sinks import clock
from tests.ticket_servers import TOKEN, StatusPageServer, serving

FIRST = Message(
    "INC-2026-0001.7.press.page.en.statuspage.abc",
    "p1",
    "Information on the security incident",
    "We found out on 23 November.",
    number="INC-2026-0001",
)
SECOND = replace(FIRST, key=FIRST.key + ".2", text="The data was health data.")
END = replace(FIRST, key="INC-2026-0001.statuspage.resolved.1", text="resolved", about={"act": "resolve"})

Page = tuple[StatusPage, StatusPageServer]


@pytest.fixture
def page(http: httpx.Client) -> Iterator[Page]:
    """A page with one component that is said to be degraded."""
    server = StatusPageServer()
    with serving(server) as url:
        api = JsonApi(http, url, f"OAuth {TOKEN}", clock, "the status page", "TOCSIN_STATUSPAGE_KEY")
        yield StatusPage(api, "p1", components={"c1": "degraded_performance"}), server


def test_one_incident_there_gets_each_text_as_an_update_and_is_resolved_without_words_of_ours(page: Page) -> None:
    system, server = page

    references = {system.send(message).reference for message in (FIRST, SECOND, END, END)}

    [incident] = server.incidents
    assert references == {incident["id"]}
    assert [one["body"] for one in incident["incident_updates"]] == [
        "This incident has been resolved.",
        SECOND.text,
        FIRST.text,
    ]
    assert (incident["status"], incident["components"]) == ("resolved", {"c1": "operational"})
    assert incident["incident_updates"][-1]["status"] == "investigating"


def test_a_status_that_people_set_there_is_left_as_it_is(page: Page) -> None:
    system, server = page
    system.send(FIRST)
    server.incidents[0]["status"] = "monitoring"

    system.send(SECOND)

    assert server.incidents[0]["status"] == "monitoring"


def test_a_lost_answer_is_settled_by_the_text_that_stands_there(page: Page) -> None:
    system, server = page
    assert system.was_taken(FIRST) is False
    server.breaks = lambda method, _: "lose" if method != "GET" else None

    for message in (FIRST, SECOND, END):
        with pytest.raises(UncertainDeliveryError):
            system.send(message)

    found = system.was_taken(FIRST)
    assert isinstance(found, Taken)
    assert found.reference == "i1"
    assert isinstance(system.was_taken(SECOND), Taken)
    assert system.was_taken(END) is True
    assert len(server.incidents) == 1


def test_the_incident_of_another_number_and_one_that_is_not_ours_are_left_alone(page: Page) -> None:
    system, server = page
    server.incidents.append({"id": "x", "status": "investigating", "incident_updates": [], "metadata": {}})

    system.send(FIRST)
    system.send(replace(SECOND, number="INC-2026-0002"))

    assert len(server.incidents) == 3
    assert system.send(replace(END, number="INC-2026-0003")).detail == "it was not there any more"


def test_an_incident_is_found_behind_many_newer_ones(page: Page) -> None:
    system, server = page
    system.send(FIRST)
    server.incidents[:0] = [{"id": f"n{index}", "incident_updates": []} for index in range(250)]

    assert system.send(SECOND).reference == "i1"


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (401, TemporaryDeliveryError, "TOCSIN_STATUSPAGE_KEY"),
        (404, RefusedDeliveryError, "correct TOCSIN_STATUSPAGE_PAGE"),
        (420, TemporaryDeliveryError, "too many requests"),
        (429, TemporaryDeliveryError, "the message waits"),
        (500, TemporaryDeliveryError, "cannot be asked just now"),
    ],
)
def test_each_refusal_says_in_a_line_what_to_do(page: Page, status: int, error: type[Exception], words: str) -> None:
    system, server = page
    server.breaks = lambda *_: (status, {"error": "no"})

    with pytest.raises(error, match=words) as raised:
        system.send(FIRST)
    assert TOKEN not in str(raised.value)
    with pytest.raises(TemporaryDeliveryError):
        system.was_taken(FIRST)


def test_only_the_press_texts_that_are_set_go_there_in_one_language(page: Page) -> None:
    system, _ = page

    assert system.takes("press", "page", "en")
    assert not system.takes("press", "page", "zh")
    assert not system.takes("press", "full", "en")
    assert not system.takes("individuals", "page", "en")
