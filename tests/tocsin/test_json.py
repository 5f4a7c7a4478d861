"""What programs read: with --json, one JSON document on standard output and nothing else."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flows.desk import Desk
from models.clock import VirtualClock, rfc3339
from tests.conftest import DEMO
from tests.tocsin.conftest import Said, Tocsin

FIRST, SECOND = DEMO / "first_facts.yaml", DEMO / "second_facts.yaml"
UTC_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")


def done(said: Said, status: int = 0) -> Any:  # Any: whatever JSON the command printed
    """The document, once the command ended as it should and said nothing beside it."""
    assert (said.status, said.err) == (status, "")
    document = said.json
    for path, value in moments(document):
        assert UTC_TIME.match(value), path
    return document


def moments(value: Any, path: str = "") -> list[tuple[str, str]]:  # Any: plain JSON
    """Every time in a document: each text under a key that ends in `_at`, or is `now`."""
    if isinstance(value, dict):
        return [each for key, item in value.items() for each in moments(item, key)]
    if isinstance(value, list):
        return [each for item in value for each in moments(item, path)]
    return [(path, value)] if isinstance(value, str) and (path.endswith("_at") or path in ("now", "at")) else []


def test_report_gives_the_number(tocsin: Tocsin) -> None:
    assert done(tocsin("report", FIRST, "--json")) == {
        "number": "INC-2026-0001",
        "facts_version": 1,
        "warnings": [],
    }
    assert done(tocsin("report", "-", "--json", given=FIRST.read_bytes()))["number"] == "INC-2026-0002"


def test_update_gives_what_changed_in_facts_and_duties(tocsin: Tocsin, number: str) -> None:
    first = done(tocsin("update", number, SECOND, "--json"))

    assert (first["number"], first["facts_version"], first["stale"]) == (number, 2, [])
    assert {"path": "records", "from": 31400, "to": 33850} in first["facts"]
    assert {"path": "people[0].count", "from": 12400, "to": 13050} in first["facts"]
    assert all(duty.keys() >= {"provision", "stage", "recipient", "change", "from", "to"} for duty in first["duties"])

    again = done(tocsin("update", number, SECOND, "--json"))
    assert (again["facts_version"], again["facts"], again["duties"]) == (2, [], [])


def test_assess_gives_severity_and_every_duty(tocsin: Tocsin, number: str) -> None:
    found = done(tocsin("assess", number, "--json"))

    assert found.keys() >= {"number", "facts_version", "as_of", "severity", "duties"}
    assert (found["number"], found["facts_version"], found["as_of"]) == (number, 1, "2026-11-23")
    assert found["severity"].keys() == {"method", "score", "level", "terms", "reasons"}
    [gdpr] = [d for d in found["duties"] if (d["provision"], d["stage"]) == ("eu-gdpr-33", "initial")]
    assert gdpr.keys() >= {
        *("provision", "jurisdiction", "audience", "recipient", "stage", "verdict", "clock_from", "starts_at"),
        *("due_at", "citation", "version_from", "reasons", "missing_facts", "content"),
    }
    assert (gdpr["verdict"], gdpr["clock_from"], gdpr["version_from"]) == ("required", "aware_at", "2018-05-25")
    assert (gdpr["starts_at"], gdpr["due_at"]) == ("2026-11-23T07:30:00Z", "2026-11-26T07:30:00Z")
    assert {duty["verdict"] for duty in found["duties"]} <= {"required", "not_required", "undecided"}
    assert all(bool(duty["missing_facts"]) is (duty["verdict"] == "undecided") for duty in found["duties"])


def test_assess_of_a_file_is_that_of_an_incident_without_a_number(tocsin: Tocsin, number: str, home: Path) -> None:
    from_file, stored = done(tocsin("assess", FIRST, "--json")), done(tocsin("assess", number, "--json"))

    assert from_file["number"] is None
    assert from_file["duties"] == stored["duties"]
    assert from_file["severity"] == stored["severity"]


def test_assess_reads_the_law_of_the_day_asked_for(tocsin: Tocsin) -> None:
    old = done(tocsin("assess", FIRST, "--as-of", "2017-01-01", "--json"))

    assert old["as_of"] == "2017-01-01"
    assert not [d for d in old["duties"] if d["provision"] == "eu-gdpr-33" and d["verdict"] == "required"]


def test_due_gives_one_clock_with_its_steps(tocsin: Tocsin) -> None:
    found = done(tocsin("due", "eu-gdpr-33", "--from", "2026-03-27T18:00:00+01:00", "--json"))

    assert (found["provision"], found["starts_at"], found["due_at"]) == (
        "eu-gdpr-33",
        "2026-03-27T17:00:00Z",
        "2026-03-30T17:00:00Z",
    )
    assert found["steps"]


def test_status_gives_one_incident_or_a_list(tocsin: Tocsin, carried: str) -> None:
    one = done(tocsin("status", carried, "--json"))

    assert one.keys() >= {
        *("number", "title", "kind", "state", "rehearsal", "zone", "facts_version", "opened_at", "now", "severity"),
        *("people", "clocks", "waits", "steps", "notices", "deliveries", "alerts", "next_due", "overdue"),
    }
    assert (one["number"], one["kind"], one["state"], one["people"]) == (carried, "ransomware", "open", 27_580)
    assert one["rehearsal"] is True
    assert {"eu-gdpr-33", "eu-gdpr-33-5"} <= {clock["provision"] for clock in one["clocks"]}
    assert one["overdue"] == []
    assert {wait["kind"] for wait in one["waits"]} >= {"signature", "step"}
    assert done(tocsin("status", "--json")) == [one]


def test_status_ends_with_1_once_a_duty_is_overdue(tocsin: Tocsin, carried: str, clock: VirtualClock) -> None:
    clock.set(clock() + timedelta(hours=72))

    late = done(tocsin("status", carried, "--json"), status=1)

    assert "eu-gdpr-33" in late["overdue"]


def test_status_without_incidents_is_an_empty_list(tocsin: Tocsin) -> None:
    assert done(tocsin("status", "--json")) == []


def test_steps_are_listed_done_assigned_and_skipped(tocsin: Tocsin, carried: str) -> None:
    steps = {step["key"]: step for step in done(tocsin("steps", carried, "--json"))}
    assert steps["capture_memory"].keys() >= {
        *("key", "title", "phase", "state", "reason", "role", "assigned_to", "outcome", "attempts"),
        *("due_at", "finished_at", "done_by"),
    }

    act = ["capture_memory", "--as", "Sam Okoro", "--json"]
    assigned = done(tocsin("steps", carried, "assign", *act, "--to", "Sam Okoro"))
    skipped = done(tocsin("steps", carried, "skip", *act, "--reason", "the hosts were off"))

    assert (assigned["act"], assigned["step"], assigned["by"]) == ("assign", "capture_memory", "Sam Okoro")
    assert skipped["said"] == "skipped"
    after = {step["key"]: step for step in done(tocsin("steps", carried, "--json"))}
    assert after["capture_memory"]["state"] == "skipped"


def test_notices_are_listed_shown_signed_and_sent_back(tocsin: Tocsin, carried: str) -> None:
    notices = done(tocsin("notices", carried, "--json"))
    assert notices[0].keys() >= {
        *("notice", "what", "provision", "stage", "audience", "form", "language", "recipient", "state", "held"),
        *("version", "sha256", "facts_version", "errors", "warnings", "missing", "still_needed"),
    }

    shown = done(tocsin("notices", carried, "show", notices[0]["notice"], "--json"))
    assert shown["sha256"] == notices[0]["sha256"]
    assert {"subject", "text", "version", "findings", "missing"} <= shown.keys()
    ready = next(n for n in notices if not n["errors"] and "legal" in n["still_needed"])
    sign = [
        "notices",
        carried,
        "approve",
        ready["notice"],
        "--note",
        "the rest follows",
        "--as",
        "Lea Martin",
        "--json",
    ]
    assert tocsin(*sign, "--sha256", "0" * 12).status == 1
    signed = done(tocsin(*sign, "--sha256", ready["sha256"][:12]))
    assert (signed["sha256"], signed["role"]) == (ready["sha256"], "legal")
    back = done(tocsin(*(word if word != "approve" else "reject" for word in sign), "--reason", "too long"))
    assert (back["act"], back["by"]) == ("reject", "Lea Martin")
    assert done(tocsin("notices", carried, "stale", "--json")) == []
    assert all(one.keys() >= {"key", "question"} for one in done(tocsin("notices", carried, "questions", "--json")))


def test_a_filing_by_hand_is_told_with_its_reference_and_met_duties(
    tocsin: Tocsin, carried: str, desk: Desk, clock: VirtualClock
) -> None:
    filing = next(n for n in done(tocsin("notices", carried, "--json")) if n["provision"] == "eu-gdpr-33")
    done(
        tocsin(
            "notices",
            carried,
            "approve",
            filing["notice"],
            "--note",
            "the rest follows",
            "--as",
            "Lea Martin",
            "--json",
        )
    )
    sent = ["notices", carried, "sent", filing["notice"], "--reference", "CNIL-118273", "--as", "Lea Martin"]

    said = done(tocsin(*sent, "--at", rfc3339(clock()), "--json"))

    assert (said["reference"], said["sha256"], said["duties_met"]) == ("CNIL-118273", filing["sha256"], 1)
    assert tocsin(*sent, "--at", rfc3339(clock())).status == 1, "it was filed already"
    for at in ("yesterday", "2026-11-23T10:00:00"):
        assert tocsin(*sent, "--at", at).status == 2
    assert tocsin("notices", carried, "sent", filing["notice"]).status == 2


def test_decide_gives_what_was_decided_and_the_answer_holds(tocsin: Tocsin) -> None:
    tocsin("team", "add", "Lea Martin", "--role", "legal")
    tocsin("report", "-", given=b"title: Lost laptop\npeople: [{jurisdiction: US-CA, count: 100}]")
    tocsin("update", "INC-2026-0001", "-", given=b"records: 100")
    question = next(
        c["provision"] for c in tocsin("status", "INC-2026-0001", "--json").json["clocks"] if c["state"] == "undecided"
    )
    decision = ["decide", "INC-2026-0001", question, "not_required", "--reason", "encrypted, says counsel"]

    decided = done(tocsin(*decision, "--as", "Lea Martin", "--json"))

    assert decided == {
        "number": "INC-2026-0001",
        "provision": question,
        "verdict": "not_required",
        "by": "Lea Martin",
    }
    duties = done(tocsin("assess", "INC-2026-0001", "--json"))["duties"]
    assert {duty["verdict"] for duty in duties if duty["provision"] == question} == {"not_required"}


def test_timeline_gives_every_entry_in_order(tocsin: Tocsin, number: str) -> None:
    [event] = done(tocsin("timeline", number, "--json"))

    assert event.keys() >= {"seq", "at", "zone", "actor", "kind", "words"}
    assert (event["seq"], event["actor"], event["kind"]) == (1, "Nadia Roux", "incident.reported")


def test_ledger_is_verified_exported_and_verified_again(tocsin: Tocsin, number: str, tmp_path: Path) -> None:
    tocsin("update", number, "-", given="title: Zeile\u0085 eins\u2028zwei".encode())
    tocsin("update", number, "-", given=b"records: 4")
    file = tmp_path / "ledger.jsonl"

    stored = done(tocsin("ledger", number, "verify", "--json"))
    assert stored["verified"] is True
    exported = tocsin("ledger", number, "export", file)
    assert (exported.status, exported.out) == (0, "")
    assert done(tocsin("ledger", number, "verify", file, "--json")) == stored
    assert done(tocsin("ledger", number, "verify", file, "--head", stored["head"], "--json")) == stored
    assert tocsin("ledger", number, "export").out == file.read_text()


def test_an_altered_ledger_ends_with_1_and_names_the_entry(tocsin: Tocsin, number: str, tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    tocsin("ledger", number, "export", file)
    file.write_text(file.read_text().replace("Nadia Roux", "Mallory"))

    said = tocsin("ledger", number, "verify", file, "--json")

    assert (said.status, said.out) == (1, "")
    assert said.err == "tocsin: entry 1 was altered: its content no longer gives its hash\n"
    assert tocsin("ledger", number, "verify", "--head", "0" * 64).status == 1


def test_watch_gives_what_fired_and_each_once(tocsin: Tocsin, carried: str, clock: VirtualClock) -> None:
    tocsin("watch", "--once")
    clock.set(clock() + timedelta(hours=48))

    fired = done(tocsin("watch", "--once", "--json"))

    assert fired
    assert fired[0].keys() == {
        *("number", "provision", "stage", "rung", "role", "due_at", "lateness_seconds", "delivery"),
    }
    assert done(tocsin("watch", "--once", "--json")) == []


def test_review_gives_figures_and_what_is_left(tocsin: Tocsin, carried: str) -> None:
    review = done(tocsin("review", carried, "--json"))

    assert review.keys() >= {"number", "written_at", "hours", "duties", "counts", "late", "actions", "summary"}
    assert review["duties"].keys() == {"met", "open", "undecided"}


def test_an_incident_with_open_duties_is_not_closed(tocsin: Tocsin, carried: str) -> None:
    said = tocsin("review", carried, "--close", "enough", "--as", "Ines Duarte", "--json")

    assert (said.status, said.out) == (1, "")
    assert "cannot be closed" in said.err


def test_the_team_is_listed_added_to_and_left(tocsin: Tocsin) -> None:
    lea = {"name": "Lea Martin", "email": "lea@example.org", "roles": ["legal", "commander"], "active": True}

    added = tocsin(
        "team", "add", "Lea Martin", "--role", "legal", "--role", "commander", "--email", lea["email"], "--json"
    )

    assert done(added) == lea
    assert done(tocsin("team", "list", "--json")) == [lea]
    assert done(tocsin("team", "remove", "Lea Martin", "--json")) == {**lea, "active": False}


def test_laws_are_listed_and_shown_with_their_support(tocsin: Tocsin) -> None:
    rows = done(tocsin("laws", "list", "--in", "US-CA", "--json"))
    assert {"us-ca-ag", "us-ca-individuals"} <= {row["provision"] for row in rows}
    assert {row["jurisdiction"] for row in rows} == {"US-CA"}

    shown = done(tocsin("laws", "show", "us-ca-ag", "--json"))
    assert shown["id"] == "us-ca-ag"
    assert shown["disclaimer"]
    assert all(version["citation"] and version["source"] for version in shown["versions"])


def test_coverage_counts_what_is_listed(tocsin: Tocsin) -> None:
    coverage = done(tocsin("laws", "coverage", "--json"))

    assert str(len(done(tocsin("laws", "list", "--json")))) in json.dumps(coverage)


def test_playbooks_are_listed_and_shown(tocsin: Tocsin) -> None:
    listed = {one["name"]: one for one in done(tocsin("playbooks", "list", "--json"))}

    assert {"ransomware", "exfiltration", "misdirected_message", "third_party"} <= listed.keys()
    assert len(done(tocsin("playbooks", "show", "ransomware", "--json"))["steps"]) == listed["ransomware"]["steps"]


def test_doctor_gives_each_finding_with_how_to_mend_it(tocsin: Tocsin) -> None:
    found = {one["what"]: one for one in done(tocsin("doctor", "--json"))}

    assert found["database"]["state"] == "ok"
    assert found["Prefect server"]["state"] == "off"
    assert "tocsin serve" in found["Prefect server"]["detail"]
    assert {one["state"] for one in found.values()} <= {"ok", "off", "wrong"}


def test_doctor_ends_with_1_when_something_is_wrong(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", "postgresql://tocsin@127.0.0.1:1/tocsin")

    found = {one["what"]: one for one in done(tocsin("doctor", "--json"), status=1)}

    assert found["database"]["state"] == "wrong"
    assert "check that it runs" in found["database"]["detail"]


def test_the_schema_that_is_printed_accepts_what_is_reported(tocsin: Tocsin, number: str, desk: Desk) -> None:
    schema = done(tocsin("schema", "report"))
    jsonschema.Draft202012Validator.check_schema(schema)
    reports = done(tocsin("import", "veris", DEMO / "veris_theft.json", "--json"))

    jsonschema.Draft202012Validator(schema).validate(reports[0]["report"])


def test_import_gives_reports_and_opens_them_when_asked(tocsin: Tocsin, tmp_path: Path) -> None:
    [read] = done(tocsin("import", "veris", DEMO / "veris_theft.json", "--into", tmp_path / "reports", "--json"))
    assert read.keys() == {"record", "incident_id", "number", "file", "warnings", "report"}
    assert (read["record"], read["number"]) == (1, None)
    assert done(tocsin("assess", read["file"], "--json"))["duties"]

    [opened] = done(tocsin("import", "veris", DEMO / "veris_theft.json", "--open", "--json"))
    assert opened["number"] == "INC-2026-0001"
    assert opened["report"] == read["report"]


@pytest.mark.parametrize(
    "line",
    [
        "status",
        "status {}",
        "timeline {}",
        "assess {}",
        "steps {}",
        "notices {}",
        "review {}",
        "team list",
        "laws list",
    ],
)
def test_people_get_lines_and_tables_instead(tocsin: Tocsin, number: str, line: str) -> None:
    said = tocsin(*line.format(number).split())

    assert (said.status, said.err) == (0, "")
    assert said.out.strip()
    assert not said.out.startswith(("{", "["))


def test_a_move_shows_the_difference_and_moves_only_when_told_to(tocsin: Tocsin, carried: str, tmp_path: Path) -> None:
    file = tmp_path / "ransomware.yaml"
    kept = (DEMO.parents[2] / "playbooks" / "ransomware.yaml").read_text()
    file.write_text(kept.replace("within: 30 minutes", "within: 20 minutes"))

    looked = tocsin("playbooks", "move", carried, "--to", file)
    moved = tocsin("playbooks", "move", carried, "--to", file, "--yes", "--as", "Ines Duarte", "--json")
    again = tocsin("playbooks", "move", carried, "--to", file, "--yes", "--as", "Ines Duarte")

    assert looked.status == 1
    assert "step move_channels: within was '30 minutes', now '20 minutes'" in looked.out
    assert "Nothing was moved" in looked.out
    assert (moved.status, moved.json["moved"]) == (0, True)
    assert (again.status, again.out.strip()) == (0, f"{carried} follows ransomware as it is; nothing to move.")
