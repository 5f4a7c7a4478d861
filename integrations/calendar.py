"""Deadlines as an iCalendar feed (RFC 5545), which calendars subscribe to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event

REFRESH = timedelta(minutes=15)


@dataclass(frozen=True)
class Deadline:
    """One limit: `key` stays the same when it moves, so that calendars move it too. Nothing in it is personal."""

    key: str
    title: str
    due_at: datetime
    changed_at: datetime
    note: str
    link: str | None = None


def as_calendar(name: str, deadlines: Sequence[Deadline]) -> bytes:
    """A calendar of limits, each an instant without length."""
    calendar = Calendar()
    calendar.add("prodid", "-//Tocsin//Deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})  # RFC 7986 wants its kind said
    calendar.add("x-published-ttl", "PT15M")  # what Outlook reads in its place
    for deadline in deadlines:
        event = Event()
        event.add("uid", f"{deadline.key}@tocsin")
        event.add("dtstamp", deadline.changed_at)
        event.add("dtstart", deadline.due_at)
        event.add("dtend", deadline.due_at)
        event.add("summary", deadline.title)
        event.add("description", deadline.note)
        event.add("transp", "TRANSPARENT")  # it blocks nobody's time
        if deadline.link:
            event.add("url", deadline.link)
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written
