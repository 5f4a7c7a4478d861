"""To whom a duty is owed, and by whose clock and calendar its days are counted."""

from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from laws.calendars import Calendar, calendar_of
from laws.law import Authority, Law
from models.report import Organisation


@dataclass(slots=True)
class Place:
    """One recipient, where its days end, its open days, and the fields of a duty that follow from it."""

    recipient: str
    zone: ZoneInfo
    calendar: Calendar
    address: dict[str, object]


def place_of(law: Law, recipient: str, authority: Authority | None, organisation: Organisation) -> Place:
    """Days are counted where the law says, else at the authority, else at the organisation."""
    zone = law.timezone or (authority and authority.timezone) or organisation.timezone or "UTC"
    at_home = None if law.timezone else organisation.subdivision or organisation.country
    address: dict[str, object] = {"recipient": recipient, "zone": zone}
    if authority and authority.language:
        address["language"] = authority.language
    if authority and authority.channel:
        address["channel"] = authority.channel
    calendar = calendar_of(law.calendar or (authority and authority.calendar) or at_home)
    return Place(recipient, zone_called(zone), calendar, address)


@lru_cache
def zone_called(name: str) -> ZoneInfo:
    """The zone of that name."""
    return ZoneInfo(name)
