"""Bad input: exit status 2, one line that says what and how to mend it, never a traceback, and nothing stored."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flows.desk import Desk
from tests.tocsin.conftest import Said, Tocsin

BAD: dict[str, tuple[bytes, str]] = {
    "an unknown key": (b"title: x\nrecrods: 4", "2: unknown key 'recrods'; did you mean 'records'?"),
    "an unknown key inside": (
        b"title: x\ntimes:\n  aware: 1",
        "3: unknown key 'times.aware'; did you mean 'aware_at'?",
    ),
    "an unknown word": (
        b"title: x\nkind: ransomwear",
        "2: kind: unknown word 'ransomwear'; did you mean 'ransomware'?",
    ),
    "a time without offset": (b"title: x\ntimes: {aware_at: 2026-03-02T09:00:00}", "has no offset; write it with one"),
    "a time as a number": (b"title: x\ntimes: {aware_at: 1772438400}", "is not a time; write it out with its offset"),
    "a negative count": (b"title: x\npeople: [{jurisdiction: FR, count: -1}]", "count: Input should be greater"),
    "a year out of reach": (
        b"title: x\ntimes: {aware_at: 9999-12-31T23:00:00Z}",
        "the year 9999 is not between 1970 and",
    ),
    "more people than there are": (
        b"title: x\npeople: [{jurisdiction: FR, count: 99999999999}]",
        "less than or equal to",
    ),
    "a group of states in place of one": (
        b"title: x\npeople: [{jurisdiction: EU}]",
        "'EU' is not an ISO 3166-1 country",
    ),
    "a day that does not exist": (
        b"title: x\ntimes: {aware_at: 2026-02-30T10:00:00Z}",
        "is not a time; write one with",
    ),
    "a country that does not exist": (b"title: x\npeople: [{jurisdiction: XX}]", "'XX' is not an ISO 3166-1 country"),
    "a part that does not exist": (b"title: x\npeople: [{jurisdiction: US-XX}]", "'US-XX' is not an ISO 3166-2 code"),
    "a zone that does not exist": (b"title: x\norganisation: {timezone: Mars}", "no time zone is called 'Mars'"),
    "broken YAML": (b"title: [x\nkind: other", "not valid YAML"),
    "broken JSON": (b'{"title": "x", "kind": "other"', "not valid YAML"),
    "a key twice": (b"title: x\ntitle: y", "2: the key 'title' stands twice; keep one"),
    "an empty file": (b"", "it is empty"),
    "a binary file": (b"\x7fELF\x02\x01\x01\x00\xff\xfe", "not UTF-8 text"),
    "a list": (b"- title: x", "the document: "),
    "a word": (b"ransomware", "the document: "),
    "half of a character": (
        b'{"title": "\\ud800"}',
        "not valid YAML: found invalid Unicode character escape code; mend",
    ),
    "a control character": (b'title: "a\\0b"', "title: 'a\\x00b' holds a line break or another control character"),
    "an escape for the terminal": (b'title: "\\e[2J"', "holds a line break or another control character; write it on"),
    "two lines for one": (b"title: |\n  x\n  Bcc: y", "title: 'x\\nBcc: y' holds a line break"),
    "text in place of a group": (b"title: x\npeople: FR", "people: Input should be a valid list"),
    "an endless alias": (b"title: &a [*a]", "an alias that contains itself"),
}


@pytest.fixture(params=BAD)
def bad(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A file that cannot be used, and what is to be said of it."""
    content, complaint = BAD[request.param]
    path = tmp_path / "breach.yaml"
    path.write_bytes(content)
    return path, complaint


def refused(said: Said) -> str:
    """The one line about it."""
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("tocsin: ")
    assert said.err.count("\n") == 1
    assert len(said.err) < 500
    return said.err


def everything_in(home: Path) -> list[str]:
    """All that the home folder holds: every row of the database, and every file beside it."""
    with closing(sqlite3.connect(home / "tocsin.db")) as database:
        rows = list(database.iterdump())
    return rows + sorted(str(path) for path in home.rglob("*") if not path.name.startswith("tocsin.db"))


def test_a_report_that_cannot_be_used_is_refused_and_nothing_is_stored(
    tocsin: Tocsin, bad: tuple[Path, str], desk: Desk
) -> None:
    path, complaint = bad
    before = everything_in(desk.settings.home)

    said = refused(tocsin("report", path))

    assert said.startswith(f"tocsin: {path}:")
    assert complaint in said
    assert everything_in(desk.settings.home) == before


def test_facts_that_cannot_be_used_are_refused_and_the_incident_stays_as_it_was(
    tocsin: Tocsin, bad: tuple[Path, str], desk: Desk, number: str
) -> None:
    path, _ = bad
    before = everything_in(desk.settings.home)

    assert refused(tocsin("update", number, path)).startswith(f"tocsin: {path}")
    assert everything_in(desk.settings.home) == before


def test_a_report_on_standard_input_is_refused_the_same_way(tocsin: Tocsin, bad: tuple[Path, str], home: Path) -> None:
    path, complaint = bad

    said = refused(tocsin("report", "-", given=path.read_bytes()))

    assert complaint in said
    assert said.startswith("tocsin: standard input:")


def test_assessing_a_file_refuses_what_reporting_it_refuses(tocsin: Tocsin, bad: tuple[Path, str]) -> None:
    path, complaint = bad

    assert complaint in refused(tocsin("assess", path, "--json"))


def test_fifty_megabytes_are_refused_at_once(tocsin: Tocsin, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "dump.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)

    assert "50000000 bytes; at most 2000000 are read, so send the facts" in refused(tocsin("report", path))
    assert "at most 2000000 are read" in refused(tocsin("report", "-", given=b"x" * 50_000_000))
    assert not (home / "tocsin.db").exists()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("report nothing.yaml", "nothing.yaml: no such file; check the path"),
        ("report .", "cannot be read (Is a directory)"),
        ("assess nothing.yaml", "nothing.yaml: no such file"),
        ("assess {facts} --as-of yesterday", "'yesterday' is not a day; write it as 2025-12-31"),
        ("due eu-gdpr-34x --from 2026-03-01T08:00:00Z", "did you mean 'eu-gdpr-34'?"),
        ("due eu-gdpr-33 --from 2026-03-01T08:00:00Z --stage last", "last"),
        ("due eu-gdpr-33 --from tomorrow", "tomorrow"),
        ("due eu-gdpr-33 --from 0001-01-01T00:00:00Z", "the year 1 is not between 1970 and 2199; check it"),
        ("due eu-gdpr-33 --from 2026-03-01T08:00:00", "offset"),
        ("due eu-gdpr-33 --from 2026-03-01T08:00:00Z --timezone Paris", "no time zone is called 'Paris'"),
        ("due eu-gdpr-33 --from 2026-03-01T08:00:00Z --calendar XX", "XX"),
        ("laws show eu-gdpr-3", "did you mean 'eu-gdpr-3"),
        ("laws check nowhere", "nowhere"),
        ("playbooks show ransomeware", "no playbook is called 'ransomeware'; did you mean 'ransomware'?"),
        ("playbooks check nowhere", "nowhere"),
        ("schema reprt", "no schema is called 'reprt'; did you mean 'report'?"),
        ("import verris {facts}", "unknown format 'verris'; did you mean 'veris'?"),
        ("import veris nothing.json", "nothing.json: cannot be read (No such file or directory); check the path"),
        ("import veris {facts}", "breach.yaml"),
        ("steps {number} finish x", "'finish' is not an act; known are list, done"),
        ("steps {number} done", "done needs the key of a step"),
        ("steps {number} done nothing", "nothing"),
        ("steps {number} skip open_case", "this needs --reason"),
        ("notices {number} sign 1", "'sign' is not an act; known are list, show"),
        ("notices {number} show", "this needs the id of a notice"),
        ("notices {number} show 99", "INC-2026-0001 has no notice 99; `tocsin notices INC-2026-0001` lists them"),
        ("notices {number} answer", "answer needs a question's key"),
        ("notices {number} edit 1 nothing.md", "nothing.md: cannot be read"),
        ("ledger {number} burn", "'burn' is neither verify nor export"),
        ("ledger {number} verify nothing.jsonl", "nothing.jsonl: cannot be read"),
        ("ledger {number} verify {facts}", "not an exported ledger"),
        ("ledger {number} export /nowhere/ledger.jsonl", "/nowhere/ledger.jsonl: cannot be written"),
    ],
)
def test_a_request_that_cannot_be_met_says_what_and_how_to_mend_it(
    tocsin: Tocsin, number: str, tmp_path: Path, line: str, complaint: str
) -> None:
    facts = tmp_path / "breach.yaml"
    facts.write_text("title: Strange traffic")

    said = refused(tocsin(*(word.format(facts=facts, number=number) for word in line.split())))

    assert complaint in said


@pytest.mark.parametrize(
    "line",
    [
        "status {}",
        "timeline {}",
        "assess {}",
        "steps {}",
        "notices {}",
        "notices {} questions",
        "notices {} stale",
        "review {}",
        "respond {}",
        "ledger {} verify",
        "ledger {} export",
        "update {} {facts}",
        "decide {} eu-gdpr-33 required --reason x",
    ],
)
def test_an_incident_that_is_not_there_names_the_nearest(
    tocsin: Tocsin, number: str, tmp_path: Path, line: str
) -> None:
    facts = tmp_path / "more.yaml"
    facts.write_text("records: 4")

    said = refused(tocsin(*line.format("INC-2026-0010", facts=facts).split()))

    assert said == f"tocsin: no incident is called 'INC-2026-0010'; did you mean '{number}'?\n"


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("TOCSIN_DATABASE_URL", "mysql://db/tocsin", "TOCSIN_DATABASE_URL names 'mysql'; use sqlite:///FILE"),
        ("TOCSIN_DATABASE_URL", "postgresql://tocsin:hunter2@127.0.0.1:1/tocsin", "127.0.0.1:1/tocsin"),
        ("TOCSIN_SERVER_PORT", "many", "TOCSIN_SERVER_PORT: "),
        ("TOCSIN_CLOCK", "/nowhere/clock", "/nowhere/clock: no rehearsal time in it"),
        ("TOCSIN_HOME", "/dev/null/home", "check TOCSIN_HOME"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    tocsin: Tocsin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(name, value)
    facts = tmp_path / "breach.yaml"
    facts.write_text("title: Strange traffic")

    said = refused(tocsin("report", facts))

    assert complaint in said
    assert "hunter2" not in said


def test_a_database_that_may_only_be_read_is_told_and_what_is_in_it_can_be_read(
    tocsin: Tocsin, desk: Desk, number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = tmp_path / "more.yaml"
    facts.write_text("title: Strange traffic")
    home = desk.settings.home
    before = everything_in(home)
    monkeypatch.setenv("TOCSIN_DATABASE_URL", f"sqlite:///file:{home / 'tocsin.db'}?mode=ro&uri=true")

    assert "make it writable" in refused(tocsin("report", facts))
    assert "make it writable" in refused(tocsin("update", number, facts))
    assert tocsin("timeline", number).status == 0
    assert everything_in(home) == before


def test_a_database_that_another_process_keeps_locked_is_told_and_nothing_is_half_written(
    tocsin: Tocsin, desk: Desk, number: str, tmp_path: Path
) -> None:
    facts = tmp_path / "more.yaml"
    facts.write_text("records: 4")
    before = everything_in(desk.settings.home)

    with closing(sqlite3.connect(desk.settings.home / "tocsin.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = refused(tocsin("update", number, facts))

    assert "locked; another process is writing; try again in a moment" in said
    assert everything_in(desk.settings.home) == before


def test_a_decision_on_a_provision_that_does_not_exist_names_the_nearest(tocsin: Tocsin, carried: str) -> None:
    said = refused(tocsin("decide", carried, "us-ca-ags", "required", "--reason", "x", "--as", "Lea Martin"))

    assert "did you mean 'us-ca-ag'" in said


def test_a_person_who_may_not_is_told_so_with_status_1(tocsin: Tocsin, carried: str) -> None:
    said = tocsin("notices", carried, "approve", "1", "--as", "Mallory")

    assert (said.status, said.out) == (1, "")
    assert "'Mallory' is not in the team" in said.err
    assert said.err.count("\n") == 1


def test_times_that_can_hardly_be_right_are_taken_with_a_warning(tocsin: Tocsin, tmp_path: Path) -> None:
    facts = tmp_path / "breach.yaml"
    facts.write_text("title: x\ntimes: {detected_at: 2026-03-02T09:00:00Z, aware_at: 2026-03-01T09:00:00Z}")

    said = tocsin("report", facts)

    assert (said.status, said.out) == (0, "INC-2026-0001\n")
    assert said.err == "tocsin: warning: times.aware_at is before times.detected_at; check both\n"


def test_a_breach_contained_before_it_occurred_is_taken_with_a_warning(tocsin: Tocsin, tmp_path: Path) -> None:
    path = tmp_path / "breach.yaml"
    path.write_text(
        "title: x\ntimes: {occurred_from: 2026-03-02T09:00:00Z, contained_at: 2026-03-01T09:00:00Z}", encoding="utf-8"
    )

    said = tocsin("report", path)

    assert said.status == 0
    assert "times.contained_at is before times.occurred_from; check both" in said.err
