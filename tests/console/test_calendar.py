from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar

from console.app import create_app
from flows.acts.calendar import calendar, end_feed, make_feed
from flows.acts.evaluate import evaluate
from flows.acts.membership import add_to_incident
from flows.acts.report import add_facts, open_incident
from flows.acts.standing import standing
from flows.acts.team import add_member, remove_member
from flows.desk import Desk
from models.document import Document
from models.errors import NotAllowedError
from models.report import Report
from models.vocabulary import PersonRole


def events(feed: bytes) -> dict[str, object]:
    return {str(event["uid"]): event.decoded("dtstart") for event in Calendar.from_ical(feed).walk("VEVENT")}


def test_a_calendar_holds_each_running_clock_with_its_limit_and_moves_it_when_the_facts_do(
    desk: Desk, number: str
) -> None:
    evaluate(desk, number)
    running = [c for c in standing(desk, number).clocks if c.due_at and c.state in ("open", "undecided")]

    before = events(calendar(desk))
    assert sorted(before.values(), key=str) == sorted((clock.due_at for clock in running), key=str)

    later = {"times": {"aware_at": "2026-11-23T08:45:00+01:00"}}
    add_facts(desk, number, Document(later, "later", {}), by="Nadia Roux")
    evaluate(desk, number)
    after = events(calendar(desk))
    assert set(after) & set(before)
    assert after != before


def test_a_feed_shows_what_its_person_sees_and_ends_when_told_or_with_the_persons_right_to_act(
    desk: Desk, open_demo_incident: Callable[[], str]
) -> None:
    add_member(desk, "Noor Haddad", [PersonRole.PR])
    number = open_demo_incident()
    evaluate(desk, number)
    page = TestClient(create_app(desk), base_url="http://testserver")
    path = make_feed(desk, "Noor Haddad").removeprefix(desk.settings.console())

    answer = page.get(path)
    assert answer.headers["content-type"].startswith("text/calendar")
    assert events(answer.content) == {}
    add_to_incident(desk, number, "Noor Haddad", by="Lea Martin")
    assert events(page.get(path).content)

    newer = make_feed(desk, "Noor Haddad").removeprefix(desk.settings.console())
    assert page.get(path).status_code == 404
    remove_member(desk, "Noor Haddad")
    assert page.get(newer).status_code == 404
    with pytest.raises(NotAllowedError):
        end_feed(desk, "Nobody")


def test_a_hostile_title_is_not_in_the_calendar(desk: Desk) -> None:
    open_incident(desk, Report(title="x END:VEVENT BEGIN:VALARM"), by="Nadia Roux")

    assert b"VALARM" not in calendar(desk)
