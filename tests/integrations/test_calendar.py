from datetime import UTC, datetime

from icalendar import Calendar

from integrations.calendar import Deadline, as_calendar

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_a_calendar_says_how_often_it_is_read_as_rfc_7986_and_outlook_want_it() -> None:
    lines = as_calendar("Tocsin", []).decode().splitlines()
    assert {"REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M"} <= set(lines)


def test_a_deadline_is_an_instant_whose_identity_stays_and_whose_words_cannot_add_lines() -> None:
    one = Deadline("INC-2026-0001-7", "a\r\nEND:VEVENT; b,c", NOW, NOW, "note", "https://tocsin.example")

    [event] = Calendar.from_ical(as_calendar("Tocsin", [one])).walk("VEVENT")

    assert event.decoded("dtstart") == event.decoded("dtend") == NOW
    assert event["uid"] == "INC-2026-0001-7@tocsin"
    assert "END:VEVENT" in str(event["summary"])
