"""Whole runs through Prefect, each in a process of its own, as the command starts them."""

import json
import os
import re
import shutil
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.acts.contain import ready_steps
from flows.acts.edit import edit_notice
from flows.acts.gate import answer_gate, open_gates
from flows.acts.people import count_people, load_people
from flows.acts.release import hold
from flows.acts.report import open_incident
from flows.acts.sign import reject
from flows.acts.work import finish_step, skip_step
from flows.desk import Desk, open_desk
from flows.server import answers, free_port, local_address, running
from flows.settings import Settings
from models import lease
from models.clock import VirtualClock
from models.document import read_document
from models.incident import find, identity
from models.report import read_report, report_of
from models.store import writing
from models.tables import Delivery, DutyRecord, Incident, Lease, Notice, NoticeVersion, Step
from people.columns import Mapping
from tests.conftest import DEMO, START
from tests.flows.meridia import (
    COMMANDER,
    LEGAL,
    PR,
    REPORTER,
    RESPONDER,
    every,
    join_team,
    ledger,
    make_signable,
    notice_row,
    notices,
    one,
    payloads,
    sign,
)
from tests.flows.server import FLOW, PrefectServer

pytestmark = pytest.mark.prefect

NUMBER = "INC-2026-0001"
PLANTED = {
    "title": "Zebedee Quackenbush lost the booking platform",
    "edited text": "Dear Philomena Hasenpfeffer, your booking was copied.",
    "reason to reject": "Ottoline Pumpernickel objects",
    "reason to skip": "Bartholomew Gudgeon has the only key",
    "reason to hold": "Wilhelmina Schadenfroh is on holiday",
    "note": "Ignatius Wobblethorpe helped",
    "roster": "Persephone Thistlewood, Leopoldina Rumbelow",
    "answer to a question in the Prefect UI": "Gwendolyn Featherstonehaugh has called",
}


@dataclass(frozen=True)
class Story:
    """One incident that `respond` carried twice, with people's decisions in between."""

    server: PrefectServer
    desk: Desk
    filing: int

    def runs(self, kind: str) -> list[dict[str, Any]]:
        """The flow or task runs of the incident, oldest first."""
        found = self.server.ask(
            f"/{kind}/filter", flow_runs={"tags": {"all_": [NUMBER]}}, sort="EXPECTED_START_TIME_ASC", limit=200
        )
        return list(found)


@pytest.fixture(scope="module")
def story(prefect_server: PrefectServer, tmp_path_factory: pytest.TempPathFactory, law_cache: Path) -> Iterator[Story]:
    """Report, respond, let people do their part, respond again."""
    desk = _installed(tmp_path_factory.mktemp("story"), law_cache, START)
    home = desk.settings.home
    facts = (DEMO / "first_facts.yaml").read_text().splitlines()
    facts[0] = f"title: {PLANTED['title']}"
    open_incident(desk, report_of(read_document("facts.yaml", "\n".join(facts).encode())), by=REPORTER)

    prefect_server.run(home, "respond", NUMBER)
    filing = _people_do_their_part(desk)
    prefect_server.run(home, "respond", NUMBER)
    prefect_server.run(home, "review", NUMBER, command=FLOW)
    yield Story(prefect_server, desk, filing)
    desk.engine.dispose()


def _installed(home: Path, law_cache: Path, now: datetime) -> Desk:
    (home / "cache").symlink_to(law_cache)
    clock = VirtualClock(home / "clock")
    clock.set(now)
    desk = open_desk(Settings(home=home, clock=clock.path, organisation=DEMO / "organisation.yaml"))
    join_team(desk)
    return desk


def _people_do_their_part(desk: Desk) -> int:
    ready_steps(desk, NUMBER)
    [filing] = notices(desk, NUMBER, provision="eu-gdpr-33")
    [staff] = notices(desk, NUMBER, audience="staff", language="en")
    [press] = notices(desk, NUMBER, audience="press", form="holding", language="en")
    [script] = notices(desk, NUMBER, audience="customer_care", form="script", language="en")
    sign(desk, NUMBER, filing)
    edit_notice(desk, NUMBER, staff.notice, f"{PLANTED['edited text']}\n", by=PR)
    reject(desk, NUMBER, press.notice, by=PR, reason=PLANTED["reason to reject"])
    hold(desk, NUMBER, script.notice, by=PR, reason=PLANTED["reason to hold"])
    skip_step(desk, NUMBER, "capture_memory", by=RESPONDER, reason=PLANTED["reason to skip"])
    finish_step(desk, NUMBER, "move_channels", by=COMMANDER, note=PLANTED["note"])
    _load_the_roster(desk)
    reason = PLANTED["answer to a question in the Prefect UI"]
    [gate] = [gate for gate in open_gates(desk, NUMBER) if gate.key == "step:protect_backups"]
    answer_gate(desk, NUMBER, gate.key, "done", by=RESPONDER, sha256=gate.sha256, way="Prefect UI", reason=reason)
    return filing.notice


def _load_the_roster(desk: Desk) -> None:
    """The people affected, by their names."""
    file = desk.settings.home / "roster.csv"
    names = "".join(f"{name},{name.split()[0].lower()}@people.example,FR\n" for name in PLANTED["roster"].split(", "))
    file.write_text(f"name,email,country\n{names}")
    load_people(desk, NUMBER, [str(file)], Mapping(), by=RESPONDER)
    assert count_people(desk, NUMBER).counts.people == 2


def test_respond_carries_an_incident_as_far_as_it_goes_and_what_was_signed_leaves_once(story: Story) -> None:
    desk = story.desk

    assert notice_row(desk, story.filing).state == "sent"
    sent = Counter(said["key"] for said in payloads(desk, NUMBER, "delivery.sent"))
    assert set(sent.values()) == {1}
    assert {row.state for row in every(desk, Delivery, NUMBER)} == {"sent"}
    written = {path.stem for path in (desk.settings.home / "outbox").glob("*.json")}
    assert written == set(sent)
    assert len(ledger(desk, NUMBER, "review.written")) == 1


def test_every_run_has_a_readable_name_and_the_incidents_tag_and_completed(story: Story) -> None:
    runs = story.runs("flow_runs")

    named = Counter(run["name"] for run in runs)
    once_a_run = ["response", "containment", "evaluation", "press"]
    as_often_as_duties_begin = ["authorities", "people"]
    assert {f"{part}: {NUMBER}": named[f"{part}: {NUMBER}"] for part in once_a_run} == {
        f"{part}: {NUMBER}": 2 for part in once_a_run
    }
    assert all(named[f"{part}: {NUMBER}"] >= 2 for part in as_often_as_duties_begin)
    assert set(named) == {f"{part}: {NUMBER}" for part in [*once_a_run, *as_often_as_duties_begin, "review"]}
    assert {run["state_type"] for run in runs} == {"COMPLETED"}
    assert "Completed" not in {run["state_name"] for run in runs}, "each run's last state says what came of it"
    ended = {run["state_name"] for run in runs if run["name"].startswith("response")}
    assert all(re.match(r"Waits for \d+ signatures, ", name) for name in ended), ended
    assert all(NUMBER in run["tags"] for run in runs)


def test_the_steps_of_the_playbook_are_seen_as_tasks_under_their_titles(story: Story) -> None:
    names = {run["name"] for run in story.runs("task_runs")}

    assert {"Open a case in the ticket system", "Apply the law to the facts", "Queue what is signed"} <= names


def test_runs_take_the_incidents_number_and_nothing_else(story: Story) -> None:
    assert {tuple(run["parameters"].items()) for run in story.runs("flow_runs")} == {(("number", NUMBER),)}


def test_the_story_so_far_is_one_artifact_with_versions(story: Story) -> None:
    versions = story.server.ask("/artifacts/filter", artifacts={"key": {"any_": ["incident-inc-2026-0001"]}})

    assert len(versions) > 2
    latest = max(versions, key=lambda version: str(version["created"]))
    assert "eu-gdpr-33" in latest["data"]
    assert "**1** duties met" in latest["data"]


def test_every_ledger_entry_becomes_one_event_under_the_incidents_one_resource(story: Story) -> None:
    entries = ledger(story.desk, NUMBER)
    limit = time.monotonic() + 20
    while len(events := _events(story.server)) < len(entries) and time.monotonic() < limit:
        time.sleep(0.2)  # Prefect sends events behind the run's back

    assert sorted(event["payload"]["entry"] for event in events) == [entry["seq"] for entry in entries]
    assert {event["event"] for event in events} == {f"tocsin.{entry['kind']}" for entry in entries}


def _events(server: PrefectServer) -> list[dict[str, Any]]:
    wanted = {
        "resource": {"id": [f"tocsin.incident.{NUMBER}"]},
        "occurred": {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"},
    }
    found = server.ask("/events/filter", filter=wanted, limit=50)
    events = list(found["events"])
    while found.get("next_page"):
        found = httpx.get(found["next_page"], timeout=30).raise_for_status().json()
        events += found["events"]
    return list({event["id"]: event for event in events}.values())  # one that arrives meanwhile moves the pages


@pytest.mark.parametrize("what", PLANTED)
def test_nothing_that_a_person_wrote_is_found_in_prefects_database_results_or_logs(story: Story, what: str) -> None:
    needles = [word.encode() for word in PLANTED[what].rstrip(".").replace(",", "").split() if word[0].isupper()]
    kept = {path: path.read_bytes() for path in story.server.home.rglob("*") if path.is_file()}

    assert any(NUMBER.encode() in content for content in kept.values()), "this is where Prefect keeps what it is told"
    names = [needle for needle in needles if needle != b"Dear"]
    assert names
    assert {(path.name, name) for path, content in kept.items() for name in names if name in content} == set()


# Death and company -----------------------------------------------------------------------------------------------------


@pytest.fixture
def signed(drafted: Desk) -> Desk:
    """A desk whose clock the command can read, with many texts signed and none queued."""
    shutil.copy(drafted.settings.clock or "", drafted.settings.home / "clock")
    lines = [line for line in notices(drafted, NUMBER) if not line.errors]
    sign(drafted, NUMBER, *lines)
    return drafted


# After those of the story: it is another incident of the same number on the same server.
def test_one_command_releases_everything_in_order_and_says_what_is_kept_and_why(
    prefect_server: PrefectServer, drafted: Desk
) -> None:
    VirtualClock(drafted.settings.home / "clock").set(drafted.clock())
    make_signable(drafted, NUMBER)
    sign(drafted, NUMBER, *[line for line in notices(drafted, NUMBER) if not line.errors and line.notice != 2])

    said = json.loads(prefect_server.run(drafted.settings.home, "notices", NUMBER, "release", "--as", LEGAL, "--json"))

    by_id = {line.notice: line for line in notices(drafted, NUMBER)}
    assert {by_id[one["notice"]].state for one in said["left"]} == {"sent"}
    order = list(dict.fromkeys(by_id[one["notice"]].audience for one in said["left"]))
    assert order.index("authority") < order.index("individuals") < order.index("staff")
    kept = {one["notice"]: one["why"] for one in said["kept"]}
    assert kept[2] == "signature by legal"
    assert {why for notice, why in kept.items() if by_id[notice].audience == "press"} == {
        f"authority first ({by_id[2].provision} is open)"
    }


def test_a_run_killed_in_the_middle_and_run_again_loses_nothing_and_doubles_nothing(
    prefect_server: PrefectServer, signed: Desk
) -> None:
    home, outbox = signed.settings.home, signed.settings.home / "outbox"
    before = {path.name for path in outbox.glob("*.json")}
    run = prefect_server.start(home, "respond", NUMBER)
    _wait_until(lambda: len({path.name for path in outbox.glob("*.json")} - before) > 0)
    run.kill()
    run.communicate()
    held = one(signed, Lease)
    left = [row.key for row in every(signed, Delivery, NUMBER) if row.state != "sent"]

    prefect_server.run(home, "respond", NUMBER)

    assert run.returncode == -9
    assert left, "it was killed before it had sent everything"
    assert (held.fence, one(signed, Lease).fence) == (1, 2), "the dead run's lease was taken over before it ran out"
    rows = every(signed, Delivery, NUMBER)
    assert {row.state for row in rows} == {"sent"}
    assert {path.stem for path in outbox.glob("*.json")} == {row.key for row in rows}
    sent = Counter(said["key"] for said in payloads(signed, NUMBER, "delivery.sent"))
    assert set(sent.values()) == {1}
    kept_back = {"press"}  # until authorities and individuals were told
    assert {line.audience for line in notices(signed, NUMBER) if line.state == "approved"} <= kept_back


def test_a_run_killed_while_containing_evaluating_and_drafting_ends_as_one_that_was_never_killed(
    prefect_server: PrefectServer, drafted: Desk, tmp_path: Path, law_cache: Path
) -> None:
    killed = _installed(tmp_path, law_cache, START)
    open_incident(killed, read_report(str(DEMO / "first_facts.yaml")), by=REPORTER)
    for table in (Step, DutyRecord, Notice):
        run = prefect_server.start(tmp_path, "respond", NUMBER)
        _wait_until(lambda table=table: every(killed, table, NUMBER) != [])  # type: ignore[misc]
        run.kill()
        run.communicate()

    prefect_server.run(tmp_path, "respond", NUMBER)

    assert _texts(killed) == _texts(drafted)
    assert {row.key: row.state for row in every(killed, Step, NUMBER)} == {
        row.key: row.state for row in every(drafted, Step, NUMBER)
    }
    assert len(every(killed, DutyRecord, NUMBER)) == len(every(drafted, DutyRecord, NUMBER))
    sent = Counter(said["key"] for said in payloads(killed, NUMBER, "delivery.sent"))
    assert set(sent.values()) == {1}
    assert {path.stem for path in (tmp_path / "outbox").glob("*.json")} == set(sent)
    killed.engine.dispose()


def _texts(desk: Desk) -> dict[str, list[str]]:
    return {
        notice.key: [version.sha256 for version in every(desk, NoticeVersion, notice_id=notice.id)]
        for notice in every(desk, Notice, NUMBER)
    }


def _wait_until(it_is_so: Callable[[], bool]) -> None:
    limit = time.monotonic() + 180
    while not it_is_so():
        assert time.monotonic() < limit, "it never came to be"
        time.sleep(0.02)


def test_an_incident_that_a_living_run_carries_is_left_to_it_and_the_command_says_so(
    prefect_server: PrefectServer, signed: Desk
) -> None:
    holder = f"{socket.gethostname()}/{os.getpid()}/1"
    with writing(signed.engine) as session:
        lease.take(session, identity(find(session, NUMBER)), holder, datetime.now(UTC), lambda _: False)
    before = ledger(signed, NUMBER)

    said = prefect_server.run(signed.settings.home, "respond", NUMBER, status=2)

    assert "another run" in said
    assert "Traceback" not in said
    assert ledger(signed, NUMBER) == before


def test_the_lease_of_a_process_that_died_is_taken_over_at_once(prefect_server: PrefectServer, signed: Desk) -> None:
    died = prefect_server.start(signed.settings.home, "--help")
    died.communicate()
    with writing(signed.engine) as session:
        holder = f"{socket.gethostname()}/{died.pid}/1"
        lease.take(session, identity(find(session, NUMBER)), holder, datetime.now(UTC), lambda _: False)

    prefect_server.run(signed.settings.home, "respond", NUMBER)

    assert one(signed, Lease).fence == 2
    assert one(signed, Lease).expires_at <= datetime.now(UTC), "and given back at the end"


# The server ------------------------------------------------------------------------------------------------------------


def test_without_a_server_the_command_says_how_to_start_one_and_facts_can_still_be_reported(
    prefect_server: PrefectServer, signed: Desk
) -> None:
    nobody = PrefectServer(signed.settings.home, free_port())

    said = nobody.run(signed.settings.home, "respond", NUMBER, status=2)
    reported = nobody.run(signed.settings.home, "report", str(DEMO / "first_facts.yaml"))

    assert f"no Prefect server answers at {local_address(nobody.port)}" in said
    assert "tocsin serve" in said
    assert reported.splitlines()[0] == "INC-2026-0002"
    assert len(every(signed, Incident)) == 2


def test_a_server_that_somebody_else_runs_is_used_and_left_alone(prefect_server: PrefectServer, tmp_path: Path) -> None:
    with running(tmp_path, prefect_server.port) as address:
        assert answers(address)

    assert answers(local_address(prefect_server.port))
    assert list(tmp_path.iterdir()) == []


def test_nobody_answers_at_a_free_port() -> None:
    assert not answers(local_address(free_port()))
