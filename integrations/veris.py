"""Incidents in the Vocabulary for Event Recording and Incident Sharing (VERIS 1.3 and 1.4) as reports.

What a record does not say stays unknown. Where a VERIS word is wider than ours, the narrower reading is taken and a
warning says what to check. Source of the words: https://github.com/vz-risk/veris, `verisc-labels.json`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeInt, ValidationError

from integrations.imported import MIDNIGHT_WARNING, ImportedReport, country_or_none, start_of, us_state_or_none
from integrations.json_records import JsonRecord, json_records
from integrations.naics import sectors_of
from models.document import explained
from models.errors import BadInputError
from models.report import ExposedData, Organisation, PeopleGroup, Report, Times
from models.vocabulary import (
    Category,
    Cause,
    Circumstance,
    Classification,
    Effect,
    Kind,
    Relationship,
    Sector,
)

LONGEST_TITLE = 160
LONGEST_NAME = 300
NOT_SAID = frozenset({"", "Unknown", "Other", "NA"})
MALICIOUS_ACTIONS = frozenset({"hacking", "malware", "social", "misuse", "physical"})
STOLEN_CREDENTIALS = frozenset({"Use of stolen creds", "Brute force", "Offline cracking", "Pass-the-hash"})

# Long enough not to end at "Dr." or "U.S."
_FIRST_SENTENCE = re.compile(r".{12,}?[a-z0-9)][.!?](?=\s|$)")

_CATEGORIES: Mapping[str, tuple[ExposedData, ...]] = {
    "Bank": (ExposedData(category=Category.FINANCIAL_ACCOUNT),),
    "Classified": (ExposedData(category=Category.OTHER, classification=Classification.CONFIDENTIAL),),
    "Copyrighted": (ExposedData(category=Category.OTHER),),
    "Credentials": (ExposedData(category=Category.CREDENTIALS),),
    "Digital certificate": (ExposedData(category=Category.OTHER),),
    "Internal": (ExposedData(category=Category.OTHER, classification=Classification.INTERNAL),),
    "Medical": (ExposedData(category=Category.HEALTH),),
    "Multi-factor credential": (ExposedData(category=Category.CREDENTIALS),),
    "Other": (ExposedData(category=Category.OTHER),),
    "Payment": (ExposedData(category=Category.PAYMENT_CARD),),
    "Personal": (ExposedData(category=Category.NAME), ExposedData(category=Category.CONTACT)),
    "Secrets": (ExposedData(category=Category.TRADE_SECRET),),
    "Sensitive Personal": (ExposedData(category=Category.NAME), ExposedData(category=Category.NATIONAL_ID)),
    "Source code": (ExposedData(category=Category.TRADE_SECRET),),
    "System": (ExposedData(category=Category.OTHER, classification=Classification.INTERNAL),),
    "Virtual currency": (ExposedData(category=Category.OTHER),),
}
_WIDER_THAN_OURS: Mapping[str, str] = {
    "Personal": "name and contact; add identity numbers, dates of birth and the like if they were among the data",
    "Sensitive Personal": "name and national_id; say which sensitive data exactly, such as social_security_number",
    "Payment": "payment_card; use payment_card_with_code if a security code or PIN was among the data",
    "Bank": "financial_account; use financial_account_with_code if a code that opens it was among the data",
}
_RELATIONSHIPS: Mapping[str, Relationship] = {
    "Customer": Relationship.CUSTOMER,
    "Employee": Relationship.EMPLOYEE,
    "Patient": Relationship.PATIENT,
    "Student": Relationship.STUDENT,
}


def _listed(value: object) -> object:
    """Older records give one word where newer ones give a list."""
    return [value] if isinstance(value, str) else [] if value is None else value


def _empty(value: object) -> object:
    return {} if value is None else value


Words = Annotated[list[str], BeforeValidator(_listed)]


class _Part(BaseModel):
    """A part of a record; what we have no use for is passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Act(_Part):
    variety: Words = []
    vector: Words = []


class _Asset(_Part):
    variety: str = "Unknown"


class _Assets(_Part):
    assets: list[_Asset] = []


class _Datum(_Part):
    variety: str = "Unknown"
    amount: NonNegativeInt | None = None


class _Confidentiality(_Part):
    data: list[_Datum] = []
    data_disclosure: str = "Unknown"
    data_total: NonNegativeInt | None = None
    data_victim: Words = []
    state: Words = []


class _Attributes(_Part):
    confidentiality: _Confidentiality | None = None
    integrity: _Act | None = None
    availability: _Act | None = None


class _Victim(_Part):
    victim_id: str | None = None
    country: Words = []
    state: str | None = None
    industry: Annotated[str | None, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)] = (
        None
    )


class _Day(_Part):
    year: int | None = None
    month: int | None = None
    day: int | None = None


class _Timeline(_Part):
    incident: _Day = _Day()


class VerisRecord(_Part):
    """The parts of a VERIS record that say something about a report."""

    schema_version: Annotated[str, Field(pattern=r"^1[._][34]([._]\w+)*$")]
    incident_id: str | None = None
    summary: str | None = None
    security_incident: str = "Confirmed"
    action: Annotated[dict[str, _Act], BeforeValidator(_empty)] = {}
    actor: Annotated[dict[str, object], BeforeValidator(_empty)] = {}
    asset: Annotated[_Assets, BeforeValidator(_empty)] = _Assets()
    attribute: Annotated[_Attributes, BeforeValidator(_empty)] = _Attributes()
    victim: Annotated[_Victim, BeforeValidator(_empty)] = _Victim()
    timeline: Annotated[_Timeline, BeforeValidator(_empty)] = _Timeline()

    def did(self, action: str, *varieties: str) -> bool:
        """Whether the action happened, in one of the varieties if any are named."""
        act = self.action.get(action)
        return act is not None and (not varieties or not set(varieties).isdisjoint(act.variety))

    @property
    def disclosure(self) -> str:
        """Yes, Potentially, No or Unknown; "" where the record does not speak of confidentiality."""
        return self.attribute.confidentiality.data_disclosure if self.attribute.confidentiality else ""

    @property
    def data_varieties(self) -> list[str]:
        """Every kind of data that the record names, each once."""
        confidentiality = self.attribute.confidentiality
        return list(dict.fromkeys(datum.variety for datum in confidentiality.data)) if confidentiality else []

    @property
    def assets(self) -> set[str]:
        """Every kind of asset that the record names."""
        return {asset.variety for asset in self.asset.assets} - NOT_SAID

    @property
    def countries(self) -> list[str]:
        """The victim's countries that have an ISO 3166-1 code."""
        return [code for code in self.victim.country if country_or_none(code)]

    @property
    def day(self) -> date | None:
        """The day of the incident, where the record names day, month and year; raises `ValueError` for 31 February."""
        at = self.timeline.incident
        return date(at.year, at.month, at.day) if at.year and at.month and at.day else None


def reports_from_veris(lines: Iterable[str], source: str) -> Iterator[ImportedReport]:
    """Reports from VERIS JSON: one object, an array, or one object a line, read one at a time.

    Raises `BadInputError`, which names the place and what is wrong, at the first record that cannot be read.
    """
    for item in json_records(lines, source):
        yield _imported(_veris_record(item), item.place)


def _veris_record(item: JsonRecord) -> VerisRecord:
    try:
        return VerisRecord.model_validate(item.data)
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("schema_version",):
            raise BadInputError(
                f"{item.place}: schema_version must be VERIS 1.3 or 1.4, not {item.data.get('schema_version')!r}"
            ) from error
        raise BadInputError(f"{item.place}: {explained(first, VerisRecord)}") from error


def _imported(record: VerisRecord, place: str) -> ImportedReport:
    try:
        occurred = start_of(record.day) if record.day else None
    except ValueError as error:
        raise BadInputError(f"{place}: timeline.incident is not a day ({error}); correct it") from error
    return ImportedReport(_report(record, occurred), record.incident_id, tuple(_warnings(record, occurred)))


def _report(record: VerisRecord, occurred: datetime | None) -> Report:
    confidentiality = record.attribute.confidentiality
    return Report(
        title=_title(record),
        kind=_kind(record),
        cause=_cause(record),
        effects=_effects(record),
        times=Times(occurred_from=occurred),
        organisation=_organisation(record),
        data=_data(record),
        records=_records(confidentiality) if confidentiality else None,
        people=_people(record),
        circumstances=_circumstances(record),
    )


def _title(record: VerisRecord) -> str:
    summary = " ".join((record.summary or "").split())
    if summary:
        sentence = _FIRST_SENTENCE.match(summary)
        return _cut(sentence[0] if sentence else summary, LONGEST_TITLE)
    kind = _kind(record)
    what = kind.replace("_", " ").capitalize() if kind and kind is not Kind.OTHER else "Incident"
    year = record.timeline.incident.year
    return f"{what}, {year}" if year else f"{what}, year unknown"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + "…"


def _on_paper_only(record: VerisRecord) -> bool:
    return record.assets == {"M - Documents"}


def _taken_or_lost(record: VerisRecord) -> bool:
    return not record.did("misuse") and (record.did("physical", "Theft") or record.did("error", "Loss"))


def _skimmed_on_the_web(record: VerisRecord) -> bool:
    return (
        record.did("malware", "Capture app data")
        and "S - Web application" in record.assets
        and "Payment" in record.data_varieties
    )


def _device(record: VerisRecord) -> bool:
    return any(asset.startswith(("U - ", "S - ", "M - ", "T - ")) for asset in record.assets - {"M - Payment card"})


def _intrusion(record: VerisRecord) -> bool:
    return record.did("hacking") or record.did("malware")


def _only_stopped(record: VerisRecord) -> bool:
    """Whether nothing but availability suffered, by a flood of requests or by destruction."""
    return _effects(record) == [Effect.AVAILABILITY] and (
        record.did("hacking", "DoS")
        or record.did("malware", "DoS", "Destroy data")
        or record.did("physical", "Destruction")
        or record.did("error", "Capacity shortage", "Malfunction", "Maintenance error", "Physical accidents")
    )


# The first that fits is the kind: what was meant comes before what went wrong by itself.
_KINDS: tuple[tuple[Callable[[VerisRecord], bool], Kind], ...] = (
    (lambda record: record.did("malware", "Ransomware"), Kind.RANSOMWARE),
    (_skimmed_on_the_web, Kind.WEB_SKIMMING),
    (lambda record: _taken_or_lost(record) and _on_paper_only(record), Kind.LOST_OR_STOLEN_PAPER),
    (lambda record: _taken_or_lost(record) and _device(record), Kind.LOST_OR_STOLEN_DEVICE),
    (lambda record: record.did("social"), Kind.SOCIAL_ENGINEERING),
    (lambda record: record.did("hacking", *STOLEN_CREDENTIALS), Kind.CREDENTIAL_ATTACK),
    (lambda record: record.did("misuse") and "internal" in record.actor, Kind.INSIDER_MISUSE),
    (lambda record: _intrusion(record) and record.disclosure == "Yes", Kind.EXFILTRATION),
    (_only_stopped, Kind.DESTRUCTION_OR_OUTAGE),
    (lambda record: not _intrusion(record) and record.did("misuse"), Kind.INSIDER_MISUSE),
    (lambda record: not _intrusion(record) and record.did("error", "Misdelivery"), Kind.MISDIRECTED_MESSAGE),
    (lambda record: not _intrusion(record) and record.did("error", "Publishing error"), Kind.UNAUTHORISED_PUBLICATION),
    (lambda record: not _intrusion(record) and record.did("error", "Disposal error"), Kind.IMPROPER_DISPOSAL),
    (lambda record: not _intrusion(record) and record.did("error", "Misconfiguration"), Kind.MISCONFIGURATION),
    (lambda record: record.did("environmental"), Kind.DESTRUCTION_OR_OUTAGE),
    (lambda record: "partner" in record.actor, Kind.THIRD_PARTY),
)


def _kind(record: VerisRecord) -> Kind | None:
    for fits, kind in _KINDS:
        if fits(record):
            return kind
    return Kind.OTHER if record.action.keys() - {"unknown"} else None


def _cause(record: VerisRecord) -> Cause | None:
    if record.action.keys() & MALICIOUS_ACTIONS:
        if "internal" in record.actor and (record.did("misuse") or "external" not in record.actor):
            return Cause.MALICIOUS_INTERNAL
        return Cause.MALICIOUS_EXTERNAL if record.actor.keys() & {"external", "partner"} else None
    return Cause.ACCIDENTAL if record.action.keys() & {"error", "environmental"} else None


def _effects(record: VerisRecord) -> list[Effect] | None:
    attribute = record.attribute
    if attribute == _Attributes():
        return None
    found = [
        (Effect.CONFIDENTIALITY, attribute.confidentiality is not None and record.disclosure != "No"),
        (Effect.INTEGRITY, attribute.integrity is not None),
        (Effect.AVAILABILITY, attribute.availability is not None),
    ]
    return [effect for effect, present in found if present]


def _organisation(record: VerisRecord) -> Organisation:
    victim, countries = record.victim, record.countries
    country = countries[0] if len(countries) == 1 else None
    name = " ".join((victim.victim_id or "").split())
    return Organisation(
        name=None if name in NOT_SAID else _cut(name, LONGEST_NAME),
        country=country,
        subdivision=us_state_or_none(victim.state) if country == "US" and victim.state else None,
        establishments=list(dict.fromkeys(countries)) if len(countries) > 1 else None,
        sectors=_sectors(victim),
    )


def _sectors(victim: _Victim) -> list[Sector] | None:
    return sectors_of(victim.industry) if victim.industry else None


def _data(record: VerisRecord) -> list[ExposedData] | None:
    encrypted = _encrypted(record)
    found: dict[Category, ExposedData] = {}
    for variety in record.data_varieties:
        for item in _CATEGORIES.get(variety, ()):
            found.setdefault(item.category, item.model_copy(update={"encrypted": encrypted}))
    return list(found.values()) or None


def _encrypted(record: VerisRecord) -> bool | None:
    """Whether all of the data were encrypted; None where the record does not say, or says both."""
    states = set(record.attribute.confidentiality.state if record.attribute.confidentiality else ())
    if states and states <= {"Stored encrypted", "Transmitted encrypted"}:
        return True
    if states and states <= {"Stored unencrypted", "Transmitted unencrypted", "Printed"}:
        return False
    return False if _on_paper_only(record) else None


def _records(confidentiality: _Confidentiality) -> int | None:
    if confidentiality.data_total is not None:
        return confidentiality.data_total
    return confidentiality.data[0].amount if len(confidentiality.data) == 1 else None


def _people(record: VerisRecord) -> list[PeopleGroup] | None:
    """The people, where every record is plainly about one of them: one kind of data, one kind of person, equal counts."""
    confidentiality = record.attribute.confidentiality
    if confidentiality is None or len(confidentiality.data) != 1 or len(record.countries) != 1:
        return None
    [datum], victims = confidentiality.data, confidentiality.data_victim
    if datum.amount is None or datum.amount != confidentiality.data_total or len(victims) != 1:
        return None
    relationship = _RELATIONSHIPS.get(victims[0])
    if relationship is None:
        return None
    return [PeopleGroup(jurisdiction=record.countries[0], count=datum.amount, relationship=relationship)]


def _circumstances(record: VerisRecord) -> list[Circumstance]:
    availability = record.attribute.availability
    stopped = availability is not None and not {"Interruption", "Degradation"}.isdisjoint(availability.variety)
    found = [
        (Circumstance.EXFILTRATION_CONFIRMED, _intrusion(record) and record.disclosure == "Yes"),
        (Circumstance.SERVICE_DISRUPTED, stopped),
    ]
    return [circumstance for circumstance, present in found if present]


def _warnings(record: VerisRecord, occurred: datetime | None) -> Iterator[str]:
    if record.security_incident != "Confirmed":
        yield f"the record is marked {record.security_incident!r}; confirm that an incident happened"
    if (record.summary or "").strip():
        yield "title: it is the beginning of the record's summary; make sure that it names no person"
    if occurred:
        yield MIDNIGHT_WARNING.format(field="times.occurred_from")
    elif record.timeline.incident.year:
        yield f"times.occurred_from: only the year {record.timeline.incident.year} or the month is given; add the time"
    yield from _place_warnings(record)
    if record.disclosure in ("Potentially", "Unknown"):
        yield f"effects: disclosure is {record.disclosure.lower()!r} in the record and read as affecting confidentiality"
    yield from _data_warnings(record)
    if _people(record):
        yield f"people: where they live is not said; {record.countries[0]}, the organisation's country, is put for it"


def _place_warnings(record: VerisRecord) -> Iterator[str]:
    for code in record.victim.country:
        if code not in NOT_SAID and country_or_none(code) is None:
            yield f"organisation.country: {code!r} is not an ISO 3166-1 code; left unknown"
    if len(record.countries) > 1:
        yield f"organisation.country: the record names {', '.join(record.countries)}; say which is the main one"
    state = record.victim.state
    if state and state not in NOT_SAID and record.countries == ["US"] and us_state_or_none(state) is None:
        yield f"organisation.subdivision: {state!r} is not a US state; left unknown"
    if record.victim.industry and record.victim.industry not in NOT_SAID and _sectors(record.victim) is None:
        yield f"organisation.sectors: the industry code {record.victim.industry!r} is too coarse to tell the sector"


def _data_warnings(record: VerisRecord) -> Iterator[str]:
    for variety in record.data_varieties:
        if variety in _WIDER_THAN_OURS:
            yield f"data: {variety!r} is read as {_WIDER_THAN_OURS[variety]}"
        elif variety not in _CATEGORIES:
            yield f"data: the record has data of the kind {variety!r}; say which categories they are"
