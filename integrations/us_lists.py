"""Public lists of notified breaches in the United States as reports: the HHS portal and the Washington list.

Both are lists of what was notified, not of what happened: most of a report stays unknown.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from integrations.imported import MIDNIGHT_WARNING, ImportedReport, start_of, us_state_or_none
from models.errors import BadInputError
from models.report import ExposedData, Organisation, PeopleGroup, Report, Times
from models.vocabulary import Attribute, Category, Cause, Effect, Kind, Sector

Row = Mapping[str, str]

LONGEST_NAME = 250

_HHS_COLUMNS = (
    "name_of_covered_entity",
    "state",
    "covered_entity_type",
    "individuals_affected",
    "breach_submission_date",
    "type_of_breach",
    "location_of_breached_information",
    "web_description",
)
_HHS_ENTITIES: Mapping[str, tuple[list[Attribute] | None, list[Sector] | None]] = {
    "Healthcare Provider": ([Attribute.HIPAA_COVERED_ENTITY], [Sector.HEALTH]),
    "Health Plan": ([Attribute.HIPAA_COVERED_ENTITY], [Sector.HEALTH, Sector.INSURANCE]),
    "Healthcare Clearing House": ([Attribute.HIPAA_COVERED_ENTITY], [Sector.HEALTH]),
    "Business Associate": ([Attribute.HIPAA_BUSINESS_ASSOCIATE], None),
}
_HHS_CAUSES: Mapping[str, Cause] = {
    "Hacking/IT Incident": Cause.MALICIOUS_EXTERNAL,
    "Improper Disposal": Cause.ACCIDENTAL,
    "Loss": Cause.ACCIDENTAL,
}
_PAPER = "Paper/Films"
_DEVICES = frozenset({"Desktop Computer", "Laptop", "Other Portable Electronic Device", "Network Server"})

_WASHINGTON_COLUMNS = (
    "DateAware",
    "DataBreachCause",
    "DateStart",
    "DateEnd",
    "Name",
    "Id",
    "CyberattackType",
    "WashingtoniansAffected",
    "IndustryType",
    "BusinessType",
    "EntityState",
)
_WASHINGTON_KINDS: Mapping[str, Kind] = {
    "Ransomware": Kind.RANSOMWARE,
    "Phishing": Kind.SOCIAL_ENGINEERING,
    "Malware": Kind.OTHER,
    "Skimmers": Kind.OTHER,  # on a card reader or on a web page: the list does not say which
    "Other": Kind.OTHER,
}
_WASHINGTON_SECTORS: Mapping[str, Sector] = {
    "Finance": Sector.FINANCE,
    "Health": Sector.HEALTH,
    "Education": Sector.EDUCATION,
    "Government": Sector.GOVERNMENT,
    "Non-Profit/Charity": Sector.OTHER,
    "Retail": Sector.RETAIL,
    "Clothing": Sector.RETAIL,
    "Software": Sector.TECHNOLOGY,
    "Manufacturing": Sector.MANUFACTURING,
    "Legal": Sector.LEGAL,
    "Telecommunications": Sector.TELECOM,
}


def reports_from_hhs(lines: Iterable[str], source: str) -> Iterator[ImportedReport]:
    """Reports from the HHS Office for Civil Rights' list of breaches of unsecured protected health information (CSV).

    "Unsecured" is what the list is of (45 CFR 164.402), so the data stand as not encrypted and as disclosed.
    Raises `BadInputError`, which names the line and what is wrong.
    """
    for place, row in _rows(lines, source, _HHS_COLUMNS):
        yield _from_hhs(row, place)


def reports_from_washington(lines: Iterable[str], source: str) -> Iterator[ImportedReport]:
    """Reports from the Washington Attorney General's list of data breach notifications (CSV).

    Raises `BadInputError`, which names the line and what is wrong.
    """
    for place, row in _rows(lines, source, _WASHINGTON_COLUMNS):
        yield _from_washington(row, place)


def _rows(lines: Iterable[str], source: str, columns: Sequence[str]) -> Iterator[tuple[str, Row]]:
    """Each row with its place; values without surrounding blanks, and `\\N`, a database's null, as nothing."""
    reader = csv.DictReader(lines, strict=True)
    try:
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise BadInputError(f"{source}:1: the column {missing[0]!r} is missing; is this the right list?")
        for cells in reader:
            place = f"{source}:{reader.line_num}"
            if None in cells or None in cells.values():
                raise BadInputError(f"{place}: the row has more or fewer cells than the header; mend that line")
            yield place, {name: "" if value.strip() == "\\N" else value.strip() for name, value in cells.items()}
    except csv.Error as error:
        raise BadInputError(f"{source}:{reader.reader.line_num}: not valid CSV: {error}; mend that line") from error
    except UnicodeDecodeError as error:
        raise BadInputError(f"{source}: not UTF-8 text (byte {error.start}); save it as UTF-8 CSV") from error


def _from_hhs(row: Row, place: str) -> ImportedReport:
    types = _split(row["type_of_breach"])
    attributes, sectors = _HHS_ENTITIES.get(row["covered_entity_type"], (None, None))
    kind = _hhs_kind(row, types)
    report = Report(
        title=f"{row['type_of_breach'] or 'Breach'} at {_name(row['name_of_covered_entity'], place)}",
        kind=kind,
        cause=_HHS_CAUSES.get(types[0]) if len(types) == 1 else None,
        effects=[Effect.CONFIDENTIALITY],
        organisation=Organisation(
            name=_name(row["name_of_covered_entity"], place),
            country="US",
            subdivision=us_state_or_none(row["state"]),
            sectors=sectors,
            attributes=attributes,
        ),
        data=[ExposedData(category=Category.HEALTH, encrypted=False)],
        people=_people("US", row["individuals_affected"], place),
    )
    return ImportedReport(report, None, tuple(_hhs_warnings(row, kind, place)))


def _hhs_kind(row: Row, types: Sequence[str]) -> Kind | None:
    """The kind that type and location settle; an unauthorised access may be an insider, a letter or an open folder."""
    places = set(_split(row["location_of_breached_information"]))
    if "Hacking/IT Incident" in types:
        return Kind.RANSOMWARE if "ransomware" in row["web_description"].lower() else Kind.OTHER
    if "Improper Disposal" in types:
        return Kind.IMPROPER_DISPOSAL
    if not {"Theft", "Loss"} & set(types):
        return None
    if places == {_PAPER}:
        return Kind.LOST_OR_STOLEN_PAPER
    return Kind.LOST_OR_STOLEN_DEVICE if places & _DEVICES else None


def _hhs_warnings(row: Row, kind: Kind | None, place: str) -> Iterator[str]:
    submitted = _day(row["breach_submission_date"], "breach_submission_date", place)
    if submitted:
        yield f"times: the list gives only the day the breach was submitted, {submitted}; add when it was discovered"
    if kind is Kind.RANSOMWARE:
        yield "kind: ransomware, since the portal's description speaks of it"
    if kind is None:
        yield f"kind: {row['type_of_breach'] or 'nothing'!r} does not say what kind of incident it was"
    yield "data: protected health information is read as health; add the other categories that were affected"
    if row["individuals_affected"]:
        yield "people: in which states they live is not said"


def _from_washington(row: Row, place: str) -> ImportedReport:
    name = _name(row["Name"], place)
    attack = row["CyberattackType"]
    what = attack if attack in ("Ransomware", "Phishing", "Malware", "Skimmers") else row["DataBreachCause"] or "Breach"
    sector = _WASHINGTON_SECTORS.get(row["BusinessType"]) or _WASHINGTON_SECTORS.get(row["IndustryType"])
    state = us_state_or_none(row["EntityState"])
    report = Report(
        title=f"{what} at {name}",
        kind=_WASHINGTON_KINDS.get(attack),
        cause=Cause.MALICIOUS_EXTERNAL if row["DataBreachCause"] == "Cyberattack" else None,
        effects=[Effect.CONFIDENTIALITY],  # "unauthorized acquisition of data", RCW 19.255.005
        times=Times(
            occurred_from=_instant(row, "DateStart", place),
            occurred_to=_instant(row, "DateEnd", place),
            aware_at=_instant(row, "DateAware", place),
        ),
        organisation=Organisation(
            name=name, country="US" if state else None, subdivision=state, sectors=[sector] if sector else None
        ),
        people=_people("US-WA", row["WashingtoniansAffected"], place),
    )
    return ImportedReport(report, row["Id"] or None, tuple(_washington_warnings(row)))


def _washington_warnings(row: Row) -> Iterator[str]:
    for column, field in (
        ("DateStart", "times.occurred_from"),
        ("DateEnd", "times.occurred_to"),
        ("DateAware", "times.aware_at"),
    ):
        if row[column]:
            yield MIDNIGHT_WARNING.format(field=field)
    yield "people: only residents of Washington are counted; add those of other places"
    yield "data: the list does not say which categories of data were affected"


def _split(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(",") if part.strip()]


def _name(cell: str, place: str) -> str:
    if not cell:
        raise BadInputError(f"{place}: the organisation has no name; add it")
    return cell[:LONGEST_NAME]


def _people(jurisdiction: str, cell: str, place: str) -> list[PeopleGroup] | None:
    if not cell:
        return None
    if not (cell.isascii() and cell.isdigit()):
        raise BadInputError(f"{place}: {cell!r} is not a number of people; write it in digits")
    return [PeopleGroup(jurisdiction=jurisdiction, count=int(cell))]


def _day(cell: str, column: str, place: str) -> date | None:
    try:
        return date.fromisoformat(cell) if cell else None
    except ValueError as error:
        raise BadInputError(f"{place}: {column} {cell!r} is not a day; write it as 2026-03-01") from error


def _instant(row: Row, column: str, place: str) -> datetime | None:
    day = _day(row[column], column, place)
    return start_of(day) if day else None
