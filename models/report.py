"""The facts of an incident: the public input format, versioned as a whole and never guessed at.

`None` means *not known yet*, which is different from "no".
"""

import re
import unicodedata
from datetime import datetime
from functools import cache
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    StringConstraints,
    model_validator,
)

from models.clock import in_a_likely_year, zone
from models.document import Document, nearest, read_document, validated
from models.errors import BadInputError
from models.places import GROUPS, lies_in
from models.vocabulary import (
    Attribute,
    Category,
    Cause,
    Circumstance,
    Classification,
    Effect,
    Grade,
    Identifiability,
    Kind,
    OfficialSite,
    Relationship,
    Role,
    Sector,
    Threat,
)


@cache
def _countries() -> frozenset[str]:
    import pycountry  # slow to import and needed only when a report is read

    return frozenset(country.alpha_2 for country in pycountry.countries)


@cache
def _subdivisions() -> frozenset[str]:
    import pycountry

    return frozenset(subdivision.code for subdivision in pycountry.subdivisions)


def _country(code: str) -> str:
    if code not in _countries():
        raise ValueError(f"{code!r} is not an ISO 3166-1 country code{nearest(code.upper(), sorted(_countries()))}")
    return code


def _subdivision(code: str) -> str:
    if code not in _subdivisions():
        raise ValueError(
            f"{code!r} is not an ISO 3166-2 code such as US-CA{nearest(code.upper(), sorted(_subdivisions()))}"
        )
    return code


def _jurisdiction(code: str) -> str:
    return _subdivision(code) if "-" in code else _country(code)


def known_place(code: str) -> str:
    """`code`, or a `ValueError` where it is neither a jurisdiction nor EU nor EEA; "" is everywhere."""
    return code if not code or code in GROUPS else _jurisdiction(code)


def _zone_name(name: str) -> str:
    try:
        zone(name)
    except BadInputError as error:
        raise ValueError(str(error)) from error
    return name


def _on_one_line(text: str) -> str:
    if any(unicodedata.category(sign) == "Cc" for sign in text):
        raise ValueError(f"{text!r} holds a line break or another control character; write it on one line")
    return text


Country = Annotated[str, AfterValidator(_country)]
Subdivision = Annotated[str, AfterValidator(_subdivision)]
Jurisdiction = Annotated[str, AfterValidator(_jurisdiction)]
Place = Annotated[str, AfterValidator(known_place)]
ZoneName = Annotated[str, AfterValidator(_zone_name)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Percent = Annotated[int, Field(ge=0, le=100)]
ShortText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_on_one_line)
]


class Facts(BaseModel):
    """Base of every part of a report: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _written_out(value: object) -> object:
    if isinstance(value, (int, float)) or (isinstance(value, str) and re.fullmatch(r"[-+]?[0-9.]+", value)):
        raise ValueError(f"{value!r} is not a time; write it out with its offset, such as 2026-03-01T08:00:00+01:00")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(in_a_likely_year)]
Count = Annotated[NonNegativeInt, Field(le=10_000_000_000)]


class Times(Facts):
    """When things happened; each law's clock names the one it starts from. Every time carries an offset."""

    occurred_from: Moment | None = None
    occurred_to: Moment | None = None
    detected_at: Moment | None = None
    aware_at: Moment | None = Field(None, description="Legal awareness or discovery.")
    contained_at: Moment | None = None
    determined_at: Moment | None = Field(None, description="When a duty to notify, or eligibility, was determined.")
    materiality_determined_at: Moment | None = None
    classified_at: Moment | None = Field(None, description="When the incident was classified as major or significant.")
    ransom_paid_at: Moment | None = None


class Organisation(Facts):
    """Whose data it was."""

    name: ShortText | None = None
    country: Country | None = None
    subdivision: Subdivision | None = None
    timezone: ZoneName | None = None
    role: Role | None = None
    establishments: list[Jurisdiction] | None = None
    handled_in: list[Jurisdiction] | None = Field(
        None,
        description="The establishments that handled the affected data; without it those of the seat, and others are asked for.",
    )
    sectors: list[Sector] | None = None
    attributes: list[Attribute] | None = None
    attributes_ruled_out: list[Attribute] | None = Field(
        None, description="What the organisation is known not to be; for a status that a law asks about by name."
    )

    @model_validator(mode="after")
    def _not_both(self) -> Self:
        both = set(self.attributes or ()) & set(self.attributes_ruled_out or ())
        if both:
            raise ValueError(f"{min(both).value!r} stands in attributes and in attributes_ruled_out; keep one")
        return self


class ExposedData(Facts):
    """One category of data that was, or may have been, affected."""

    category: Category
    classification: Classification | None = None
    encrypted: bool | None = None
    key_compromised: bool | None = None


class PeopleGroup(Facts):
    """Affected people of one jurisdiction and relationship."""

    jurisdiction: Jurisdiction
    count: Count | None = None
    relationship: Relationship | None = None
    minors: bool | None = None
    vulnerable: bool | None = None
    languages: list[Language] | None = None


class Loss(Facts):
    """Direct economic loss in one currency."""

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(description="ISO 4217, such as CNY.")
    amount: NonNegativeInt


class WithoutService(Facts):
    """People whose work and life were affected because a service failed, whether or not data about them were."""

    jurisdiction: Jurisdiction
    count: NonNegativeInt | None = None
    percent_of_province: Percent | None = Field(None, description="At most in one province.")
    percent_of_city: Percent | None = Field(None, description="At most in one prefecture-level city.")


class AlteredPages(Facts):
    """Pages that were altered to show illegal content."""

    homepage_minutes: NonNegativeInt | None = None
    other_page_minutes: NonNegativeInt | None = None
    reposts: NonNegativeInt | None = None
    views: NonNegativeInt | None = None


class Impact(Facts):
    """What the incident did beyond the data: the facts that an official grading asks for."""

    whole_system_down_minutes: NonNegativeInt | None = None
    main_function_down_minutes: NonNegativeInt | None = Field(
        None, description="Without it the times of the incident say how long, where service was disrupted."
    )
    direct_losses: list[Loss] | None = None
    without_service: list[WithoutService] | None = None
    official_site: OfficialSite | None = None
    altered_pages: AlteredPages | None = None
    threat: Threat | None = Field(None, description="From core or important data leaked, stolen, altered or faked.")
    official_grade: Grade | None = Field(
        None, description="The grade that an authority found, or that the organisation decided on the whole."
    )


def _times_field(name: str) -> str:
    if name not in Times.model_fields:
        raise ValueError(f"{name!r} is not a field of `times`{nearest(name, Times.model_fields)}")
    return name


TimesField = Annotated[str, AfterValidator(_times_field)]


class Contract(Facts):
    """A duty to tell that comes from a contract and not from a law."""

    party: ShortText
    within_hours: PositiveInt | None = None
    start: TimesField = Field("aware_at", alias="from", description="The field of `times` that the period starts from.")
    contact: ShortText | None = None
    citation: ShortText | None = None


class Report(Facts):
    """One version of everything known about an incident."""

    title: ShortText
    kind: Kind | None = None
    cause: Cause | None = None
    effects: list[Effect] | None = None
    times: Times = Times()
    organisation: Organisation = Organisation()
    data: list[ExposedData] | None = None
    identifiability: Identifiability | None = None
    records: NonNegativeInt | None = None
    people: list[PeopleGroup] | None = None
    circumstances: list[Circumstance] = []
    impact: Impact = Impact()
    contracts: list[Contract] = []

    @property
    def people_total(self) -> int | None:
        """How many people are affected, or None while any count is not known."""
        return self.people_in("")

    def people_in(self, jurisdiction: str) -> int | None:
        """How many affected people live in a country or subdivision (all for ""), or None while a count is not known."""
        if self.people is None:
            return None
        counts = [group.count for group in self.people if lies_in(group.jurisdiction, jurisdiction)]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None


def read_report(source: str, content: bytes | None = None) -> Report:
    """Read a report from YAML or JSON, or raise a one-line `BadInputError` that says how to mend it."""
    return report_of(read_document(source, content))


def report_of(document: Document) -> Report:
    """A parsed document as a report."""
    return validated(Report, document)


def implausible(report: Report) -> list[str]:
    """What in the times can hardly be right: warnings, since a report is taken with them."""
    times = report.times
    pairs: list[tuple[str, datetime | None, str, datetime | None]] = [
        ("occurred_from", times.occurred_from, "occurred_to", times.occurred_to),
        ("occurred_from", times.occurred_from, "detected_at", times.detected_at),
        ("occurred_from", times.occurred_from, "contained_at", times.contained_at),
        ("detected_at", times.detected_at, "aware_at", times.aware_at),
        ("aware_at", times.aware_at, "determined_at", times.determined_at),
    ]
    return [
        f"times.{later} is before times.{earlier}; check both"
        for earlier, first, later, second in pairs
        if first and second and second < first
    ]
