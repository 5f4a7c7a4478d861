import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.imported import ImportedReport
from integrations.veris import reports_from_veris
from models.errors import BadInputError
from models.report import Report, read_report
from models.vocabulary import Category, Cause, Circumstance, Effect, Kind, Relationship, Sector

DATA = Path(__file__).parent / "data"
FILES = sorted(DATA.glob("veris_*.jsonl"))
RECORDS = [
    pytest.param(line, id=f"{path.stem}-{number}")
    for path in FILES
    for number, line in enumerate(path.read_text().splitlines(), 1)
]


def read(*records: object) -> Iterator[ImportedReport]:
    return reports_from_veris([json.dumps(record) for record in records], "records.jsonl")


def report(**parts: object) -> Report:
    [imported] = read({"schema_version": "1.4.0"} | parts)
    return imported.report


def sample(incident_id: str) -> ImportedReport:
    [path] = FILES
    return next(item for item in reports_from_veris(path.open(), path.name) if item.incident_id == incident_id)


@pytest.mark.parametrize("line", RECORDS)
def test_every_real_record_is_a_report_that_reads_back_the_same(line: str) -> None:
    [imported] = reports_from_veris([line], "one.jsonl")

    assert imported.report.title
    assert read_report("report.json", imported.report.model_dump_json(by_alias=True).encode()) == imported.report


def test_all_thirty_real_records_are_read() -> None:
    [path] = FILES

    assert len(list(reports_from_veris(path.open(), path.name))) == 30


def test_a_laptop_stolen_from_a_car_is_a_stolen_device() -> None:
    stolen = sample("0008DADB-E83D-4278-A19A-CEE01610CF43").report

    assert stolen.kind is Kind.LOST_OR_STOLEN_DEVICE
    assert stolen.cause is Cause.MALICIOUS_EXTERNAL
    assert stolen.effects == [Effect.CONFIDENTIALITY, Effect.AVAILABILITY]
    assert (stolen.organisation.country, stolen.organisation.subdivision) == ("US", "US-OR")
    assert stolen.organisation.sectors == [Sector.HEALTH]
    assert stolen.data is not None
    assert {item.encrypted for item in stolen.data} == {False}
    assert stolen.times.occurred_from is None


def test_papers_thrown_away_are_an_improper_disposal_that_nobody_meant() -> None:
    disposal = sample("1A9DD279-9F16-44CE-B932-8A40F18FE811")

    assert disposal.report.kind is Kind.IMPROPER_DISPOSAL
    assert disposal.report.cause is Cause.ACCIDENTAL
    assert disposal.report.records == 2300
    assert disposal.report.people is not None
    [patients] = disposal.report.people
    assert (patients.jurisdiction, patients.count, patients.relationship) == ("US", 2300, Relationship.PATIENT)
    assert any(warning.startswith("people:") for warning in disposal.warnings)


def test_a_bank_employee_who_disclosed_nothing_affects_integrity_only() -> None:
    misuse = sample("7cfa2db0-7c5e-11e7-8ec0-e369e9638092").report

    assert misuse.kind is Kind.INSIDER_MISUSE
    assert misuse.cause is Cause.MALICIOUS_INTERNAL
    assert misuse.effects == [Effect.INTEGRITY]
    assert misuse.data is None
    assert misuse.organisation.sectors == [Sector.BANKING, Sector.FINANCE]


def test_a_skimmer_in_a_petrol_pump_is_not_web_skimming() -> None:
    assert sample("2b7a8950-72d9-11e7-ace1-3bcdf5dc8d5d").report.kind is Kind.OTHER


def test_a_whole_day_stands_at_midnight_in_utc_and_says_so() -> None:
    airport = sample("5BE6E921-7C6E-4079-A754-A91D21DE7F69")

    assert airport.report.times.occurred_from == datetime(2013, 5, 30, tzinfo=UTC)
    assert any("00:00 UTC" in warning for warning in airport.warnings)
    assert airport.report.data is not None
    assert [(item.category, item.encrypted) for item in airport.report.data] == [(Category.CREDENTIALS, True)]
    assert Circumstance.EXFILTRATION_CONFIRMED in airport.report.circumstances


@pytest.mark.parametrize(
    ("action", "parts", "kind"),
    [
        ({"malware": {"variety": ["Ransomware"]}, "social": {"variety": ["Phishing"]}}, {}, Kind.RANSOMWARE),
        (
            {"social": {"variety": ["Phishing"]}, "hacking": {"variety": ["Use of stolen creds"]}},
            {},
            Kind.SOCIAL_ENGINEERING,
        ),
        ({"hacking": {"variety": ["Use of stolen creds"]}}, {}, Kind.CREDENTIAL_ATTACK),
        ({"hacking": {"variety": ["DoS"]}}, {"attribute": {"availability": {}}}, Kind.DESTRUCTION_OR_OUTAGE),
        (
            {"hacking": {"variety": "SQLi"}},
            {"attribute": {"confidentiality": {"data_disclosure": "Yes"}}},
            Kind.EXFILTRATION,
        ),
        ({"hacking": {"variety": ["SQLi"]}}, {"attribute": {"integrity": {"variety": ["Defacement"]}}}, Kind.OTHER),
        ({"error": {"variety": ["Misdelivery"]}}, {}, Kind.MISDIRECTED_MESSAGE),
        ({"error": {"variety": ["Misconfiguration"]}}, {}, Kind.MISCONFIGURATION),
        (
            {"error": {"variety": ["Loss"]}},
            {"asset": {"assets": [{"variety": "M - Flash drive"}]}},
            Kind.LOST_OR_STOLEN_DEVICE,
        ),
        (
            {"error": {"variety": ["Loss"]}},
            {"asset": {"assets": [{"variety": "M - Documents"}]}},
            Kind.LOST_OR_STOLEN_PAPER,
        ),
        (
            {"misuse": {"variety": ["Possession abuse"]}, "physical": {"variety": ["Theft"]}},
            {"actor": {"internal": {}}, "asset": {"assets": [{"variety": "M - Documents"}]}},
            Kind.INSIDER_MISUSE,
        ),
        ({"environmental": {"variety": ["Fire"]}}, {}, Kind.DESTRUCTION_OR_OUTAGE),
        ({"error": {"variety": ["Other"]}}, {"actor": {"partner": {}}}, Kind.THIRD_PARTY),
        (
            {"malware": {"variety": ["Capture app data"]}},
            {
                "asset": {"assets": [{"variety": "S - Web application"}]},
                "attribute": {"confidentiality": {"data": [{"variety": "Payment"}], "data_disclosure": "Yes"}},
            },
            Kind.WEB_SKIMMING,
        ),
        ({"unknown": {}}, {}, None),
        ({}, {}, None),
    ],
)
def test_what_was_done_decides_the_kind(action: object, parts: dict[str, object], kind: Kind | None) -> None:
    assert report(action=action, **parts).kind is kind


@pytest.mark.parametrize(
    ("action", "actor", "cause"),
    [
        (["hacking"], ["external"], Cause.MALICIOUS_EXTERNAL),
        (["hacking", "error"], ["external", "internal"], Cause.MALICIOUS_EXTERNAL),
        (["misuse"], ["internal", "external"], Cause.MALICIOUS_INTERNAL),
        (["physical"], ["partner"], Cause.MALICIOUS_EXTERNAL),
        (["error"], ["internal"], Cause.ACCIDENTAL),
        (["error"], [], Cause.ACCIDENTAL),
        (["hacking"], ["unknown"], None),
        (["unknown"], ["external"], None),
    ],
)
def test_who_did_what_decides_the_cause(action: list[str], actor: list[str], cause: Cause | None) -> None:
    assert report(action={name: {} for name in action}, actor={name: {} for name in actor}).cause is cause


def test_what_a_record_does_not_say_stays_unknown() -> None:
    assert report(summary="Something happened") == Report(title="Something happened")


@pytest.mark.parametrize(
    ("state", "encrypted"),
    [
        (["Stored encrypted"], True),
        (["Stored unencrypted", "Printed"], False),
        (["Stored encrypted", "Stored unencrypted"], None),
        (["Stored"], None),
        ("Stored unencrypted", False),
    ],
)
def test_encryption_is_known_only_where_all_of_the_data_agree(state: object, encrypted: bool | None) -> None:
    found = report(attribute={"confidentiality": {"data": [{"variety": "Medical"}], "state": state}}).data

    assert found is not None
    assert [item.encrypted for item in found] == [encrypted]


def test_paper_is_never_encrypted() -> None:
    found = report(
        asset={"assets": [{"variety": "M - Documents"}]},
        attribute={"confidentiality": {"data": [{"variety": "Medical"}]}},
    ).data

    assert found is not None
    assert [item.encrypted for item in found] == [False]


@pytest.mark.parametrize(
    "confidentiality",
    [
        {"data": [{"variety": "Personal", "amount": 10}], "data_total": 12, "data_victim": ["Customer"]},
        {"data": [{"variety": "Personal", "amount": 12}], "data_total": 12, "data_victim": ["Customer", "Employee"]},
        {"data": [{"variety": "Personal", "amount": 12}], "data_total": 12, "data_victim": ["Other"]},
        {"data": [{"variety": "Personal"}], "data_total": 12, "data_victim": ["Customer"]},
    ],
)
def test_records_are_not_people_unless_the_record_says_so(confidentiality: object) -> None:
    found = report(victim={"country": ["FR"]}, attribute={"confidentiality": confidentiality})

    assert found.records == 12
    assert found.people is None


def test_a_victim_in_many_countries_has_establishments_and_no_guessed_country() -> None:
    [imported] = read({"schema_version": "1.3.6", "victim": {"country": ["FR", "DE", "Unknown", "XX"]}})

    assert imported.report.organisation.country is None
    assert imported.report.organisation.establishments == ["FR", "DE"]
    assert any("'XX' is not an ISO 3166-1 code" in warning for warning in imported.warnings)


def test_a_near_miss_is_marked_as_such() -> None:
    [imported] = read({"schema_version": "1.3.2", "security_incident": "Near miss"})

    assert imported.warnings == ("the record is marked 'Near miss'; confirm that an incident happened",)


def test_a_long_summary_gives_its_first_sentence_and_none_the_kind_and_year() -> None:
    assert report(summary="Dr. No took files.\nThen he left.").title == "Dr. No took files."
    assert len(report(summary="word " * 200).title) <= 160
    assert (
        report(action={"malware": {"variety": ["Ransomware"]}}, timeline={"incident": {"year": 2024}}).title
        == "Ransomware, 2024"
    )
    assert report().title == "Incident, year unknown"


@pytest.mark.parametrize("version", ["1.3", "1.3.2", "1_3_2", "1.3.7", "1.4.0", "1.4.1"])
def test_versions_1_3_and_1_4_are_read(version: str) -> None:
    assert len(list(read({"schema_version": version}))) == 1


@pytest.mark.parametrize(
    "record", [{"schema_version": "1.2.1"}, {"schema_version": "2.0"}, {"schema_version": 1.3}, {}, {"a": 1}]
)
def test_anything_else_is_bad_input(record: object) -> None:
    with pytest.raises(BadInputError, match=r"records.jsonl:2: schema_version must be VERIS 1\.3 or 1\.4"):
        list(read({"schema_version": "1.4"}, record))


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"attribute": {"confidentiality": {"data_total": -1}}}, "attribute.confidentiality.data_total"),
        ({"attribute": {"confidentiality": {"data": [{"amount": 1.5}]}}}, "attribute.confidentiality.data.0.amount"),
        ({"timeline": {"incident": {"year": 2013, "month": 2, "day": 31}}}, "timeline.incident"),
        ({"victim": "HSBC"}, "victim"),
        ({"action": ["hacking"]}, "action"),
    ],
)
def test_a_record_that_contradicts_itself_names_the_line_and_the_part(parts: dict[str, object], what: str) -> None:
    with pytest.raises(BadInputError, match=rf"^records\.jsonl:1: {what}") as refused:
        list(read({"schema_version": "1.4"} | parts))
    assert "\n" not in str(refused.value)
