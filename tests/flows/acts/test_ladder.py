from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.acts.evaluate import evaluate
from flows.acts.report import open_incident
from flows.desk import Desk, open_desk
from flows.organisation import read_organisation
from flows.settings import Settings
from models.clock import VirtualClock
from models.errors import BadInputError
from models.report import read_report
from models.tables import Alert
from playbooks.ladder import default_ladders, ladder_for
from playbooks.playbook import BUILT_IN
from tests.conftest import DEMO
from tests.flows.meridia import add, contain, duty, every, payloads

CONTRACT = "contract:harbour-card-services"  # 48 hours from 2026-11-23 07:30 UTC
DUE = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)


def rungs(desk: Desk, number: str, provision: str = CONTRACT) -> list[Alert]:
    row = duty(desk, number, provision)
    return sorted(every(desk, Alert, number, duty_id=row.id), key=lambda alert: alert.due_at)


def test_a_clock_of_48_hours_has_rungs_at_24_12_4_point_8_and_1_hour_and_at_its_limit(desk: Desk, number: str) -> None:
    evaluate(desk, number)

    left = [DUE - alert.due_at for alert in rungs(desk, number)]

    assert left == [timedelta(hours=24), timedelta(hours=12), timedelta(hours=4.8), timedelta(hours=1), timedelta(0)]
    assert [alert.role for alert in rungs(desk, number)] == ["legal", "legal", "commander", "commander", "executive"]


def test_a_clock_without_a_number_has_no_rungs(desk: Desk, number: str) -> None:
    evaluate(desk, number)

    assert rungs(desk, number, "eu-gdpr-34") == []


def test_evaluating_again_makes_no_rung_twice(desk: Desk, number: str) -> None:
    evaluate(desk, number)
    before = every(desk, Alert, number)

    evaluate(desk, number)

    assert every(desk, Alert, number) == before


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (10, ["half the time left", "a quarter of the time left", "a tenth of the time left", "one hour left"]),
        (25, ["half the time left", "a quarter of the time left", "a tenth of the time left", "one hour left"]),
        (40, ["a quarter of the time left", "a tenth of the time left", "one hour left"]),
        (49, []),
    ],
)
def test_of_the_rungs_passed_before_a_clock_was_known_only_the_highest_is_made(
    desk: Desk, clock: VirtualClock, number: str, hours: int, expected: list[str]
) -> None:
    clock.set(DUE - timedelta(hours=48) + timedelta(hours=hours))

    evaluate(desk, number)

    assert [alert.rung for alert in rungs(desk, number)] == [*expected, "the limit"]


def test_a_clock_that_moved_cancels_its_old_rungs_and_makes_new_ones(desk: Desk, number: str) -> None:
    evaluate(desk, number)
    add(desk, number, "times: {aware_at: 2026-11-23T06:00:00+01:00, detected_at: 2026-11-23T05:00:00+01:00}")

    evaluate(desk, number)

    found = rungs(desk, number)
    assert [alert.state for alert in found].count("cancelled") == 5
    pending = [alert for alert in found if alert.state == "pending"]
    assert pending[-1].due_at == DUE - timedelta(hours=2.5)
    assert len(pending) == 5


def test_a_duty_that_is_withdrawn_takes_its_rungs_with_it(desk: Desk, number: str) -> None:
    evaluate(desk, number)
    add(desk, number, "contracts: []")

    evaluate(desk, number)

    assert {alert.state for alert in rungs(desk, number)} == {"cancelled"}
    assert {alert.why for alert in rungs(desk, number)} == {"the clock ended"}


def test_a_period_of_an_hour_has_no_rung_before_it_starts(desk: Desk, number: str) -> None:
    add(
        desk,
        number,
        "contracts: [{party: Short Ltd, within_hours: 1, from: contained_at, contact: a@short.example, citation: c}]\n"
        "times: {contained_at: 2026-11-23T09:00:00Z}",
    )

    evaluate(desk, number)

    [first, *_] = rungs(desk, number, "contract:short-ltd")
    assert first.due_at >= datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_move_of_a_clock_is_on_the_ledger_with_what_was_cancelled_and_what_is_planned(
    desk: Desk, number: str
) -> None:
    evaluate(desk, number)
    assert payloads(desk, number, "ladder.replanned") == []
    add(desk, number, "times: {aware_at: 2026-11-23T06:00:00+01:00, detected_at: 2026-11-23T05:00:00+01:00}")

    evaluate(desk, number)

    [said] = [one for one in payloads(desk, number, "ladder.replanned") if one["provision"] == CONTRACT]
    assert (said["why"], said["due_at"]) == ("the clock moved", "2026-11-25T05:00:00Z")
    assert said["cancelled"][-1] == {"rung": "the limit", "role": "executive", "at": "2026-11-25T07:30:00Z"}
    assert said["planned"][-1] == {"rung": "the limit", "role": "executive", "at": "2026-11-25T05:00:00Z"}


def test_a_clock_that_moves_away_and_comes_back_has_its_rungs_again(desk: Desk, number: str) -> None:
    evaluate(desk, number)
    add(desk, number, "times: {aware_at: 2026-11-23T06:00:00+01:00, detected_at: 2026-11-23T05:00:00+01:00}")
    evaluate(desk, number)
    add(desk, number, "times: {aware_at: 2026-11-23T08:30:00+01:00}")

    evaluate(desk, number)

    pending = [alert for alert in rungs(desk, number) if alert.state == "pending"]
    assert [DUE - alert.due_at for alert in pending] == [timedelta(hours=hours) for hours in (24, 12, 4.8, 1, 0)]


def test_rungs_that_are_late_are_left_to_the_watch_when_the_law_is_applied_again(
    desk: Desk, clock: VirtualClock, number: str
) -> None:
    evaluate(desk, number)
    clock.set(DUE - timedelta(hours=2))

    evaluate(desk, number)

    assert {alert.state for alert in rungs(desk, number)} == {"pending"}


OWN = """\
name: Meridia
ladders:
  - up_to: 3 days
    rungs:
      - {left: 75%, tell: pr, by: [mail, webhook]}
      - {left: 6 hours, tell: legal}
      - {left: limit, tell: executive}
  - rungs: [{left: limit, tell: legal}]
"""


def test_the_organisations_own_ladder_takes_the_place_of_ours(home: Path, clock: VirtualClock, tmp_path: Path) -> None:
    (tmp_path / "organisation.yaml").write_text(OWN)
    desk = open_desk(Settings(home=home, clock=clock.path, organisation=tmp_path / "organisation.yaml"))
    number = open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by="Nadia Roux")

    evaluate(desk, number)

    found = rungs(desk, number)
    assert [(DUE - alert.due_at, alert.role, alert.ways) for alert in found] == [
        (timedelta(hours=36), "pr", "mail,webhook"),
        (timedelta(hours=6), "legal", "chat"),
        (timedelta(0), "executive", "chat"),
    ]
    desk.engine.dispose()


def test_a_playbooks_ladder_takes_the_place_of_the_organisations(
    home: Path, clock: VirtualClock, tmp_path: Path
) -> None:
    (tmp_path / "organisation.yaml").write_text(OWN)
    (tmp_path / "playbooks").mkdir()
    playbook = (BUILT_IN / "ransomware.yaml").read_text()
    (tmp_path / "playbooks" / "ransomware.yaml").write_text(
        playbook + "\nladders: [{rungs: [{left: 30 minutes, tell: commander}, {left: limit, tell: commander}]}]\n"
    )
    desk = open_desk(
        Settings(
            home=home,
            clock=clock.path,
            organisation=tmp_path / "organisation.yaml",
            playbooks=tmp_path / "playbooks",
        )
    )
    number = open_incident(desk, read_report(str(DEMO / "first_facts.yaml")), by="Nadia Roux")
    contain(desk, number)

    evaluate(desk, number)

    assert [alert.rung for alert in rungs(desk, number)] == ["30 minutes left", "the limit"]
    desk.engine.dispose()


@pytest.mark.parametrize(
    ("ladder", "said"),
    [
        ("- rungs: [{left: 50%, tell: legal}]", r"organisation.yaml:3: ladders.0: no rung at the limit"),
        ("- rungs: [{left: half, tell: legal}]", r"organisation.yaml:3: .*'half' is not a time left; write 50%"),
        ("- rungs: [{left: limit, tell: lawyer}]", r"organisation.yaml:3: .*unknown word 'lawyer'"),
        (
            "- rungs: [{left: limit, tell: legal, by: [fax]}]",
            r"organisation.yaml:3: .*unknown word 'fax'; known are chat, mail, webhook, page",
        ),
        (
            "- {up_to: 1 day, rungs: [{left: limit, tell: legal}]}",
            r"organisation.yaml:2: .*no ladder for longer clocks",
        ),
        (
            "- rungs: [{left: limit, tell: legal}, {left: limit, tell: pr}]",
            r"organisation.yaml:3: .*'the limit' stands twice",
        ),
        (
            "- {escalate: [legal], rungs: [{left: limit, tell: legal}]}",
            r"organisation.yaml:3: .*escalate without acknowledge_within",
        ),
    ],
)
def test_a_ladder_that_cannot_be_is_refused_with_its_line(tmp_path: Path, ladder: str, said: str) -> None:
    file = tmp_path / "organisation.yaml"
    file.write_text(f"name: Meridia\nladders:\n  {ladder}\n")

    with pytest.raises(BadInputError, match=said):
        read_organisation(file)


@pytest.mark.parametrize(("hours", "rungs"), [(4, 4), (12, 4), (24, 5), (72, 5), (14 * 24, 5), (45 * 24, 6)])
def test_a_short_clock_has_another_ladder_than_a_long_one(hours: int, rungs: int) -> None:
    ladder = ladder_for(default_ladders(), timedelta(hours=hours))

    assert len(ladder.rungs) == rungs
    assert ladder.limit.tell == "executive"
    assert [ladder.above(role) for role in ("legal", "commander", "executive", "pr")] == [
        "commander",
        "executive",
        None,
        "legal",
    ]
