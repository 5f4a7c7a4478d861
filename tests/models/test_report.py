import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from models.errors import BadInputError
from models.report import Report, implausible, read_report
from models.vocabulary import Kind, Relationship

CLINIC = Path(__file__).parent / "clinic.yaml"
DEMO = Path(__file__).parents[2] / "tocsin" / "demo" / "data"


@pytest.fixture
def facts() -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(CLINIC.read_text(), yaml.BaseLoader)
    return {
        "title": found["title"],
        "organisation": {"country": "FR"},
        "people": [{"jurisdiction": "FR", "count": 3800}],
        "data": [{"category": "health"}],
        "times": {"aware_at": "2026-03-02T09:00:00+01:00"},
        "contracts": [{"party": "Harbour Cards", "within_hours": 48}],
    }


def refused(facts: object) -> str:
    with pytest.raises(BadInputError) as caught:
        read_report("facts.json", json.dumps(facts).encode())
    assert "\n" not in str(caught.value)
    return str(caught.value)


def put(facts: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    target: Any = facts
    *inside, last = path.split(".")
    for part in inside:
        target = target[int(part) if part.isdecimal() else part]
    target[last] = value
    return facts


def test_the_example_is_read_with_every_field() -> None:
    report = read_report(str(CLINIC))

    assert report.kind is Kind.LOST_OR_STOLEN_DEVICE
    assert report.times.aware_at == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert report.people is not None
    assert report.people[0].relationship is Relationship.PATIENT
    assert report.records == 4000


def test_a_report_written_out_reads_back_as_the_same_report() -> None:
    report = read_report(str(CLINIC))

    assert read_report("again.json", report.model_dump_json(by_alias=True).encode()) == report


@pytest.mark.parametrize("path", [CLINIC, DEMO / "first_facts.yaml"], ids=lambda path: path.name)
def test_the_published_schema_accepts_what_the_model_accepts(path: Path) -> None:
    body = json.loads(read_report(str(path)).model_dump_json(by_alias=True))

    jsonschema.Draft202012Validator(
        Report.model_json_schema(by_alias=True), format_checker=jsonschema.FormatChecker()
    ).validate(body)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("titel", "x"),
        ("kind", "ransomwear"),
        ("people.0.count", -1),
        ("records", -4000),
        ("records", "many"),
        ("data.0.category", "dna"),
        ("title", None),
        ("contracts.0.within_hours", 0),
        ("times.aware", "2026-03-02T09:00:00Z"),
        ("effects", "confidentiality"),
    ],
)
def test_the_published_schema_and_the_model_refuse_the_same(facts: dict[str, Any], path: str, value: object) -> None:
    schema = jsonschema.Draft202012Validator(Report.model_json_schema(by_alias=True))
    assert schema.is_valid(facts)

    wrong = put(facts, path, value)

    assert not schema.is_valid(wrong)
    refused(wrong)


def test_a_title_is_all_that_a_report_must_have_and_the_rest_is_not_known() -> None:
    report = read_report("facts.yaml", b"title: Strange traffic at night")

    assert report.kind is None
    assert report.people is None
    assert report.people_total is None
    assert report.times.aware_at is None
    assert report.circumstances == []


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("poeple", [], "unknown key 'poeple'; did you mean 'people'?"),
        ("times.aware", None, "unknown key 'times.aware'; did you mean 'aware_at'?"),
        ("people.0.contry", "FR", "unknown key 'people.0.contry'; did you mean 'count'?"),
        ("organisation.sector", "health", "unknown key 'organisation.sector'; did you mean 'sectors'?"),
        ("contracts.0.form", "aware_at", "unknown key 'contracts.0.form'; did you mean 'from'?"),
        ("kind", "ransomwear", "kind: unknown word 'ransomwear'; did you mean 'ransomware'?"),
        ("data.0.category", "healht", "data.0.category: unknown word 'healht'; did you mean 'health'?"),
        ("people.0.count", -3800, "people.0.count: Input should be greater than or equal to 0"),
        ("people.0.count", 3.5, "people.0.count: Input should be a valid integer"),
        ("records", -1, "records: Input should be greater than or equal to 0"),
        ("people.0.jurisdiction", "XX", "people.0.jurisdiction: 'XX' is not an ISO 3166-1 country code"),
        ("people.0.jurisdiction", "UK", "people.0.jurisdiction: 'UK' is not an ISO 3166-1 country code"),
        ("people.0.jurisdiction", "US-ZZ", "people.0.jurisdiction: 'US-ZZ' is not an ISO 3166-2 code"),
        ("people.0.jurisdiction", "fr", "'fr' is not an ISO 3166-1 country code; did you mean 'FR'?"),
        ("organisation.country", "USA", "organisation.country: 'USA' is not an ISO 3166-1 country code"),
        ("organisation.timezone", "Paris", "no time zone is called 'Paris'; use an IANA name such as Europe/Paris"),
        ("organisation.timezone", "../etc", "no time zone is called '../etc'"),
        ("times.aware_at", "2026-03-02T09:00:00", "times.aware_at: the time '2026-03-02T09:00:00' has no offset"),
        ("times.aware_at", "2026-03-02", "times.aware_at: the time '2026-03-02' has no offset"),
        ("times.aware_at", "yesterday", "times.aware_at: 'yesterday' is not a time; write one with its offset"),
        ("times.aware_at", "2026-03-02T25:00:00Z", "times.aware_at: '2026-03-02T25:00:00Z' is not a time"),
        ("times.aware_at", "2026-02-30T09:00:00Z", "times.aware_at: '2026-02-30T09:00:00Z' is not a time"),
        ("times.aware_at", 1772438400, "times.aware_at: 1772438400 is not a time; write it out with its offset"),
        ("times.aware_at", True, "times.aware_at: True is not a time"),
        ("times.aware_at", "1772438400", "times.aware_at: '1772438400' is not a time"),
        ("times.aware_at", "1772438400.5", "times.aware_at: '1772438400.5' is not a time"),
        ("title", "", "title: String should have at least 1 character"),
        ("title", "x" * 301, "title: String should have at most 300 characters"),
        ("contracts.0.from", "tomorrow", "'tomorrow' is not a field of `times`"),
        ("contracts.0.within_hours", 0, "contracts.0.within_hours: Input should be greater than 0"),
        ("people.0.languages", ["French!"], "people.0.languages.0: String should match pattern"),
        ("people", {"FR": 3800}, "people: Input should be a valid list"),
    ],
)
def test_a_wrong_fact_is_refused_with_its_path_and_how_to_mend_it(
    facts: dict[str, Any], path: str, value: object, complaint: str
) -> None:
    assert complaint in refused(put(facts, path, value))


def test_a_report_without_a_title_says_so(facts: dict[str, Any]) -> None:
    del facts["title"]

    assert refused(facts) == "facts.json:1: title is missing; add it"


@pytest.mark.parametrize("whole", [[], "text", 4, None])
def test_a_document_that_is_no_mapping_is_refused(whole: object) -> None:
    assert "facts.json:1: the document: " in refused(whole)


def test_an_error_names_its_line_and_how_many_more_there_are() -> None:
    text = b"title: x\npeople:\n  - jurisdiction: FR\n    count: -3\nrecords: -1\nkind: lost\n"

    with pytest.raises(BadInputError, match=r"^facts\.yaml:\d+: .* \(and 2 more\)$"):
        read_report("facts.yaml", text)


def test_norway_is_a_country() -> None:
    report = read_report("facts.yaml", b"title: x\npeople: [{jurisdiction: NO, count: 7}]")

    assert report.people_in("NO") == 7
    assert report.people_in("EEA") == 7
    assert report.people_in("EU") == 0


def test_people_are_counted_by_place_and_one_unknown_count_leaves_its_place_unknown() -> None:
    report = read_report(
        "facts.yaml",
        b"title: x\npeople: [{jurisdiction: FR, count: 5}, {jurisdiction: US-CA, count: 3}, {jurisdiction: DE}]",
    )

    assert report.people_in("US") == 3
    assert report.people_in("FR") == 5
    assert report.people_in("JP") == 0
    assert report.people_in("EU") is None
    assert report.people_total is None


def test_nothing_known_of_people_is_not_nobody() -> None:
    assert read_report("facts.yaml", b"title: x").people_in("FR") is None
    assert read_report("facts.yaml", b"title: x\npeople: []").people_in("FR") == 0


def test_times_in_an_order_that_can_hardly_be_right_are_warned_of() -> None:
    text = b"title: x\ntimes: {detected_at: 2026-03-02T09:00:00Z, aware_at: 2026-03-01T09:00:00Z}"

    assert implausible(read_report("facts.yaml", text)) == ["times.aware_at is before times.detected_at; check both"]
    assert implausible(read_report(str(CLINIC))) == []


def test_the_same_instant_in_two_zones_is_no_contradiction() -> None:
    text = b"title: x\ntimes: {detected_at: 2026-03-02T09:00:00+01:00, aware_at: 2026-03-02T08:00:00Z}"

    assert implausible(read_report("facts.yaml", text)) == []
