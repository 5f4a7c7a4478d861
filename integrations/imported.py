"""A report made from somebody else's record, with what a person should look at before relying on it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from pydantic import TypeAdapter, ValidationError

from models.report import Country, Report, Subdivision

_COUNTRY: TypeAdapter[str] = TypeAdapter(Country)
_SUBDIVISION: TypeAdapter[str] = TypeAdapter(Subdivision)

MIDNIGHT_WARNING = "{field}: the record gives a day and no time; it stands at 00:00 UTC of that day, so correct it"


@dataclass(frozen=True)
class ImportedReport:
    """A report, the name its source knows it by, and what was left unknown or read with a doubt."""

    report: Report
    incident_id: str | None
    warnings: tuple[str, ...] = ()


def country_or_none(code: str) -> str | None:
    """`code` where it is an ISO 3166-1 code, else None."""
    return _valid_or_none(_COUNTRY, code)


def us_state_or_none(postal: str) -> str | None:
    """The ISO 3166-2 code of a US state or territory known by its two letters, else None."""
    return _valid_or_none(_SUBDIVISION, f"US-{postal.strip().upper()}")


def start_of(day: date) -> datetime:
    """The first instant of `day` in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _valid_or_none(adapter: TypeAdapter[str], code: str) -> str | None:
    try:
        return adapter.validate_python(code)
    except ValidationError:
        return None
