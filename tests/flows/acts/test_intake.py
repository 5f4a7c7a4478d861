from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flows.acts.intake import Taken, candidate, candidates, confirm, dismiss, open_by_rule, take_alerts
from flows.acts.report import open_incident
from flows.acts.standing import standing
from flows.acts.timeline import timeline
from flows.desk import Desk
from flows.intake_file import Intake, IntakeFile, Matching, Rule, read_intake
from flows.settings import Settings
from integrations.intake.source import IncomingAlert
from models.clock import VirtualClock
from models.errors import BadInputError, NotAllowedError
from models.report import Report
from models.vocabulary import Kind, Level


def alert(event: str = "1", about: str = "a", level: Level | None = Level.MEDIUM, **more: object) -> IncomingAlert:
    said = {"source": "siem", "report": Report(title=f"Alert {about}"), "summary": "what it saw", **more}
    return IncomingAlert(event=event, about=about, level=level, **said)  # type: ignore[arg-type]  # by name


def intake_of(*rules: Rule, most_new: int = 200) -> Intake:
    return Intake(IntakeFile(rules=rules, most_new_an_hour=most_new), {}, {}, {}, {})


def whats(taken: list[Taken]) -> list[str]:
    return [each.what for each in taken]


def test_repeats_of_the_same_thing_are_counted_on_one_candidate(desk: Desk) -> None:
    assert whats(take_alerts(desk, intake_of(), [alert("1"), alert("2"), alert("3", "b")])) == [
        "new",
        "repeated",
        "new",
    ]
    assert whats(take_alerts(desk, intake_of(), [alert("4", level=Level.HIGH)])) == ["repeated"]

    [first, second] = candidates(desk)
    assert (first.title, first.count, first.level) == ("Alert a", 3, "high")
    assert (second.title, second.count, second.level) == ("Alert b", 1, "medium")


def test_the_same_message_sent_again_changes_nothing(desk: Desk) -> None:
    take_alerts(desk, intake_of(), [alert("1")])

    assert whats(take_alerts(desk, intake_of(), [alert("1"), alert("1")])) == ["known", "known"]
    assert candidates(desk)[0].count == 1


def test_a_confirmed_candidate_is_an_incident_with_what_the_alert_said(desk: Desk) -> None:
    take_alerts(desk, intake_of(), [alert(report=Report(title="Export", kind=Kind.EXFILTRATION, records=40))])

    number = confirm(desk, "C-1", by="Sam Okoro")

    assert standing(desk, number).title == "Export"
    assert [(entry.kind, entry.actor) for entry in timeline(desk, number)] == [
        ("incident.reported", "Sam Okoro"),
        ("candidate.confirmed", "Sam Okoro"),
    ]
    assert (candidate(desk, "C-1").incident, candidate(desk, "C-1").summary) == (number, "")


def test_a_candidate_may_be_part_of_an_incident_that_is_open(desk: Desk, number: str) -> None:
    take_alerts(desk, intake_of(), [alert()])

    assert confirm(desk, "C-1", by="Sam Okoro", into=number) == number
    assert timeline(desk, number)[-1].kind == "candidate.confirmed"


def test_of_two_who_decide_the_second_is_told_who_was_first(desk: Desk) -> None:
    take_alerts(desk, intake_of(), [alert()])
    confirm(desk, "C-1", by="Sam Okoro")

    with pytest.raises(NotAllowedError, match="confirmed as INC-2026-0001 by Sam Okoro"):
        dismiss(desk, "C-1", "a test of ours", by="Lea Martin")


def test_what_was_dismissed_comes_back_only_when_it_is_worse(desk: Desk) -> None:
    take_alerts(desk, intake_of(), [alert("1", level=Level.LOW)])
    dismiss(desk, "C-1", "a test of ours", by="Lea Martin")

    take_alerts(desk, intake_of(), [alert("2", level=Level.LOW)])
    assert candidates(desk) == []
    take_alerts(desk, intake_of(), [alert("3", level=Level.HIGH)])
    assert [(one.count, one.reason) for one in candidates(desk)] == [
        (3, "came again as high after it was dismissed: a test of ours")
    ]


def test_a_candidate_is_dismissed_with_a_reason(desk: Desk) -> None:
    take_alerts(desk, intake_of(), [alert()])

    with pytest.raises(BadInputError, match="say why"):
        dismiss(desk, "C-1", " ", by="Lea Martin")
    with pytest.raises(BadInputError, match="no candidate is called 'C-9'"):
        dismiss(desk, "C-9", "x", by="Lea Martin")


def test_a_rule_makes_an_incident_of_what_it_fits_and_ignores_what_it_is_told_to(desk: Desk) -> None:
    intake = intake_of(
        Rule(name="our scanner", when=Matching(title="scanner *"), then="ignore"),
        Rule(name="grave", when=Matching(level=Level.HIGH), then="incident"),
    )
    taken = take_alerts(
        desk,
        intake,
        [
            alert("1", "a", Level.VERY_HIGH),
            alert("2", "b", Level.LOW),
            alert("3", "c", Level.HIGH, report=Report(title="Scanner found a port")),
            alert("4", "d", Level.HIGH, resolved=True),
        ],
    )

    assert whats(taken) == ["new", "new", "ignored", "new"]
    assert open_by_rule(desk) == ["INC-2026-0001"]
    assert open_by_rule(desk) == []
    assert candidate(desk, "C-1").decided_by == "rule: grave"
    assert [one.title for one in candidates(desk)] == ["Alert b", "Alert d"]


def test_a_flood_is_folded_and_counted_and_people_can_report_meanwhile(desk: Desk) -> None:
    flood = [alert(str(event), f"thing {event}") for event in range(10_000)]
    with ThreadPoolExecutor() as pool:
        taking = pool.submit(take_alerts, desk, intake_of(most_new=100), flood)
        number = open_incident(desk, Report(title="Told by a person"), by="Nadia Roux")
        taken = taking.result()

    assert number == "INC-2026-0001"
    assert whats(taken).count("new") == 100
    assert whats(taken).count("folded") == 9_900
    found = candidates(desk, limit=1_000)
    assert len(found) == 101
    assert sum(one.count for one in found) == 10_000


def test_after_an_hour_new_ones_of_the_same_source_are_kept_again(desk: Desk, clock: VirtualClock) -> None:
    take_alerts(desk, intake_of(most_new=1), [alert("1", "a"), alert("2", "b")])
    clock.set(clock() + timedelta(minutes=61))

    assert whats(take_alerts(desk, intake_of(most_new=1), [alert("3", "c")])) == ["new"]


def test_many_who_take_the_same_at_once_make_one_candidate(store: Engine, home: Path, clock: VirtualClock) -> None:
    desk = Desk(Settings(home=home, clock=clock.path), store, clock)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda event: take_alerts(desk, intake_of(), [alert(str(event))]), range(40)))

    assert [one.count for one in candidates(desk)] == [40]


def test_an_alert_that_means_harm_holds_up_none_that_comes_with_it(
    store: Engine, home: Path, clock: VirtualClock
) -> None:
    desk = Desk(Settings(home=home, clock=clock.path), store, clock)
    harm = [replace(alert(), event=bad, about=bad) for bad in ("\u0000", "\ud800", "x" * 20_000)]

    assert whats(take_alerts(desk, intake_of(), [*harm, alert()])) == ["new"] * 4
    assert whats(take_alerts(desk, intake_of(), harm)) == ["known"] * 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: {sentri: {secret_file: x}}", "'sentri' is no source that we know; did you mean 'sentry'?"),
        ("rules: [{name: a, then: page}]", "rules.0.then: unknown word 'page'"),
        ("rules: [{name: a, then: incident, when: {level: huge}}]", "unknown word 'huge'"),
        ("sources: {siem: {mapping: none.yaml}}", "none.yaml: no such file"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "intake.yaml"
    file.write_text(text)

    with pytest.raises(BadInputError) as refused:
        read_intake(file)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
