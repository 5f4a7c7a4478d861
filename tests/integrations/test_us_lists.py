import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.imported import ImportedReport
from integrations.us_lists import reports_from_hhs, reports_from_washington
from models.errors import BadInputError
from models.report import read_report
from models.vocabulary import Attribute, Category, Cause, Kind, Sector

DATA = Path(__file__).parent / "data"
Reader = Callable[[Iterable[str], str], Iterator[ImportedReport]]
READERS: dict[str, Reader] = {"hhs": reports_from_hhs, "washington": reports_from_washington}
HHS_HEADER, *HHS_LINES = (DATA / "hhs_ocr_100.csv").read_text().splitlines(keepends=True)
HHS_ROW = "Clinic,MD,Healthcare Provider,860,2016-09-08,Theft,Laptop,No,\\N,archive\n"


def imported(path: Path) -> list[ImportedReport]:
    reader = next(reader for name, reader in READERS.items() if path.name.startswith(name))
    with path.open(newline="") as lines:
        return list(reader(lines, path.name))


def named(name: str, file: str) -> ImportedReport:
    return next(item for item in imported(DATA / file) if item.report.organisation.name == name)


@pytest.mark.parametrize("path", sorted(DATA.glob("*.csv")), ids=lambda path: path.name)
def test_every_row_of_every_list_is_a_report_that_reads_back_the_same(path: Path) -> None:
    with path.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    reports = imported(path)

    assert len(reports) == len(rows) == 100
    for item in reports:
        assert read_report("report.json", item.report.model_dump_json(by_alias=True).encode()) == item.report


def test_a_hospital_on_the_hhs_list_is_a_covered_entity_whose_health_data_could_be_read() -> None:
    report = named("University of Florida Health", "hhs_ocr_100.csv").report

    assert report.kind is Kind.RANSOMWARE
    assert report.cause is Cause.MALICIOUS_EXTERNAL
    assert report.organisation.subdivision == "US-FL"
    assert report.organisation.attributes == [Attribute.HIPAA_COVERED_ENTITY]
    assert report.data is not None
    assert [(item.category, item.encrypted) for item in report.data] == [(Category.HEALTH, False)]
    assert report.people_total == 135959
    assert report.times.aware_at is None


def test_a_washington_notice_has_days_and_counts_residents_of_washington() -> None:
    item = named("Milliman Solutions, LLC d/b/a Milliman Intelliscript", "washington_ag_100.csv")

    assert item.incident_id == "15351"
    assert item.report.kind is Kind.RANSOMWARE
    assert item.report.times.aware_at == datetime(2023, 6, 8, tzinfo=UTC)
    assert item.report.times.occurred_to == datetime(2023, 5, 30, tzinfo=UTC)
    assert item.report.people_in("US-WA") == 17235
    assert item.report.organisation.sectors == [Sector.FINANCE]
    assert item.report.data is None
    assert any("only residents of Washington" in warning for warning in item.warnings)


@pytest.mark.parametrize(
    ("kind_of_breach", "location", "kind", "cause"),
    [
        ("Theft", "Laptop", Kind.LOST_OR_STOLEN_DEVICE, None),
        ("Loss", "Paper/Films", Kind.LOST_OR_STOLEN_PAPER, Cause.ACCIDENTAL),
        ("Improper Disposal", "Paper/Films", Kind.IMPROPER_DISPOSAL, Cause.ACCIDENTAL),
        ("Unauthorized Access/Disclosure", "Email", None, None),
        ("Hacking/IT Incident", "Network Server", Kind.OTHER, Cause.MALICIOUS_EXTERNAL),
        ("Theft", "Other", None, None),
    ],
)
def test_type_and_location_say_what_they_say_and_no_more(
    kind_of_breach: str, location: str, kind: Kind | None, cause: Cause | None
) -> None:
    row = HHS_ROW.replace("Theft", kind_of_breach).replace("Laptop", location)
    [item] = reports_from_hhs([HHS_HEADER, row], "list.csv")

    assert (item.report.kind, item.report.cause) == (kind, cause)


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        ([], "list.csv:1: the column 'name_of_covered_entity' is missing"),
        (["a,b\n", "1,2\n"], "list.csv:1: the column 'name_of_covered_entity' is missing"),
        ([HHS_HEADER, "Clinic,MD\n"], "list.csv:2: the row has more or fewer cells"),
        ([HHS_HEADER, HHS_ROW.replace("archive", "archive,more")], "list.csv:2: the row has more or fewer cells"),
        ([HHS_HEADER, HHS_ROW, HHS_ROW.replace("860", "-860")], "list.csv:3: '-860' is not a number of people"),
        ([HHS_HEADER, HHS_ROW.replace("2016-09-08", "9/8/2016")], "list.csv:2: breach_submission_date '9/8/2016'"),
        ([HHS_HEADER, HHS_ROW.replace("Clinic", "")], "list.csv:2: the organisation has no name"),
        ([HHS_HEADER, 'Clinic,"MD'], "list.csv:2: not valid CSV"),
    ],
)
def test_a_bad_row_is_named_by_its_line(lines: list[str], what: str) -> None:
    with pytest.raises(BadInputError) as refused:
        list(reports_from_hhs(lines, "list.csv"))
    assert str(refused.value).startswith(what)
