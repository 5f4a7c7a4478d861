"""A law-enforcement hold, as the versions of the facts say it."""

from datetime import timedelta

from flows.acts.evaluate import events_of
from flows.acts.report import add_facts
from flows.desk import Desk
from models.clock import VirtualClock
from models.document import read_document
from models.incident import find
from models.store import reading


def hold(desk: Desk, number: str, circumstances: str) -> None:
    assert isinstance(desk.clock, VirtualClock)
    desk.clock.set(desk.clock() + timedelta(hours=2))
    add_facts(desk, number, read_document("facts", f"circumstances: {circumstances}".encode()), by="Sam Okoro")


def events(desk: Desk, number: str) -> dict[str, object]:
    with reading(desk.engine) as session:
        return dict(events_of(session, find(session, number)))


def test_a_hold_begins_with_the_facts_that_say_so_and_ends_with_those_that_no_longer_do(
    desk: Desk, number: str
) -> None:
    began = desk.clock() + timedelta(hours=2)

    hold(desk, number, "[law_enforcement_hold]")
    assert events(desk, number) == {"law_enforcement_hold": began}

    hold(desk, number, "[]")
    assert events(desk, number) == {
        "law_enforcement_hold": began,
        "law_enforcement_hold_ended": began + timedelta(hours=2),
    }
